"""All references in the text of one module: names, strings, comments; source text within, again.

A string is decided by where it stands (`positions`) and what it says (`words`).  Source text in
a string (what is handed to ``exec``, or text that imports the package and that Python can parse)
is read like a module by itself, and so are the examples of a docstring, in which names that
nothing binds are the package; what they print is compared, so it counts as a string.

A string annotation and a ``# type:`` comment are expressions: R7.  All other comments, and
docstrings beside their examples, are for people: what they say about the package is a mention.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import bindings, pickled_literals
from sealwright.contracts.coo.rewriting.bindings import Reading
from sealwright.contracts.coo.rewriting.literals import Literal, Unclear
from sealwright.contracts.coo.rewriting.marks import Mark, once
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.positions import Positions
from sealwright.contracts.coo.rewriting.renames import Renames
from sealwright.contracts.coo.rewriting.source import Source, Unreadable
from sealwright.contracts.coo.rewriting.string_marks import Context, StringMarks

DEEPEST = 4  # source text in source text
_TYPE_COMMENT = re.compile(r"#[ \t]*type:[ \t]*+(?!ignore\b)([^\r\n]*)")
_SPELLED = "is spelled with escapes or across pieces; spell it plainly"
_UNCLEAR = "is in a string whose source is not understood"


@dataclass(slots=True)
class PythonText:
    """One source, read as a module, as a part of one, or as examples (``free``)."""

    source: Source
    names: Names
    index: ModuleTree
    free: bool = False
    depth: int = 0
    path: str = ""

    def marks(self) -> list[Mark]:
        """Return the marks of all references, in order."""
        reading = Reading.of(self.source, self.names)
        renames = Renames(self.source, reading, self.names, self.index, self.free, self.path)
        found = list(renames.marks())
        strings = _Strings(self, reading, renames, self._positions(reading))
        for literal in reading.literals:
            found += strings.marks(literal)
        return once([*found, *strings.type_comments()])

    def _positions(self, reading: Reading) -> Positions:
        setup = posixpath.basename(self.path) == "setup.py"
        return Positions(self.source.tree, reading, setup)

    def inside(self, text: str, free: bool) -> list[Mark] | None:
        """Return the marks of source text within this one; None if it cannot be parsed."""
        if self.depth >= DEEPEST:
            return None
        try:
            source = Source.of_text(text)
        except Unreadable:
            return None
        return PythonText(source, self.names, self.index, free, self.depth + 1).marks()


@dataclass(slots=True)
class _Strings:
    """The strings of one source."""

    whole: PythonText
    reading: Reading
    renames: Renames
    positions: Positions

    def marks(self, found: bindings.Literal) -> list[Mark]:
        """Return the marks of one string."""
        source = self.whole.source
        node = found.node
        start = source.offset(node.lineno, node.col_offset)
        end = source.offset(node.end_lineno or 0, node.end_col_offset or 0)
        try:
            literal = Literal.of(source.text, start, end)
            if isinstance(node, ast.Constant):
                _compare(node, literal)
        except (Unclear, IndexError, KeyError, ValueError, RecursionError):
            return [Mark(start, "R3", _UNCLEAR, self.whole.names.legacy)]
        data = isinstance(node, ast.Constant) and isinstance(node.value, bytes)
        if data and self._is_pickle(literal.value):
            made = pickled_literals.parts(literal, start, end, self.whole.names)
            return [Mark(start, "H3", made.why, self.whole.names.legacy, parts=made.parts)]
        decided = StringMarks(self.context(), found, literal).marks()
        return [self._placed(mark, literal) for mark in decided]

    def context(self) -> Context:
        """Return what is known of this source."""
        whole, renamed = self.whole, self.renames.renamed
        known = self.reading, renamed, self.positions
        return Context(whole.names, whole.index, *known, whole.inside)

    def _placed(self, mark: Mark, literal: Literal) -> Mark:
        """Return a mark of the value as one of the source."""
        written = literal.written(mark.start, len(self.whole.names.legacy))
        if written is None:
            text = mark.text or self.whole.names.legacy
            why = mark.why or _SPELLED
            return mark._replace(start=literal.places[mark.start], why=why, text=text)
        return mark._replace(start=written)

    def _is_pickle(self, value: str) -> bool:
        if value.startswith("\x80"):
            return True
        return re.search(rf"[ci]{self.whole.names.legacy}(?:\.\w+)*\n\w", value) is not None

    def type_comments(self) -> Iterator[Mark]:
        """Yield the names in comments that tell types."""
        text, holder = self.whole.source.text, self.reading.module.holder(self.whole.names.legacy)
        if "type:" not in text or (holder and holder not in self.renames.renamed):
            return
        name = re.compile(rf"(?<![\w.]){self.whole.names.legacy}(?=[ \t]*\.)")
        for comment in _TYPE_COMMENT.finditer(text):
            if self.whole.names.legacy in comment[1] and not self._in_string(comment.start()):
                for found in name.finditer(text, comment.start(1), comment.end(1)):
                    yield Mark(found.start(), "R7")

    def _in_string(self, offset: int) -> bool:
        source = self.whole.source
        for node, _ in self.reading.literals:
            start = source.offset(node.lineno, node.col_offset)
            if start <= offset < source.offset(node.end_lineno or 0, node.end_col_offset or 0):
                return True
        return False


def _compare(node: ast.Constant, literal: Literal) -> None:
    value = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
    if value != literal.value:
        raise Unclear("expected the value that Python reads")
