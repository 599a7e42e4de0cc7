"""The verdict on a signature, by the status lines of gpg.

The questions are those of `sealwright.gpg`'s list, in their order; everything that is wrong is
told at once.  Exit code 0 alone is no answer: gpg also ends with it for a key that nobody
pinned, for a signature in text mode, and where there are two.

By hand: ``gpg --homedir HOME --trust-model always --status-fd 1 --verify SIGNATURE FILE``, and
``doc/DETAILS`` of GnuPG about NEWSIG, GOODSIG and VALIDSIG.
"""

from __future__ import annotations

from collections.abc import Collection

from sealwright.gpg.keys import Fingerprint
from sealwright.gpg.program import Status
from sealwright.verdict import Finding, Verdict, refusal

_HASHES = {"8": "SHA-256", "9": "SHA-384", "10": "SHA-512"}  # RFC 4880, 9.4
_PROBLEMS = {
    "BADSIG": "expected a signature over these bytes, found one over others",
    "NO_PUBKEY": "expected a key of this ring, found none for it; import its public key",
    "EXPSIG": "expected a signature in force, found one that has expired",
    "EXPKEYSIG": "expected a key in force, found one that has expired",
    "REVKEYSIG": "expected a key in force, found one that is revoked",
}


def judge(code: int, lines: Status, pinned: Collection[Fingerprint]) -> Verdict:
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
