"""`sealwright verify PATH`: what evidence is this, and does it hold?

It needs no configuration and believes nothing but the bytes at PATH:

=====================================  ===================================================
a folder with ``manifest.json``        a sot pack: contents, checksums, digests
a ``.sealwright`` folder               the run journal, and every receipt beside it
a file of JSON lines                   a run journal or another ledger: every line
=====================================  ===================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sealwright import digest
from sealwright.contracts.sot_pack import seal
from sealwright.contracts.sot_pack.settings import MANIFEST, SUMS
from sealwright.digest import Digest
from sealwright.engine import receipt
from sealwright.engine.journal import StepRecords, noted
from sealwright.errors import Damaged, Refused
from sealwright.ledger import LINES, Ledger
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict, together


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was found at a path, and how to verify it."""

    what: str
    verify: Callable[[], Verdict]


def recognise(path: Path) -> Recognised:
    """Return what kind of evidence ``path`` is; `Refused` if it is none that is known."""
    if (path / MANIFEST).is_file() or (path / SUMS).is_file():
        return Recognised("a sot pack", lambda: seal.check(path))
    if (path / "journal.jsonl").is_file():
        return Recognised("the state of an engine", lambda: _state(path))
    if path.is_file() and (first := _first_line(path)) is not None:
        if "entry_hash" in first:
            return Recognised("a run journal", lambda: _journal(path))
        if "prev" in first:
            return Recognised("a ledger", Ledger(path).check)
    raise Refused(
        f"{path}: expected a sot pack, an engine's state folder, a run journal or a ledger, "
        f"found {'nothing' if not path.exists() else 'none of them'}"
    )


def ledger(path: Path) -> Ledger:
    """Return the ledger at ``path``, with the chain rule that its first line shows."""
    first = _first_line(path)
    journal = path.name == "journal.jsonl" if first is None else "entry_hash" in first
    return Ledger(path, StepRecords() if journal else LINES)


def _first_line(path: Path) -> dict[str, object] | None:
    with path.open("rb") as file:
        line = file.readline(1 << 20)
    try:
        found = canonical.decode(line.removesuffix(b"\n"))
    except canonical.NotCanonical:
        return None
    return found if isinstance(found, dict) else None


def _journal(path: Path) -> Verdict:
    return ledger(path).check()


def _state(folder: Path) -> Verdict:
    return together((_journal(folder / "journal.jsonl"), Verdict(tuple(_receipts(folder)))))


def _receipts(folder: Path) -> Iterator[Finding]:
    journal = ledger(folder / "journal.jsonl")
    named = []
    try:
        named = [e.record["outputs"].get("receipt") for e in journal.entries()]
    except Damaged:
        return  # told by the journal's own verdict
    kept = receipt.Receipts(folder / "receipts")
    for name in filter(None, named):
        try:
            kept.get(Digest(name))
        except Damaged as damage:
            yield Finding(str(folder), str(damage))
    for path in sorted(folder.glob("receipts/*/*.json")):
        if digest.hexadecimal(digest.of_file(path).sha256) != path.stem:
            yield Finding(str(path), "is not the receipt of its name")


def recover(path: Path, reason: str, at: str) -> str:
    """Cut a broken ledger after its last whole line, keep the broken file, and record why."""
    if not reason.strip():
        raise Refused(f'{path}: expected a reason; say why with --reason "…"')
    broken = ledger(path)
    payload = noted(at) if isinstance(broken.chain, StepRecords) else dict
    return broken.recover(reason, at, path.parent / "quarantine", payload=payload)
