"""How the plan of the one pass is made: which files are read, and what is said of each.

The files are those that are configured and those below the folders that are, in the byte order
of their paths, without ``.git`` and ``__pycache__``; no link is followed, and of one the text is
read (see `symbolic_links`).  Each file that has the legacy name in it is scanned.  When all are,
what is kept in one place and rewritten in another, though it says the same, is asked about in both
(see `mixed`).  Then the rulings answer the questions; the new bytes must hold the post-conditions.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sealwright import paths
from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import (
    difference,
    dispatch,
    mixed,
    postconditions,
    symbolic_links,
)
from sealwright.contracts.coo.rewriting.mixed import Mixed
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.plan import FilePlan, Plan, read
from sealwright.contracts.coo.rewriting.references import Edit, Found, Question, splice
from sealwright.contracts.coo.rewriting.rulings import (
    KEEP,
    KEPT_ONLY,
    Asked,
    Ruling,
    Rulings,
    asked,
)
from sealwright.contracts.coo.rewriting.source import line_starts
from sealwright.digest import sha256
from sealwright.errors import Damaged, Misconfigured
from sealwright.paths import RelPath
from sealwright.verdict import Finding
from sealwright.walk import walk

RULED = "ruled"
_LEFT_OUT = frozenset({".git", "__pycache__"})
_REFUSED = frozenset({"H1", "H2"})


def plan(
    root: Path,
    where: Iterable[RelPath],
    names: Names,
    index: ModuleTree,
    rulings: Rulings,
) -> Plan:
    """Return what becomes of the files and folders ``where`` below ``root``."""
    names.check()
    made = _Planning(root, names, index, rulings)
    scans = [(path, found) for path in _files(root, where) if (found := made.scan(path))]
    made.mixed = mixed.between(scans)
    for path, found in scans:
        made.settle(path, made.mixed.asked(found))
    return made.plan()


@dataclass(slots=True)
class _Planning:
    root: Path
    names: Names
    index: ModuleTree
    rulings: Rulings
    mixed: Mixed = field(default_factory=Mixed)
    files: list[FilePlan] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)
    scanned: int = 0
    mentions: int = 0
    asked: list[Asked] = field(default_factory=list)
    unanswered: list[Asked] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    diffs: list[bytes] = field(default_factory=list)

    def scan(self, path: RelPath) -> Found | None:
        """Return what is found in one file; None if nothing has to be looked for."""
        if os.path.islink(self.root / path):
            return symbolic_links.scan(self.root, path, self.names, self.index)
        data = read(self.root, path)
        self.scanned += 1
        if not dispatch.concerns(path, data, self.names):
            return None
        found = dispatch.scan(path, data, self.names, self.index)
        self.mentions += found.mentions
        return found

    def settle(self, path: RelPath, found: Found) -> None:
        """Plan one file, by what is found in it and what people decided."""
        if not found.edits and not found.questions:
            return
        data = read(self.root, path)
        questions = asked(path, data, found.questions)
        ruled = [edit for each in questions for edit in self._answer(each, data)]
        self.asked += questions
        if edits := tuple(sorted((*found.edits, *ruled), key=lambda edit: edit.start)):
            self._rewrite(path, data, edits)

    def plan(self) -> Plan:
        """Return the plan of all files."""
        diff = b"".join(self.diffs)
        return Plan(
            names=self.names,
            files=tuple(self.files),
            rules=dict(sorted(self.rules.items())),
            scanned=self.scanned,
            mentions=self.mentions,
            unanswered=tuple(self.unanswered),
            findings=(*self.findings, *self.rulings.stale(self.asked)),
            diff=diff,
            diff_sha256=sha256(diff),
        )

    def _rewrite(self, path: RelPath, data: bytes, edits: Sequence[Edit]) -> None:
        after = splice(data, edits)
        if not os.path.islink(self.root / path):
            self._check(path, data, after, edits)
        self.rules.update(edit.rule for edit in edits)
        self.files.append(FilePlan(path, sha256(data), sha256(after), tuple(edits)))
        self.diffs.append(difference.unified(path, data, edits))

    def _check(self, path: RelPath, data: bytes, after: bytes, edits: Sequence[Edit]) -> None:
        if dispatch.is_python(path, data):
            postconditions.check_python(path, data, after, edits, self.names)
        if not dispatch.concerns(path, after, self.names):
            return
        again = self.mixed.asked(dispatch.scan(path, after, self.names, self.index))
        if again.edits:
            found = f"{again.edits[0].rule} at byte {again.edits[0].start}"
            raise Damaged(
                f"{path}: rewritten: expected nothing more to rewrite, found {found}; report this"
            )

    def _answer(self, asked: Asked, data: bytes) -> tuple[Edit, ...]:
        """Return what the rulings on a question splice; note what is wrong with them."""
        if asked.question.rule in _REFUSED:
            what = f"{asked.question.rule}: {asked.question.text!r} {asked.question.why}"
            self.findings.append(Finding(asked.where, what))
            return ()
        entries = self.rulings.on(asked)
        if not entries:
            self.unanswered.append(asked)
            return ()
        if len({entry.ruling for entry in entries}) > 1:
            others = " and ".join(entry.where for entry in entries)
            self.findings.append(Finding(asked.where, f"rulings contradict one another: {others}"))
            return ()
        return self._ruled(asked, entries[0], data)

    def _ruled(self, asked: Asked, entry: Ruling, data: bytes) -> tuple[Edit, ...]:
        if entry.ruling == KEEP:
            self.rules["kept"] += 1
            return ()
        offered = asked.question.edits or _in_place(asked.question, data, self.names)
        if not offered:
            what = f"expected the ruling keep, found rewrite; {asked.question.text!r} has no other"
            self.findings.append(Finding(entry.where, what, "change the file by hand"))
        return tuple(replace(edit, rule=RULED) for edit in offered)


def _in_place(question: Question, data: bytes, names: Names) -> tuple[Edit, ...]:
    """Return the edit of the name at the place of a question, in a file of UTF-8."""
    if question.rule in KEPT_ONLY:
        return ()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ()
    starts = line_starts(text)
    at = starts[min(question.line, len(starts)) - 1] + question.column
    if not re.compile(rf"{names.legacy}\b").match(text, at):
        return ()
    start = len(text[:at].encode())
    return (Edit(start, start + len(names.legacy), names.canonical.encode(), RULED),)


def _files(root: Path, where: Iterable[RelPath]) -> list[RelPath]:
    """Return the files and links at and below the places, each once, in byte order."""
    found: set[RelPath] = set()
    for path in where:
        place = paths.within(root, path)
        if place.is_dir():
            found.update(_below(place, path))
        elif place.is_file():
            found.add(path)
        else:
            raise Misconfigured(f"{path}: expected a file or a folder to rewrite, found none")
    return sorted(found, key=os.fsencode)


def _below(place: Path, path: RelPath) -> Iterator[RelPath]:
    prefix = "" if path == paths.TOP else f"{path}/"
    for folder, entry in walk(str(place), lambda _: _LEFT_OUT.__contains__):
        if entry.is_file(follow_symlinks=False) or entry.is_symlink():
            yield paths.parse(f"{prefix}{folder}{entry.name}")
