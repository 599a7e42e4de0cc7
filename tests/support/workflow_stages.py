"""A governed run, at the moments right before the steps that must survive a fault.

`stages` makes a repository with a packet and its target, and takes it from the approval to the
outcome, keeping a copy right before each:

``execute``   an approval is there: the run, its landing and its evidence
``settle``    a run was killed with its commit on the branch: the next one ends it
``undo``      the same, but right before the branch moved
``validate``  the commit landed: it is tested again
``evidence``  and its evidence is kept
``accept``    a person accepts it
``reject``    a person rejects it, so that it is reverted

A stage is carried on by its step alone (`alone`), then by what plain ``doit`` does (`run`).  The
clock stands still, so that a run which begins again is the same run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealwright.contracts.workflow import evidence, gate
from sealwright.contracts.workflow.steps import story
from sealwright.contracts.workflow.steps.story import Story
from sealwright.digest import Digest
from sealwright.engine import audit, settings
from sealwright.engine.course import Course, Steps
from sealwright.engine.crew import Crew
from sealwright.engine.engine import Engine
from sealwright.engine.execution import Outcome
from sealwright.engine.schedule import Schedule
from sealwright.errors import Damaged
from sealwright.ledger import Ledger
from tests.support import aftermath, migrations
from tests.support.aftermath import Files, Ran
from tests.support.program_faults import fault
from tests.support.programs import processes_in
from tests.support.workbench import Told
from tests.workflow import chains, packets, worlds
from tests.workflow.chains import ID, OPEN, VERBS, Governed

TARGET, FACTS = "(target)", "(facts)"
LEDGER, STAGES = "evidence/approvals.jsonl", "evidence/stages.jsonl"
KEPT = f".sealwright/contracts/workflow/{ID}"
STEPS = {
    "execute": "execute",
    "settle": "admission",
    "undo": "admission",
    "validate": "validate",
    "evidence": "evidence",
    "accept": "outcome",
    "reject": "outcome",
}


def name(verb: str) -> str:
    """Return the name of a step."""
    return f"workflow:{verb}:{ID}"


@dataclass(frozen=True, slots=True)
class Stage:
    """A repository right before a step; what it is then, and after all that follows undisturbed."""

    name: str
    root: Path
    now: int
    before: Files
    after: Files

    @property
    def step(self) -> str:
        """The step that is put under faults."""
        return name(STEPS[self.name])


def environment(now: int) -> dict[str, str]:
    """Return the environment of a run whose gate is open and whose clock stands still."""
    return {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": str(now), **OPEN}


def engine(root: Path, environment: Mapping[str, str]) -> Engine:
    """Return the engine of a repository, as ``doit`` loads it."""
    return settings.load(root, environment).engine()


def alone(root: Path, step: str, environment: Mapping[str, str]) -> Ran:
    """Run one step, if it is to run."""
    made = engine(root, environment)
    with made.running():
        reasons = made.reasons(step)
        outcomes = [made.run(step, reasons)] if reasons else []
    return _ran(outcomes, made.notices)


def run(root: Path, environment: Mapping[str, str]) -> Ran:
    """Do what plain ``doit`` does."""
    made, told = engine(root, environment), Told()
    names = [name(verb) for verb in VERBS]
    with made.running():
        Crew(1, {}).run(Steps(Course(made, told), Schedule(made.graph, made.graph.upstream(names))))
    return _ran(told.outcomes.values(), made.notices)


def audited(root: Path, environment: Mapping[str, str]) -> Ran:
    """Return what an audit says."""
    made = engine(root, environment)
    with made.asking():
        found = audit.audit(made, made.graph.order)
    said = "; ".join(str(finding) for finding in found.damage.findings)
    return Ran(2 if said else 0, {}, said)


def mend(root: Path, environment: Mapping[str, str]) -> None:
    """Do what the next run says about a ledger whose last line was cut in two, if there is one."""
    for path in (LEDGER, STAGES):
        book = Ledger(root / path)
        if not book.path.exists() or book.check().holds:
            continue
        try:
            said = run(root, environment).said
        except Damaged as damage:
            said = str(damage)
        if book.check().holds:  # an append that was committed is ended by the run itself
            continue
        assert f"sealwright recover {book.path} --reason" in said, said
        book.recover("was cut in two", "2025-01-01T00:00:00Z", root / ".sealwright/recovered")


def _ran(outcomes: Iterable[Outcome], notices: list[str]) -> Ran:
    listed = list(outcomes)
    said = "\n".join([*notices, *(each.message for each in listed if each.message)])
    return Ran(max((o.code for o in listed), default=0), {o.step: o.status for o in listed}, said)


def looked(root: Path) -> dict[str, bytes]:
    """Return all that a run leaves behind, with what git says of the target, and how it stands."""
    found = aftermath.files(root)
    for place in sorted((root / KEPT).rglob("*")):
        if place.is_file():
            found[str(place.relative_to(root))] = place.read_bytes()
    found[STAGES] = str(gate.stages(Ledger(root / STAGES))).encode()  # not that it was mended
    told = {TARGET: _target(root / packets.TARGET), FACTS: _facts(root)}
    return found | {key: json.dumps(value, sort_keys=True).encode() for key, value in told.items()}


def _target(place: Path) -> dict[str, object]:
    """Return what git says of the target: its history, and what is not as HEAD has it."""

    def asked(*words: str) -> str:
        return worlds.git(place, "-c", "core.trustctime=false", *words)

    folder = place / ".git"
    litter = [str(each.relative_to(folder)) for each in folder.rglob("*") if _litter(each, folder)]
    return {
        "history": asked("log", "--format=%H %T %P", "HEAD").splitlines(),
        "branch": asked("symbolic-ref", "HEAD"),
        "status": asked("status", "--porcelain", "--untracked-files=all", "--ignored"),
        "staged": asked("diff", "--cached", "--name-only", "HEAD"),
        "broken": asked("fsck", "--strict", "--no-dangling", "--no-progress"),
        "litter": sorted(litter),
    }


def _litter(place: Path, folder: Path) -> bool:
    """Return whether something in ``.git`` is ours, a lock, or unfinished."""
    own = place == folder / "sealwright"
    return own or place.suffix in (".lock", ".tmp") or place.name.startswith("tmp_")


def _facts(root: Path) -> dict[str, object]:
    used = Ledger(root / LEDGER)
    if not used.check().holds:
        return {"ledger": str(used.check())}
    told = story.read(used, ID)
    journal = root / KEPT / "landing"
    return {
        "ledger": "",
        "used": [[line["nonce"], line["run"]] for line in told.used],
        "ended": [[each.run, each.status, each.commit, each.cut_off] for each in told.ended],
        "said": told.said,
        "evidence": _evidence(root, used, told),
        "landing": sorted(each.name for each in journal.iterdir()) if journal.exists() else [],
        "processes": processes_in(root),
    }


def _evidence(root: Path, used: Ledger, told: Story) -> dict[str, str]:
    """Return what is wrong with each folder of evidence, and which a line of the ledger lacks."""
    anchors = {each.run: Digest(each.evidence) for each in told.ended}
    folders = [each for each in (root / "evidence").iterdir() if each.is_dir()]
    found = {
        each.name: str(evidence.verify(each, anchors.get(each.name), used)).replace("holds", "")
        for each in folders
    }
    return {**dict.fromkeys(anchors, "is missing"), **found}


def stages(work: Path, wanted: tuple[str, ...] = tuple(STEPS)) -> dict[str, Stage]:
    """Make the stages that are wanted, below ``work``."""
    made = {}
    for stage, repo in _ways(work):
        if stage in wanted:
            made[stage] = _stage(work, stage, repo)
        if not set(wanted) - made.keys():
            break
    return made


def _ways(work: Path) -> Iterator[tuple[str, Governed]]:
    """Yield every stage with its repository, as it is at that moment."""
    repo = chains.made(work / "way")
    repo.approve()
    assert repo.step("approval").code == 0
    repo.now += 60
    yield "execute", repo
    for stage, mode in (("undo", "lost"), ("settle", "kept")):
        yield stage, _cut(_other(repo, work, stage), mode)
    _well(alone(repo.root, name("execute"), environment(repo.now)))
    for verb in ("validate", "evidence"):
        yield verb, repo
        _well(alone(repo.root, name(verb), environment(repo.now)))
    for outcome in ("accept", "reject"):
        said = _other(repo, work, outcome)
        said.say(outcome)
        yield outcome, said


def _other(repo: Governed, work: Path, stage: str) -> Governed:
    return Governed(migrations.copied(repo.root, work / f"way-{stage}"), repo.now)


def _cut(repo: Governed, mode: str) -> Governed:
    """Kill the run of a repository where its branch moves: before that, or after it."""
    counted = migrations.copied(repo.root, repo.root.with_name("counted"))
    with fault(0, mode) as every:
        alone(counted, name("execute"), environment(repo.now))
    moves = [at for at, call in enumerate(every.made, 1) if call == "git update-ref"]
    with fault(moves[-1], mode):
        alone(repo.root, name("execute"), environment(repo.now))
    return repo


def _stage(work: Path, stage: str, repo: Governed) -> Stage:
    kept = migrations.copied(repo.root, work / f"before-{stage}")
    done = migrations.copied(repo.root, work / f"after-{stage}")
    alone(done, name(STEPS[stage]), environment(repo.now))
    run(done, environment(repo.now))
    return Stage(stage, kept, repo.now, looked(kept), looked(done))


def _well(ran: Ran) -> None:
    assert ran.code == 0, ran.said
