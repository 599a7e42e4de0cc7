"""What people decided about references that no rule decides, in a reviewed YAML file::

    rulings:
      - {file: tests/test_x.py, line: 12, column: 8, sha256: "…", ruling: rewrite, why: "…"}
      - {text: old, below: tests, ruling: keep, why: "the name of a fixture"}
      - {text: old, file: setup.py, ruling: keep, why: "the name of the distribution"}
      - {outside: some-plugin, why: "is renamed in the same release"}

The first form rules on one occurrence: ``line`` is counted from 1, ``column`` from 0 in
characters, ``sha256`` is that of the line's bytes without its end.  The others rule on every
occurrence of one exact text in one file or below one folder.  ``outside`` accepts a contract with
another distribution.  A ruling under which nothing is asked is stale, which is a finding, and so
are rulings that contradict one another.

>>> Rulings.parse(b"rulings: [{outside: plugin, why: renamed with it}]", "rulings.yaml").outside
(Outside(name='plugin', why='renamed with it'),)
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sealwright import document, paths
from sealwright.contracts.coo.rewriting.references import Question
from sealwright.digest import hexadecimal, sha256
from sealwright.document import Table
from sealwright.paths import RelPath
from sealwright.verdict import Finding, legible

REWRITE, KEEP = CHOICES = ("rewrite", "keep")
KEPT_ONLY = frozenset({"H3", "H4", "H5"})  # where the name itself cannot be replaced
FOR_ALL = "; say one for all"
_OFTEN, _MANY = 3, 5  # places in a file, files in a folder


class Asked(NamedTuple):
    """A question, where it is asked, and the digest of its line."""

    path: RelPath
    question: Question
    line_sha256: str
    line: str

    @property
    def where(self) -> str:
        """Return ``file:line:column``, the column as editors count it."""
        return f"{self.path}:{self.question.line}:{self.question.column + 1}"

    @property
    def entry(self) -> str:
        """Return the line to add to the rulings file, which states both choices."""
        place = f"line: {self.question.line}, column: {self.question.column}"
        said = f'file: {_quoted(self.path)}, {place}, sha256: "{self.line_sha256}"'
        about = self.question.why if self.question.rule == "H3" else self.line.strip()
        return _offered(said, legible(about)[:120], (self,))


class Ruling(NamedTuple):
    """One entry, and where it is written; the empty and zero fields are not said."""

    where: str
    ruling: str
    why: str
    file: str = ""
    line: int = 0
    column: int = 0
    sha256: str = ""
    text: str = ""
    below: str = ""

    def fits(self, asked: Asked) -> bool:
        """Return whether this rules on a question."""
        question = asked.question
        if self.text:
            inside = (
                asked.path == self.file
                if self.file
                else paths.above(RelPath(self.below), asked.path)
            )
            return inside and question.text == self.text
        place = (asked.path, question.line, question.column, asked.line_sha256)
        return place == (self.file, self.line, self.column, self.sha256)


class Outside(NamedTuple):
    """A contract with another distribution that is accepted."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Rulings:
    """The entries of one file."""

    entries: tuple[Ruling, ...] = ()
    outside: tuple[Outside, ...] = ()

    @classmethod
    def load(cls, path: Path, name: str) -> Rulings:
        """Return the rulings in a file; none if there is no file."""
        return cls._read(document.load(path, name=name)) if path.exists() else cls()

    @classmethod
    def parse(cls, data: bytes, name: str) -> Rulings:
        """Return the rulings in ``data``; complaints call it ``name``."""
        return cls._read(document.parse(data, name))

    @classmethod
    def _read(cls, table: Table) -> Rulings:
        with table:
            entries = [_entry(each) for each in table.tables("rulings", ())]
        rulings = tuple(each for each in entries if isinstance(each, Ruling))
        return cls(rulings, tuple(each for each in entries if isinstance(each, Outside)))

    def on(self, asked: Asked) -> list[Ruling]:
        """Return the entries that rule on a question."""
        return [entry for entry in self.entries if entry.fits(asked)]

    def stale(self, asked: Iterable[Asked]) -> Iterator[Finding]:
        """Yield the entries under which nothing is asked."""
        questions = list(asked)
        for entry in self.entries:
            if not any(map(entry.fits, questions)):
                yield Finding(entry.where, _stale(entry, questions), "remove it or rule anew")


def _stale(entry: Ruling, asked: list[Asked]) -> str:
    if entry.text:
        within = entry.file or f"below {entry.below}"
        return f"ruling is stale: expected a question about {entry.text!r} in {within}, found none"
    here = [each for each in asked if each.path == entry.file and each.question.line == entry.line]
    if any(each.line_sha256 != entry.sha256 for each in here):
        return f"ruling is stale: expected the line {entry.sha256[:12]}…, found another one"
    return f"ruling is stale: expected a question at {entry.file}:{entry.line}, found none there"


def _entry(table: Table) -> Ruling | Outside:
    where = table.where("why").rpartition(": ")[0] or table.where("why")
    why = table.string("why").strip()
    if not why or not why.isprintable():
        raise table.wrong("why", "a reason, in one line")
    if table.kind("outside") != "null":
        return Outside(table.string("outside"), why)
    ruling = table.one_of("ruling", CHOICES)
    if table.kind("text") == "null":
        return Ruling(
            where,
            ruling,
            why,
            file=table.path("file"),
            line=table.integer("line"),
            column=table.integer("column"),
            sha256=table.string("sha256"),
        )
    place = table.either("file", "below")
    folder = table.folder("below") if place == "below" else ""
    file = table.path("file") if place == "file" else ""
    return Ruling(where, ruling, why, file=file, text=table.string("text"), below=folder)


def offered(questions: Iterable[Asked]) -> Iterator[str]:
    """Yield the lines to add; one for a text that is asked about again and again in a place.

    Behind it are the lines for each place, as comments, for who would not say the same of all.
    """
    texts: dict[str, list[Asked]] = {}
    for each in questions:
        texts.setdefault(each.question.text, []).append(each)
    for text, group in texts.items():
        if any(each.question.why.endswith(FOR_ALL) for each in group):
            yield _offered(f"text: {_quoted(text)}, below: .", f"{len(group)} places", group)
        else:
            yield from _in_folders(group)


def _in_folders(group: list[Asked]) -> Iterator[str]:
    """Yield the lines for one text: by folders, by files or by places."""
    for folder, inside in _grouped(group, lambda each: posixpath.dirname(each.path)):
        files = [asked for _, asked in _grouped(inside, lambda each: each.path)]
        if len(files) >= _MANY and _alike(inside):
            said = f"text: {_quoted(inside[0].question.text)}, below: {_quoted(folder or '.')}"
            yield _offered(said, _files(files), inside)
            yield from map(_quiet, inside)
        else:
            yield from (line for asked in files for line in _in_file(asked))


def _grouped(
    asked: Iterable[Asked], key: Callable[[Asked], str]
) -> Iterable[tuple[str, list[Asked]]]:
    found: dict[str, list[Asked]] = {}
    for each in asked:
        found.setdefault(key(each), []).append(each)
    return found.items()


def _in_file(group: list[Asked]) -> Iterator[str]:
    """Yield the lines for one text in one file."""
    if len(group) < _OFTEN or not _alike(group):
        yield from (each.entry for each in group)
        return
    lines = ", ".join(dict.fromkeys(str(each.question.line) for each in group))
    said = f"text: {_quoted(group[0].question.text)}, file: {_quoted(group[0].path)}"
    yield _offered(said, f"lines {lines}", group)
    yield from map(_quiet, group)


def _alike(group: list[Asked]) -> bool:
    """Return whether questions about one text may have one answer."""
    rules = {each.question.rule for each in group}
    return len(rules) == 1 and group[0].question.text.isprintable()


def _files(groups: list[list[Asked]]) -> str:
    first, last = (posixpath.basename(each[0].path) for each in (groups[0], groups[-1]))
    return f"in {len(groups)} files, from {legible(first)} to {legible(last)}"


def _quiet(asked: Asked) -> str:
    return asked.entry.replace("  - {", "  # - {", 1)


def _offered(said: str, about: str, group: Iterable[Asked]) -> str:
    """Return a line with the choices that there are for all of a group."""
    kept = all(each.question.rule in KEPT_ONLY and not each.question.edits for each in group)
    return f'  - {{{said}, ruling: {KEEP if kept else " | ".join(CHOICES)}, why: ""}}  # {about}'


def asked(path: RelPath, data: bytes, questions: Iterable[Question]) -> list[Asked]:
    """Return the questions in one file, each with the line that it is asked about."""
    lines = _lines(data)
    found = []
    for question in questions:
        line = lines[question.line - 1] if question.line <= len(lines) else b""
        digits = hexadecimal(sha256(line))
        found.append(Asked(path, question, digits, line.decode("utf-8", "replace")))
    return found


def _lines(data: bytes) -> list[bytes]:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")


def _quoted(path: str) -> str:
    plain = path.isascii() and path.replace("/", "").replace("_", "").replace(".", "").isalnum()
    return path if plain else "'" + path.replace("'", "''") + "'"
