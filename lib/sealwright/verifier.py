"""`sealwright verify PATH`: what evidence is this, and does it hold?

It needs no configuration and believes nothing but the bytes at PATH:

=====================================  ===================================================
a folder with ``sha256sums.txt``       a sot pack: contents, checksums, digests
a folder with ``snapshot_manifest.json``  a snapshot: manifest, encrypted bytes; inside a
                                       repository, its records, and its archive made again
a folder with ``artifact_digests.sha256``  evidence of a workflow's run: digests, chains, the
                                       report against itself; beside its ledger of approvals
                                       the anchor in there, and the line of its approval
a ``.sealwright`` folder               the run journal, and every receipt beside it
an ``fsm_checkpoint_….json``           a checkpoint of the runtime, by the log beside it
a zip                                  a bundle: form, names, manifest, every file of it; its
                                       tests are for its audit gate
an ``artifact_registry.jsonl``         the registry: every line, and every file both ways
a file of JSON lines                   a run journal, an activity feed or another ledger:
                                       every line
=====================================  ===================================================
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sealwright import digest, snapshot
from sealwright.contracts.coo import checkpoint
from sealwright.contracts.sot_pack import feed, seal
from sealwright.contracts.sot_pack.settings import MANIFEST, SUMS
from sealwright.digest import Digest
from sealwright.engine import amends, receipt
from sealwright.engine.journal import StepRecords, noted
from sealwright.errors import Damaged, Refused
from sealwright.ledger import LINES, Ledger
from sealwright.lineage import REGISTRY, Registry, fsck
from sealwright.runtime import canonical
from sealwright.snapshot import verification
from sealwright.verdict import Finding, Verdict, together

RUN_SUMS = "artifact_digests.sha256"
KINDS = (
    "a sot pack, a snapshot, a bundle, an artifact registry, evidence of a run, an engine's state "
    "folder, a run journal, an activity feed, a checkpoint or a ledger"
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was found at a path, and how to verify it."""

    what: str
    verify: Callable[[], Verdict]


def recognise(path: Path, *, restored: bool = False) -> Recognised:
    """Return what kind of evidence ``path`` is; `Refused` if it is none that is known.

    Of a registry that was ``restored`` from a snapshot, other snapshots may lie elsewhere.
    """
    known = _folder(path) if path.is_dir() else _file(path, restored) if path.is_file() else None
    if known is None:
        found = "none of them" if path.exists() else "nothing"
        raise Refused(f"{path}: expected {KINDS}, found {found}")
    return known


def _folder(path: Path) -> Recognised | None:
    if (path / MANIFEST).is_file() or (path / SUMS).is_file():
        pack = path.resolve()  # `latest` is a link, and findings name the pack
        return Recognised("a sot pack", lambda: seal.check(pack))
    if (path / snapshot.MANIFEST).is_file():
        return Recognised("a snapshot", lambda: _snapshot(path.resolve()))
    if (path / RUN_SUMS).is_file():
        return Recognised("evidence of a run", lambda: _run(path.resolve()))
    if (path / "journal.jsonl").is_file():
        return Recognised("the state of an engine", lambda: _state(path))
    return None


def _file(path: Path, restored: bool) -> Recognised | None:
    if above := _repository(path, REGISTRY):
        registry = Registry(above)
        return Recognised("an artifact registry", lambda: fsck(registry, restored=restored))
    with path.open("rb") as file:
        if file.read(2) == b"PK":
            return Recognised("a bundle", lambda: _bundle(path))
    first = _first_line(path)
    if first is None:
        return None
    if first.keys() == checkpoint.KEYS:
        return Recognised("a checkpoint of the runtime", lambda: _checkpoint(path))
    if "entry_hash" in first:
        return Recognised("a run journal", lambda: _journal(path))
    if first.keys() >= feed.PROOF.keys():
        return Recognised("an activity feed", lambda: _feed(path))
    return Recognised("a ledger", Ledger(path).check) if "prev" in first else None


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


def _repository(path: Path, place: str) -> Path | None:
    """Return the folder from which ``path`` lies at ``place``, or None if it lies elsewhere."""
    whole = path.resolve()
    above = Path(*whole.parts[: -len(Path(place).parts)])
    return above if above / place == whole else None


def _snapshot(folder: Path) -> Verdict:
    above = _repository(folder, f"{snapshot.FOLDER}/{folder.name}")
    if above and (above / REGISTRY).is_file():
        return verification.inside(Registry(above), folder)
    return verification.alone(folder)[1]


def _bundle(path: Path) -> Verdict:
    from sealwright.bundles import verification  # only a bundle pays for its gate
    from sealwright.contracts.coo.outputs import bundle_contents, bundle_verification

    verdict = verification.check(path)
    if not verdict.holds:
        return verdict
    with zipfile.ZipFile(path) as bundle:
        migration = bundle_contents.ABOUT in bundle.namelist()
    return together((verdict, bundle_verification.check(path))) if migration else verdict


def _checkpoint(path: Path) -> Verdict:
    return checkpoint.verify(path.read_bytes(), path.with_name("log.jsonl"))


def _run(folder: Path) -> Verdict:
    """Answer whether evidence of a run holds, by itself and by the ledger that lies beside it."""
    from sealwright.contracts.workflow import evidence  # only evidence of a run pays for it
    from sealwright.contracts.workflow.steps import case, story

    book = Ledger(folder.parent / case.LEDGER)
    if not book.path.is_file():
        verdict = evidence.verify(folder)
        return together((verdict, Verdict((), {"ledger": "none beside it"})))
    verdict = book.check()
    anchor = story.anchor(book, folder.name) if verdict.holds else None
    if anchor is None and verdict.holds and not folder.name.endswith(story.UNSAID):
        what = f"expected a line of {book.path.name} with its digest, found none"
        verdict = Verdict((Finding(str(folder), what),))
    return together((verdict, evidence.verify(folder, anchor, book if verdict.holds else None)))


def _journal(path: Path) -> Verdict:
    return ledger(path).check()


def _feed(path: Path) -> Verdict:
    """Answer whether a feed is whole; the evidence says what the last seal of a pack says."""
    verdict = Ledger(path).check()
    seals = feed.seals(path) if verdict.holds else []
    last = {f"last_{key}": seals[-1].get(key) for key in ("pack", seal.SUM) if seals}
    return together((verdict, Verdict((), {"seals": len(seals), **last})))


def _state(folder: Path) -> Verdict:
    return together((_journal(folder / "journal.jsonl"), Verdict(tuple(_receipts(folder)))))


def _receipts(folder: Path) -> Iterator[Finding]:
    """Yield receipts and listings that are not themselves, are gone, or that nobody names."""
    try:
        records = [entry.record for entry in ledger(folder / "journal.jsonl").entries()]
    except Damaged:
        return  # told by the journal's own verdict
    named = {name for record in records if (name := record["outputs"].get("receipt"))}
    cut = any(record["name"] == "recovered" for record in records)  # its lines are lost, as it says
    kept = receipt.Receipts(folder / "receipts")
    for name in sorted(named):
        if not kept.path(Digest(name)).is_file():
            yield Finding(str(folder), f"receipt {name} is gone")
    for path in sorted(folder.glob("receipts/*/*.*")):
        sums = digest.of_file(path)
        found = sums.sha256 if path.suffix == ".json" else sums.blake3
        if digest.hexadecimal(found) != path.stem:
            yield Finding(str(path), "is not what its name says")
        elif path.suffix == ".json" and found not in named and not cut:
            yield Finding(str(path), "is named by no line of the journal")


def _chained(data: bytes, suffix: str) -> bool:
    """Return whether a file that may be broken is a ledger of ours, and not somebody's own."""
    torn = suffix == ".jsonl" and b"\n" not in data
    return torn or b'"prev":' in data or b'"entry_hash":' in data


def recover(path: Path, reason: str, at: str) -> str:
    """Cut a broken ledger after its last whole line, keep the broken file, and record why."""
    if not reason.strip():
        raise Refused(f'{path}: expected a reason; say why with --reason "…"')
    if path.name == "journal.jsonl" and (path.parent / "receipts").is_dir():
        return amends.recover_journal(path.parent, reason, at)
    if not (path.is_file() and _chained(path.read_bytes(), path.suffix)):
        found = "another file" if path.is_file() else "none"
        raise Refused(f"{path}: expected a ledger or a run journal, found {found}; leave it")
    broken = ledger(path)
    payload = noted(at) if isinstance(broken.chain, StepRecords) else dict
    return broken.recover(reason, at, path.parent / "quarantine", payload=payload)
