r"""Words: where the name of the legacy package stands in a text, and in what form.

The name counts where no letter, digit or underscore touches it (a regular expression's ``\b``
does not).  By what stands around it, a word is

===========  =====================================================================
``BARE``     the name alone
``DOTTED``   ``old.module.attribute``, also with dots that are escaped
``OBJECT``   ``old.module:attribute``
``PATTERN``  ``old*``, ``old.*``
``PATH``     a part of a path: ``src/old/data``, ``old/*``, ``lib/old.py``
``OTHER``    of no module: a URL, ``a.old``, ``old-tools``, ``$old``, ``old.egg-info``
===========  =====================================================================

>>> [(w.kind, w.text) for w in words("see old.a:b, ../src/old/x.txt or old-tools", "old")]
[('OBJECT', 'old.a:b'), ('PATH', '../src/old/x.txt'), ('OTHER', 'old-tools')]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

BARE, DOTTED, OBJECT, PATTERN, PATH, OTHER = KINDS = (
    *("BARE", "DOTTED", "OBJECT", "PATTERN", "PATH", "OTHER"),
)
MODULES = (BARE, DOTTED, OBJECT, PATTERN)
FARTHEST = 300  # characters to the left that are looked at
_BEFORE = re.compile(r"[^\s\"'`,;=<>|&\[\]!#?]*\Z")
_ADDRESS = re.compile(r"\b[a-z][a-z+]*://[^\s\"'<>`]*\Z")
_AFTER = re.compile(r"[\w./\\*${}@~%+-]*")
_CHAIN = re.compile(r"(?:\\*\.[^\W\d]\w*)+")
_ATTRIBUTE = re.compile(r":[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_PATTERN = re.compile(r"(?:\\*\.)?\*|\\*\.\.[*+]")
_REQUIREMENT = re.compile(r"(?:\[[\w, .-]*\])?\s*(?:[=~!<>]=|[<>]\s*\d)")
FILES = frozenset(  # what may as well be the end of a file's or a host's name
    [
        *("bat", "bin", "c", "cfg", "com", "conf", "css", "csv", "dat", "db", "dev", "exe", "gif"),
        *("gz", "h", "html", "ini", "io", "ipynb", "js", "json", "log", "md", "net", "org", "out"),
        *("pdf", "png", "po", "pyc", "pyd", "rst", "sh", "so", "sock", "sql", "sqlite", "svg"),
        *("tar", "toml", "txt", "whl", "xml", "yaml", "yml", "zip"),
    ]
)
_FIELD = re.compile(r"[\w.\[\]]*(?:![rsa])?(?::[^{}\n]*)?\}")
_END = ".,:;"


@dataclass(frozen=True, slots=True)
class Word:
    """The name at ``start``; ``text`` is the whole that it is a part of, at ``left``."""

    start: int
    end: int
    kind: str
    left: int
    text: str

    @property
    def right(self) -> int:
        """Return where the whole ends."""
        return self.left + len(self.text)

    @property
    def dotted(self) -> str:
        """Return the whole with no dot escaped."""
        return self.text.replace("\\", "")


@cache
def _name(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?<!\w)|(?<=\\[bAntr])){re.escape(name)}(?!\w)")


def words(text: str, name: str) -> Iterator[Word]:
    """Yield the places of ``name`` in ``text``."""
    for found in _name(name).finditer(text):
        yield _word(text, found.start(), found.end())


def _word(text: str, start: int, end: int) -> Word:
    left, before = _before(text, start)
    if "://" in before or before.startswith("www.") or _in_address(text, start):
        return Word(start, end, OTHER, start, text[start:end])
    if before.endswith("/"):
        return _path(text, left, start, end)
    if before:
        return Word(start, end, OTHER, left, text[left:end])
    return _alone(text, start, end)


def _in_address(text: str, start: int) -> bool:
    return bool(_ADDRESS.search(text, max(0, start - FARTHEST), start))


def _before(text: str, start: int) -> tuple[int, str]:
    """Return where the run of characters before the name begins, and the run."""
    begin = max(0, start - FARTHEST)
    found = _BEFORE.search(text, begin, start)
    before = found[0] if found else ""
    if text[start - 2 : start] in (r"\b", r"\A", r"\n", r"\t", r"\r"):
        return start, ""
    if "://" in before:
        return start - len(before), before
    before = before.rpartition(":")[2]
    before = before[_opened(before) :]
    before = before.lstrip("^~") if not before.startswith("~/") else before
    before = "" if before in ("@", "{{", "{%", "%", "{%-", "{{-") else before
    if before == "{" and not _FIELD.match(text, start):
        before = ""
    return start - len(before), before


def _opened(before: str) -> int:
    """Return the place after the last bracket that is not closed."""
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        if before[at] in ")}":
            depth += 1
        elif before[at] in "({":
            if depth == 0:
                return at + 1 if before[at] == "(" or "/" in before[at:] else at
            depth -= 1
    return 0


def _path(text: str, left: int, start: int, end: int) -> Word:
    found = _AFTER.match(text, end)
    after = (found[0] if found else "").rstrip(_END)
    whole = text[left:end] + after
    plain = not after or after[0] == "/" or after in (".py", ".pyi") or _PATTERN.match(after)
    return Word(start, end, PATH if plain else OTHER, left, whole)


def _alone(text: str, start: int, end: int) -> Word:
    after = text[end : end + 1]
    run = _AFTER.match(text, end)
    whole = text[start:end] + (run[0] if run else "").rstrip(_END)
    if after == "/" or whole[end - start :] in (".py", ".pyi"):
        return Word(start, end, PATH, start, whole)
    if found := _CHAIN.match(text, end):
        if text[found.end() : found.end() + 1] in tuple("/-@"):
            return Word(start, end, OTHER, start, whole)
        attribute = _ATTRIBUTE.match(text, found.end())
        last = attribute.end() if attribute else found.end()
        return Word(start, end, OBJECT if attribute else DOTTED, start, text[start:last])
    if found := _PATTERN.match(text, end):
        return Word(start, end, PATTERN, start, text[start : found.end()])
    if found := _ATTRIBUTE.match(text, end):
        return Word(start, end, OBJECT, start, text[start : found.end()])
    if (after in ("-", "@", "+", "%") and whole != text[start:end]) or _REQUIREMENT.match(
        text, end
    ):
        return Word(start, end, OTHER, start, whole)
    return Word(start, end, BARE, start, text[start:end])
