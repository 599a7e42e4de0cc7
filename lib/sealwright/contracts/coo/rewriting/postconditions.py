"""What must hold of a rewritten file, or the pass is wrong and its file `Damaged`.

A Python file parses again; its syntax tree is the first one but for the two names, and its
statements begin and end on the lines they did; so are its tokens, in every innermost statement
that was touched.  Of any file, a second pass finds nothing more to rewrite, so no import of the
legacy package is left.  What has no edit has the bytes that it had, and is not compared.

>>> edits, names = [Edit(7, 10, b"coo", "R1")], Names("old", "coo")
>>> check_python(RelPath("t.py"), b"import old", b"import coo", edits, names)
"""

from __future__ import annotations

import ast
import re
import tokenize
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import texts_pickles
from sealwright.contracts.coo.rewriting.references import Edit, splice
from sealwright.contracts.coo.rewriting.source import Source, Unreadable
from sealwright.errors import Damaged
from sealwright.paths import RelPath

Lines = tuple[int, int]


def check_python(
    path: RelPath, before: bytes, after: bytes, edits: Sequence[Edit], names: Names
) -> None:
    """Raise `Damaged` unless ``after`` is ``before`` with one name for the other."""
    try:
        old = Source.of(before)
    except Unreadable:
        return  # rewritten by its lines, because a person said so
    try:
        new = Source.of(after)
    except Unreadable as problem:
        raise _wrong(path, str(problem)) from None
    comparison = _Comparison(names, _edited_lines(old, before, edits))
    for extent in comparison.touched(path, old.tree, new.tree):
        if _tokens(old, extent, comparison) != _tokens(new, extent, comparison):
            raise _wrong(path, f"other tokens in the statement on line {extent[0]}")


def _wrong(path: RelPath, found: str) -> Damaged:
    expected = "expected the same program under another name"
    return Damaged(f"{path}: rewritten: {expected}, found {found}; report this, and rule by hand")


def _edited_lines(source: Source, data: bytes, edits: Iterable[Edit]) -> list[int]:
    ends = source.bytes_at(source.starts[1:])
    return sorted({bisect_right(ends, edit.start) + 1 for edit in edits})


class _Comparison:
    """Two trees, compared where lines were edited."""

    def __init__(self, names: Names, lines: Sequence[int]) -> None:
        self._either = re.compile(f"{names.legacy}|{names.canonical}")
        self._names = names
        self._lines = lines

    def plain(self, text: str) -> str:
        """Return text without what tells the names apart."""
        return self._either.sub("\0", text)

    def touched(self, path: RelPath, old: ast.Module, new: ast.Module) -> Iterator[Lines]:
        """Yield the lines of what was edited, once it is found to say the same."""
        if len(old.body) != len(new.body):
            raise _wrong(path, "another number of statements")
        for one, other in zip(old.body, new.body, strict=True):
            if not self._same(one, other):
                raise _wrong(path, f"another syntax tree on line {one.lineno}")
            yield from self._innermost(one)

    def _edited(self, node: ast.AST) -> bool:
        start, end = _extent(node)
        at = bisect_left(self._lines, start)
        return not end or (at < len(self._lines) and self._lines[at] <= end)

    def _innermost(self, statement: ast.stmt) -> Iterator[Lines]:
        """Yield the lines of the edited statements in one, and its own that are in none of them."""
        if not self._edited(statement):
            return
        start, end = _extent(statement)
        inside = list(_inside(statement))
        if not inside:
            yield start, end
        for each in inside:
            yield from self._innermost(each)
        held = [_extent(each) for each in inside]
        for line in self._lines[bisect_left(self._lines, start) : bisect_right(self._lines, end)]:
            if inside and not any(first < line <= last for first, last in held):
                yield line, line

    def _same(self, one: ast.AST, other: ast.AST) -> bool:
        rest: list[tuple[object, object]] = [(one, other)]
        while rest:
            here, there = rest.pop()
            if isinstance(here, ast.AST) and isinstance(there, ast.AST):
                if type(here) is not type(there) or _extent(here) != _extent(there):
                    return False
                if self._edited(here):
                    rest += [(getattr(here, f), getattr(there, f, None)) for f in here._fields]
            elif isinstance(here, list) and isinstance(there, list):
                if len(here) != len(there):
                    return False
                rest += zip(here, there, strict=True)
            elif not self._equal(here, there):
                return False
        return True

    def _equal(self, here: object, there: object) -> bool:
        if isinstance(here, bytes) and isinstance(there, bytes):
            if self._pickled(here) == there:
                return True
            here, there = here.decode("latin-1"), there.decode("latin-1")
        if isinstance(here, str) and isinstance(there, str):
            return here == there or self.plain(here) == self.plain(there)
        return type(here) is type(there) and repr(here) == repr(there)

    def _pickled(self, data: bytes) -> bytes | None:
        """Return a pickle as it is under the other name; None if there is nothing to rewrite."""
        found = (
            texts_pickles.read(data, self._names) if self._names.legacy.encode() in data else None
        )
        return splice(data, found.edits) if found and found.edits else None


def _extent(node: ast.AST) -> Lines:
    """Return the first and the last line of a node; zeros if it has none of its own."""
    start, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    for decorator in getattr(node, "decorator_list", ()):
        start = min(start, decorator.lineno)
    return start, end


def _inside(statement: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements right inside of one."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        for each in getattr(statement, name, ()):
            if isinstance(each, ast.stmt):
                yield each
            else:
                yield from _inside(each)


def _tokens(source: Source, extent: Lines, comparison: _Comparison) -> list[tuple[int, str]]:
    """Return the tokens in lines, as far as they can be told without what is around."""
    starts = [*source.starts, len(source.text)]
    lines = [source.text[starts[n - 1] : starts[n]] for n in range(extent[0], extent[1] + 1)]
    found: list[tuple[int, str]] = []
    try:
        for token in tokenize.generate_tokens(iter([*lines, ""]).__next__):
            data = token.string[:2].lower() in ("b'", 'b"')  # its value is compared in the tree
            found.append((token.type, "b" if data else comparison.plain(token.string)))
    except (tokenize.TokenError, IndentationError, StopIteration):
        found.append((-1, "the end"))
    return found
