"""The outcome: a person accepts what landed, or rejects it, and then it is taken back.

Where nothing was said the step waits, with both texts.  A word that is of something else is
refused, with evidence.  Accepting needs a run that passed, whose commit was validated and is
still what the target has.  Rejecting reverts the single commit.  Either is evidence of its own,
in ``evidence/{run}.accept`` or ``evidence/{run}.reject``, and closes the attempt.
"""

from __future__ import annotations

from sealwright import durable, git
from sealwright.contracts.workflow import evidence, gate, outcome, target
from sealwright.contracts.workflow.execution import landing, settling
from sealwright.contracts.workflow.execution.landing import Landed
from sealwright.contracts.workflow.execution.plumbing import Repository, commit_fields
from sealwright.contracts.workflow.outcome import ACCEPT, REJECT, Outcome, Subject
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.steps import account as accounts
from sealwright.contracts.workflow.steps import ending, orders
from sealwright.contracts.workflow.steps.account import Account
from sealwright.contracts.workflow.steps.approving import another
from sealwright.contracts.workflow.steps.case import POOL, Case
from sealwright.contracts.workflow.steps.checking import VALIDATION, ended, landed
from sealwright.contracts.workflow.steps.ending import ACCOUNT, JOURNAL
from sealwright.contracts.workflow.steps.executing import RUN
from sealwright.contracts.workflow.steps.story import RECORDED, UNSAID, Ended
from sealwright.digest import Digest
from sealwright.errors import Refused
from sealwright.runtime import canonical
from sealwright.step import Guard, Record, Run, Step, World
from sealwright.verdict import Verdict, refusal


def step(case: Case, world: World) -> Step:
    """Return the step that asks for the outcome, and carries it out."""
    output, record = case.file(world, "outcome.json"), Record(case.ledger, f"{RECORDED} {case.id}")
    given, kept = case.file(world, RUN), case.member

    def act(run: Run) -> Verdict:
        told = ended(run.path(given))
        account = _account(case, run, told)
        found = outcome.check(subject(account.stated(), told), case.policy(run))
        if not found.outcome:
            return _unsaid(case, run, account, found)
        if found.outcome == ACCEPT:
            _acceptable(case, run, told)
        elif found.outcome == REJECT:
            _take_back(case, run, account, told)
        anchor = _told(case, run, account, found)
        about = {"event": RECORDED, "packet": case.id, "run": told.run, "commit": told.commit}
        line = {**about, "outcome": found.outcome, "evidence": anchor}
        durable.create(run.path(output), canonical.line(line))
        run.append(record, line)
        return Verdict((), {"outcome": found.outcome, "by": found.by})

    return Step(
        name=case.name("outcome"),
        doc=f"Ask what a person says of the run of {case.id}, and accept it or take it back.",
        act=act,
        inputs=(given, kept),
        outputs=(output, record),
        guards=(_waiting(case),),
        attempt=case.attempt(),
        closes=True,
        pools=POOL,
        full=True,
    )


def subject(packet: Packet, told: Ended) -> Subject:
    """Return what a person says something of."""
    return Subject(packet.id, packet.sha256, told.run, told.commit, told.evidence)


def about(case: Case, world: World) -> Subject:
    """Return what a person may say something of now; `Refused` if nothing is open."""
    told = case.story(world).open
    if told is None:
        raise Refused(f"{case.id}: expected a run that waits for its outcome, found none")
    return subject(_account(case, world, told).stated(), told)


def _account(case: Case, world: World, told: Ended) -> Account:
    account = accounts.load(case.kept(world, ACCOUNT))
    if account is None or account.run != told.run:
        what = f"expected the account of the run {told.run}, found none"
        raise Refused(f"{case.id}: {what}; git revert {told.commit} takes its commit back by hand")
    return account


def _waiting(case: Case) -> Guard:
    def ask(world: World) -> Verdict:
        story = case.story(world)
        if story.open is None:
            return refusal(case.id, "expected a run that waits for its outcome, found none")
        asked = about(case, world)
        found = outcome.check(asked, case.policy(world))
        if found.outcome or another(case.policy(world), asked.name, "run", story.said):
            return Verdict()
        waited = (each.finding() for each in found.objections)
        return Verdict((*waited, case.standing(story.open)))

    doc = f"Ask whether a person has said what becomes of the run of {case.id}."
    return Guard(f"workflow:said:{case.id}", doc, ask, waits=True)


def _unsaid(case: Case, run: Run, account: Account, found: Outcome) -> Verdict:
    """Leave evidence of a word that is of something else, and refuse."""
    account.object(found.objections)
    place = case.evidence(run, f"{account.run}{UNSAID}")
    if not place.exists():
        account.after, _ = ending.state(run, account.stated(), "dirty_ending_tree")
        evidence.write(place, account.facts(run.root, run.now))
    return Verdict(tuple(each.finding() for each in found.objections))


def _acceptable(case: Case, run: Run, told: Ended) -> None:
    if told.status != "pass":
        raise Refused(f"{case.id}: expected a run that passed, found {told.status}; reject it")
    place = case.kept(run, VALIDATION)
    known = canonical.decode_line(place.read_bytes()) if place.is_file() else {}
    if (known.get("run"), known.get("commit")) != (told.run, told.commit):
        what = "expected what landed to be validated, found that it is not"
        raise Refused(f"{case.id}: {what}; doit {case.name('validate')}, or reject it")
    landed(case, run, case.packet(run), told).enforce()


def _take_back(case: Case, run: Run, account: Account, told: Ended) -> None:
    """Revert the single commit, once; a revert that was cut off is ended."""
    packet = account.stated()
    place, journal = target.place(run.root, packet), case.kept(run, JOURNAL)
    settling.recover(place, journal)
    if _reverted(place_head := git.head(place), Repository(place), told):
        return
    if place_head != told.commit:
        what = f"expected the target at {told.commit}, found {place_head}"
        raise Refused(f"{case.id}: {what}; git revert {told.commit} takes it back by hand")
    landing.reject(
        place,
        Landed(told.commit, told.parent, told.branch),
        subject=f"{case.id}: rejected",
        run=told.run,
        stamp=orders.stamp(case, run),
        journal=journal,
    )


def _reverted(head: str, repository: Repository, told: Ended) -> bool:
    """Return whether HEAD is the commit that takes the run's commit back."""
    if commit_fields(repository, head)[1:] != (told.commit,):
        return False
    text = repository.ask("log", "-1", "--format=%B", head).decode()
    return f"Reverts: {told.commit}\n" in text and f"Run: {told.run}" in text


def _told(case: Case, run: Run, account: Account, found: Outcome) -> Digest:
    """Write the evidence of the outcome, or find it there; return its anchor."""
    account.outcome = {"outcome": found.outcome, "by": found.by}
    account.object(found.objections)
    account.after, _ = ending.state(run, account.stated(), "dirty_ending_tree")
    place = case.evidence(run, f"{account.run}.{found.outcome}")
    if (there := evidence.verify(place)).holds:
        anchor = Digest(there.evidence["anchor"])
    else:
        anchor = evidence.write(place, account.facts(run.root, run.now))
    stage, book = account.stated().stage, case.stages(run)
    passed = gate.stages(book)
    if found.outcome == ACCEPT and stage not in passed and stage == len(passed) + 1:
        gate.passed(book, stage, anchor)
    return anchor
