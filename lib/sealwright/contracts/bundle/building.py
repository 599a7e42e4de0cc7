"""What a bundle holds, and how it is written.

A ``phase2`` bundle has the layout of document 001: ``runtime/`` (`sealwright.runtime` with its
tests), the audit gate in ``scripts/``, a ``pytest.ini`` that finds the tests, and the document.
``manifest.txt`` lists all of it but itself; the digest of the manifest, in base64 after ``h1:``,
is the directory hash of Go modules over the listed files.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from sealwright import digest, durable, hashing, manifest, runtime
from sealwright.archive import source
from sealwright.contracts.bundle.settings import FILE, MANIFEST, PHASE2, Settings
from sealwright.errors import Misconfigured, Refused
from sealwright.manifest import Entry
from sealwright.paths import RelPath
from sealwright.step import Fact, File, Run, Step, World
from sealwright.verdict import Verdict

DOCUMENT = "docs/03_runtime/Implementation_Plan_Build_Loop_Phase2_v1.1.md"
GATE = Path(__file__).with_name("audit_gate_build_loop_phase2.py")
_PYTEST = Path(__file__).with_name("phase2_pytest.ini")


def _own(settings: Settings) -> dict[str, Path]:
    """Return the members of a bundle that are Sealwright's, not the repository's."""
    if settings.layout != PHASE2:
        return {}
    top = Path(runtime.__file__).parent
    core = {f"runtime/{place.relative_to(top).as_posix()}": place for place in top.rglob("*.py")}
    return {**core, f"scripts/{GATE.name}": GATE, "pytest.ini": _PYTEST}


def _theirs(settings: Settings) -> dict[str, RelPath]:
    """Return the members that are files of the repository."""
    named = {DOCUMENT: settings.document} if settings.document else {}
    return {**named, **settings.files}


def _core_fact(settings: Settings) -> Fact:
    def read(world: World) -> str:
        return digest.sha256(listing(own)) if (own := _own(settings)) else ""

    return Fact("trusted core and audit gate", read)


def members(settings: Settings, world: World) -> dict[str, Path]:
    """Return where the members of the bundle lie, but its manifest; no place is taken twice."""
    own, theirs = _own(settings), _theirs(settings)
    if both := sorted({*own, MANIFEST} & theirs.keys()):
        what = f"{both[0]}: expected a place that is free, found one that Sealwright fills"
        raise Misconfigured(f"{FILE}: files: {what}; choose another")
    return own | {place: world.place(path) for place, path in theirs.items()}


def listing(found: Mapping[str, Path]) -> bytes:
    """Return the manifest of files by their places in a bundle."""
    sums = hashing.identities(found.values())
    entries = [
        Entry(RelPath(place), digest.hexadecimal(sha256))
        for place, sha256 in zip(found, sums, strict=True)
    ]
    return manifest.render(entries, itself=MANIFEST)


def h1(listed: bytes) -> str:
    """Return the directory hash of Go modules over the files that a manifest lists."""
    raw = bytes.fromhex(digest.hexadecimal(digest.sha256(listed)))
    return f"h1:{base64.b64encode(raw).decode()}"


def manifest_step(settings: Settings) -> Step:
    """Return the step that lists what the bundle will hold."""

    def act(run: Run) -> Verdict:
        data = listing(members(settings, run))
        durable.create(run.path(settings.manifest), data)
        durable.create(run.path(settings.ignoring), b"*\n")
        return Verdict((), {"h1": h1(data)})

    return Step(
        name="bundle:manifest",
        doc="List what the bundle holds, in the text that sha256sum -c checks.",
        act=act,
        inputs=(_core_fact(settings), *map(File, _theirs(settings).values())),
        outputs=(settings.manifest, settings.ignoring),
        arguments={"files": _theirs(settings)},
    )


def zip_step(settings: Settings) -> Step:
    """Return the step that writes the bundle."""

    def act(run: Run) -> None:
        pack(members(settings, run), run.path(settings.manifest), run.path(settings.zip))

    return Step(
        name="bundle:zip",
        doc="Write the bundle: stored, sorted, the same bytes anywhere.",
        act=act,
        inputs=(settings.manifest, _core_fact(settings), *map(File, _theirs(settings).values())),
        outputs=(settings.zip,),
        arguments={"files": _theirs(settings)},
    )


def pack(found: Mapping[str, Path], listed_in: Path, place: Path) -> None:
    """Write the zip of files, which must be as a manifest lists them, and of that manifest."""
    from sealwright.contracts.bundle import packing

    data = listed_in.read_bytes()
    listed: dict[str, str] = dict(manifest.parse(data, MANIFEST, itself=MANIFEST))
    if listed.keys() != found.keys():
        raise Refused("bundle: other files than were listed; run again")
    listed[MANIFEST] = digest.hexadecimal(digest.sha256(data))
    sources = [
        source.of_file(file, RelPath(path))._replace(sha256=listed[path])
        for path, file in {**found, MANIFEST: listed_in}.items()
    ]
    with durable.growing(place) as sink:
        for piece in packing.zipped(sources):
            sink.write(piece)
