"""What a suite came to, test by test, as the environment's listeners wrote it down.

Each session of tests is a file (see `injected.session`): the runner, which tests it
collected, the outcome of each, the words and the place of a failure, and pytest's exit code.
An outcome is one of ``passed failed error skipped xfailed xpassed``; ``error`` is a failure of
what surrounds a test, or of collecting it.  A test may have more than one: one that passed and
could not be taken down has ``passed`` and ``error``.  Nothing in here says when, or how fast.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright.contracts.coo.suite.spelling import Spelling
from sealwright.errors import Damaged
from sealwright.verdict import Finding, Verdict, legible

OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One outcome of one test."""

    id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a test failed, and what was said."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Session:
    """One session: whose, how many tests it collected, and how it ended, if it did."""

    runner: str
    collected: int
    exit_code: int | None
    ended: bool
    silent: tuple[str, ...] = ()  # tests that were collected, and of which nothing was told


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Everything that the sessions of one command told."""

    sessions: tuple[Session, ...]
    rows: tuple[Row, ...]
    failures: dict[str, Failure]

    def ran(self) -> Verdict:
        """Answer whether there is proof that the suite ran: all of it, to its end."""
        findings = [] if self.sessions else [_NOTHING]
        for session in self.sessions:
            if not session.ended:
                findings.append(Finding(session.runner, "began and did not end", _LOG))
            elif not session.collected:
                findings.append(Finding(session.runner, "expected tests, collected none", _COMMAND))
            findings += self._untold(session)
        return Verdict(tuple(findings), {"tests": len(self.rows)})

    def _untold(self, session: Session) -> list[Finding]:
        """Return why tests did not run: what could not be collected, else the first of them."""
        if session.silent and session.exit_code == _INTERRUPTED and self.failures:
            errors = [row.id for row in self.rows if row.outcome == "error"]
            return [Finding(legible(name), self._said(name), _COLLECT) for name in errors]
        if session.silent and session.exit_code == _INTERNAL:
            return [Finding(session.runner, "ended by an error outside of any test", _LOG)]
        others = f" or of {len(session.silent) - 1} others" if session.silent[1:] else ""
        what = f"was collected, and nothing was told of it{others}"
        return [Finding(legible(name), what, _STOPPED) for name in session.silent[:1]]

    def _said(self, name: str) -> str:
        text = self.failures[name].text if name in self.failures else ""
        said = [line for line in text.splitlines() if line.strip()]
        return legible(f"cannot be collected: {said[-1][:200]}" if said else "cannot be collected")

    def totals(self) -> Counter[str]:
        """Return how many tests came to what."""
        return Counter(row.outcome for row in self.rows)


_LOG = "look at the end of its log"
_COMMAND = "look at test_command"
_INTERRUPTED = 2  # how pytest ends if it could not collect all tests
_INTERNAL = 3  # and if a plug-in or a conftest.py failed
_COLLECT = "mend it, or install what it needs for the tests' interpreter"
_STOPPED = "take from test_command what stops a suite early"
_NOTHING = Finding(
    "test_command",
    "expected results of pytest or unittest, found none",
    "let it run one of them, in the environment that it is given",
)


def read(folder: Path, spell: Spelling) -> Outcomes:
    """Return what the listeners wrote into ``folder``; `Damaged` if something else did."""
    sessions, rows, failures = [], [], {}
    for place in sorted(
        folder.glob("session-*.json"), key=lambda each: (len(each.name), each.name)
    ):
        try:
            said = json.loads(place.read_bytes())
            session, found, failed = _session(said, spell)
        except (ValueError, KeyError, TypeError) as problem:
            what = f"expected the results of a session, found {type(problem).__name__}: {problem}"
            raise Damaged(f"{place.name}: {what}; run the suite again") from None
        sessions.append(session)
        rows += found
        failures.update(failed)
    return Outcomes(tuple(sessions), tuple(sorted(rows, key=_order)), failures)


def _order(row: Row) -> tuple[bytes, str]:
    return row.id.encode(), row.outcome


def _session(said: Any, spell: Spelling) -> tuple[Session, list[Row], dict[str, Failure]]:
    runner = str(said["runner"])
    if "results" not in said:
        return Session(runner, 0, None, ended=False), [], {}
    rows = [Row(spell(name), outcome) for name, outcome in said["results"]]
    "".join(row.id for row in rows).encode()  # half a character is a ValueError
    if wrong := [row.outcome for row in rows if row.outcome not in OUTCOMES]:
        raise ValueError(f"the outcome {wrong[0]!r}")
    collected = [spell(name) for name in said["collected"]]
    told = {row.id for row in rows}
    session = Session(
        runner,
        len(collected),
        said["exit_code"] if said["exit_code"] is None else int(said["exit_code"]),
        ended=True,
        silent=tuple(sorted({name for name in collected if name not in told}, key=str.encode)),
    )
    failures = {spell(n): Failure(spell(p), spell(t)) for n, p, t in said["failures"]}
    return session, rows, failures
