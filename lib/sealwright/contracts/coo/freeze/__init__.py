"""The freeze: from here on nothing changes what is frozen but the migration (document 003, §7).

`activate` does, in this order, and takes everything back if one of them is refused:

1. who holds a file open for writing is stopped, if that is wished, or else refused by name;
2. the database comes to rest (`database`);
3. everything frozen is listed with its digests (`inventory.listing`);
4. everything frozen becomes read-only (`read_only`), and its modes are kept for the thaw;
5. who writes is looked for again, since somebody may have begun meanwhile, and everything is listed
   again: nobody, and the same, or the freeze is refused;
6. the manifest is made, ``freeze_manifest.json``, canonical JSON without a clock::

    {"FREEZE":"TRUE","approval":{…},"database":{"path":"app.db","rows":"sha256:…",
     "sha256":"sha256:…"},"evidence":{"tools_manifest.json":"sha256:…","sandbox_digest.txt":"…"},
     "format":"sealwright/freeze/1","listing":"sha256:…","release":{"code":"sha256:…",
     "version":"0.1.0"},"roots":["docs","project_builder"]}

``release`` is the Sealwright that froze (see `manifests.release`); ``listing`` is the digest that
a capture of the same roots has in its ``amu0.json``.  The listing itself is returned, too, so that
it can be told which file is another.

`check` answers whether all of it still is so; `thaw` gives every mode back.  A process that this
``/proc`` does not show, or one that opens a file after the last look, is not kept from
writing if it is root's; what it changes is found by the digests, before anything is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.contracts.coo.freeze import read_only, writers
from sealwright.contracts.coo.inventory import database, listing
from sealwright.contracts.coo.rollback.confirmation import GOING_BACK
from sealwright.errors import Damaged, Refused
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict, refusal

FORMAT = "sealwright/freeze/1"
KEYS = frozenset(
    ("FREEZE", "approval", "database", "evidence", "format", "listing", "release", "roots")
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is frozen, what else is true of the moment, and whether writers may be stopped."""

    roots: tuple[RelPath, ...]
    omit: tuple[RelPath, ...] = ()
    database: RelPath | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    approval: Mapping[str, Any] = field(default_factory=dict)
    release: Mapping[str, str] = field(default_factory=dict)
    stop: bool = False


def activate(top: Path, wish: Wish, modes: Path) -> tuple[bytes, bytes]:
    """Freeze, and return manifest and listing; `Refused`, and nothing is frozen, if not."""
    _alone(top, wish)
    rest = database.quiesce(top / wish.database) if wish.database else None
    listed = _listed(top, wish, modes)  # before anything changes: it may be refused
    read_only.lock(top, wish.roots, modes)
    try:
        _alone(top, wish)
        if _listed(top, wish, modes) != listed or _changed(top, wish, rest):
            raise Refused(f"{top}: changed while it was frozen; end who writes there")
    except BaseException:
        read_only.unlock(top, modes)
        raise
    return canonical.line(_manifest(wish, listed, rest)), listed


def check(
    top: Path,
    wish: Wish,
    modes: Path,
    manifest: bytes,
    listed: bytes,
    expected: str | None = None,
) -> Verdict:
    """Answer whether everything is frozen, and as the manifest and its listing say.

    ``expected`` is the digest of the listing, if it is another than the manifest tells.
    """
    about = read(manifest)
    wanted, way = expected or about["listing"], GOING_BACK if expected else "doit thaw"
    if digest.sha256(listed) != wanted:
        return refusal("listing", f"expected {wanted}, found another", way)
    lock = read_only.check(top, modes).findings
    findings = [replace(each, remedy=each.remedy or way) for each in lock]
    changed = listing.first_difference(listed, _listed(top, wish, modes))
    if changed is not None:
        what, back = "is not what was frozen", f"git checkout -- {changed}, or doit thaw"
        back = f"put it back as the migration left it, or: {GOING_BACK}" if expected else back
        findings.append(Finding(changed, f"{what}, though FREEZE is TRUE", back))
    return Verdict(tuple(findings), {"FREEZE": about["FREEZE"]})


def read(manifest: bytes) -> dict[str, Any]:
    """Return what a manifest says; `Damaged` if it is none."""
    try:
        about = canonical.decode_line(manifest)
        if about.keys() != KEYS or about["format"] != FORMAT:
            raise ValueError("another format")
    except (AttributeError, ValueError, KeyError) as problem:
        what = f"expected {FORMAT}, found {problem}"
        raise Damaged(f"freeze_manifest.json: {what}; bring it back, or doit thaw") from None
    return dict(about)


def thaw(top: Path, modes: Path) -> Verdict:
    """Give everything its mode back; the verdict names what changed meanwhile."""
    return read_only.unlock(top, modes)


def _alone(top: Path, wish: Wish) -> None:
    """See that nobody could write; stop who could, if that is wished."""
    places = [(top / root).resolve() for root in wish.roots]
    if wish.database:
        places.append((top / wish.database).resolve())
    found = writers.census(places).writers
    if found and wish.stop:
        writers.stop(found)
        found = writers.census(places).writers
    if found:
        raise Refused("\n".join(map(_sentence, found)))


def _sentence(writer: writers.Writer) -> str:
    how = {"open": "open for writing", "mapped": "mapped for writing"}[writer.way]
    who = f"process {writer.pid} ({writer.program})"
    return f"{writer.path}: expected nobody who writes, found it {how} by {who}; kill {writer.pid}"


def _listed(top: Path, wish: Wish, modes: Path) -> bytes:
    before = read_only.before(modes)
    return listing.render(listing.entries(top, wish.roots, wish.omit, before))


def _changed(top: Path, wish: Wish, rest: database.Rest | None) -> bool:
    return wish.database is not None and database.quiesce(top / wish.database) != rest


def _manifest(wish: Wish, listed: bytes, rest: database.Rest | None) -> dict[str, Any]:
    return {
        "FREEZE": "TRUE",
        "format": FORMAT,
        "roots": sorted(wish.roots),
        "listing": digest.sha256(listed),
        "database": rest and {"path": wish.database, **rest._asdict()},
        "evidence": dict(wish.evidence),
        "approval": dict(wish.approval),
        "release": dict(wish.release),
    }


__all__ = ["Wish", "activate", "check", "read", "thaw"]
