"""OpenPGP: detached signatures by keys that somebody pinned, through GnuPG and python-gnupg.

A `Fingerprint` is the 40 upper-case hexadecimal digits of a *primary* key.  A signature is
good exactly when all of this holds:

1. the file holds one signature, and it is detached and over the very bytes (class ``00``;
   a signature in text mode would also fit other line ends and trailing blanks);
2. it was made over a SHA-256, SHA-384 or SHA-512 hash;
3. its primary key is one of those pinned; a subkey of it may have made the signature;
4. neither key nor signature is expired or revoked now.

Who owns a key, and which keys count, is said by the pins alone: GnuPG's web of trust is
switched off (``--trust-model always``), so that no trust database can decide anything.

A `Ring` is a GnuPG home.  Its programs read no ``gpg.conf``, look no keys up, start no
dirmngr, have no network and no terminal, and get an environment of listed names only.  If
a key has a passphrase, gpg-agent asks for it through pinentry; none passes through here.
A home that the ring made is removed when the ring is closed; a home that was there stays.
The agent that the ring's programs started is ended in both cases.

By hand: ``gpg --homedir HOME --trust-model always --verify SIGNATURE FILE``

>>> parse(" 0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567 ")
'0123456789ABCDEF0123456789ABCDEF01234567'
"""

from __future__ import annotations

import io
import os
import re
import stat
import time
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, NewType

import gnupg

from sealwright import durable, process
from sealwright.clock import Stopwatch
from sealwright.errors import Misconfigured, ProgramFailed, Refused
from sealwright.verdict import Finding, Verdict, refusal

Fingerprint = NewType("Fingerprint", str)
EXAMPLE = "EXAMPLE ONLY, NOT A PERSON"
_OPTIONS = [
    "--no-options",
    "--no-auto-key-retrieve",
    "--no-auto-key-locate",
    "--disable-dirmngr",
    "--no-auto-check-trustdb",
    "--trust-model",
    "always",
]
_TALKS = ("GPG_TTY", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS")
_HASHES = {"8": "SHA-256", "9": "SHA-384", "10": "SHA-512"}  # RFC 4880, 9.4
_SOCKET = "S.gpg-agent.browser"  # the longest name of a socket that gpg-agent makes
_ADDRESS = 106  # bytes of a Unix socket's address that GnuPG takes, of the 108 on Linux
_PATIENCE = 5.0  # seconds for an agent to end

_PROBLEMS = {
    "BADSIG": "expected a signature over these bytes, found one over others",
    "NO_PUBKEY": "expected a key of this ring, found none for it; import its public key",
    "EXPSIG": "expected a signature in force, found one that has expired",
    "EXPKEYSIG": "expected a key in force, found one that has expired",
    "REVKEYSIG": "expected a key in force, found one that is revoked",
}
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

Status = list[tuple[str, list[str]]]


def parse(text: str) -> Fingerprint:
    """Return ``text`` as the fingerprint of a key, or raise `Misconfigured`."""
    digits = "".join(text.split()).upper()
    if not re.fullmatch("[0-9A-F]{40}", digits):
        raise Misconfigured(f"expected a fingerprint of 40 hexadecimal digits, found {text!r}")
    return Fingerprint(digits)


class _Statuses(gnupg.StatusHandler):  # type: ignore[misc]
    """Keeps every status line of gpg: python-gnupg's own digest of them loses some."""

    returncode = None

    def __init__(self, gpg: gnupg.GPG) -> None:
        super().__init__(gpg)
        self.lines: Status = []

    def handle_status(self, key: str, value: str) -> None:
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
        stream.errors = "backslashreplace"  # a user id may be in any encoding, or in none
        super()._read_response(stream, result)

    def verify_files(self, signature: Path, data: Path) -> tuple[int, Status]:
        """Return gpg's exit code and every status line about a detached signature.

        The data are no pipe, since a gpg that refuses the signature would break it.
        """
        result = _Statuses(self)
        args = ["--verify", str(signature), str(data)]
        self._handle_io(args, io.BytesIO(), result, binary=True)
        return result.returncode or 0, result.lines


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
            str(binary), str(self.home), options=_OPTIONS, env=self._env, encoding="utf-8"
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
        return _judge(code, lines, pinned)

    def sign(self, data: bytes, key: Fingerprint) -> bytes:
        """Return an armored detached signature; gpg-agent asks for a passphrase if there is one."""
        # not keyid=: that is --default-key, which quietly falls back on another key
        options = ["--local-user", key, "--digest-algo", "SHA256"]
        made = self.program.sign(data, clearsign=False, detach=True, extra_args=options)
        if made.returncode or not made.fingerprint:
            raise Refused(f"{key}: expected a signature, found none: {_last(made.stderr)}")
        return bytes(made.data)

    def import_keys(self, keys: bytes) -> tuple[Fingerprint, ...]:
        """Add keys to the ring and return their fingerprints; `Refused` if one has a problem."""
        done = self.program.import_keys(keys)
        problems = [item for item in done.results if "problem" in item]
        if done.returncode or problems or not done.fingerprints:
            raise Refused(f"keys: expected OpenPGP keys, found: {_last(done.stderr)}")
        return tuple(map(parse, dict.fromkeys(done.fingerprints)))

    def make_throwaway(self, uid: str) -> Fingerprint:
        """Make a key without a passphrase, for examples; its ``uid`` says that it is nobody's."""
        if EXAMPLE not in uid or not uid.isprintable():
            raise Refused(f"throw-away key: expected a user id with {EXAMPLE!r}, found {uid!r}")
        made = self.program.gen_key(_THROWAWAY.format(uid=uid))
        if not made.fingerprint:
            raise ProgramFailed(f"gpg: expected a new key, found none: {_last(made.stderr)}")
        return parse(made.fingerprint)

    def _agent(self) -> bool:
        """Return whether an agent serves this home."""
        talk = ("gpg-connect-agent", "--no-autostart", "GETINFO pid", "/bye")
        return b"D " in self._run(*talk)

    def _run(self, program: str, *arguments: str) -> bytes:
        argv = [program, "--homedir", str(self.home), *arguments]
        return process.run(argv, cwd=self.home, env=self._env, check=False, ending=True).out


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


def _last(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.startswith("gpg: ")]
    return lines[-1] if lines else "no message"


def _judge(code: int, lines: Status, pinned: Collection[Fingerprint]) -> Verdict:
    """Answer by gpg's status lines; the questions are those of the module's list, in order."""
    keywords = [keyword for keyword, _ in lines]
    found = [Finding("signature", _PROBLEMS[word]) for word in keywords if word in _PROBLEMS]
    if (count := keywords.count("NEWSIG")) != 1:
        return refusal("signature", f"expected one detached signature, found {count}")
    valid = [fields for keyword, fields in lines if keyword == "VALIDSIG"]
    for fields in valid:
        found += _unfit(fields, pinned)
    good = code == 0 and keywords.count("GOODSIG") == 1 and len(valid) == 1
    if not good and not found:
        said = " ".join(keywords)
        found.append(Finding("signature", f"expected a good one, found exit code {code}, {said}"))
    if found:
        return Verdict(tuple(found))
    made_by, _, signed_at = valid[0][:3]
    return Verdict((), {"key": valid[0][9], "made_by": made_by, "signed_at": int(signed_at)})


def _unfit(fields: list[str], pinned: Collection[Fingerprint]) -> list[Finding]:
    """Return what is wrong with a signature that is valid as such (DETAILS of GnuPG, VALIDSIG)."""
    algorithm, kind, primary = fields[7:10]
    what = []
    if kind != "00":
        what.append(f"expected a binary signature of class 00, found class {kind}")
    if algorithm not in _HASHES:
        hashes = ", ".join(_HASHES.values())
        what.append(f"expected one over {hashes}, found hash algorithm {algorithm}")
    if primary not in pinned:
        keys = " or ".join(sorted(pinned)) or "a pinned key, but none is pinned"
        what.append(f"expected one by {keys}, found one by {primary}")
    return [Finding("signature", text) for text in what]
