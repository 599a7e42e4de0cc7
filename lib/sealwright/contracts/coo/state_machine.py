"""The states of one attempt to consolidate a package, and which of them may follow which.

========================  =================================================================
state                     what follows
========================  =================================================================
``INIT``                  ``AMENDMENT_PREP``
``AMENDMENT_PREP``        ``AMENDMENT_EXEC``
``AMENDMENT_EXEC``        ``AMENDMENT_VERIFY``
``AMENDMENT_VERIFY``      ``CEO_REVIEW``
``CEO_REVIEW``            ``FREEZE_PREP``
``FREEZE_PREP``           ``FREEZE_ACTIVATED``
``FREEZE_ACTIVATED``      ``CAPTURE_AMU0``
``CAPTURE_AMU0``          ``MIGRATION_SEQUENCE``
``MIGRATION_SEQUENCE``    ``GATES``; ``CAPTURE_AMU0`` after a rollback
``GATES``                 ``CEO_FINAL_REVIEW``; ``CAPTURE_AMU0`` after a rollback
``CEO_FINAL_REVIEW``      ``COMPLETE``
``COMPLETE``, ``ERROR``   nothing: another attempt begins at ``INIT``
========================  =================================================================

``ERROR`` may follow all but the ends.  From ``FREEZE_ACTIVATED`` until an end, FREEZE is TRUE:
nothing but the migration and the rollback may write what is frozen.

The states of an attempt are nowhere but in its log (see `logging`): the lines
``FSM_TRANSITION`` with ``{"attempt":1,"from":"INIT","to":"AMENDMENT_PREP"}``.  Whoever asks for
the state reads all of them, and a log with a transition that is not in the table is damage.
What is not allowed is not done: the attempt goes to ``ERROR``, and a QUESTION says what was
tried (`Question`, for ``escalation``), since the answer is not the machine's to give.

>>> machine = Machine()
>>> [line["to"] for line in machine.begin("AMENDMENT_PREP", "AMENDMENT_EXEC")]
['AMENDMENT_PREP', 'AMENDMENT_EXEC']
>>> machine.state, machine.frozen
('AMENDMENT_EXEC', False)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from sealwright.errors import Damaged, Refused

INIT, ERROR, COMPLETE = "INIT", "ERROR", "COMPLETE"
LINE = (
    *(INIT, "AMENDMENT_PREP", "AMENDMENT_EXEC", "AMENDMENT_VERIFY", "CEO_REVIEW", "FREEZE_PREP"),
    *("FREEZE_ACTIVATED", "CAPTURE_AMU0", "MIGRATION_SEQUENCE", "GATES", "CEO_FINAL_REVIEW"),
    COMPLETE,
)
BACK = {("MIGRATION_SEQUENCE", "CAPTURE_AMU0"), ("GATES", "CAPTURE_AMU0")}
ENDS = (COMPLETE, ERROR)
STATES = (*LINE, ERROR)
_FROZEN = LINE[LINE.index("FREEZE_ACTIVATED") : LINE.index(COMPLETE)]
EVENT = "FSM_TRANSITION"


class GovernanceError(Refused):
    """What was tried is not in the table of states; a QUESTION says what."""


def allowed(before: str, after: str) -> bool:
    """Return whether one state may follow another within an attempt."""
    if after == ERROR:
        return before not in ENDS
    return (before, after) in BACK or (before, after) in pairwise(LINE)


class Machine:
    """Where an attempt is; made from the transitions of a log, in their order."""

    def __init__(self, transitions: Iterable[Mapping[str, Any]] = ()) -> None:
        self.attempt, self.state = 0, COMPLETE
        self.history: list[str] = []
        for number, line in enumerate(transitions, 1):
            self._replay(number, line)

    @property
    def frozen(self) -> bool:
        """Whether FREEZE is TRUE."""
        return self.state in _FROZEN

    def begin(self, *states: str) -> list[dict[str, Any]]:
        """Return the transitions of another attempt, from ``INIT`` through ``states``."""
        if self.frozen:
            raise GovernanceError(
                f"attempt {self.attempt}: expected no other while FREEZE is TRUE, found one; "
                "end it first: doit gates, or doit rollback and doit thaw"
            )
        self.attempt, self.state, self.history = self.attempt + 1, INIT, [INIT]
        return self.go(*states)

    def go(self, *states: str) -> list[dict[str, Any]]:
        """Return the transitions to ``states``, one after the other; `GovernanceError` if not."""
        lines = []
        for state in states:
            if not allowed(self.state, state):
                raise GovernanceError(
                    f"attempt {self.attempt}: expected {self.expected()}, found a wish for {state}"
                )
            lines.append({"attempt": self.attempt, "from": self.state, "to": state})
            self._enter(state)
        return lines

    def expected(self) -> str:
        """Return in words what may follow."""
        after = [state for state in STATES if state != ERROR and allowed(self.state, state)]
        return (
            f"{' or '.join(after)} after {self.state}" if after else f"nothing after {self.state}"
        )

    def _replay(self, number: int, line: Mapping[str, Any]) -> None:
        attempt, before, after = (line.get(key) for key in ("attempt", "from", "to"))
        if attempt == self.attempt + 1 and before == INIT and not self.frozen:
            self.attempt, self.state, self.history = self.attempt + 1, INIT, [INIT]
        known = after in STATES and attempt == self.attempt and before == self.state
        if not known or not allowed(self.state, str(after)):
            found = f"attempt {attempt!r} from {before!r} to {after!r}"
            raise Damaged(f"transition {number}: expected {self.expected()}, found {found}")
        self._enter(str(after))

    def _enter(self, state: str) -> None:
        self.state = state
        self.history.append(state)
