"""Files of amendments: what is to be said where, in which order.

A file is YAML as `sealwright.document` reads it, or JSON if its name ends in ``.json``; either
way one mapping with the one key ``amendments``, a list of mappings::

    amendments:
      - id: A-001
        target: docs/pack.md
        anchor: {clause: "[SPEC-1.2.3]"}
        action: insert_after
        text: |

          This clause binds mechanically.

``id``      letters, digits, ``.``, ``_`` and ``-``, beginning with a letter or a digit, at most
            `LONGEST`: it becomes part of a file's name
``target``  the Markdown file, ending in ``.md`` or ``.markdown``, by its path in the repository
``anchor``  either ``clause`` or ``heading`` (see `amendments.anchor`)
``action``  ``replace`` what the anchor spans, ``insert_before`` it or ``insert_after`` it
``text``    what stands there then; only in a replacement it may be empty, which removes

Whatever file it is in, an amendment comes before all whose ids are greater, code point by code
point (``A-10`` before ``A-9``, ``Z`` before ``a``).  No id is given twice in all files.

>>> (first,) = read({"a.yaml": b'''
... amendments:
...   - {id: A-1, target: pack.md, anchor: {heading: "##   Scope"}, action: replace, text: ""}
... '''})
>>> first.anchor
Anchor(kind='heading', text='## Scope')
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from sealwright import document
from sealwright.contracts.coo.amendments import anchor as anchors
from sealwright.contracts.coo.amendments.anchor import Anchor
from sealwright.document import Table
from sealwright.errors import Misconfigured
from sealwright.paths import RelPath

REPLACE, BEFORE, AFTER = ACTIONS = ("replace", "insert_before", "insert_after")
LONGEST = 100  # characters of an id
_ID = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST - 1}}}")
_ENDINGS = (".md", ".markdown")
_EXAMPLES = {anchors.CLAUSE: "[SPEC-1.2.3]", anchors.HEADING: "## Section Title"}
_SEPARATOR = re.compile(b"\xe2\x80[\xa8\xa9]")
_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|\t')


@dataclass(frozen=True, slots=True)
class Amendment:
    """One change of one document."""

    id: str
    target: RelPath
    anchor: Anchor
    action: str
    text: str


def read(files: Mapping[str, bytes]) -> tuple[Amendment, ...]:
    """Return the amendments of files, given by their names, in the order in which they apply.

    `Misconfigured`, with every complaint that was found, if a file is not as it should be.
    """
    found: dict[str, Amendment] = {}
    wrong: list[str] = []
    for name in sorted(files):
        try:
            table = _document(name, files[name])
            complaints = list(_complaints(table.tables("amendments"), found))
            if not complaints:  # else there are keys that nobody came to ask for
                table.close()
        except Misconfigured as problem:
            complaints = [str(problem)]
        wrong += complaints
    if wrong:
        raise Misconfigured("\n".join(wrong))
    return tuple(found[each] for each in sorted(found))


def _complaints(entries: tuple[Table, ...], found: dict[str, Amendment]) -> Iterator[str]:
    """Put the amendments of a file where they are ``found``; yield what is wrong with others."""
    for entry in entries:
        try:
            amendment = _amendment(entry)
            if amendment.id in found:
                raise entry.wrong("id", "an id that no other amendment has")
            found[amendment.id] = amendment
        except Misconfigured as problem:
            yield str(problem)


def _amendment(entry: Table) -> Amendment:
    return Amendment(
        id=_id(entry),
        target=_target(entry),
        anchor=_anchor(entry.table("anchor")),
        action=(action := entry.one_of("action", ACTIONS)),
        text=_text(entry, action),
    )


def _id(entry: Table) -> str:
    text = entry.string("id")
    if not _ID.fullmatch(text):
        expected = f"at most {LONGEST} letters, digits and ._-, the first a letter or a digit"
        raise entry.wrong("id", expected)
    return text


def _target(entry: Table) -> RelPath:
    path = entry.path("target")
    if not path.endswith(_ENDINGS):
        raise entry.wrong("target", f"a Markdown file, which ends in {' or '.join(_ENDINGS)}")
    return path


def _anchor(table: Table) -> Anchor:
    kind = table.either(*anchors.KINDS)
    found = anchors.anchor(kind, table.string(kind))
    if found is None:
        raise table.wrong(kind, f"a {kind} such as {_EXAMPLES[kind]!r}")
    return found


def _text(entry: Table, action: str) -> str:
    text = entry.string("text")
    if not text and action != REPLACE:
        raise entry.wrong("text", "something to insert")
    return text


def _document(name: str, data: bytes) -> Table:
    if name.endswith(".json"):
        data = _yaml(name, data)
    elif found := _SEPARATOR.search(data):
        line = data.count(b"\n", 0, found.start()) + 1
        expected = "expected no separator U+2028 or U+2029, around which YAML drops blanks"
        raise Misconfigured(f"{name}:{line}: {expected}, found one; write it \\u2028 or \\u2029")
    return document.parse(data, name)


def _yaml(name: str, data: bytes) -> bytes:
    """Return JSON in those of its spellings that YAML reads alike, line for line."""
    if len(data) > document.LARGEST:
        return data
    try:
        text = data.decode("utf-8")
        json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise Misconfigured(f"{name}: expected JSON in UTF-8, found {problem}") from None
    return _JSON.sub(_respelled, text).encode()


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name}, which is no number")


def _respelled(match: re.Match[str]) -> str:
    if match[0] == "\t":
        return " "
    value: Any = json.loads(match[0])
    return '"' + "".join(map(_spelled, value)) + '"'


def _spelled(sign: str) -> str:
    plain = sign.isascii() and sign.isprintable() and sign not in '"\\'
    return sign if plain else f"\\U{ord(sign):08X}"
