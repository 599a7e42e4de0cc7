"""HTML and SVG from parts, so that nothing that somebody else wrote is ever markup.

Every name, message and file's content passes through `text`.  It escapes what HTML means
something by, and shows every character that cannot be seen, or that would turn the words around it
(controls, overrides of direction, lone surrogates), by its number:

>>> text("<b>\\u202eevil\\x1b[2J")
'&lt;b&gt;⟨U+202E⟩evil⟨U+001B⟩[2J'
>>> element("a", "1 < 2", href="#steps", class_="more")
'<a href="#steps" class="more">1 &lt; 2</a>'

Only a `Markup` is put in as it is, and only this module, or a constant of the page, makes one.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

LONG = 160  # characters of a name that are shown at once
_VOID = frozenset({"br", "input", "meta"})


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def text(words: str) -> Markup:
    """Return what somebody wrote as markup that shows it, and does nothing else."""
    return Markup(html.escape(legible(words)))


def legible(words: str) -> str:
    """Return ``words`` with each character that cannot be seen as ``⟨U+…⟩``; lines stay lines."""
    if words.isprintable():
        return words
    return "".join(c if c.isprintable() or c in "\n\t" else f"⟨U+{ord(c):04X}⟩" for c in words)


def element(tag: str, *parts: str | None, **attributes: str | int | bool | None) -> Markup:
    """Return an element; ``class_`` stands for ``class``, and ``aria_label`` for ``aria-label``."""
    named = "".join(_attribute(name, value) for name, value in attributes.items())
    start = f"<{tag}{named}>"
    return Markup(start if tag in _VOID else f"{start}{joined(parts)}</{tag}>")


def _attribute(name: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    spelled = name.rstrip("_").replace("_", "-")
    return f" {spelled}" if value is True else f' {spelled}="{text(str(value))}"'


def joined(parts: Iterable[str | None], between: str = "") -> Markup:
    """Return parts one after the other; what is no `Markup` is made one, None is left out."""
    made = (part if isinstance(part, Markup) else text(part) for part in parts if part is not None)
    return Markup(between.join(made))


def code(words: str) -> Markup:
    """Return a name, a path or a digest; of a very long one only both ends, until it is opened."""
    if len(words) <= LONG:
        return element("code", words)
    return element(
        "details", element("summary", element("code", cut(words))), element("code", words)
    )


def brief(words: str) -> Markup:
    """Return a name where there is room for a line only, as in a heading or a paragraph."""
    return element("code", cut(words))


def cut(words: str, most: int = LONG) -> str:
    """Return at most about ``most`` characters of ``words``, and how many there are.

    >>> cut("a" * 1000, 10)
    'aaaaaa…aaa (1000 characters)'
    """
    if len(words) <= most:
        return words
    head = most * 2 // 3
    return f"{words[:head]}…{words[-(most - head - 1) :]} ({len(words)} characters)"


def block(words: str) -> Markup:
    """Return lines that are read, or copied, as they are."""
    return element("pre", element("code", words), tabindex=0)
