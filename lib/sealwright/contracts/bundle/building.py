"""What a bundle holds, and how it is written.

A ``phase2`` bundle has the layout of document 001: ``runtime/`` (`sealwright.runtime` with its
tests), the audit gate in ``scripts/``, a ``pytest.ini`` that finds the tests, and the document.
``manifest.txt`` lists all of it but itself; the digest of the manifest, in base64 after ``h1:``,
is the directory hash of Go modules over the listed files.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

from sealwright import digest, durable, manifest, runtime
from sealwright.contracts.bundle import audit_gate_build_loop_phase2 as gate
from sealwright.contracts.bundle.settings import FILE, PHASE2, Settings
from sealwright.errors import Misconfigured, Refused
from sealwright.manifest import Entry
from sealwright.paths import RelPath
from sealwright.step import Fact, File, Run, Step, World
from sealwright.verdict import Verdict

GATE = "scripts/audit_gate_build_loop_phase2.py"
DOCUMENT = "docs/03_runtime/Implementation_Plan_Build_Loop_Phase2_v1.1.md"
PYTEST = "[pytest]\ntestpaths = runtime/tests\n"


def _core() -> Iterator[tuple[str, Path]]:
    """Yield the files of the trusted core, with their places in a bundle."""
    top = Path(runtime.__file__).parent
    for path in sorted(top.rglob("*.py")):
        yield f"runtime/{path.relative_to(top).as_posix()}", path


def _own(settings: Settings) -> dict[str, bytes]:
    """Return the members of a bundle that are Sealwright's, not the repository's."""
    if settings.layout != PHASE2:
        return {}
    made = {place: path.read_bytes() for place, path in _core()}
    return made | {GATE: Path(gate.__file__).read_bytes(), "pytest.ini": PYTEST.encode()}


def _theirs(settings: Settings) -> dict[str, RelPath]:
    """Return the members that are files of the repository."""
    named = {DOCUMENT: settings.document} if settings.document else {}
    return {**named, **settings.files}


def _core_fact(settings: Settings) -> Fact:
    def read(world: World) -> str:
        own = _own(settings)
        return digest.sha256(b"".join(digest.sha256(own[name]).encode() for name in sorted(own)))

    return Fact("trusted core and audit gate", read)


def members(settings: Settings, world: World) -> dict[str, bytes]:
    """Return what the bundle holds but its manifest; `Refused` if two are at one place."""
    own, theirs = _own(settings), _theirs(settings)
    if both := sorted({*own, gate.MANIFEST} & theirs.keys()):
        what = f"{both[0]}: expected a place that is free, found one that Sealwright fills"
        raise Misconfigured(f"{FILE}: files: {what}; choose another")
    return own | {place: world.place(path).read_bytes() for place, path in theirs.items()}


def _listing(found: dict[str, bytes]) -> bytes:
    entries = [
        Entry(RelPath(place), digest.hexadecimal(digest.sha256(data)))
        for place, data in found.items()
    ]
    return manifest.render(entries, itself=RelPath(gate.MANIFEST))


def manifest_step(settings: Settings) -> Step:
    """Return the step that lists what the bundle will hold."""

    def act(run: Run) -> Verdict:
        data = _listing(members(settings, run))
        durable.create(run.path(settings.manifest), data)
        durable.create(run.path(settings.ignoring), b"*\n")
        raw = bytes.fromhex(digest.hexadecimal(digest.sha256(data)))
        return Verdict((), {"h1": f"h1:{base64.b64encode(raw).decode()}"})

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
        listed = run.path(settings.manifest).read_bytes()
        found = members(settings, run)
        if _listing(found) != listed:
            raise Refused("bundle: its files changed since they were listed; run again")
        durable.create(run.path(settings.zip), gate.encode({**found, gate.MANIFEST: listed}))

    return Step(
        name="bundle:zip",
        doc="Write the bundle: stored, sorted, the same bytes anywhere.",
        act=act,
        inputs=(settings.manifest, _core_fact(settings), *map(File, _theirs(settings).values())),
        outputs=(settings.zip,),
        arguments={"files": _theirs(settings)},
    )
