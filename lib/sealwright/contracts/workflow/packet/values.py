"""The values that stand in a packet, each with the one grammar that it has."""

from __future__ import annotations

import re
import shlex

from sealwright import paths
from sealwright.contracts.workflow import envelope
from sealwright.contracts.workflow.packet.entries import spanned
from sealwright.contracts.workflow.terms import EVIDENCE, FORBIDDEN_ACTIONS
from sealwright.errors import Misconfigured
from sealwright.paths import RelPath

_OPERATORS = set("();<>|&")
_EXPANDED = set("$`\n\\")


def repository(text: str) -> str:
    """Return the path of a target: absolute, or relative to the governing repository."""
    paths.parse(text.removeprefix("/"))
    if text != "/" + paths.parse(text[1:]) if text.startswith("/") else text != paths.parse(text):
        raise Misconfigured(f"expected a path in its one spelling, found {text!r}")
    if not re.fullmatch(r"[A-Za-z0-9_./@+-]+", text):
        raise Misconfigured(f"expected letters, digits and _./@+- in a path, found {text!r}")
    return text


def path(text: str) -> RelPath:
    """Return a path inside a repository."""
    parsed = paths.parse(text)
    if parsed != text:
        raise Misconfigured(f"expected the path {parsed!r} in its one spelling, found {text!r}")
    return parsed


def allowed(text: str) -> RelPath:
    """Return the path of a file that may be changed, from a bullet."""
    inner = spanned(text)
    if set(inner) & set("*?[]"):
        raise Misconfigured(f"expected the path of one file, found the pattern {inner!r}")
    return path(inner)


def forbidden(text: str) -> str:
    """Return a forbidden path or pattern, from a bullet."""
    return envelope.pattern(spanned(text))


def action(text: str) -> str:
    """Return a forbidden action, from a bullet."""
    if text not in FORBIDDEN_ACTIONS:
        raise Misconfigured(f"expected one of {', '.join(FORBIDDEN_ACTIONS)}, found {text!r}")
    return text


def evidence(text: str) -> str:
    """Return the file that a piece of evidence is, from a bullet."""
    name = text.replace("`", "")
    if name not in EVIDENCE:
        raise Misconfigured(f"expected one of {', '.join(EVIDENCE)}, found {text!r}")
    return EVIDENCE[name]


def word(text: str) -> str:
    """Return one word of letters, digits, ``_`` and ``-``."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise Misconfigured(f"expected one word, found {text!r}")
    return text


def text(text: str) -> str:
    """Return a bullet of words."""
    return text


def command(line: str) -> str:
    """Return a command that is one program with arguments, and no shell's."""
    quoted = shlex.shlex(line, posix=True, punctuation_chars=True)
    quoted.whitespace_split = True
    try:
        parts = list(quoted)
    except ValueError as problem:
        raise Misconfigured(f"expected one command, found {problem}: {line!r}") from None
    if not parts or any(set(part) <= _OPERATORS for part in parts if part):
        raise Misconfigured(f"expected one command without ; & | < > ( ), found {line!r}")
    if set(line) & _EXPANDED:
        raise Misconfigured(f"expected one command that no shell expands, found {line!r}")
    return line
