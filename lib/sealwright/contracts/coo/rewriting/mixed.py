"""One text, kept in one place and rewritten in another: both are asked about.

A dotted name such as ``old.run`` is kept where it is the key of an environment or the name of a
group, because of where it stands, and rewritten where it only says a name that is there.  Each
answer may be right by itself; for one and the same text they are not both, so a person says it.
What a rule knows to be a module from its place (``mock.patch("old.run")``) is not in question.
What is only kept, as the group that a package declares, is no question where it is looked for.

>>> here = RelPath("a.py")
>>> kept = Found(kept=(Question(3, 0, "R3", "old.run", ""),))
>>> said = Found((Edit(0, 3, b"coo", "R3"),), said=(Question(1, 0, "R3", "old.run", ""),))
>>> [each.why for each in between([(here, kept), (here, said)]).asked(said).questions]
['is rewritten here and kept at a.py:3 as a key or another kind of name; say one for all']
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sealwright.contracts.coo.rewriting.references import Edit, Found, Question
from sealwright.contracts.coo.rewriting.rulings import FOR_ALL
from sealwright.paths import RelPath

_SAID = "is rewritten here and kept at {} as a key or another kind of name" + FOR_ALL
_KEPT = "is kept here as a key or another kind of name, and rewritten at {}" + FOR_ALL


@dataclass(frozen=True, slots=True)
class Mixed:
    """Texts that were kept and rewritten: the first place of each."""

    kept: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()

    def asked(self, found: Found) -> Found:
        """Return what is found in one file, with a question about each of these texts."""
        said = [each for each in found.said if each.text in self.kept]
        kept = [each for each in found.kept if each.text in self.said]
        asked = [q for q in found.questions if q.rule != "R3" or q.text not in self.declared]
        if not said and not kept and len(asked) == len(found.questions):
            return found
        undone: set[Edit] = {edit for each in said for edit in each.edits}
        more = [replace(each, why=_SAID.format(self.kept[each.text])) for each in said]
        more += [replace(each, why=_KEPT.format(self.said[each.text])) for each in kept]
        questions = sorted((*asked, *more), key=lambda each: (each.line, each.column))
        edits = tuple(edit for edit in found.edits if edit not in undone)
        return replace(found, edits=edits, questions=tuple(questions))


def between(scans: Sequence[tuple[RelPath, Found]]) -> Mixed:
    """Return the texts that are kept in one place and rewritten in another.

    A group of entry points that is looked up by its text is no module elsewhere; one that is only
    declared may be looked up by a variable that has the same text.
    """
    kept: dict[str, str] = {}
    said: dict[str, str] = {}
    for path, found in scans:
        _note(kept, path, found.kept)
        _note(said, path, found.said)
    looked_up = {each.text for _, found in scans for each in found.kept if each.rule == "R4"}
    both = (kept.keys() & said.keys()) - looked_up
    declared = frozenset(kept.keys() - both)
    return Mixed({t: kept[t] for t in both}, {t: said[t] for t in both}, declared)


def _note(places: dict[str, str], path: RelPath, questions: Iterable[Question]) -> None:
    for each in questions:
        places.setdefault(each.text, f"{path}:{each.line}")
