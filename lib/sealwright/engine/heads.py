"""A signed head: how long the run journal was at some moment, what it ended in, and who says so.

A chain shows neither that its last lines were taken away nor that all of it was written
anew.  A signature over its head does.  Two files in the state folder::

    head/head.json       {"bytes":5120,"format":"sealwright/head/1","head":"sha256:…","lines":10}
    head/head.json.asc   a detached OpenPGP signature over those bytes

``head`` is the SHA-256 of line ``lines`` without its LF, and ``bytes`` what the file had up
to and with it.  It holds when a key that the configuration pins made the signature, and
the journal still has that line there; what follows is journaled and not signed yet.  Keep
copies of both files where nobody who can write here can write.

By hand: ``gpg --verify head.json.asc head.json; head -n LINES journal.jsonl | wc -c``, and
``head -n LINES journal.jsonl | tail -n 1 | tr -d '\\n' | sha256sum``
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import durable
from sealwright.engine.journal import Journal
from sealwright.errors import Refused, SealwrightError
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict, refusal

FORMAT = "sealwright/head/1"
FOLDER, HEAD, SIGNATURE = "head", "head.json", "head.json.asc"


@dataclass(frozen=True, slots=True)
class Signing:
    """Whose signatures count: full fingerprints, and the file that holds their public keys."""

    keys: tuple[str, ...] = ()
    public: Path | None = None


def current(journal: Journal) -> dict[str, Any]:
    """Return the head of a journal that is whole; `Refused` if it is empty."""
    last = None
    for last in journal.entries():  # noqa: B007 - the last one is what is wanted
        pass
    if last is None:
        raise Refused(f"{journal.path}: is empty, so there is nothing to sign; run something first")
    size = last.offset + len(last.line) + 1
    return {"format": FORMAT, "lines": last.number, "bytes": size, "head": last.digest}


def sign(state: Path, head: dict[str, Any], key: str, home: Path) -> None:
    """Write and sign ``head`` with a key of the GnuPG home ``home``; gpg-agent asks for it."""
    from sealwright import gpg  # only who signs or checks a signature pays for GnuPG

    with gpg.Ring(home) as ring:
        data = canonical.line(head)
        signature = ring.sign(data, gpg.parse(key))
    made, final = state / ".head.tmp", state / FOLDER
    durable.remove(made)
    durable.mkdir(made)
    durable.create(made / HEAD, data)
    durable.create(made / SIGNATURE, signature)
    durable.sync_tree(made)
    if final.exists():
        durable.exchange(made, final)  # so that a head never stands beside another's signature
        durable.remove(made)
    else:
        durable.rename(made, final)


def check(state: Path, journal: Journal, signing: Signing, *, required: bool) -> Verdict:
    """Answer whether the signed head holds; without one, that is only said unless ``required``."""
    if not (state / FOLDER).exists():
        if required:
            return refusal("journal", "is UNSIGNED", "sealwright sign --key FINGERPRINT")
        return Verdict((), {"signed": "UNSIGNED"})
    try:
        data, signature = ((state / FOLDER / name).read_bytes() for name in (HEAD, SIGNATURE))
    except OSError as problem:
        return refusal(FOLDER, f"expected {HEAD} and {SIGNATURE}, found {problem}")
    made = _signature(data, signature, signing, required=required)
    if not made.holds:
        return made
    try:
        head = canonical.decode_line(data)
        return _there(journal, head, str(made.evidence["key"]))
    except (ValueError, KeyError, TypeError) as problem:
        return refusal(HEAD, f"expected {FORMAT}, found {problem!r}")


def _signature(data: bytes, signature: bytes, signing: Signing, *, required: bool) -> Verdict:
    from sealwright import gpg

    if not (signing.keys and signing.public):
        what = "expected signing.keys and signing.public in config/sealwright.yaml, found none"
        return refusal(SIGNATURE, what, "pin the key that signed, or remove the signature")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="sw-") as folder,
            gpg.Ring(Path(folder, "ring")) as ring,
        ):
            ring.import_keys(signing.public.read_bytes())
            made = ring.verify(data, signature, [gpg.parse(key) for key in signing.keys])
            known = ring.program.list_keys()
    except (SealwrightError, OSError) as problem:
        return refusal(SIGNATURE, str(problem))
    key = made.evidence.get("key")
    names = [name for found in known if found["fingerprint"] == key for name in found["uids"]]
    if required and any(gpg.EXAMPLE in name for name in names):
        return refusal(SIGNATURE, f"expected a key of somebody, found one of {gpg.EXAMPLE!r}")
    return made


def _there(journal: Journal, head: dict[str, Any], key: str) -> Verdict:
    """Answer whether the journal has the signed line where the head says."""
    lines = 0
    found: dict[str, Any] = {}
    for entry in journal.entries():
        lines = entry.number
        if lines == head["lines"]:
            size = entry.offset + len(entry.line) + 1
            found = {"format": FORMAT, "lines": lines, "bytes": size, "head": entry.digest}
    if found != head:
        what = f"expected the signed line {head['lines']}, {head['head']}, found another journal"
        return Verdict((Finding(str(journal.path), what, "bring the journal back"),))
    return Verdict((), {"signed": f"{head['lines']} of {lines} lines by {key}"})
