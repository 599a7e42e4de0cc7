"""Every state in which a power cut can leave a run of the graph with every kind of output.

`plan` runs the graph once, under a `Recorder`, in one of `STORIES`: ``new``, from nothing;
``changed``, once more after an input has changed, which replaces what stands; ``strange``,
the same, but somebody has put bytes of his own in the place of an output, which must be kept
whatever happens; ``resumed``, which ends what a power cut left between the commit point of a
step with lines and its end, and is cut off again.  The states are what `Disk` says may be
left after each event, each with the index as it was then, and for the two plainest fates
of each event also without an index, and with the version before.  States that are the same
are tried once, with all that was acknowledged in any of them.

`Cut` lays a state out in a folder, asks, runs, runs again and audits, all in this process.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support import aftermath
from tests.support.aftermath import (
    INVARIANTS,
    Aftermath,
    Invariant,
    Ran,
    complaints,
    leaves_no_junk,
)
from tests.support.disk import FILE, FOLDER, Image, Write
from tests.support.recorder import INDEX, Index, Recorder, recording
from tests.support.subjects import Generic
from tests.support.workbench import Workbench, every_kind

STORIES = ("new", "changed", "strange", "resumed")
STRANGE = b"bytes of somebody's own"
Acknowledged = dict[str, int]  # a step, and the number of events when it was reported done


@dataclass(frozen=True, slots=True)
class State:
    """What the disk holds, which steps were reported done, and where it was first found."""

    image: Image
    done: frozenset[str]
    where: str


@dataclass(frozen=True, slots=True)
class Cut:
    """Tries a state of one story."""

    story: str
    before: aftermath.Files
    expected: aftermath.Files
    work: Path

    @property
    def invariants(self) -> tuple[Invariant, ...]:
        """What must hold; only strange bytes may stay in the quarantine."""
        if self.story != "strange":
            return INVARIANTS
        usual = (invariant for invariant in INVARIANTS if invariant is not leaves_no_junk)
        return (*usual, keeps_what_no_receipt_knows)

    def __call__(self, state: State) -> tuple[str, list[str]]:
        """Lay a state out, and return what does not hold of what follows."""
        root = self.work / f"state-{os.getpid()}"
        lay_out(state.image, root)
        subject, left = Generic(), aftermath.files(root)
        asked = subject.asked(root)
        second = subject.again(root)
        found = aftermath.files(root)
        seen = Aftermath(
            where=f"{self.story}: {state.where}",
            root=root,
            killed=True,
            disturbed=Ran(-9, dict.fromkeys(state.done, "run")),
            left=left,
            fresh=asked,
            second=second,
            found=found,
            third=subject.again(root),
            audit=subject.audited(root),
            expected=self.expected,
            before=self.before,
        )
        said = complaints(seen, self.invariants)
        shutil.rmtree(root)
        return "power cut", said


def keeps_what_no_receipt_knows(seen: Aftermath) -> Iterable[str]:
    """Bytes of somebody's own end in the quarantine, once."""
    kept = [
        place
        for place in (seen.root / ".sealwright/quarantine").rglob("*")
        if place.is_file() and place.read_bytes() == STRANGE
    ]
    if len(kept) != 1:
        yield f"expected the strange bytes in quarantine once, found {kept}"


def plan(story: str, work: Path) -> tuple[Cut, list[State], int]:
    """Run a story, and return how to try its states, all that differ, and how many there are."""
    root = work / "recorded"
    Generic().prepare(root)
    before = _before(story, root)
    with recording(root) as recorder:
        done = _run(root, recorder)
    found: dict[object, State] = {}
    number = 0
    for state in _states(recorder, done):
        number += 1
        key = frozenset(state.image.items())
        known = found.get(key, state)
        found[key] = State(state.image, known.done | state.done, known.where)
    return Cut(story, before, aftermath.files(root), work), list(found.values()), number


def _before(story: str, root: Path) -> aftermath.Files:
    """Bring a folder to where a story begins; return what an earlier run had made there."""
    if story == "new":
        return {}
    if story == "resumed":
        with recording(root) as recorder:
            _run(root, recorder)
        count, index = _committed(recorder)
        lay_out(_with_index(recorder.disk.image(count, {}), index), root)
        return {}
    Generic().again(root)
    before = aftermath.files(root)
    (root / "in.txt").write_text("another text")
    if story == "strange":
        (root / "out/parts/0.txt").write_bytes(STRANGE)
    return before


def _committed(recorder: Recorder) -> tuple[int, Index]:
    """Return the number of events, and the index, when the step with lines was committed."""
    index: Index = (None, None)
    for count, event in enumerate(recorder.disk.events):
        index = recorder.indices.get(count, [index])[-1]
        if isinstance(event, Write) and event.data.startswith(b'{"event":"packed"'):
            return count, index
    raise AssertionError("no lines were written")


def _run(root: Path, recorder: Recorder) -> Acknowledged:
    engine, done = Workbench(root, every_kind()).engine(), {}
    with engine.running():
        for name in engine.graph.order:
            if reasons := engine.reasons(name):
                outcome = engine.run(name, reasons)
                assert outcome.code == 0, outcome.message
            recorder.look()
            done[name] = len(recorder.disk.events)
    return done


def _states(recorder: Recorder, done: Acknowledged) -> Iterable[State]:
    disk = recorder.disk
    versions: list[Index] = [(None, None), (None, None), *recorder.indices.get(0, [])]
    for count, pending in disk.pending():
        new = recorder.indices.get(count, [])
        older, *indices = [*versions[-2:], *new]
        versions += new
        if count < recorder.first:
            continue
        said = frozenset(name for name, when in done.items() if when <= count)
        for number, fate in enumerate(disk.fates(count, pending)):
            image = disk.image(count, fate)
            others: list[Index] = [(None, None), older] if number < 2 else []
            for version in dict.fromkeys([*indices, *others]):
                where = f"after event {count} ({disk.events[count - 1]!r:.60}), fate {number}"
                yield State(_with_index(image, version), said, where)


def _with_index(image: Image, index: Index) -> Image:
    if not any(path.startswith(".sealwright/") for path in image):
        return image  # the folder itself was lost, or has its first name still
    held = {name: data for name, data in zip(INDEX, index, strict=True) if data is not None}
    return image | {name: (FILE, 0o644, data) for name, data in held.items()}


def lay_out(image: Image, root: Path) -> None:
    """Make a tree on the real disk."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for path, (kind, mode, data) in sorted(image.items()):
        place = root / path
        if kind == FOLDER:
            place.mkdir()
        elif kind == FILE:
            place.write_bytes(data)
            place.chmod(mode)
        else:
            place.symlink_to(data.decode())
