"""Try every fault there is, and print how many states were tried: ``make faults``.

    python -m tests.faults [-j JOBS] [--every N] [NAME…]

``power``     what a power cut can leave of a run of the generic graph (see `crash`)
``generic``   a fault at each call of the kernel, in a run of that graph (see `injection`)
``sot_pack``  the same in `doit sot_pack`, in a small repository of the example's kind
``export``    the same in `doit snapshot_export`, and what an export must keep besides
``coo``       a fault at each write of a migration's freeze, capture, commit, publication and
              rollback (see `migration_faults`)
``workflow``  a fault at each call of ours, and at each program that writes, in a governed run:
              its execution and landing, its conclusion, its rejection, and what ends it where
              it was killed (see `workflow_faults`)
``calls``     the tests that disturb some calls of `durable`, with none of the calls left out
``example``   as ``sot_pack``, in the embedded example; takes hours, so no sweep of all takes it
``commit``    as ``generic``, in `doit migrate:commit`; takes hours, too
``workflow_calls``  as ``generic``, in the steps of ``workflow``; takes hours, too

Without a name all but the last three are swept.  ``--every N`` takes each N-th state only.  Ends
with 1 if an invariant does not hold somewhere.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.support import crash, injection, keys, migrations, workflow_stages
from tests.support.aftermath import INVARIANTS, Invariant
from tests.support.migrating import Migrating
from tests.support.migration_faults import Disturbance
from tests.support.subjects import (
    Export,
    Generic,
    SotPack,
    Subject,
    keeps_what_an_export_must,
)
from tests.support.sweep import WHOLE, Injection, Tally, Tried, spread, swept
from tests.support.workflow_faults import AtTheKernel, Disturbed, Governing


def injected(
    subject: Subject, work: Path, every: int, jobs: int, more: tuple[Invariant, ...] = ()
) -> Tally:
    """Sweep the calls of a command, of which ``more`` than of every command must hold."""
    plan = Injection(injection.record(subject, work), work, (*INVARIANTS, *more))
    return Tally(subject.name).add(_injected(plan, every, jobs))


def exported(work: Path, every: int, jobs: int) -> Tally:
    """Sweep the calls of an export."""
    with keys.short_folder() as folder:
        return injected(Export(folder), work, every, jobs, (keeps_what_an_export_must,))


def migrated(work: Path, every: int, jobs: int) -> Tally:
    """Sweep the writes of the steps that must not leave half a migration."""
    total = Tally("migrations")
    for name, stage in migrations.stages(work).items():
        plan = Disturbance(stage, work)
        points = plan.points()
        chosen = plan.some(len(points) // every)
        print(f"{name}: {len(points)} states, {len(chosen)} tried", flush=True)
        total.add(_told(swept(chosen, plan, jobs)))
    return total


def committed(work: Path, every: int, jobs: int) -> Tally:
    """Sweep the calls of the commit of a migration."""
    (made,) = migrations.stages(work, ("migrate:commit",)).values()
    subject = Migrating(made)
    plan = Injection(injection.record(subject, work), work, subject.invariants)
    return Tally(subject.name).add(_injected(plan, every, jobs))


def governed(work: Path, every: int, jobs: int) -> Tally:
    """Sweep the calls of the steps of a governed run, and of the programs that write for it."""
    total = Tally("governed runs")
    for name, stage in workflow_stages.stages(work).items():
        plan = Disturbed(stage, work)
        points = plan.points()
        chosen = spread(points, max(1, len(points) // every))
        print(f"{name}: {len(points)} states, {len(chosen)} tried", flush=True)
        total.add(_told(swept(chosen, plan, jobs)))
    return total


def governed_calls(work: Path, every: int, jobs: int) -> Tally:
    """Sweep the calls of the kernel that those steps make."""
    total = Tally("governed runs, at the kernel")
    for stage in workflow_stages.stages(work).values():
        subject = Governing(stage)
        (folder := work / f"kernel-{stage.name}").mkdir()
        plan = AtTheKernel(injection.record(subject, folder), folder, stage=stage)
        total.add(_injected(plan, every, jobs))
    return total


def powerless(work: Path, every: int, jobs: int) -> Tally:
    """Sweep what power cuts leave, story by story."""
    total = Tally("power cuts")
    for story in crash.STORIES:
        folder = work / story
        folder.mkdir()
        cut, states, tried = crash.plan(story, folder)
        points = states[::every]
        print(f"{story}: {tried} states, {len(states)} differ, {len(points)} tried", flush=True)
        told = ((story, said) for _, said in swept(points, cut, jobs))
        total.add(_told(told))
    return total


def _injected(plan: Injection, every: int, jobs: int) -> Iterator[Tried]:
    """Sweep every N-th state of a recording."""
    states, calls = plan.points(), len(plan.recording.calls)
    points = spread(states, max(1, len(states) // every))
    print(f"{plan.recording.subject.name}: {calls} calls, {len(points)} states", flush=True)
    return _told(swept(points, plan, jobs))


def called(_: Path, __: int, jobs: int) -> Tally:
    """Run the tests that put a fault at calls of `durable`, at each of them."""
    argv = [sys.executable, "-m", "pytest", "-n", str(jobs), *CALLS]
    done = subprocess.run(argv, env={**os.environ, WHOLE: "1"}, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    said = [f"{' '.join(CALLS)}: pytest ended with {done.returncode}"] if done.returncode else []
    return Tally("calls").add([("run", said)])


def _told(tried: Iterator[Tried]) -> Iterator[Tried]:
    for mode, said in tried:
        for complaint in said:
            print(complaint, flush=True)
        yield mode, said


SWEEPS: dict[str, Callable[[Path, int, int], Tally]] = {
    "power": powerless,
    "generic": partial(injected, Generic()),
    "sot_pack": partial(injected, SotPack(whole=False)),
    "export": exported,
    "coo": migrated,
    "workflow": governed,
    "calls": called,
    "example": partial(injected, SotPack(whole=True)),
    "commit": committed,
    "workflow_calls": governed_calls,
}
LONG = ("example", "commit", "workflow_calls")
CALLS = (
    "tests/engine/test_recovery.py",
    "tests/workflow/execution/test_landing.py::"
    "test_killed_at_any_call_the_target_has_all_of_it_or_nothing",
)


def main() -> int:
    """Sweep what is named, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    if unknown := set(given.names) - SWEEPS.keys():
        parser.error(f"expected names of {', '.join(SWEEPS)}, found {', '.join(unknown)}")
    tallies = []
    for name in given.names or [name for name in SWEEPS if name not in LONG]:
        with tempfile.TemporaryDirectory(prefix="sealwright-faults-") as folder:
            tallies.append(SWEEPS[name](Path(folder), given.every, given.jobs))
    for tally in tallies:
        print(tally)
    return 1 if any(tally.complaints for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
