"""Encrypted messages: to keys named by fingerprint, as a stream, never on the way to a disk.

`encrypt` takes a source, and gives a sink the bytes of one binary OpenPGP message: a session
key for each recipient, then AES-256 with integrity protection (RFC 4880, SEIPD version 1, which
every program can read), no compression, no name, no signature: who sent it is not proven.  It
needs no agent and starts none, and returns only if all of this holds:

1. each recipient is fit (`Ring.check_recipients`), and there is one at least;
2. the source was not empty, and was read to its end without an error;
3. gpg ended with 0, and said that it ended one encryption;
4. the sink took everything.

`decrypt` takes such a message and gives a sink what is in it.  **Nothing that the sink was
given counts before decrypt has returned**: gpg releases bytes before it has seen the end, so
that the sink of a damaged message has been given some, or all.  A sink hashes them, or keeps
them where nobody else looks.  decrypt returns only if the message has the outline of
`sealwright.gpg.message` (nothing before, between or after), and gpg ended with 0 and said,
once each, that it began and ended a decryption, gave one plain text, and that decryption and
integrity are good.  A signature within is not judged, but a bad or unknown one fails.

What the source or the sink raises is raised as it is, after gpg was killed.  Nobody else is
asked or told anything: no network, no dirmngr, no temporary file.  gpg-agent remembers a
passphrase that was right for some minutes, at most until its ring is closed, and looks at no
other one before.

By hand::

    gpg --homedir HOME --trust-model always -z 0 --cipher-algo AES256 --set-filename '' \\
        --recipient FINGERPRINT --encrypt <PLAIN >MESSAGE
    gpg --homedir HOME --decrypt <MESSAGE >PLAIN
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sealwright import process
from sealwright.errors import Damaged, ProgramFailed, Refused
from sealwright.gpg.flow import Flow, Sink, Source, Stream, read
from sealwright.gpg.message import Outline
from sealwright.gpg.passphrase import Passphrase, obtain
from sealwright.gpg.program import Statuses, last
from sealwright.gpg.ring import Ring

HOUR = 3600.0
_ENCRYPTING = (
    *("-z", "0", "--cipher-algo", "AES256", "--digest-algo", "SHA256"),
    *("--set-filename", "", "--no-autostart"),
)
_ENCRYPTED = ("BEGIN_ENCRYPTION", "END_ENCRYPTION")
_DECRYPTED = ("BEGIN_DECRYPTION", "PLAINTEXT", "DECRYPTION_OKAY", "GOODMDC", "END_DECRYPTION")
_WRONG = ("NODATA", "UNEXPECTED", "DECRYPTION_FAILED", "BADMDC", "BADSIG", "FAILURE", "INV_RECP")
_NO_PASSPHRASE = {  # GnuPG's error codes, libgpg-error's err-codes.h
    11: "another",
    31: "none",  # no passphrase was given
    62: "none in time",
    83: "none: asking was cancelled for good",
    85: "nobody to ask: there is no pinentry",
    86: "nobody to ask: pinentry failed",
    99: "none: asking was cancelled",
    177: "none",
}


class Streamed(NamedTuple):
    """How many bytes were read from the source, and how many the sink was given."""

    read: int
    given: int


def encrypt(
    ring: Ring,
    recipients: Collection[str],
    source: Source,
    sink: Sink,
    timeout: float = HOUR,
) -> Streamed:
    """Encrypt ``source`` to ``recipients``, whose fingerprints are those of primary keys."""
    ring.check_recipients(recipients).enforce(Refused)
    first = read(source)
    if not first:
        raise Refused("source: expected something to encrypt, found nothing")
    flow = Flow(source, sink, first)
    program = Stream(ring.program, flow, timeout)
    modern = ["--rfc4880"] if program.version >= (2, 3) else []  # later ones have formats of theirs
    options = [*modern, *_ENCRYPTING]  # in this order: the first sets the others anew
    named = list(dict.fromkeys(recipients))
    made = program.encrypt_file(source, named, armor=False, extra_args=options)
    _ended_by_itself(made)
    if not _succeeded(made, flow, _ENCRYPTED):
        what = f"expected an encrypted message, found exit code {made.returncode}"
        raise ProgramFailed(f"gpg: {what}: {last(made.stderr)}")
    return Streamed(flow.sent, flow.received)


def decrypt(
    ring: Ring,
    source: Source,
    sink: Sink,
    passphrase: Passphrase = None,
    timeout: float = HOUR,
) -> Streamed:
    """Decrypt the message ``source``; nothing given to ``sink`` counts before this returns."""
    secret = obtain(passphrase)
    message = _Followed(source)
    flow = Flow(message, sink, read(message))
    program = Stream(ring.program, flow, timeout)
    made = program.decrypt_file(message, passphrase=secret)
    _ended_by_itself(made)
    if not _succeeded(made, flow, _DECRYPTED):
        raise _why(made)
    return Streamed(flow.sent, flow.received)


class _Followed:
    """A source whose bytes make up the outline of one message."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._outline = Outline()

    def read(self, size: int, /) -> bytes:
        piece = self._source.read(size)
        if piece:
            self._outline.update(piece)
        elif piece == b"":
            self._outline.finish()
        return piece


def _ended_by_itself(made: Statuses) -> None:
    """Raise the reason why gpg has no answer, if it has none."""
    if process.stopping():
        raise process.Stopping("gpg: ended, since the run is being stopped")
    if made.returncode is None or made.returncode < 0:
        found = "none" if made.returncode is None else f"signal {-made.returncode}"
        raise ProgramFailed(f"gpg: expected an exit code, found {found}; try again")


def _succeeded(made: Statuses, flow: Flow, once: Collection[str]) -> bool:
    said = [keyword for keyword, _ in made.lines]
    good = all(said.count(keyword) == 1 for keyword in once)
    return made.returncode == 0 and flow.whole and good and not set(_WRONG) & set(said)


def _why(made: Statuses) -> Damaged | Refused:
    """Return why a message could not be decrypted: `Refused` where another try may do it."""
    said = [keyword for keyword, _ in made.lines]
    if "DECRYPTION_INFO" not in said:  # it got no session key
        if found := _unanswered(made):
            what = f"expected that of the secret key, found {found}"
            return Refused(f"passphrase: {what}; try again with the right one")
        if "NO_SECKEY" in said:
            keys = " and ".join(fields[0] for keyword, fields in made.lines if keyword == "ENC_TO")
            what = f"expected one for a secret key of this ring, found one for {keys}"
            return Refused(f"message: {what}; use the ring that has it")
    what = f"expected a sound one, found exit code {made.returncode}: {last(made.stderr)}"
    return Damaged(f"message: {what}; take another copy")


def _unanswered(made: Statuses) -> str:
    """Return what gpg-agent got for an answer in place of the passphrase, if that was it."""
    for keyword, fields in made.lines:
        if (keyword, *fields[:1]) == ("ERROR", "pkdecrypt_failed") and fields[1:2]:
            number = fields[1].partition("_")[0]
            return _NO_PASSPHRASE.get(int(number) & 0xFFFF, "") if number.isdigit() else ""
    return ""
