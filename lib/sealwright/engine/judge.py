"""Up to date or not, and why.

A step is up to date when it has a receipt, and its definition, its inputs and its outputs
are what that receipt names.  Otherwise there are reasons, all of them, each with a code:

``never ran``         there is no receipt
``definition``        an entry of the definition differs; ``subject`` says which
``input``             an input differs, was added or was removed
``missing input``     an input is not there, so that the step cannot run
``output``            an output is not what the step left: it was changed
``missing output``    an output is gone
``unreadable``        an input or an output cannot be looked at; ``detail`` says why
``evidence``          an output that is evidence was changed or is gone: refused, not rebuilt
``forced``            asked for with ``-a``
``upstream``          in a plan: a step before it runs, waits or is refused

A step of a closed attempt is up to date as long as its outputs are intact, whatever its
inputs have become, and its transitions and changes are over.  A transition is up to date
while its place stands where the step left it, or where a later recorded transition of the
same place did; so are changes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sealwright.digest import Digest
from sealwright.engine import changing, trees
from sealwright.engine import definition as definitions
from sealwright.engine import trace as traces
from sealwright.engine.definition import Definition
from sealwright.engine.graph import Graph
from sealwright.engine.observer import ABSENT, Observation, Observer
from sealwright.engine.receipt import Receipt
from sealwright.engine.trace import Trace
from sealwright.errors import SealwrightError
from sealwright.step import (
    Changes,
    File,
    Input,
    Member,
    Output,
    Record,
    Step,
    Transition,
    Tree,
    spot,
)
from sealwright.verdict import spelled

Listings = Callable[[Digest], bytes | None]
REFUSING = ("missing input", "evidence", "unreadable")

_SENTENCES = {
    "never ran": "{code}",
    "forced": "{code}",
    "unreadable": "{change}",
    "upstream": "comes after {subject}",
    "missing input": "{subject} is missing",
    "missing output": "{subject} is gone",
    "output": "{subject} was changed since the step made it: {change}",
    "evidence": "{subject} is evidence and is not what was recorded: {change}",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why a step is not up to date; ``old`` and ``new`` are digests or values.

    ``detail`` names what differs inside a tree, or what a fact was and is.
    """

    code: str
    subject: str = ""
    old: str = ""
    new: str = ""
    detail: str = ""

    def __str__(self) -> str:
        change = self.detail or f"{short(self.old)} -> {short(self.new)}"
        sentence = _SENTENCES.get(self.code)
        if sentence is not None:
            return sentence.format(code=self.code, subject=self.subject, change=change)
        if not (self.old and self.new):
            return f"{self.subject} was {'removed' if self.old else 'added'}"
        return f"{self.subject} changed: {change}"

    def to_dict(self) -> dict[str, str]:
        """Return the reason as JSON has it."""
        return asdict(self) | {"detail": spelled(self.detail)}  # it may name others' files


def short(identity: str) -> str:
    """Return an identity with its digest cut to twelve digits, for a person to read."""
    head, colon, digits = identity.rpartition(":")
    cut = len(digits) == 64 and colon
    return f"{head.rpartition(' ')[2]}:{digits[:12]}" if cut else identity


class Judge:
    """Answers for the steps of one graph, from one trace, through one observer."""

    def __init__(self, graph: Graph, trace: Trace, observer: Observer, kept: Listings) -> None:
        self.graph = graph
        self.trace = trace
        self.observer = observer
        self._kept = kept
        self._definitions: dict[str, Definition] = {}

    def definition(self, step: Step) -> Definition:
        """Return the definition of ``step``, worked out once."""
        found = self._definitions.get(step.name)
        if found is None:
            found = definitions.of(step, self.observer.world, self.observer)
            self._definitions[step.name] = found
        return found

    def inputs(self, step: Step, *, both: bool = False) -> list[Observation]:
        """Return what the inputs of ``step`` are now."""
        self.observer.read(step.inputs, both=both)
        return [self.input(item, both=both) for item in step.inputs]

    def input(self, item: Input, *, both: bool = False) -> Observation:
        """Return what one input is now; a member or record as its maker's receipt names it."""
        if not isinstance(item, Member | Record):
            return self.observer.input(item, both=both)
        recorded = self._recorded(self.graph.maker(item), spot(item))
        if isinstance(item, Member):
            return self.observer.member(item, recorded)
        return self.observer.record(item, recorded)

    def _recorded(self, step: str | None, name: str) -> Mapping[str, Any] | None:
        """Return the output called ``name`` as the last receipt of ``step`` has it."""
        if step is None or step not in self.trace:
            return None
        outputs: Iterable[Mapping[str, Any]] = self.trace[step][1]["outputs"]
        return next((output for output in outputs if output["spot"] == name), None)

    def output(self, step: Step, item: Output, recorded: Mapping[str, Any]) -> Observation:
        """Return what an output of ``step`` is now, given what its receipt says it was."""
        match item:
            case Member():
                return self.observer.member(item, recorded)
            case Record():
                return self.observer.record(item, recorded)
            case Transition(of):
                return self.observer.output(of)
            case Changes():
                left = functools.partial(self._left, step)
                return changing.now(recorded, self.observer, left)
            case File() | Tree():
                return self.observer.output(item)

    def reasons(self, step: Step) -> list[Reason]:
        """Return every reason why ``step`` is not up to date; none means that it is."""
        try:
            claim = self.trace.claim(step.name)
            return [] if claim and claim == self._claim(step) else self.look(step)
        except (SealwrightError, OSError) as problem:
            return [Reason("unreadable", step.name, detail=str(problem))]

    def look(self, step: Step) -> list[Reason]:
        """Return what `reasons` returns, or raise what kept an input or output from being read."""
        if step.name not in self.trace:
            missing = [r for r in self._inputs(step, {"inputs": []}) if r.code == "missing input"]
            return [Reason("never ran"), *missing]
        receipt = self.trace[step.name][1]
        outputs = self._outputs(step, receipt)
        if self._closed(step, receipt):
            return outputs
        return self._definition(step, receipt) + self._inputs(step, receipt) + outputs

    def _later(self, step: Step) -> Iterator[Mapping[str, Any]]:
        """Yield the outputs of all steps that were recorded after ``step``."""
        recorded = list(self.trace)  # in the order in which they were recorded
        for name in recorded[recorded.index(step.name) + 1 :]:
            yield from self.trace[name][1]["outputs"]

    def _left(self, step: Step, path: str) -> set[str]:
        """Return what changes that were recorded after ``step`` left at a path."""
        told = (place for seen in self._later(step) for place in seen.get("places", ()))
        return {place["is"] for place in told if place["path"] == path}

    def _claim(self, step: Step) -> str:
        """Return the claim of ``step`` as it is now, or nothing where it has none."""
        if step.attempt is not None:
            return ""
        inputs, outputs = [], []
        for item in step.inputs:
            if isinstance(item, Member | Record):
                return ""
            inputs.append(f"{spot(item)} {self.observer.word(item, follow=True)}")
        for output in step.outputs:
            if not isinstance(output, File | Tree):
                return ""
            outputs.append(f"{spot(output)} {self.observer.word(output, follow=False)}")
        rule = definitions.rule(step, self.observer.world, self.observer)
        return traces.of([f"{name}={value}" for name, value in rule.items()], inputs, outputs)

    def damage(self, step: Step) -> list[Reason]:
        """Return what of the outputs of ``step`` is not what its last receipt says."""
        return self._outputs(step, self.trace[step.name][1])

    def _definition(self, step: Step, receipt: Receipt) -> list[Reason]:
        old, new = receipt["definition"], self.definition(step)
        if old == new:
            return []
        names = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
        return [Reason("definition", name, old.get(name, ""), new.get(name, "")) for name in names]

    def _inputs(self, step: Step, receipt: Receipt) -> list[Reason]:
        old = {seen["spot"]: seen for seen in receipt["inputs"]}
        moved = {spot(item) for item in step.outputs if isinstance(item, Transition)}
        found = []
        for seen in self.inputs(step):
            name, now = seen["spot"], seen["is"]
            recorded = old.pop(name, {"is": ""})
            if name in moved:
                continue  # it stands where the step put it, not where it was: see _outputs
            if now == ABSENT:
                found.append(Reason("missing input", name, recorded["is"]))
            elif now != recorded["is"]:
                detail = self._detail(recorded, seen)
                found.append(Reason("input", name, recorded["is"], now, detail))
        return found + [Reason("input", name, seen["is"]) for name, seen in old.items()]

    def _outputs(self, step: Step, receipt: Receipt) -> list[Reason]:
        recorded = {seen["spot"]: seen for seen in receipt["outputs"]}
        found, over = [], self._closed(step, receipt)
        for item in step.outputs:
            old = recorded.get(spot(item))
            if old is None:
                continue  # the definition differs, which is reason enough
            if over and isinstance(item, Transition | Changes):
                continue  # the world has moved on
            new = self.output(step, item, old)
            if new["is"] != old["is"] and not self._moved(step, item, new["is"]):
                found.append(self._differs(item, old["is"], new["is"], self._detail(old, new)))
        return found

    def _detail(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
        """Return in words what differs inside a tree, or between two values of a fact."""
        if "value" in old and "value" in new:
            values = old["value"], new["value"]
            return " -> ".join(v if isinstance(v, str) else repr(v) for v in values)
        before = (
            self._kept(Digest(old["is"].rpartition("tree ")[2])) if "tree " in old["is"] else None
        )
        after = self.observer.listings.get(new["is"].rpartition("tree ")[2])
        if before is None or after is None:
            return ""
        names = [f"{name} {what}" for name, what in trees.difference(before, after).items()]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return ", ".join(names[:3]) + more

    @staticmethod
    def _differs(item: Output, old: str, new: str, detail: str) -> Reason:
        if isinstance(item, Member | Record | Changes) or (
            isinstance(item, File | Tree) and item.evidence
        ):
            return Reason("evidence", spot(item), old, new, detail)
        code = "missing output" if new == ABSENT else "output"
        return Reason(code, spot(item), old, new, detail)

    def _moved(self, step: Step, item: Output, now: str) -> bool:
        """Return whether a transition of the same place, recorded later, left it so."""
        if not isinstance(item, Transition):
            return False
        return any(
            seen["spot"] == spot(item) and seen["is"] == now and "was" in seen
            for seen in self._later(step)
        )

    def over(self, step: Step) -> bool:
        """Return whether what ``step`` did last is evidence: its attempt is closed."""
        return step.name in self.trace and self._closed(step, self.trace[step.name][1])

    def _closed(self, step: Step, receipt: Receipt) -> bool:
        """Return whether the attempt of this receipt is closed, and no new one is allowed."""
        if step.attempt is None or receipt.get("attempt", {}).get("name") != step.attempt.name:
            return False
        closed = self.closed_attempt(step.attempt.name)
        if closed is None or receipt["attempt"]["identity"] != closed:
            return False
        now = self.observer.input(step.attempt.identity)["is"]
        return now == closed or not step.attempt.opening.ask(self.observer.world).holds

    def in_force(self, step: Step) -> bool:
        """Return whether what protects ``step`` has to hold when it does not act.

        That of an attempt has to from the step's doing until the attempt is over.
        """
        if step.attempt is None:
            return True
        receipt = self.trace.get(step.name, (None, {}))[1]
        now = self.observer.input(step.attempt.identity)["is"]
        return bool(receipt.get("attempt", {}).get("identity") == now)

    def closed_attempt(self, name: str) -> str | None:
        """Return the identity of the last closed attempt called ``name``, if one is closed."""
        for step in self.graph.steps.values():
            if step.closes and step.attempt and step.attempt.name == name:
                attempt = self.trace.get(step.name, (None, {}))[1].get("attempt")
                if attempt:
                    identity: str = attempt["identity"]
                    return identity
        return None
