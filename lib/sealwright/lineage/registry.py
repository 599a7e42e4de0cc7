"""The registry of one repository: questions about it, and whether a record may be added.

Adding is `Ledger.append`'s business, after `Registry.admit` under the same lock::

    with registry.ledger.writing() as book:
        registry.admit(artifacts)
        book.append(book.seal(artifact.payload() for artifact in artifacts))

Every question but `check` first verifies the lines that are new since the last one.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sealwright import digest
from sealwright.errors import Damaged
from sealwright.ledger import Entry, Ledger
from sealwright.lineage import lines, rules
from sealwright.lineage.artifact import REGISTRY, Artifact
from sealwright.lineage.index import Index, Point, Row, Spoilt, set_aside
from sealwright.lineage.survey import Found, Survey, found, row
from sealwright.lineage.view import Prefix
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict

T = TypeVar("T")


class _Undone(Exception):
    """Takes back what was added to an index to try it."""


class Registry:
    """The registry of the repository at ``root``; ``index`` is where its index is kept, if it is.

    Any thread may ask; they take turns.
    """

    def __init__(self, root: Path, index: Path | None = None) -> None:
        self.root = root
        self.path = root / REGISTRY
        self._place = index
        self._opened: Index | None = None
        self._turn = threading.RLock()

    @property
    def ledger(self) -> Ledger:
        """The file as a ledger, to which records are added."""
        return Ledger(self.path)

    def find(self, artifact_id: str) -> Found | None:
        """Return the record of that id."""
        return self._asked(lambda index: self._found(index.by_id(artifact_id)))

    def last(self, artifact_type: str, within: Prefix | None = None) -> Found | None:
        """Return the last record of a type, in the whole registry or ``within`` a prefix of it."""
        most = canonical.INTEGER if within is None else within.lines
        return self._asked(lambda index: self._found(index.last(artifact_type, most)))

    def admit(self, artifacts: Sequence[Artifact]) -> None:
        """Refuse, with all reasons, unless these records may be added now, in this order."""
        self._asked(lambda index: self._tried(index, artifacts)).enforce()

    def entries(self) -> Iterator[Found]:
        """Yield every record from line 1; `Damaged` at the first line that proves nothing."""
        for entry in lines.after(self.path, None):
            if not rules.is_cut(entry.record):
                yield found(self.path, entry)

    def check(self) -> Verdict:
        """Answer whether every line follows all rules; nothing is believed, no index asked."""
        with contextlib.closing(Index()) as index, index.change():
            survey = Survey(self.path, index)
            for _ in survey.take(lines.after(self.path, None)):
                pass
            return survey.verdict()

    def catch_up(self) -> Verdict:
        """Verify what is new since the last time, and answer for all of it."""
        return self._renewing(self._followed)

    def close(self) -> None:
        """Close the index."""
        with self._turn:
            if self._opened:
                self._opened.close()
            self._opened = None

    def _asked(self, question: Callable[[Index], T]) -> T:
        def ask(index: Index) -> T:
            self._followed(index).enforce(Damaged)
            return question(index)

        return self._renewing(ask)

    def _renewing(self, question: Callable[[Index], T]) -> T:
        """Ask the index; one that cannot be believed is made anew, once."""
        with self._turn:
            try:
                return question(self._index())
            except Spoilt:
                self.close()
                if self._place is not None:
                    set_aside(self._place)
            try:
                return question(self._index())
            except Spoilt as problem:
                what = f"expected an index that can be made anew, found {problem}"
                raise Damaged(f"{self._place}: {what}; look at the disk") from None

    def _index(self) -> Index:
        if self._opened is None:
            self._opened = Index(self._place)
        return self._opened

    def _followed(self, index: Index) -> Verdict:
        """Bring the index up to the registry's end, or leave it as it was."""
        verdict = Verdict()
        with contextlib.suppress(_Undone), index.change():
            last, moved = self._last(index)
            survey = Survey(self.path, index)
            if not moved:
                for _ in survey.take(lines.after(self.path, last)):
                    pass
            point = survey.point()
            evidence = self._evidence(index, point or index.point(), last)
            verdict = Verdict(moved or tuple(survey.findings), evidence)
            if verdict.findings:
                raise _Undone
            if point:
                index.set_point(point)
        return verdict

    def _evidence(self, index: Index, point: Point, last: Entry | None) -> dict[str, Any]:
        known = last.number if last else 0
        seen = {"lines": point.number, "new": point.number - known, "recovered": len(index.cuts())}
        return seen | ({"head": point.line} if point.line else {})

    def _last(self, index: Index) -> tuple[Entry | None, tuple[Finding, ...]]:
        """Return the last verified line as it stands now; a finding if it does not."""
        point = index.point()
        if not point.size:
            return None, ()
        line = lines.at(self.path, point.offset, point.size - point.offset)
        there = digest.sha256(line[:-1])
        if line.endswith(b"\n") and there == point.line:
            return Entry(point.number, point.offset, line[:-1], {}), ()
        if self._cut_since(index, point):
            index.clear()
            return None, ()
        size = self.path.stat().st_size if self.path.exists() else 0
        seen = f"{size} bytes" + (f" and {there} there" if line.endswith(b"\n") else "")
        expected = (
            f"expected {point.number} lines in {point.size} bytes, the last with {point.line}"
        )
        what = f"was cut or rewritten: {expected}, found {seen}"
        way = f"bring it back; if it is broken: sealwright recover {self.path} --reason …"
        return None, (Finding(f"{self.path}:{point.number}", what, way),)

    def _cut_since(self, index: Index, point: Point) -> bool:
        """Return whether a recorded cut, which the index does not know, explains the change."""
        known = index.cuts()
        try:
            return any(
                entry.number <= point.number and known.get(entry.number) != entry.digest
                for entry in lines.after(self.path, None)
                if rules.is_cut(entry.record)
            )
        except lines.Broken:
            return False

    def _tried(self, index: Index, artifacts: Sequence[Artifact]) -> Verdict:
        findings: list[Finding] = []
        with contextlib.suppress(_Undone), index.change():
            number = index.point().number
            for place, artifact in enumerate(artifacts, 1):
                where = f"{self.path}: new record {place}, {artifact.artifact_id!r:.140}"
                findings += (Finding(where, reason) for reason in _against(artifact, index))
                index.add(row(artifact, number + place, 0, b"", ""))
            raise _Undone
        return Verdict(tuple(findings))

    def _found(self, kept: Row | None) -> Found | None:
        if kept is None:
            return None
        line = lines.at(self.path, kept.offset, kept.size)
        if digest.sha256(line[:-1]) != kept.line:
            raise Spoilt(f"expected line {kept.number}, found another")  # reading all tells which
        record = canonical.decode_line(line)
        return found(self.path, Entry(kept.number, kept.offset, line[:-1], record))


def _against(artifact: Artifact, index: Index) -> list[str]:
    try:
        Artifact.of(artifact.payload())
    except ValueError as problem:
        return [str(problem)]
    return rules.reasons(artifact, index)
