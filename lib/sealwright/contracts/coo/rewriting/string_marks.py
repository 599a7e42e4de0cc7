"""The decisions about one string, by its position and by each word in it.

Annotations are expressions, what is run or imports the package is source text, examples are
both source text and what it prints; the rest is words.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import bindings, embedded, words
from sealwright.contracts.coo.rewriting.bindings import Reading
from sealwright.contracts.coo.rewriting.decisions import Answer, Decision, edit
from sealwright.contracts.coo.rewriting.embedded import Extract
from sealwright.contracts.coo.rewriting.literals import Literal
from sealwright.contracts.coo.rewriting.marks import Mark
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.path_parts import decision as parts_decision
from sealwright.contracts.coo.rewriting.position_tables import Position
from sealwright.contracts.coo.rewriting.positions import Positions
from sealwright.contracts.coo.rewriting.scopes import Scope
from sealwright.contracts.coo.rewriting.source import Source, Unreadable
from sealwright.contracts.coo.rewriting.words import Word

Inside = Callable[[str, bool], list[Mark] | None]  # the marks of source text; free names or not


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the source that a string stands in."""

    names: Names
    index: ModuleTree
    reading: Reading
    renamed: set[Scope]
    positions: Positions
    inside: Inside


@dataclass(slots=True)
class StringMarks:
    """The decisions about one string, with places in its value."""

    context: Context
    found: bindings.Literal
    literal: Literal

    def marks(self) -> list[Mark]:
        """Return the marks of all occurrences in the value, but for mentions."""
        pattern = words.occurrences(self.context.names.legacy)
        starts = [match.start() for match in pattern.finditer(self.literal.value)]
        if not starts:
            return []
        position = self.context.positions.of(self.found.node)
        if position is Position.ANNOTATION:
            marks = self._annotation(self.literal.value, self.found.scope)
            if marks is not None:
                return marks
        if position is Position.EXPORTED:
            return self._exported(starts)
        if (whole := self._code(position)) is not None:
            return whole
        return self._text(starts, position)

    def _text(self, starts: Sequence[int], position: Position) -> list[Mark]:
        value, marks = self.literal.value, list[Mark]()
        covered = set[int]()
        if ">>>" in value:
            marks, covered = self._examples(value)
        parts = parts_decision(self.found.node, self.context.reading, self.context.index)
        blob = position is not Position.DOCUMENT and self._imports(value) and "\n" in value
        for start in starts:
            if start in covered:
                continue
            word = self._word(value, start, position, blob=blob)
            alone = value == self.context.names.legacy
            marks += _marked(word, parts if parts and alone else word.decide())
        return marks

    def _word(self, text: str, start: int, position: Position, *, blob: bool = False) -> Word:
        whole = self.context
        return Word(
            text,
            start,
            whole.names,
            whole.index,
            document=position is Position.DOCUMENT,
            package=position is Position.MODULE,
            kept=position in (Position.KEPT, Position.KEY, Position.GROUP),
            key=position is Position.KEY,
            group=position is Position.GROUP,
            blob=blob,
        )

    def _imports(self, value: str) -> bool:
        name = self.context.names.legacy
        return re.search(rf"(?:^|[;:])[ \t]*(?:import|from)[ \t]+{name}\b", value, re.M) is not None

    def _exported(self, starts: Sequence[int]) -> list[Mark]:
        """Return the mark of an exported name that is renamed; others are not the package."""
        name = self.context.names.legacy
        renamed = self.context.reading.module in self.context.renamed
        return [Mark(starts[0], "R2")] if renamed and self.literal.value == name else []

    def _annotation(self, text: str, scope: Scope) -> list[Mark] | None:
        """Return the marks of an expression that is written in a string."""
        extract = Extract()
        extract.add(text.strip(), len(text) - len(text.lstrip()))
        try:
            source = Source.of_text(extract.text)
        except Unreadable:
            return None
        names = self.context.names
        reading, holder = Reading.of(source, names), scope.holder(names.legacy)
        if holder and holder not in self.context.renamed:
            return []
        places = [
            source.offset(use.node.lineno, use.node.col_offset)
            for use in reading.uses
            if use.node.id == names.legacy
            and isinstance(reading.parents.get(use.node), ast.Attribute)
        ]
        marks = [Mark(extract.places[place], "R7") for place in places]
        for literal in reading.literals:
            marks += self._nested(source, literal, extract, scope)
        return marks

    def _nested(
        self, source: Source, found: bindings.Literal, extract: Extract, scope: Scope
    ) -> Iterator[Mark]:
        node = found.node
        start = source.offset(node.lineno, node.col_offset)
        end = source.offset(node.end_lineno or 0, node.end_col_offset or 0)
        inner = Literal.of(source.text, start, end)
        for mark in self._annotation(inner.value, scope) or ():
            yield mark._replace(start=extract.places[inner.places[mark.start]])

    def _code(self, position: Position) -> list[Mark] | None:
        """Return the marks of a string that is source text; None if it is not."""
        value = self.literal.value
        run = position is Position.CODE
        if position is Position.DOCUMENT or not (run or self._imports(value)):
            return None
        extract = embedded.dedented(value)
        marks = self.context.inside(extract.text, run)
        if not marks or not (run or any(mark.rule == "R1" for mark in marks)):
            return None
        return [_within(mark, extract) for mark in marks]

    def _examples(self, value: str) -> tuple[list[Mark], set[int]]:
        """Return the marks of examples and of what they print, and the places looked at."""
        extracts = list(embedded.examples(value))
        covered = {place for extract in extracts for place in extract.places}
        marks: list[Mark] = []
        for extract in self._parsable([each for each in extracts if each.code]):
            found = self.context.inside(extract.text, self._is_free())
            inside = self._lines(extract, blob=True) if found is None else found
            marks += [_within(mark, extract) for mark in inside]
        for extract in extracts:
            if not extract.code:
                marks += [_within(mark, extract) for mark in self._lines(extract)]
        return marks, covered

    def _is_free(self) -> bool:
        holder = self.found.scope.holder(self.context.names.legacy)
        return holder is None or holder in self.context.renamed

    def _parsable(self, extracts: list[Extract]) -> list[Extract]:
        """Return the examples as one source if Python can parse it, else each by itself."""
        whole = embedded.joined(extracts)
        try:
            Source.of_text(whole.text)
        except Unreadable:
            return extracts
        return [whole]

    def _lines(self, extract: Extract, *, blob: bool = False) -> list[Mark]:
        """Return the marks of lines that are not parsed."""
        marks: list[Mark] = []
        for line in re.finditer(r"[^\n]+", extract.text):
            for match in words.occurrences(self.context.names.legacy).finditer(line[0]):
                word = self._word(line[0], match.start(), Position.FREE, blob=blob)
                decision = word.decide()
                if decision.answer in (Answer.EDIT, Answer.SAY):
                    decision = edit("R6")
                shifted = _marked(word, decision)
                marks += [mark._replace(start=mark.start + line.start()) for mark in shifted]
        return marks


def _marked(word: Word, decision: Decision) -> list[Mark]:
    answer = decision.answer
    if answer is Answer.MENTION:
        return []
    said, kept = answer is Answer.SAY, answer is Answer.KEEP
    text = word.around.rstrip(".,:;!?") if decision.rule == "R6" else word.around
    return [Mark(word.start, decision.rule, decision.why, text, said, kept)]


def _within(mark: Mark, extract: Extract) -> Mark:
    rule = "R6" if mark.rule in ("R1", "R2", "H1", "H2") else mark.rule
    return mark._replace(start=extract.places[mark.start], rule=rule)
