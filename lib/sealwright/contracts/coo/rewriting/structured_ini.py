"""INI files as `configparser` and its kin read them: where sections, keys and values stand.

A value goes on in lines that are indented deeper than its key; a line that begins with ``#`` or
``;`` is a comment.  Of a section that is written twice, both count.  A line that is none of
this makes the text `Unreadable`.

>>> [(p.keys, p.role) for p in places("[a:b]\\nc = d\\n    e\\n")]
[(('a:b',), 'key'), (('a:b', 'c'), 'key'), (('a:b', 'c'), 'value'), (('a:b', 'c'), 'value')]
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sealwright.contracts.coo.rewriting.structured_places import Place, Unreadable

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_SECTION = re.compile(r"\[([^\r\n]+)\]")
_OPTION = re.compile(r"([^\s=:\[][^=:\r\n]*?)[ \t]*([=:])[ \t]*")
_NAKED = re.compile(r"[^\s=:\[][^=:\r\n]*")


def places(text: str) -> list[Place]:
    """Return the places of sections, keys and each line of a value, in order."""
    return list(_places(text))


def _places(text: str) -> Iterator[Place]:
    section: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    depth = at = 0
    while at < len(text):
        found = _LINE.match(text, at)
        line = found[0].rstrip() if found else ""
        begin, at = at, found.end() if found else len(text)
        bare = line.lstrip("\ufeff").lstrip()
        start, indent = begin + len(line) - len(bare), len(line) - len(bare)
        if not bare or bare[0] in "#;":
            continue
        if keys and indent > depth:
            yield Place(keys, start, begin + len(line))
        elif head := _SECTION.match(bare):
            section, keys = (head[1],), ()
            yield Place(section, start + 1, start + head.end(1), "key")
        elif section and (option := _OPTION.match(bare) or _NAKED.match(bare)):
            name = option[1] if option.re is _OPTION else option[0].strip()
            keys, depth = (*section, name), indent
            yield Place(keys, start, start + len(name), "key")
            if option.re is _OPTION and option.end() < len(bare):
                yield Place(keys, start + option.end(), start + len(bare))
        else:
            number = text.count("\n", 0, begin) + 1
            raise Unreadable(f"line {number} is no section, key or value")
