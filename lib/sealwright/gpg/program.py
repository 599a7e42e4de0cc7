"""gpg, as python-gnupg's interface starts it: confined, and in a session of its own.

It reads no ``gpg.conf``, looks no keys up, starts no dirmngr and asks no trust database.  What
it prints is read line by line as gpg means it: a user id, which anybody can choose, may hold
letters that Python takes for the end of a line (U+2028), and so would forge a status.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import gnupg

from sealwright import process
from sealwright.verdict import legible

OPTIONS = [
    "--no-options",
    "--no-auto-key-retrieve",
    "--no-auto-key-locate",
    "--disable-dirmngr",
    "--no-auto-check-trustdb",
    "--trust-model",
    "always",
]
Status = list[tuple[str, list[str]]]


class Statuses(gnupg.StatusHandler):  # type: ignore[misc]
    """Keeps every status line of gpg: python-gnupg's own digest of them loses some."""

    returncode: int | None = None

    def __init__(self, gpg: gnupg.GPG) -> None:
        super().__init__(gpg)
        self.lines: Status = []

    def handle_status(self, key: str, value: str) -> None:
        """Keep one line."""
        self.lines.append((key, value.split()))


class Program(gnupg.GPG):  # type: ignore[misc]
    """python-gnupg's interface, with programs started under the rules of this module."""

    def make_args(self, args: list[str], passphrase: bool) -> list[str]:
        """Return the argument vector, confined."""
        return [*process.confinement(), *super().make_args(args, passphrase)]

    def _open_subprocess(self, args: list[str], passphrase: bool = False) -> Any:
        return gnupg.Popen(
            self.make_args(args, passphrase),
            stdin=gnupg.PIPE,
            stdout=gnupg.PIPE,
            stderr=gnupg.PIPE,
            env=self.env,
            start_new_session=True,
        )

    def _read_response(self, stream: Any, result: Any) -> None:
        # a user id may be in any encoding, and may hold what Python alone takes for a line's end
        lines = io.TextIOWrapper(stream.stream, "utf-8", "backslashreplace", newline="\n")
        super()._read_response(lines, result)
        lines.detach()  # who opened it closes it

    def _decode_result(self, result: Any) -> Any:
        lines = result.data.decode("utf-8", "backslashreplace").split("\n")
        result.data = "\n".join(map(legible, lines)).encode()
        return super()._decode_result(result)

    def verify_files(self, signature: Path, data: Path) -> tuple[int, Status]:
        """Return gpg's exit code and every status line about a detached signature.

        The data are no pipe, since a gpg that refuses the signature would break it.
        """
        result = Statuses(self)
        args = ["--verify", str(signature), str(data)]
        self._handle_io(args, io.BytesIO(), result, binary=True)
        return result.returncode or 0, result.lines


def last(stderr: str) -> str:
    """Return the last thing that gpg said about itself."""
    lines = [line for line in stderr.splitlines() if line.startswith("gpg: ")]
    return lines[-1] if lines else "no message"
