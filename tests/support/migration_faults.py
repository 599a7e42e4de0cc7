"""A fault at one write of a step of a migration, and what must hold of what is left.

`Disturbance` is to such a step what `sweep.Injection` is to a command, in this process and so much
faster: the fault is put into `durable.system` (see `faults`), in a fresh copy of the stage.

1. Right after the fault every mode is there, or `modes.jsonl` knows it.
2. When the next run has begun, the tree is the whole old one or the whole new one, and the log a
   chain whose state fits it.
3. That run ends in the bytes, modes and log of an undisturbed one; nothing acknowledged is done
   again, nothing stays in staging, and one after it has nothing to do.
"""

from __future__ import annotations

import itertools
import os
import random
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sealwright import durable
from sealwright.contracts.coo.freeze import read_only
from sealwright.errors import SealwrightError
from sealwright.ledger import Ledger
from tests.support import migrations
from tests.support.faults import fault
from tests.support.migrations import KEPT, LOG, Stage
from tests.support.sweep import Tried

MODES = ("lost", "kept", "torn", "stopped", "ENOSPC", "EIO")
Point = tuple[int, str]


def writes(stage: Stage, work: Path) -> int:
    """Return how many calls the step makes that change the file system."""
    root = migrations.copied(stage.root, work / "counted")
    with fault(0, "lost") as counted:
        migrations.alone(root, stage.step)
    return counted.count


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What is needed to try any fault in one step."""

    stage: Stage
    work: Path

    def points(self) -> list[Point]:
        """Return every call with every mode."""
        return list(itertools.product(range(1, writes(self.stage, self.work) + 1), MODES))

    def some(self, number: int) -> list[Point]:
        """Return so many points, drawn from all of them, the same ones each time."""
        points = self.points()
        return random.Random(number).sample(points, min(number, len(points)))

    def __call__(self, point: Point) -> Tried:
        """Try one state, in a folder of this process's own, and remove it."""
        at, mode = point
        root = migrations.copied(self.stage.root, self.work / f"state-{os.getpid()}")
        try:
            met, said = self._tried(root, at, mode)
        except Exception as problem:
            met, said = True, [f"raises {problem!r}"]
        finally:
            durable.remove(root)
        return mode if met else "missed", [f"{self.stage.step}: {mode} at {at}: {s}" for s in said]

    def _tried(self, root: Path, at: int, mode: str) -> tuple[bool, list[str]]:
        acknowledged = False
        with fault(at, mode) as faulty:
            try:
                outcome = migrations.alone(root, self.stage.step)
                acknowledged = outcome is not None and outcome.code == 0
            except (SealwrightError, OSError):
                pass
        if faulty.count < at:
            return False, []
        said = [*self.lost_modes(root), *self._next(root, acknowledged), *self._junk(root)]
        return True, said

    def lost_modes(self, root: Path) -> Iterator[str]:
        """Right after the fault: what has neither mode is listed with its first one."""
        kept, began = (read_only.before(r / KEPT / "modes.jsonl") for r in (root, self.stage.root))
        was, now = self.stage.before, migrations.looked(root)
        for name in sorted(was.keys() & now.keys()):
            first = began.get(name, stat.S_IMODE(was[name][0]))
            if kept.get(name, first) != first:
                yield f"{name}: began with the mode {first:o}, and {kept[name]:o} is kept"
            standing = {look[name][0] for look in (was, self.stage.after) if name in look}
            if now[name][0] not in standing and name not in kept:
                yield f"{name}: has the mode {now[name][0]:o}, and none is kept"

    def _next(self, root: Path, acknowledged: bool) -> Iterator[str]:
        """Begin the next run, look, and let it go on; then another."""
        before, after = self.stage.before, self.stage.after
        migrations.recovered(root)
        now = migrations.looked(root)
        old, new = migrations.live(before), migrations.live(after)
        if migrations.live(now) not in (old, new):
            yield "the next run begins with half a tree"
        if not Ledger(root / LOG).check().holds:
            yield "the log is no chain"
        if old != new and (migrations.live(now) == new) != (now[LOG] == after[LOG]):
            yield "the log does not say what the tree is"
        outcomes = migrations.run(root, self.stage.step)
        if wrong := [o.message for o in outcomes.values() if o.code]:
            yield f"the next run ends badly: {wrong}"
            return
        done = {name for name, outcome in outcomes.items() if outcome.status != "up to date"}
        if (acknowledged and done) or done - {self.stage.step}:
            yield f"was acknowledged, and ran again: {sorted(done)}"
        yield from _differences(migrations.looked(root), after)
        again = migrations.run(root, self.stage.step)
        if any(outcome.status != "up to date" for outcome in again.values()):
            yield "a third run has something to do"

    def _junk(self, root: Path) -> Iterator[str]:
        for place in (root / ".sealwright/staging").glob("*"):
            yield f"{place.name}: stays in staging"


def _differences(found: migrations.Look, expected: migrations.Look) -> Iterator[str]:
    for name in sorted(found.keys() | expected.keys()):
        if found.get(name) != expected.get(name):
            mode, data = found.get(name, (0, b""))
            yield f"{name}: is not what an undisturbed run leaves ({mode:o}, {data[-300:]!r})"
