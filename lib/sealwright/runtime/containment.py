"""Containment: whether a path stays inside a folder, asked of its text and of the disk.

A path is text: one or more components joined by ``/``, relative, in minimal form.  Hence
not empty, no leading or trailing ``/``, no component that is empty, ``.`` or ``..``, no
backslash, drive letter, UNC prefix or leading ``~``, no control characters, no lone
surrogates, at most `COMPONENT` bytes a component and `TOTAL` bytes in all, as UTF-8.

A *portable* path can also be made on every common file system: no component is a device
name of Windows, ends in a dot or a space, or has one of ``<>:"|?*``, a byte order mark or
a code point that is not a character.

On disk, links are followed one hop at a time.  A hop out of the root is an escape, even
if a later hop leads back: whoever owns the place outside could change it.  An absolute
target is inside only if it is spelled as the root is spelled, or as the root resolves.
What does not exist cannot be a link, so a path that is yet to be made is judged by its
deepest existing ancestor.  At last the system's own resolution must agree.

>>> normalize("docs/plan.md")
'docs/plan.md'
>>> try:
...     normalize("docs/../../etc/passwd")
... except Escape as escape:
...     print(escape)
path 'docs/../../etc/passwd' has a component . or ..

The answer holds for the moment of the question.  Ask again just before use, and open
with the system's flag against links where there is one.  Hard links cannot be seen.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path

COMPONENT = 255  # bytes; the longest name that common file systems take
TOTAL = 1024  # bytes; the longest path that macOS takes, the shortest such limit of common systems
HOPS = 40  # links followed before it is called a circle, as Linux does

_TEXT = (  # the first that is found is the reason, so the telling ones stand before the general
    (re.compile(r"\A\Z"), "is empty"),
    (re.compile(r"[\ud800-\udfff]"), "has a lone surrogate"),
    (re.compile(r"[\x00-\x1f\x7f-\x9f]"), "has a control character"),
    (re.compile(r"\A(?:\\\\|//)"), "is a UNC path"),
    (re.compile(r"\\"), "has a backslash"),
    (re.compile(r"\A/"), "is absolute"),
    (re.compile(r"\A[A-Za-z]:"), "starts with a drive letter"),
    (re.compile(r"\A~"), "starts with ~"),
    (re.compile(r"/\Z"), "ends in a slash"),
    (re.compile(r"//"), "has an empty component"),
    (re.compile(r"(?:\A|/)\.\.?(?:/|\Z)"), "has a component . or .."),
)
_PLANES = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
_PORTABLE = (
    (
        re.compile(
            r"(?:\A|/)(?:CON|PRN|AUX|NUL|(?:COM|LPT)[0-9¹²³]|CONIN\$|CONOUT\$) *(?:[./]|\Z)", re.I
        ),
        "has a component that is a device on Windows",
    ),
    (re.compile(r"[. ](?:/|\Z)"), "has a component that ends in a dot or a space"),
    (re.compile(r'[<>:"|?*]'), 'has one of <>:"|?*'),
    (re.compile(rf"[\ufeff\ufdd0-\ufdef{_PLANES}]"), "has a code point that is not a character"),
)
# What HFS+ skips when it compares names; `portable` lets all but the last pass.
_UNSEEN = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


class Escape(ValueError):
    """A path does not stay inside: ``path`` is what was asked about, ``reason`` why not."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"path {self.path!r} {self.reason}"


def normalize(text: str) -> str:
    """Return ``text`` if it is a relative path in minimal form, or raise `Escape`."""
    for pattern, reason in _TEXT:
        if pattern.search(text):
            raise Escape(text, reason)
    if len(text.encode()) > TOTAL:
        raise Escape(text, f"is longer than {TOTAL} bytes")
    if any(len(component.encode()) > COMPONENT for component in text.split("/")):
        raise Escape(text, f"has a component of more than {COMPONENT} bytes")
    return text


def portable(text: str) -> str:
    """Return ``text`` if it is a path that every common file system takes, or raise `Escape`."""
    normalize(text)
    for pattern, reason in _PORTABLE:
        if pattern.search(text):
            raise Escape(text, reason)
    return text


def collision_key(text: str) -> str:
    """Return what is equal for two names that some file system would take for the same."""
    seen = _UNSEEN.sub("", text)
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", seen).casefold())


def contained(root: str | os.PathLike[str], text: str, *, links: bool = True) -> Path:
    """Return ``root / text``, links not followed, if it stays inside ``root``; else raise `Escape`.

    With ``links=False`` any symbolic link on the way is an escape.  The root itself may be one.
    """
    resolved(root, text, links=links)
    return Path(root) / text


def resolved(root: str | os.PathLike[str], text: str, *, links: bool = True) -> str:
    """Return where ``text`` ends below ``root`` once links are followed, or raise `Escape`.

    The answer has the form of a path, or is ``.`` where a link leads to the root itself.
    """
    spelled = os.path.abspath(root)
    base = os.path.realpath(root)
    literal = os.path.join(base, *_walk((base, spelled), normalize(text), HOPS if links else 0))
    real = os.path.realpath(literal)
    below = _below(real, base)
    if below is None or (not links and os.path.normcase(real) != os.path.normcase(literal)):
        raise Escape(text, "leads out of its root")
    return below or "."


def _walk(roots: tuple[str, str], text: str, hops: int) -> list[str]:
    """Return the components below the first of ``roots`` at which ``text`` ends."""
    here: list[str] = []
    ahead = text.split("/")[::-1]
    followed = 0
    while ahead:
        part = ahead.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not here:
                raise Escape(text, "leads out of its root by a symbolic link")
            here.pop()
        elif _is_link(place := os.path.join(roots[0], *here, part), text):
            followed += 1
            if followed > hops:
                raise Escape(text, f"has more than {hops} symbolic links on its way")
            here, more = _hop(os.readlink(place), here, roots, text)
            ahead += more[::-1]
        else:
            here.append(part)
    return here


def _hop(
    target: str, here: list[str], roots: tuple[str, str], text: str
) -> tuple[list[str], list[str]]:
    """Return the components to start from, and those to walk, for a link in ``here``."""
    target = target.removeprefix("\\\\?\\")  # how Windows marks a path as verbatim
    if not os.path.isabs(target):
        return here, target.replace(os.sep, "/").split("/")
    for root in roots:
        below = _below(target, root)
        if below is not None:
            return [], below.split("/")
    raise Escape(text, "leads out of its root by a symbolic link")


def _is_link(place: str, text: str) -> bool:
    """Return whether ``place`` is a symbolic link; what is not there is none."""
    try:
        return stat.S_ISLNK(os.lstat(place).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as problem:  # what cannot be seen might be a link, so it is not let through
        raise Escape(text, f"cannot be examined: {problem.strerror}") from None


def _below(place: str, root: str) -> str | None:
    """Return the part of ``place`` after ``root``, with ``/`` between components, or None."""
    stem = root.rstrip(os.sep)
    length = len(stem)
    if os.path.normcase(place[:length]) != os.path.normcase(stem):
        return None
    if place[length:] and place[length] != os.sep:
        return None
    return place[length:].strip(os.sep).replace(os.sep, "/")
