"""What a killed run left: committed steps are ended, all others are undone.

Each folder in ``staging/`` is one act (see `staging`).  With an intent in it the step was
committed: `settlement` is carried on from wherever it was.  Without one the act never
happened: its locks are released, the journal says ``interrupted``, and the folder goes.
"""

from __future__ import annotations

from sealwright import transaction
from sealwright.engine import settlement
from sealwright.engine.execution import abandon
from sealwright.engine.receipt import Receipt
from sealwright.engine.session import Session
from sealwright.transaction import Transaction


def recover(session: Session) -> None:
    """End or undo every act that a killed run left, and say so in the session's notices."""
    top = session.world.state / "staging"
    folders = sorted(top.iterdir()) if top.exists() else []
    unended = session.journal.unended() if folders else set()
    for folder in folders:
        change = transaction.load(folder, session.world.root)
        if change is not None:
            _finish(session, change, unended)
        settlement.set_apart(folder, session.world.root, session.quarantine, folder.name)
        step = abandon(session, folder, unended)
        if step and change is None:
            session.notices.append(f"{step}: was interrupted, and what it had staged is undone")


def _finish(session: Session, change: Transaction, unended: set[str]) -> None:
    receipt: Receipt = change.note["receipt"]
    ledgers = {append["ledger"] for append in change.note["appends"]}
    with settlement.books(session.world.root, ledgers, change.intent.parent) as held:
        identify = settlement.identity(session.observer)
        if not settlement.complete(change, held, identify):
            change.close()
            return
        identity = f"{receipt['run']}/{receipt['step']}"
        session.prove(change, journaled=identity not in unended)
        unended.discard(identity)
    session.notices.append(f"{receipt['step']}: was committed by a killed run and is finished")
