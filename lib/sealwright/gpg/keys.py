"""Keys: their fingerprints, and whether something can be encrypted to them.

A recipient is named by the fingerprint of a *primary* key, and by nothing else: a name or an
address fits whatever key claims it, and a subkey would name a part of what gpg then takes.
A recipient is fit exactly when all of this holds:

1. the key is in the ring, and the fingerprint is its primary key's;
2. the key is neither revoked, expired, disabled nor invalid: at ``now`` and by gpg's own clock;
3. the key itself or a subkey that is as sound may encrypt.

The evidence names the fit keys, and among them those of `EXAMPLE`, whom a caller may refuse.

By hand: ``gpg --homedir HOME --with-colons --list-keys FINGERPRINT``, whose fields 2, 7 and 12
are validity, expiry and capabilities (``doc/DETAILS`` of GnuPG).

>>> parse("0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567")
'0123456789ABCDEF0123456789ABCDEF01234567'
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NewType

from sealwright.clock import Instant
from sealwright.errors import Misconfigured
from sealwright.gpg.program import Program
from sealwright.verdict import Finding, Verdict, legible

Fingerprint = NewType("Fingerprint", str)
EXAMPLE = "EXAMPLE ONLY, NOT A PERSON"
Key = Mapping[str, Any]  # as python-gnupg lists one

_FORM = re.compile("[0-9A-F]{40}")
_FAULTS = {"r": "one that is revoked", "e": "one that has expired", "i": "one that is invalid"}
_ANOTHER = "ask its owner for one in force and import it"


def parse(text: str) -> Fingerprint:
    """Return ``text`` as the fingerprint of a key, or raise `Misconfigured`."""
    digits = "".join(text.split()).upper()
    if not _FORM.fullmatch(digits):
        raise Misconfigured(f"expected a fingerprint of 40 hexadecimal digits, found {text!r}")
    return Fingerprint(digits)


def check(program: Program, recipients: Collection[str], now: int = 0) -> Verdict:
    """Answer whether each of ``recipients`` is fit, ``now`` seconds after 1970 began."""
    if not recipients:
        remedy = "name the fingerprint of each key that may read it"
        return Verdict((Finding("recipients", "expected at least one, found none", remedy),))
    ring = program.list_keys()
    findings = [finding for text in recipients for finding in _problems(text, ring, now)]
    primary = {key["fingerprint"]: key for key in ring}
    fit = sorted(set(recipients) & set(primary))
    shown = [text for text in fit if any(EXAMPLE in name for name in primary[text]["uids"])]
    return Verdict(tuple(findings), {"recipients": fit, "examples": shown})


def _problems(text: str, ring: Collection[Key], now: int) -> Iterator[Finding]:
    """Yield what is wrong with one recipient: the first reason is enough."""
    where = f"recipient {legible(text)}"
    if not _FORM.fullmatch(text):
        what = "expected a full fingerprint of 40 upper-case hexadecimal digits, found none"
        yield Finding(where, what, "gpg --list-keys shows that of the primary key")
        return
    key = next((key for key in ring if key["fingerprint"] == text), None)
    if key is None:
        yield _absent(where, text, ring)
    elif found := _unsound(key, now):
        yield Finding(where, f"expected a key in force, found {found}", _ANOTHER)
    elif not any(_encrypts(part, now) for part in _parts(key)):
        what = "expected a key that may encrypt, found none in force among its own"
        remedy = f"its owner adds one with gpg --quick-add-key {text} cv25519 encr, and sends it"
        yield Finding(where, what, remedy)


def _absent(where: str, text: str, ring: Collection[Key]) -> Finding:
    for key in ring:
        if any(part.get("fingerprint") == text for part in _parts(key)):
            what = f"expected a primary key, found a subkey of {key['fingerprint']}"
            return Finding(where, what, "name that one")
    return Finding(where, "expected a key of this ring, found none", "import its public key")


def _unsound(key: Key, now: int) -> str:
    """Return what keeps a key or a subkey out of force, if anything."""
    if key["trust"] in _FAULTS:
        return _FAULTS[key["trust"]]
    if "D" in key["cap"]:
        return "one that is disabled"
    if key["expires"] and int(key["expires"]) <= now:
        return f"one that expired at {Instant(int(key['expires'])).iso()}"
    return ""


def _encrypts(part: Key, now: int) -> bool:
    return "e" in part["cap"] and not _unsound(part, now)


def _parts(key: Key) -> list[Key]:
    """Return the primary key and its subkeys."""
    return [key, *key.get("subkey_info", {}).values()]
