"""The proofs of document 004, one for each step of its pipeline, for a repository as it stands.

    python scripts/proofs/step_10_snapshot_export.py --repo DIR

A proof runs a step in the repository, and runs it again by force, both through `doit`.  Then it
says of each point below whether it holds, a line each, and ends with 0 if all do, else with 1:

* both runs ended well, and the step's artifacts are there, with their records and receipts;
* the registry was appended to and not overwritten, and no file that was there is changed;
* every record has its fields, the right parents, and the file that it names;
* of the six pipeline steps: the second run added nothing, and a controlled rebuild, in a copy
  of the tracked files and nothing else, makes the same artifacts;
* of ``snapshot_export``: each run made a new folder with an encrypted archive and a manifest with
  all fields, and the plain hash of both is that of the archive made again;
* at the end every tracked Python file compiles, and ``git status --porcelain`` says nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sealwright import digest, durable, git, process, snapshot
from sealwright.errors import SealwrightError
from sealwright.lineage import REGISTRY, ROOT, Artifact, Registry, fsck
from sealwright.snapshot import verification

TYPES = {
    "artifact_ingest": ("raw",),
    "artifact_sanitize": ("sanitized",),
    "artifact_canon_select": ("canon",),
    "context_bundle_build": ("bundle_manifest",),
    "spec_generate": ("build_spec",),
    "work_order_emit": ("work_order",),
    "snapshot_export": ("snapshot", "snapshot_manifest"),
}
Point = tuple[str, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class State:
    """What stood in a repository at some moment."""

    registry: bytes
    files: Mapping[str, str]
    artifacts: Mapping[str, Artifact]

    @classmethod
    def of(cls, root: Path, types: Sequence[str]) -> State:
        """Return the state of the repository at ``root``, with the artifacts of some types."""
        place = root / REGISTRY
        files = {
            str(path.relative_to(root)): digest.of_file(path).sha256
            for path in sorted((root / ROOT).rglob("*"))
            if path.is_file() and path != place
        }
        found = (entry.artifact for entry in Registry(root).entries())
        mine = {a.artifact_id: a for a in found if a.artifact_type in types}
        return cls(place.read_bytes() if place.is_file() else b"", files, mine)


class Unproven(Exception):
    """A point does not hold."""


def main(tool: str, argv: Sequence[str] | None = None) -> int:
    """Prove the step ``tool`` in a repository, and print each point."""
    parser = argparse.ArgumentParser(description=f"Prove {tool} (document 004).")
    parser.add_argument("--repo", type=Path, default=Path.cwd(), help="default: this folder")
    root = parser.parse_args(argv).repo.resolve()
    failed = 0
    for said, prove in _points(root, tool):
        try:
            prove()
            print(f"holds   {said}", flush=True)
        except (Unproven, SealwrightError, OSError) as problem:
            failed += 1
            print(f"FAILS   {said}\n        {problem}", flush=True)
    print(f"{tool}: {'proved' if not failed else f'{failed} points do not hold'}")
    return 1 if failed else 0


def _points(root: Path, tool: str) -> Iterator[Point]:
    """Yield each point and how to prove it; later ones rest on what earlier ones did."""
    types = TYPES[tool]
    before = State.of(root, types)
    yield "the step runs", lambda: _doit(root, tool)
    first = State.of(root, types)
    yield "the step runs again when it is forced to", lambda: _doit(root, "-a", tool)
    after = State.of(root, types)
    yield "its artifacts are there", lambda: _expect(bool(after.artifacts), "none of them is")
    yield "the registry was appended to, not overwritten", lambda: _appended(before, first, after)
    yield "no artifact that was there was modified", lambda: _kept(before, first, after)
    yield (
        "every record, parent, file and receipt is in order",
        lambda: fsck(Registry(root)).enforce(),
    )
    own = _export if tool == "snapshot_export" else _pipeline
    yield from own(root, tool, first, after)
    yield "every tracked Python file compiles", lambda: _compile(root)
    yield "git status --porcelain says nothing", lambda: git.clean(root).enforce()


def _pipeline(root: Path, tool: str, first: State, after: State) -> Iterator[Point]:
    def same() -> None:
        _expect(first.registry == after.registry, "the registry has grown")

    yield "the second run added nothing", same
    yield "a controlled rebuild makes the same artifacts", lambda: _rebuild(root, tool, after)


def _rebuild(root: Path, tool: str, after: State) -> None:
    with tempfile.TemporaryDirectory(prefix="sw-proof-") as folder:
        for name in git.tracked(root):
            durable.mkdir(Path(folder, name).parent)
            durable.copy(root / name, Path(folder, name))
        _doit(Path(folder), tool)
        made = State.of(Path(folder), TYPES[tool]).artifacts
        for name, artifact in made.items():
            there = after.artifacts.get(name)
            same = there is not None and there.sha256 == artifact.sha256
            _expect(same, f"{name} is not what stands in the repository")
        _expect(bool(made), "it made none")


def _export(root: Path, tool: str, first: State, after: State) -> Iterator[Point]:
    new = after.artifacts.keys() - first.artifacts.keys()
    names = {Path(after.artifacts[name].relpath).parent.name for name in new}
    folders = [root / snapshot.FOLDER / name for name in sorted(names)]

    def new_one() -> Path:
        _expect(len(folders) == 1 and folders[0].is_dir(), f"expected one, found {len(folders)}")
        return folders[0]

    def there() -> None:
        verification.alone(new_one())[1].enforce()

    def rebuilt() -> None:
        verification.inside(Registry(root), new_one()).enforce()

    yield "a new snapshot directory is created", new_one
    yield "the encrypted archive exists, and has its hash", there
    yield "the manifest exists and has the required fields", lambda: snapshot.read(new_one())
    yield "its plain hash is that of a controlled rebuild, and its parent the work order", rebuilt


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Unproven(otherwise)


def _appended(*states: State) -> None:
    for earlier, later in pairwise(states):
        _expect(later.registry.startswith(earlier.registry), "it does not begin as before")


def _kept(*states: State) -> None:
    for earlier, later in pairwise(states):
        for path, sha256 in earlier.files.items():
            _expect(later.files.get(path) == sha256, f"{path} was")


def _doit(root: Path, *words: str) -> None:
    argv = (sys.executable, "-m", "sealwright.engine", str(root / "dodo.py"), "run", *words)
    done = process.run(argv, cwd=root, env=process.environment(), timeout=3600, check=False)
    if done.code:
        said = (done.out + done.err).decode(errors="replace").strip()
        raise Unproven(f"doit {' '.join(words)}: expected 0, found {done.code}: {said}")


def _compile(root: Path) -> None:
    for name in git.tracked(root):
        if name.endswith(".py"):
            try:
                compile((root / name).read_bytes(), name, "exec")
            except (SyntaxError, ValueError) as problem:
                raise Unproven(f"{name}: {problem}") from None
