"""One occurrence of the package's name in a string, and what it is by its neighbours.

The first rule that fits decides; the second column is what is done in running text (a string
with blanks, or a docstring) where that differs:

=====================================  =========================  =====================
``old`` or ``old.a`` and nothing else,
  … where another name is taken        mention
``https://…``, ``a@…``, ``www.…``      mention
``import old``, ``from old`` at the    R6
start of a line or of a command
``-m old``, ``--cov=old``              R4
``old/…`` that is on disk              R8                         docstring: mention
``.old``, ``-old``, ``old-``           mention
``old.a.b``, ``old:a`` that is there   R3                         docstring: mention
  … but for how files and hosts end    question                   mention
  … where names are made as it runs    question                   mention
``old.`` that code completes           R5                         question
``No module named 'old'`` and such     R4
``old`` and nothing else               question
``old=``, ``old[``, ``old>``           mention
``old`` among other signs              question                   mention
=====================================  =========================  =====================

A path is taken for a file's or a host's name if its only part is one of `AMBIGUOUS`.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from functools import cache

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.decisions import (
    KEEP,
    LOOK_UP,
    MENTION,
    SAY,
    Decision,
    ask,
    edit,
)
from sealwright.contracts.coo.rewriting.literals import HOLE
from sealwright.contracts.coo.rewriting.module_tree import Look, ModuleTree
from sealwright.contracts.coo.rewriting.path_words import PathWord

AMBIGUOUS = frozenset(
    [
        "py",
        "pyi",
        "pyc",
        "cfg",
        "conf",
        "ini",
        "toml",
        "json",
        "yaml",
        "yml",
        "log",
        "txt",
        "db",
        "sqlite",
        "html",
        "htm",
        "css",
        "js",
        "md",
        "rst",
        "xml",
        "csv",
        "exe",
        "sh",
        "lock",
        "pid",
        "sock",
        "tar",
        "gz",
        "zip",
        "bat",
        "png",
        "svg",
        "ico",
        "dat",
        "bin",
        "out",
        "io",
        "org",
        "com",
        "net",
        "dev",
        "app",
        "ai",
    ]
)
_BREAKS = "\\s'\"`<>()\\[\\],;|"
_BLANK_INSIDE = re.compile(r"\S\s+\S")
_SHORT = 1000
_MESSAGES = re.compile(
    r"(?:No module named|module|import name .* from|package) ['\"\\]*\Z|<module ['\"]\Z"
)
_COMMAND = re.compile(
    r"(?:\A|\s)-[BEIOPbdqsuvx]*m[ \t]+\Z|--(?:cov|pyargs|source|include|verifytypes)[= ]\Z"
)
_COMMENT = re.compile(r"[ \t]*#|.*[ \t]#")
_TOLD_BEFORE = re.compile(r"([^\W\d_]{2,})[,;]?[ \t]+[`*'\"(]*\Z")
_TOLD_AFTER = re.compile(r"[`*'\")]*[.,;!?]?[ \t]+[(`*'\"]*([^\W\d_]{2,})\b")
_CODE_WORDS = frozenset([*keyword.kwlist, "print", "exec", "match", "case", "type"])
_OTHERS_M = re.compile(r"\b(?:git|hg|svn|pytest|py\.test)\b[^|;&]*\s-m[ \t]+\Z")
_CODE_BEFORE = re.compile(
    r"(?:^|[;:{]|-c)[ \t]*[\"']?(?:>>>|\.\.\.)?[ \t]*"
    r"(?:import[ \t]+(?:[\w., ]+,[ \t]*)?|(?P<of>from)[ \t]+)\Z",
    re.MULTILINE,
)
_MADE = rf"(?:\.[\w{HOLE}{{}}%.]+)?[ \t]*"
_IMPORT_END = re.compile(rf"{_MADE}(?:$|[\r\n;,#\"'\\]|as\b)")
_FROM_END = re.compile(rf"{_MADE}(?:import\b|\Z)")
_COMPLETED = re.compile(rf"\\?\.(?:[{HOLE}%{{*]|\\?\Z|\\[wWsSdD]|\.[*+])|[{HOLE}%{{]")


@cache
def occurrences(name: str) -> re.Pattern[str]:
    """Return what finds a name that is no part of a longer one."""
    return re.compile(rf"{name}(?!\w)(?<!\w{name})")  # a plain beginning is searched for fast


@dataclass(slots=True)
class Word:
    """One occurrence in the text ``text``, from ``start`` to ``end``."""

    text: str
    start: int
    names: Names
    index: ModuleTree
    document: bool = False
    package: bool = False  # a place that takes the name of a module
    kept: bool = False  # a place that takes another kind of name
    group: bool = False  # one of these that takes a group of entry points
    key: bool = False  # one of these at which the same text as elsewhere is a question
    blob: bool = False  # source text that imports the package and that Python cannot parse

    @property
    def end(self) -> int:
        """Return where the occurrence ends."""
        return self.start + len(self.names.legacy)

    @property
    def running(self) -> bool:
        """Return whether the text is prose, and not one word."""
        return self.document or _BLANK_INSIDE.search(self.text) is not None

    @property
    def around(self) -> str:
        """Return the word without what separates words."""
        return self._head + self._tail

    @property
    def _head(self) -> str:
        line = self.text[max(0, self.start - 500) : self.start]
        return re.split(rf"[{_BREAKS}]", line)[-1]

    @property
    def _tail(self) -> str:
        return re.split(rf"[{_BREAKS}]", self.text[self.start : self.start + 500], maxsplit=1)[0]

    def decide(self) -> Decision:
        """Return what is done, by the first rule that fits."""
        whole = len(self.text) < _SHORT and self.text.strip() == self.names.legacy
        if self.kept and self._is_whole():
            if not (self.key or self.group) or not self.index.resolves(self._dotted_text()):
                return MENTION
            return KEEP if self.key else LOOK_UP
        if self._is_address():
            return MENTION
        for rule in (self._code, self._module, self._path, self._part, self._blob, self._dotted):
            if found := rule():
                return found
        return self._completed() or self._bare(whole)

    def _is_whole(self) -> bool:
        """Return whether the text is the name, or a dotted name that begins with it."""
        dotted = self._dotted_text() or self.names.legacy
        return self.text.strip() == dotted

    def _is_address(self) -> bool:
        around = self.around
        return (
            "://" in around
            or around.startswith("www.")
            or re.match(r"[\w.+-]+@", around) is not None
        )

    def _code(self) -> Decision | None:
        before = self.text[max(0, self.start - 200) : self.start]
        statement = _CODE_BEFORE.search(before)
        if statement and self._ends_statement(of=bool(statement["of"])):
            return edit("R6")
        if _COMMAND.search(before) and not _OTHERS_M.search(before):
            return edit("R4")
        return edit("R4") if not self.document and _MESSAGES.search(before) else None

    def _ends_statement(self, *, of: bool) -> bool:
        """Return whether what follows goes on as an import statement does."""
        ending = _FROM_END if of else _IMPORT_END
        return ending.match(self.text[self.end : self.end + 200]) is not None

    def _module(self) -> Decision | None:
        begins = self.package and not self.text[: self.start].strip()
        if not begins or self.text[self.end : self.end + 1] not in (
            "",
            ".",
            ":",
            HOLE,
            "%",
            "{",
            "\\",
        ):
            return None
        dotted = self._dotted_text()
        if dotted and self.index.resolves(dotted):
            return edit("R3")
        return edit("R5" if self._is_completed() else "R4")

    def _path(self) -> Decision | None:
        place = PathWord(self._head, self._tail, self.names.legacy, self.index, self.running)
        if not place.is_path:
            return None
        return MENTION if self.document else place.decide()

    def _part(self) -> Decision | None:
        before = self.text[self.start - 1 : self.start]
        if before == "." and self._is_inside():
            return MENTION
        if before == "." and self.package:
            return ask("R3", "names the package as an attribute of something else")
        joined = before in (".", "-", "/") and before
        return MENTION if joined or self.text[self.end : self.end + 1] in ("-", "@") else None

    def _is_inside(self) -> bool:
        """Return whether it is a module of its own name in the package: ``old.old``."""
        return re.fullmatch(rf"{self.names.legacy}\.(?:\w+\.)*", self._head) is not None

    def _blob(self) -> Decision | None:
        if not self.blob:
            return None
        named = re.compile(r"[ \t]*\.[ \t]*[^\W\d]").match(self.text, self.end)
        if not named and self._is_told():
            return MENTION
        return edit("R6") if named else ask("R6", "is the name alone in source text")

    def _is_told(self) -> bool:
        """Return whether it is in a comment or in backticks, or beside a word of a sentence."""
        begin = self.text.rfind("\n", 0, self.start) + 1
        if _COMMENT.match(self.text, begin, self.start):
            return True
        if self.text[begin : self.start].endswith("`") and self.text.startswith("`", self.end):
            return True
        before = _TOLD_BEFORE.search(self.text, begin, self.start)
        beside = [found for found in (before, _TOLD_AFTER.match(self.text, self.end)) if found]
        return bool(beside) and not any(found[1] in _CODE_WORDS for found in beside)

    def _dotted_text(self) -> str:
        """Return the dotted path that begins here, without a regular expression's escapes."""
        pattern = r"(?:\\?\.[^\W\d]\w*)*(?::[^\W\d]\w*(?:\.\w+)*)?"
        found = re.compile(pattern).match(self.text, self.end)
        rest = found[0].replace("\\", "") if found else ""
        return self.names.legacy + rest if rest else ""

    def _dotted(self) -> Decision | None:
        dotted = self._dotted_text()
        if not dotted:
            return None
        look = self.index.look(dotted)
        module, colon, _ = dotted.partition(":")
        if colon and "." in module and look in (Look.NO, Look.PART):  # "old.a:12", "old.a: wrong"
            look = self.index.look(module)
        if look is Look.YES:
            return self._there(dotted)
        if look is Look.NO:
            return None if self._is_completed() else MENTION
        if self.running or self.kept:
            return MENTION
        if look is Look.PART:
            return ask("R3", "begins with a module of the package, and the rest is not found there")
        return ask("R3", "may be made as the package runs; it is not found in its sources")

    def _there(self, dotted: str) -> Decision:
        if self.document:
            return MENTION
        parts = dotted.split(".")
        if len(parts) == 2 and parts[1] in AMBIGUOUS:
            why = "is a module's name and may be a file's or a host's"
            return MENTION if self.running else ask("R3", why)
        return edit("R3") if self.package else SAY

    def _is_completed(self) -> bool:
        return _COMPLETED.match(self.text, self.end) is not None

    def _completed(self) -> Decision | None:
        found = _COMPLETED.match(self.text, self.end)
        if not found or not self.text.startswith((".", "\\."), self.end):
            return None
        if self.running:
            ends = self.text[self.end : self.end + 3] in (".", "\\.") or self.document
            return MENTION if ends else ask("R5", "may be the prefix of a module's name")
        return edit("R5")

    def _bare(self, whole: bool) -> Decision:
        if self.running or self.kept:
            return MENTION
        if whole:
            return ask("R4", "is the name alone, at a place that no rule knows")
        if re.compile(r"\.\d").match(self.text, self.end):  # a page of a manual, a version
            return MENTION
        after, before = self.text[self.end : self.end + 1], self.text[self.start - 1 : self.start]
        if after in tuple("=<>[!~;:@") or before in tuple(":@$#%&<"):
            return MENTION
        return ask("R4", "is the name among other signs")
