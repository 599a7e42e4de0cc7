"""A fault at one call of a governed run, and what must hold of what is left.

`Disturbed` puts the fault into one step of a stage (see `workflow_stages`), in this process, at
any call of ours or of a program that writes (see `program_faults`); `Governing` is the same step as
a command, for faults at the calls of the kernel (see `injection`).  Both are judged alike:

1. The target has the whole commit or nothing: history, index and files are those from before or
   those of a run without a fault, and nothing of ours stays in its ``.git``.
2. The approval is used at most once, and its line is there before anything of the target moves.
3. Every run that used one has whole evidence, or a person is told that it is missing.
4. The next run says where things stand; the one after it has nothing to do.
5. No process, no unfinished file, no landing stays; what was acknowledged is not done again.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sealwright import durable
from sealwright.errors import SealwrightError
from sealwright.sandbox import cage
from tests.support import aftermath, migrations, program_faults
from tests.support import workflow_stages as staged
from tests.support.aftermath import Aftermath, Invariant, Ran, complaints
from tests.support.program_faults import MODES
from tests.support.subjects import SotPack
from tests.support.sweep import Injection, Tried
from tests.support.workflow_stages import FACTS, TARGET, Stage
from tests.workflow import packets
from tests.workflow.chains import ID

Point = tuple[int, str]


def has_the_whole_commit_or_nothing(seen: Aftermath) -> Iterator[str]:
    """After the next run the target is what it was, or what a run without a fault leaves."""
    now, old, new = (_target(files) for files in (seen.found, seen.before, seen.expected))
    if now not in (old, new):
        yield f"the target is neither as before nor as it was to be: {now}"


def uses_an_approval_once_and_first(seen: Aftermath) -> Iterator[str]:
    """No approval has two lines, and nothing of the target moves before there is one."""
    left, found = _facts(seen.left), _facts(seen.found)
    for when, facts in (("after the fault", left), ("in the end", found)):
        if facts["ledger"]:
            yield f"{when} the ledger is no chain: {facts['ledger']}"
            return
        nonces = [nonce for nonce, _ in facts["used"]]
        if len(nonces) != len(set(nonces)) or len(nonces) > 1:
            yield f"{when} approvals were used {len(nonces)} times: {facts['used']}"
    if _target(seen.left) != _target(seen.before) and not left["used"]:
        yield "the target was changed, and no approval is used"


def leaves_whole_evidence_or_says_so(seen: Aftermath) -> Iterator[str]:
    """Each run that used an approval has ended, and its evidence is whole."""
    found = _facts(seen.found)
    ended = {run for run, *_ in found["ended"]}
    for _, run in found["used"]:
        if run not in ended and "artifact_write_failure" not in seen.second.said:
            yield f"{run}: has no evidence, and nobody is told"
    for name, wrong in found["evidence"].items():
        if wrong:
            yield f"evidence/{name}: {wrong}"


def says_where_things_stand(seen: Aftermath) -> Iterator[str]:
    """The next run names what a person can do now, and what became of a run that was cut off."""
    found, said = _facts(seen.found), seen.second.said
    if found["said"]:
        return
    landed = any(commit for _, _, commit, _ in found["ended"])
    wanted = f"inv workflow.{'outcome' if landed else 'approve'} {ID}"
    if wanted not in said:
        yield f"the next run does not say {wanted}: {said}"
    for run, _, commit, cut_off in found["ended"]:
        told = "its commit has landed" if commit else "nothing has landed"
        if cut_off and f"the run {run} was cut off, and {told}" not in " ".join(said.split()):
            yield f"the next run does not say that {run} was cut off, and {told}: {said}"


def leaves_nothing_half_done(seen: Aftermath) -> Iterator[str]:
    """No landing is open, no process runs."""
    found = _facts(seen.found)
    if found["landing"]:
        yield f"a landing stays: {found['landing']}"
    if found["processes"]:
        yield f"a process stays: {found['processes']}"


def tells_an_error(seen: Aftermath) -> Iterator[str]:
    """A step that meets an error ends with a code and a sentence, or has done everything."""
    if seen.killed:
        return
    if seen.disturbed.code == 0 and _target(seen.left) != _target(seen.expected):
        yield f"ended with 0, but the target is {_target(seen.left)}"
    elif "Traceback" in seen.disturbed.said:
        yield f"a person is shown a traceback: {seen.disturbed.said}"
    elif seen.disturbed.code and not seen.disturbed.said.strip():
        yield f"ended with {seen.disturbed.code}, and said nothing"


def comes_to_rest(seen: Aftermath) -> Iterable[str]:
    """A third run executes nothing, and ends as the second did."""
    if seen.third.done or seen.third.code > 1:
        yield f"the third run executes {sorted(seen.third.done)}: {seen.third.said}"


def ends_as_an_undisturbed_run(seen: Aftermath) -> Iterable[str]:
    """What follows an approval that is used already comes to the same, to the byte."""
    yield from aftermath.ends_as_an_undisturbed_run(seen) if seen.second.code == 0 else ()
    if _target(seen.found) != _target(seen.expected):
        yield "the target is not what it was to be"
    if _facts(seen.found)["said"] != _facts(seen.expected)["said"]:
        yield f"a person's word is lost: {seen.second.said}"


COMMON: tuple[Invariant, ...] = (
    has_the_whole_commit_or_nothing,
    uses_an_approval_once_and_first,
    leaves_whole_evidence_or_says_so,
    says_where_things_stand,
    leaves_nothing_half_done,
    comes_to_rest,
    aftermath.loses_nothing_acknowledged,
    aftermath.leaves_no_junk,
    tells_an_error,
    aftermath.is_proven,
)


def invariants(stage: Stage) -> tuple[Invariant, ...]:
    """Return what must hold of a stage: only a run that had not landed may come to nothing."""
    return COMMON if stage.name == "execute" else (*COMMON, ends_as_an_undisturbed_run)


def _target(files: aftermath.Files) -> tuple[Any, ...]:
    """Return what git says of the target, and its files."""
    prefix = f"{packets.TARGET}/"
    return json.loads(files[TARGET]), {n: d for n, d in files.items() if n.startswith(prefix)}


def _facts(files: aftermath.Files) -> dict[str, Any]:
    return dict(json.loads(files[FACTS]))


def calls(stage: Stage, work: Path) -> list[str]:
    """Return the calls of the stage's step that change anything."""
    cage.offered("namespaces")  # asked once in each process, and no call of the step's
    root = migrations.copied(stage.root, work / "counted")
    with program_faults.fault(0, "lost") as counted:
        staged.alone(root, stage.step, staged.environment(stage.now))
    durable.remove(root)
    return counted.made


@dataclass(frozen=True, slots=True)
class Disturbed:
    """What is needed to try any fault in one step."""

    stage: Stage
    work: Path

    def points(self) -> list[Point]:
        """Return every call with every mode that means something there."""
        made = enumerate(calls(self.stage, self.work), 1)
        every = itertools.product(made, MODES)
        return [(at, mode) for (at, call), mode in every if mode != "torn" or call == "write"]

    def some(self, number: int) -> list[Point]:
        """Return so many points, drawn from all of them, the same ones each time."""
        points = self.points()
        return random.Random(number).sample(points, min(number, len(points)))

    def __call__(self, point: Point) -> Tried:
        """Try one state, in a folder of this process's own, and remove it."""
        at, mode = point
        cage.offered("namespaces")
        root = migrations.copied(self.stage.root, self.work / f"state-{os.getpid()}")
        where = f"workflow {self.stage.name}: {mode} at {at}"
        try:
            seen = self._tried(root, at, mode, where)
            said = complaints(seen, invariants(self.stage)) if seen else []
        except Exception as problem:
            seen, said = None, [f"{where}: raises {problem!r}"]
        finally:
            durable.remove(root)
        return mode if seen or said else "missed", said

    def _tried(self, root: Path, at: int, mode: str, where: str) -> Aftermath | None:
        stage, environment = self.stage, staged.environment(self.stage.now)
        ran = Ran(-9)
        with program_faults.fault(at, mode) as faulty:
            try:
                ran = staged.alone(root, stage.step, environment)
            except (SealwrightError, OSError) as problem:
                ran = Ran(1, {}, str(problem))
        if faulty.count < at:
            return None
        made = faulty.made[at - 1]
        staged.mend(root, environment)
        left = staged.looked(root)
        second = staged.run(root, environment)
        found = staged.looked(root)
        return Aftermath(
            where=f"{where} ({made})",
            root=root,
            killed=faulty.dead,
            disturbed=ran,
            left=left,
            fresh={},
            second=second,
            found=found,
            third=staged.run(root, environment),
            audit=staged.audited(root, environment),
            expected=stage.after,
            before=stage.before,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTheKernel(Injection):
    """What is needed to try any fault at a call of the kernel in one step."""

    stage: Stage

    def judge(self, seen: Aftermath) -> list[str]:
        """Return what does not hold."""
        return complaints(replace(seen, before=self.stage.before), invariants(self.stage))


class Governing(SotPack):
    """One step as a command, under faults at the calls of the kernel."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(whole=False)
        self.name = f"workflow {stage.name}"
        self._stage = stage

    def prepare(self, root: Path) -> None:
        """Copy the stage."""
        root.parent.mkdir(parents=True, exist_ok=True)
        migrations.copied(self._stage.root, root)

    def argv(self, events: Path) -> list[str]:
        """Return what a person types."""
        return [*super().argv(events)[:-1], self._stage.step]

    def environment(self) -> dict[str, str]:
        """Return an environment in which the gate is open, and the clock stands still."""
        own = staged.environment(self._stage.now)
        return {**super().environment(), **{name: own[name] for name in own if name != "PATH"}}

    def compared(self, root: Path) -> dict[str, bytes]:
        """Return all that a run leaves behind."""
        return staged.looked(root)

    def again(self, root: Path) -> Ran:
        """Do what plain ``doit`` does, in this process."""
        return staged.run(root, staged.environment(self._stage.now))

    def audited(self, root: Path) -> Ran:
        """Audit in this process."""
        return staged.audited(root, staged.environment(self._stage.now))
