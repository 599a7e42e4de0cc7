"""What a person, a pipe or another program sees of a run.

One line a step, its status first::

    run         sot_pack:pack    docs/plan.md changed: blake3:1f0c… -> blake3:77ab…
    up to date  sot_pack:verify
    refused     sot_pack:seal    3 reasons
      README.md: is modified; commit it or put it back

and one line at the end that counts them.  What is said of a step is said in one block, when
it ends.  On a terminal the steps that run are shown while they run, with how many have ended;
in a pipe there are only whole lines; ``NO_COLOR`` takes the colours away.  With ``-v 2`` what
a step's programs printed stands below its line.  With
``--json`` standard output holds one JSON object instead, ``--events FILE`` takes a JSON
object a line while things happen, ``--junit FILE`` a JUnit report at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from doit.reporter import ConsoleReporter

from sealwright.clock import Stopwatch
from sealwright.engine.execution import Outcome
from sealwright.engine.judge import Reason
from sealwright.runtime import canonical
from sealwright.verdict import legible, spelled

STATUSES = (
    *("run", "restored", "holds", "up to date", "waiting"),
    *("refused", "failed", "interrupted", "not run"),
)
_COLOURS = {"run": 32, "restored": 32, "holds": 32, "up to date": 2, "waiting": 33}
_RED = 31


class Reporter(ConsoleReporter):  # type: ignore[misc]
    """Tells of our steps; tasks that are not ours are told as doit tells them."""

    def __init__(
        self,
        out: TextIO,
        environment: Mapping[str, str],
        *,
        json: bool = False,
        events: TextIO | None = None,
        steps: Sequence[str] = (),
        width: int = 0,
        logs: Callable[[str], Path] | None = None,
    ) -> None:
        super().__init__(out, {})
        self.outcomes: list[Outcome] = []
        self.notices: list[str] = []
        self._terminal = out.isatty() and not json
        self._colour = self._terminal and not environment.get("NO_COLOR")
        self._json = json
        self._events = events
        self._logs = logs
        self._all = len(steps)
        self._width = width
        self._running: dict[str, None] = {}
        self._watch = Stopwatch()

    def write(self, text: str) -> None:
        """Write text for a person, which in JSON has no place."""
        if not self._json:
            self.outstream.write(text)

    def notice(self, text: str) -> None:
        """Say something about the run as a whole."""
        self.notices.append(text)
        self._event("notice", {"text": text})
        self.write(f"note: {text}\n")

    def starts(self, name: str, reasons: Iterable[Reason]) -> None:
        """Say that a step is about to run."""
        self._event("started", {"step": name, "reasons": [r.to_dict() for r in reasons]})
        self._running[name] = None
        self._progress()

    def _progress(self) -> None:
        if self._terminal and self._running:
            done = f"{len(self.outcomes)} of {self._all}"
            self.outstream.write(f"\r\033[K{'running':<11} {', '.join(self._running)}  ({done})")
            self.outstream.flush()

    def ended(self, outcome: Outcome) -> None:
        """Say how a step ended."""
        self.outcomes.append(outcome)
        self._running.pop(outcome.step, None)
        if self._events:
            self._event("ended", as_dict(outcome))
        if not self._json:
            self.outstream.write(("\r\033[K" if self._terminal else "") + self._block(outcome))
            self._progress()

    def _block(self, outcome: Outcome) -> str:
        """Return everything that is said of a step."""
        line = f"{self._painted(outcome.status)} {outcome.step:<{self._width}}"
        if outcome.status == "up to date":
            return f"{line.rstrip()}\n"
        first, *more = map(str, outcome.reasons or ("",))
        why = first + (f" (and {len(more)} more)" if more else "")
        said = [
            f"{line}  {legible(spelled(why))}".rstrip(),
            *(f"  {legible(told)}" for told in outcome.message.splitlines()),
        ]
        said += [
            f"  what stood there, and no receipt knows, is kept in {kept}" for kept in outcome.kept
        ]
        said += [f"  | {legible(printed)}" for printed in self._printed(outcome.step)]
        return "\n".join(said) + "\n"

    def _printed(self, step: str) -> list[str]:
        """Return what the programs of a step printed, where that was asked for."""
        log = self._logs(step) if self._logs else None
        return log.read_text("utf-8", "replace").splitlines() if log and log.exists() else []

    def _painted(self, status: str) -> str:
        padded = f"{status:<11}"
        return f"\033[{_COLOURS.get(status, _RED)}m{padded}\033[0m" if self._colour else padded

    def _event(self, kind: str, data: Mapping[str, Any]) -> None:
        if self._events:
            record = {"format": "sealwright/events/1", "event": kind, **data}
            self._events.write(canonical.line(record).decode())
            self._events.flush()

    def summary(self, code: int) -> None:
        """Count the outcomes in one line, or print them all as JSON."""
        if self._json:
            steps = [as_dict(outcome) for outcome in self.outcomes]
            said = {"steps": steps, "notices": self.notices, "exit": code}
            self.outstream.write(canonical.line(said).decode())
        elif self.outcomes:
            statuses = [outcome.status for outcome in self.outcomes]
            counts = [f"{statuses.count(s)} {s}" for s in STATUSES if s in statuses]
            seconds = f"{self._watch.seconds():.1f} s"
            nothing = "" if "run" in statuses or "restored" in statuses else ", nothing executed"
            total = "1 step" if len(statuses) == 1 else f"{len(statuses)} steps"
            self.write(f"{total}: {', '.join(counts)}{nothing} ({seconds})\n")


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON has it."""
    return {
        "name": outcome.step,
        "status": outcome.status,
        "reasons": [reason.to_dict() for reason in outcome.reasons],
        "message": outcome.message,
        "milliseconds": outcome.milliseconds,
        "receipt": outcome.receipt,
        "kept": [str(path) for path in outcome.kept],
    }


def junit(outcomes: Iterable[Outcome]) -> bytes:
    """Return a JUnit report: a refused, waiting or failed step is a failure, others are passed."""
    from xml.etree import ElementTree  # few ask for it

    listed = list(outcomes)
    failures = sum(1 for outcome in listed if outcome.code)
    suite = ElementTree.Element(
        "testsuite", name="sealwright", tests=str(len(listed)), failures=str(failures), errors="0"
    )
    for outcome in listed:
        seconds = f"{outcome.milliseconds / 1000:.3f}"
        group = outcome.step.partition(":")[0]
        case = ElementTree.SubElement(
            suite, "testcase", classname=group, name=outcome.step, time=seconds
        )
        if outcome.code:
            told = ElementTree.SubElement(case, "failure", message=outcome.status)
            told.text = outcome.message
        else:
            ElementTree.SubElement(case, "system-out").text = outcome.status
    return bytes(ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)) + b"\n"
