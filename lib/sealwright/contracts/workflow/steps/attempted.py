"""What came of an attempt, as the account tells it: events, changes, logs, and what blocked it.

An event is told only up to the first thing that did not come to a good end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sealwright.contracts.workflow.blockers import Objection, objection
from sealwright.contracts.workflow.execution.attempt import Attempted
from sealwright.contracts.workflow.execution.examination import Blocked
from sealwright.contracts.workflow.steps.account import Account, packed
from sealwright.contracts.workflow.terms import characters
from sealwright.sandbox.cage import Came


def tell(account: Account, tried: Attempted) -> None:
    """Tell what the attempt came to."""
    came, tests = tried.worked.came, tried.validation
    account.did("clone.made", head=tried.clone.head, index=str(tried.baseline["index"]))
    account.begun = came.ended not in ("missing", "unreadable")
    account.exit = _code(came) if account.begun else None
    account.log = packed(tried.worked.log)
    account.did("backend.worked", ended=came.ended, code=str(came.code))
    account.patch = packed(tried.patch)
    account.changed = [characters(change.path) for change in tried.examination.changes]
    account.did("tree.examined", changed=str(len(account.changed)))
    if tests is not None:
        account.tested = _code(tests.came) if tests.came and tests.came.ended != "missing" else None
        account.test_log = packed(tests.log)
        account.did("proposal.tested", touched=str(len(tests.touched)))
    for name in _events(account, tried):
        account.event(name)


def _events(account: Account, tried: Attempted) -> Iterator[str]:
    tests = tried.validation
    reached = (
        ("backend.started", account.begun),
        ("backend.finished", tried.worked.came.well),
        ("git.diff.checked", account.patch),
        ("paths.checked", not tried.examination.blocked),
        ("tests.finished", tests is not None and not tests.blocker),
    )
    for name, well in reached:
        if not well:
            return
        yield name


def _code(came: Came | None) -> int | None:
    return came.code if came is not None and -255 <= came.code <= 255 else None


def objections(found: Sequence[Blocked]) -> Iterator[Objection]:
    """Yield what blocked an attempt: a backend that began and failed is no missing one, and a
    change of the clone's own repository is no file but the trace of an action.
    """
    for each in found:
        reason, told = each.blocker, each.finding
        if reason == "provider-unavailable" and "found it missing" not in told.what:
            reason = "failed-backend"
        if reason == "disallowed-file" and told.where.startswith("clone/.git/"):
            reason = "forbidden-action"
        yield objection(reason, characters(told.where), characters(told.what), told.remedy)
