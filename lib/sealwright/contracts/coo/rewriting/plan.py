"""The plan of the one pass: every edit in every file, and what people must rule on first.

Its canonical JSON is what is previewed and what its digest is of::

    {"canonical": "coo", "diff_sha256": DIGEST, "files": [FILE…], "findings": [], "legacy": "old",
     "mentions": 3, "rules": {"R1": 12}, "scanned": 40, "unanswered": [QUESTION…], "v": 1}

A FILE is ``{"path", "before", "after", "edits": [[start, end, new, rule]…]}``: digests of its
bytes, offsets in them, and new bytes as Latin-1; the bytes of a link are its text.  ``rules``
counts the edits by rule, ``ruled`` and ``kept`` what people decided.  A plan with findings cannot
be applied: questions without a ruling, stale or contradicting rulings, references that cannot be
renamed (H1, H2).

`apply` reads the files again; unless every one has the digest that the plan says, it writes none.
It works on a staged tree, which is made durable as a whole by whoever staged it.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealwright import durable, paths
from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.references import Edit, splice
from sealwright.contracts.coo.rewriting.rulings import Asked, offered
from sealwright.digest import Digest, sha256
from sealwright.errors import Damaged, Refused
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict

VERSION = 1


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What becomes of one file."""

    path: RelPath
    before: Digest
    after: Digest
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of all files; ``findings`` stand against it."""

    names: Names
    files: tuple[FilePlan, ...] = ()
    rules: Mapping[str, int] = field(default_factory=dict)
    scanned: int = 0
    mentions: int = 0
    unanswered: tuple[Asked, ...] = ()
    findings: tuple[Finding, ...] = ()
    diff: bytes = b""
    diff_sha256: str = ""

    @property
    def verdict(self) -> Verdict:
        """Answer whether the plan can be applied; the last finding is ready to paste."""
        evidence = {"digest": self.digest, "rules": dict(self.rules), "files": len(self.files)}
        asked = [Finding(a.where, f"{a.question.text!r} {a.question.why}") for a in self.unanswered]
        if asked:
            lines = "\n".join(offered(self.unanswered))
            asked.append(
                Finding("rulings", f"expected {len(asked)} more", f"add below `rulings:`\n{lines}")
            )
        return Verdict((*self.findings, *asked), evidence)

    @property
    def digest(self) -> Digest:
        """Return the digest of the plan's bytes."""
        return sha256(self.encode())

    def encode(self) -> bytes:
        """Return the plan as canonical JSON, with a newline."""
        return canonical.line(
            {
                "v": VERSION,
                "legacy": self.names.legacy,
                "canonical": self.names.canonical,
                "files": [_record(file) for file in self.files],
                "rules": dict(self.rules),
                "scanned": self.scanned,
                "mentions": self.mentions,
                "diff_sha256": self.diff_sha256,
                "unanswered": [_question(each) for each in self.unanswered],
                "findings": [str(each) for each in self.findings],
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> Plan:
        """Return the plan in ``data``, without its diff; `Damaged` if it is none.

        One that has findings is `Refused`: nothing may be done by it.
        """
        try:
            record = canonical.decode_line(data)
            if record["v"] != VERSION:
                raise ValueError(f"version {record['v']}")
            made = cls(
                names=Names(record["legacy"], record["canonical"]),
                files=tuple(map(_file, record["files"])),
                rules=record["rules"],
                scanned=record["scanned"],
                mentions=record["mentions"],
                diff_sha256=record["diff_sha256"],
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise Damaged(
                f"rewriting plan: expected one of version {VERSION}, found {problem}"
            ) from None
        if record["unanswered"] or record["findings"]:
            raise Refused(
                "rewriting plan: expected one without findings; rule on them and plan anew"
            )
        return made


def apply(plan: Plan, root: Path) -> None:
    """Do what the plan says, and keep the files' modes; `Refused` if one byte is another."""
    plan.verdict.enforce()
    changed = [(file, _rewritten(root, file)) for file in plan.files]
    for file, data in changed:
        place = _place(root, file.path)
        mode = os.lstat(place).st_mode
        durable.remove(place)
        if stat.S_ISLNK(mode):
            durable.system.symlink(os.fsdecode(data), place)
        else:
            durable.create(place, data, mode=stat.S_IMODE(mode))


def _rewritten(root: Path, file: FilePlan) -> bytes:
    data = read(root, file.path)
    if (found := sha256(data)) != file.before:
        expected = f"expected the file of the plan, {file.before}"
        raise Refused(f"{file.path}: {expected}, found {found}; plan anew")
    after = splice(data, file.edits)
    if (found := sha256(after)) != file.after:
        raise Damaged(f"{file.path}: rewritten: expected {file.after}, found {found}; plan anew")
    return after


def read(root: Path, path: RelPath) -> bytes:
    """Return the bytes of a file in the repository, or the text of a link."""
    place = _place(root, path)
    return os.fsencode(os.readlink(place)) if place.is_symlink() else place.read_bytes()


def _place(root: Path, path: RelPath) -> Path:
    """Return where a file or link stands, whatever the link leads to."""
    folder, name = posixpath.split(path)
    return paths.within(root, RelPath(folder or paths.TOP)) / name


def _record(file: FilePlan) -> dict[str, Any]:
    edits = [[e.start, e.end, e.new.decode("latin-1"), e.rule] for e in file.edits]
    return {"path": file.path, "before": file.before, "after": file.after, "edits": edits}


def _file(record: Mapping[str, Any]) -> FilePlan:
    edits = (
        Edit(start, end, new.encode("latin-1"), rule) for start, end, new, rule in record["edits"]
    )
    path = paths.parse(record["path"])
    return FilePlan(path, record["before"], record["after"], tuple(edits))


def _question(asked: Asked) -> dict[str, Any]:
    question = asked.question
    return {
        "path": asked.path,
        "line": question.line,
        "column": question.column,
        "rule": question.rule,
        "text": question.text,
        "why": question.why,
        "line_sha256": asked.line_sha256,
    }
