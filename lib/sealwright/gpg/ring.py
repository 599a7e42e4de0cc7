"""A ring: a GnuPG home with its programs, from entering to leaving a ``with`` block.

The home is private (a folder of our own, 0700) and its path is short, since gpg-agent's sockets
lie in it.  One that the ring made is removed when the ring is closed; one that was there stays.
The agent that the ring's programs started is ended in both cases, and waited for; one that
served the home before goes on.

By hand: ``gpg --homedir HOME …``, and at the end ``gpgconf --homedir HOME --kill all``
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType

from sealwright import durable, process
from sealwright.clock import Stopwatch
from sealwright.errors import ProgramFailed, Refused
from sealwright.gpg import keys, signatures
from sealwright.gpg.keys import EXAMPLE, Fingerprint
from sealwright.gpg.program import OPTIONS, Program, last
from sealwright.verdict import Verdict

_TALKS = ("GPG_TTY", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS")
_SOCKET = "S.gpg-agent.browser"  # the longest name of a socket that gpg-agent makes
_ADDRESS = 106  # bytes of a Unix socket's address that GnuPG takes, of the 108 on Linux
_PATIENCE = 5.0  # seconds for an agent to end

_THROWAWAY = """\
%no-protection
Key-Type: EDDSA
Key-Curve: ed25519
Key-Usage: sign
Subkey-Type: ECDH
Subkey-Curve: cv25519
Subkey-Usage: encrypt
Name-Real: {uid}
Expire-Date: 0
%commit
"""


class Ring:
    """A GnuPG home, from entering to leaving a ``with`` block; for one thread at a time."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._env = process.allow_listed(_TALKS)
        self._made = self._attended = False
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The interface of python-gnupg to this ring."""
        if self._program is None:
            raise RuntimeError("a ring is used inside its with block")
        return self._program

    def __enter__(self) -> Ring:
        _short(self.home)
        binary = process.find("gpg", self._env)
        if binary is None:
            raise ProgramFailed("gpg: not found on PATH; install GnuPG 2.2 or later")
        self._made = not os.path.lexists(self.home)
        if self._made:
            durable.mkdir(self.home.parent)
            durable.mkdir(self.home, 0o700)
        _private(self.home)
        self._attended = not self._made and self._agent()
        self._program = Program(
            str(binary), str(self.home), options=OPTIONS, env=self._env, encoding="utf-8"
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._program = None
        if not self._attended:
            self._run("gpgconf", "--kill", "all")
            watch = Stopwatch()
            while self._agent() and watch.seconds() < _PATIENCE:
                time.sleep(0.01)
            self._run("gpgconf", "--remove-socketdir")  # where sockets lie outside the home
        if self._made:
            _remove(self.home)

    def verify(self, data: bytes, signature: bytes, pinned: Collection[Fingerprint]) -> Verdict:
        """Answer whether ``signature`` is a good one over ``data`` by a ``pinned`` key."""
        place = self.home / "verifying"
        durable.remove(place)
        durable.mkdir(place, 0o700)
        try:
            durable.create(place / "data", data)
            durable.create(place / "signature", signature)
            code, lines = self.program.verify_files(place / "signature", place / "data")
        finally:
            durable.remove(place)
        return signatures.judge(code, lines, pinned)

    def sign(self, data: bytes, key: Fingerprint) -> bytes:
        """Return an armored detached signature; gpg-agent asks for a passphrase if there is one."""
        # not keyid=: that is --default-key, which quietly falls back on another key
        options = ["--local-user", key, "--digest-algo", "SHA256"]
        made = self.program.sign(data, clearsign=False, detach=True, extra_args=options)
        if made.returncode or not made.fingerprint:
            raise Refused(f"{key}: expected a signature, found none: {last(made.stderr)}")
        return bytes(made.data)

    def check_recipients(self, recipients: Collection[str], now: int = 0) -> Verdict:
        """Answer whether each of ``recipients`` can be encrypted to; see `keys.check`."""
        return keys.check(self.program, recipients, now)

    def import_keys(self, data: bytes) -> tuple[Fingerprint, ...]:
        """Add keys to the ring and return their fingerprints; `Refused` if one has a problem."""
        done = self.program.import_keys(data)
        problems = [item for item in done.results if "problem" in item]
        if done.returncode or problems or not done.fingerprints:
            raise Refused(f"keys: expected OpenPGP keys, found: {last(done.stderr)}")
        return tuple(map(keys.parse, dict.fromkeys(done.fingerprints)))

    def make_throwaway(self, uid: str) -> Fingerprint:
        """Make a key without a passphrase, for examples; its ``uid`` says that it is nobody's."""
        if EXAMPLE not in uid or not uid.isprintable():
            raise Refused(f"throw-away key: expected a user id with {EXAMPLE!r}, found {uid!r}")
        made = self.program.gen_key(_THROWAWAY.format(uid=uid))
        if not made.fingerprint:
            raise ProgramFailed(f"gpg: expected a new key, found none: {last(made.stderr)}")
        return keys.parse(made.fingerprint)

    def _agent(self) -> bool:
        """Return whether an agent serves this home."""
        talk = ("gpg-connect-agent", "--no-autostart", "GETINFO pid", "/bye")
        return b"D " in self._run(*talk)

    def _run(self, program: str, *arguments: str) -> bytes:
        argv = [program, "--homedir", str(self.home), *arguments]
        return process.run(argv, cwd=self.home, env=self._env, check=False, ending=True).out


@contextlib.contextmanager
def temporary_ring() -> Iterator[Ring]:
    """Yield a ring in a fresh folder of its own, which is gone afterwards whatever happens."""
    with tempfile.TemporaryDirectory(prefix="sw-") as folder, Ring(Path(folder, "ring")) as ring:
        yield ring


def _short(home: Path) -> None:
    room = _ADDRESS - len(_SOCKET) - 1
    length = len(os.fsencode(home))
    if not home.is_absolute() or length > room:
        what = f"expected an absolute path of at most {room} bytes, found {length}"
        raise Refused(f"{home}: {what}, and gpg-agent's sockets would not fit; use a shorter one")


def _private(home: Path) -> None:
    found = os.lstat(home)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        what = f"{durable.kind(found.st_mode)} of user {found.st_uid}, {found.st_mode & 0o777:04o}"
        raise Refused(f"{home}: expected a folder of our own, 0700, found {what}; chmod 700 {home}")


def _remove(home: Path) -> None:
    watch = Stopwatch()
    while True:
        try:
            return durable.remove(home)
        except OSError:  # an agent that ends removes its sockets under our hands
            if watch.seconds() > _PATIENCE:
                raise
            time.sleep(0.01)
