"""Patches: the difference that a draft makes, as git writes it.

A draft knows which stretches of its first text are still there, so the patch is made from the
edits themselves, in time that grows with the size of the text.  It has the form that git
writes: names under ``a/`` and ``b/``, quoted as git quotes them; lines that end in LF, a CR
before it being part of the line; three lines of context; and the mark for a last line without
LF.  ``git apply`` makes the second text of the first, ``git apply -R`` the first of the second.
A text that ends as it began has no patch.

>>> draft = Draft.of("one\\ntwo\\n").splice(4, 7, "2")
>>> print(patch("a b.md", draft).replace("\\t", "→"), end="")
diff --git a/a b.md b/a b.md
--- a/a b.md→
+++ b/a b.md→
@@ -1,2 +1,2 @@
 one
-two
+2
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sealwright.contracts.coo.amendments.draft import Draft, Kept, lines, starts

CONTEXT = 3
_QUOTED = re.compile(rb"[^ !#-\[\]-~]")


class _Change(NamedTuple):
    """Lines ``old`` to ``old_end`` of the first text, from 0, became ``new`` to ``new_end``."""

    old: int
    old_end: int
    new: int
    new_end: int


def patch(path: str, draft: Draft) -> str:
    """Return the patch that makes the second text of the first."""
    if draft.text == draft.first:
        return ""
    old, new = lines(draft.first), lines(draft.text)
    hunks = _hunks(list(_changes(draft, old, new)))
    body = (_hunk(changes, old, new) for changes in hunks)
    return "".join((_header(path), *body))


def _header(path: str) -> str:
    before, after = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    tab = "\t" if " " in path else ""
    return f"diff --git {before} {after}\n--- {before}{tab}\n+++ {after}{tab}\n"


def _quoted(name: str) -> str:
    """Return a name as git writes it."""
    data = name.encode()
    escaped = _QUOTED.sub(_escaped, data)
    return name if escaped == data else f'"{escaped.decode()}"'


def _escaped(match: re.Match[bytes]) -> bytes:
    sign = match[0]
    return b"\\" + sign if sign in b'"\\' else b"\\%03o" % ord(sign)


def _changes(draft: Draft, old: Sequence[str], new: Sequence[str]) -> Iterator[_Change]:
    """Yield what lies between the lines that were kept, without lines that are the same."""
    here, there = 0, 0
    end = Kept(len(old), len(new), 0)
    for kept in (*_kept_lines(draft, old, new), end):
        if change := _trimmed(_Change(here, kept.old, there, kept.new), old, new):
            yield change
        here, there = kept.old + kept.length, kept.new + kept.length


def _kept_lines(draft: Draft, old: Sequence[str], new: Sequence[str]) -> Iterator[Kept]:
    """Yield the stretches of whole lines that were kept, counted in lines."""
    olds, news = starts(old), starts(new)
    for kept in draft.kept:
        start, end = _whole(draft, kept)
        if start < end:
            first = bisect_left(olds, kept.old + start)
            count = bisect_left(olds, kept.old + end) - first
            yield Kept(first, bisect_left(news, kept.new + start), count)


def _whole(draft: Draft, kept: Kept) -> tuple[int, int]:
    """Return where within a stretch its whole lines begin and end."""
    first, text, end = draft.first, draft.text, kept.length
    stretch = first[kept.old : kept.old + end]
    begins = _begins(first, kept.old) and _begins(text, kept.new)
    ends = kept.old + end == len(first) and kept.new + end == len(text)
    start = 0 if begins else stretch.find("\n") + 1 or end
    return start, end if ends else stretch.rfind("\n") + 1


def _begins(text: str, offset: int) -> bool:
    return offset == 0 or text[offset - 1] == "\n"


def _trimmed(change: _Change, old: Sequence[str], new: Sequence[str]) -> _Change | None:
    """Return a change without the same lines at both ends, or None if that is all of it."""
    here, here_end, there, there_end = change
    while here < here_end and there < there_end and old[here] == new[there]:
        here, there = here + 1, there + 1
    while here < here_end and there < there_end and old[here_end - 1] == new[there_end - 1]:
        here_end, there_end = here_end - 1, there_end - 1
    same = here == here_end and there == there_end
    return None if same else _Change(here, here_end, there, there_end)


def _hunks(changes: Sequence[_Change]) -> list[list[_Change]]:
    """Return the changes, those together whose contexts would touch."""
    hunks = [[changes[0]]]
    for before, after in pairwise(changes):
        if after.old - before.old_end <= 2 * CONTEXT:
            hunks[-1].append(after)
        else:
            hunks.append([after])
    return hunks


def _hunk(changes: Sequence[_Change], old: Sequence[str], new: Sequence[str]) -> str:
    head, tail = changes[0], changes[-1]
    lead, rest = min(CONTEXT, head.old), min(CONTEXT, len(old) - tail.old_end)
    start, end = head.old - lead, tail.old_end + rest
    before = _range(start, end - start)
    after = _range(head.new - lead, tail.new_end + rest - (head.new - lead))
    rows, here = [f"@@ -{before} +{after} @@\n"], start
    for change in changes:
        rows += _rows(" ", old[here : change.old])
        rows += _rows("-", old[change.old : change.old_end])
        rows += _rows("+", new[change.new : change.new_end])
        here = change.old_end
    return "".join((*rows, *_rows(" ", old[here:end])))


def _range(start: int, count: int) -> str:
    if count == 1:
        return f"{start + 1}"
    return f"{start + 1 if count else start},{count}"


def _rows(sign: str, rows: Iterable[str]) -> Iterator[str]:
    for line in rows:
        yield (
            sign + line if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"
        )
