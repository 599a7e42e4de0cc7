"""OpenPGP through GnuPG and python-gnupg: signatures by pinned keys, messages to chosen ones.

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
a key has a passphrase, gpg-agent asks for it through pinentry, unless the caller of `decrypt`
says where it is (`sealwright.gpg.passphrase`).
A home that the ring made is removed when the ring is closed; a home that was there stays.
The agent that the ring's programs started is ended in both cases.

What is encrypted goes to keys that somebody named by their fingerprints, and passes as a
stream: see `sealwright.gpg.encryption`.

By hand: ``gpg --homedir HOME --trust-model always --verify SIGNATURE FILE``

>>> parse(" 0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567 ")
'0123456789ABCDEF0123456789ABCDEF01234567'
"""

from __future__ import annotations

from sealwright.gpg.encryption import Streamed, decrypt, encrypt
from sealwright.gpg.keys import EXAMPLE, Fingerprint, parse
from sealwright.gpg.passphrase import Passphrase, on_terminal
from sealwright.gpg.program import Program, Status
from sealwright.gpg.ring import Ring, temporary_ring

__all__ = [
    "EXAMPLE",
    "Fingerprint",
    "Passphrase",
    "Program",
    "Ring",
    "Status",
    "Streamed",
    "decrypt",
    "encrypt",
    "on_terminal",
    "parse",
    "temporary_ring",
]
