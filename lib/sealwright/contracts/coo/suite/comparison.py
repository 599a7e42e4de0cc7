"""Whether a suite came to the same before and after: test by test, never by totals alone.

``preserved``  S0 ≅ S1: under the renaming of ids, every test has the outcomes that it had before;
               one that failed before fails now
``same``       S1 = S2: the same files, the same ids, the same outcomes, the same environment
``unstable``   what came out differently when nothing had changed

An id is compared as it would be if the legacy name were the canonical one wherever it is a word
(`names.Names.renamed`), since a parameter may keep what a path does not.  Of several outcomes that
share an id, each counts.  A test that is unstable is left out of both comparisons by its name, and
is told in the evidence; one that is, and is not declared, is a finding, and is not run again.

Each finding names a test, what it came to before and now, and the line most worth looking at: the
line that looked for the legacy package while the test ran, or else the one where it failed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.suite.outcomes import Failure, Row
from sealwright.contracts.coo.suite.snapshot import Snapshot, snapshots_equal
from sealwright.verdict import Finding, Verdict, legible, together

Failures = Mapping[str, Failure]
_ENVIRONMENT = (
    "expected the interpreter, packages and variables of the snapshot before, found others"
)


def consolidated(
    s0: Snapshot, s1: Snapshot, s2: Snapshot, names: Names, failures: Sequence[Failures] = ({}, {})
) -> Verdict:
    """Answer whether S0 ≅ S1 = S2; ``failures`` are those of S1 and S2."""
    left_out = tuple(map(names.renamed, s0.unstable))
    return together([preserved(s0, s1, names, failures[0]), same(s1, s2, failures[1], left_out)])


def preserved(
    before: Snapshot, after: Snapshot, names: Names, failures: Failures | None = None
) -> Verdict:
    """Answer whether every test came to what it came to under the legacy name."""
    left_out = tuple(map(names.renamed, before.unstable))
    old = _by_key(before.rows, names.renamed, left_out)
    new = _by_key(after.rows, names.renamed, left_out)
    findings = _differences(old, new, after, failures or {})
    findings += _circumstances(before, after, quiet=bool(findings or left_out))
    return Verdict(tuple(findings), {"compared": len(old), "unstable": _ids(left_out)})


def same(
    first: Snapshot,
    second: Snapshot,
    failures: Failures | None = None,
    left_out: Collection[str] = (),
) -> Verdict:
    """Answer whether two snapshots of the package under its canonical name are equal."""
    left = (*left_out, *first.unstable)
    old = _by_key(first.rows, str, left)
    new = _by_key(second.rows, str, left)
    findings = _differences(old, new, second, failures or {})
    findings += _files(first, second)
    findings += _circumstances(first, second, quiet=bool(findings or left))
    if not findings and not left and not snapshots_equal(first.view(), second.view()):
        findings.append(Finding("snapshot", "expected equality by §9.1, found none"))
    return Verdict(tuple(findings), {"compared": len(old), "unstable": _ids(left)})


def unstable(snapshots: Sequence[Snapshot], allow: Collection[str] = ()) -> Verdict:
    """Answer whether only what ``allow`` declares came out differently; evidence: ``unstable``.

    ``allow`` holds ids, or ids with ``*`` and ``?`` for any text and any character.  What it
    declares is unstable, whether or not it was so this time; the patterns are among the ids, since
    an id with the time in it is another one in each run.
    """
    every = [_by_key(each.rows, str, ()) for each in snapshots]
    ids = sorted({name for found in every for name in found}, key=str.encode)
    differing = [name for name in ids if any(f.get(name) != every[0].get(name) for f in every)]
    known = _declared(allow)
    declared = [name for name in ids if known(name)]
    findings = tuple(
        Finding(legible(name), f"came to {_told(every, name)} though nothing had changed", _DECLARE)
        for name in differing
        if name not in declared
    )
    told = {*differing, *declared, *(each for each in allow if _is_wild(each))}
    return Verdict(findings, {"unstable": sorted(told, key=str.encode)})


_DECLARE = "mend it, or declare it as unstable"
Outcomes = Mapping[str, Counter[str]]


def _told(every: Sequence[Outcomes], name: str) -> str:
    return ", then ".join(dict.fromkeys(_words(found.get(name)) for found in every))


def _declared(allow: Collection[str]) -> Callable[[str], bool]:
    """Return what tells whether an id is declared, as it is or by a pattern."""
    exact, patterns = frozenset(allow), [_pattern(each) for each in allow if _is_wild(each)]
    return lambda name: name in exact or any(each.fullmatch(name) for each in patterns)


def _ids(left_out: Iterable[str]) -> list[str]:
    return sorted({each for each in left_out if not _is_wild(each)})


def _is_wild(text: str) -> bool:
    return "*" in text or "?" in text


def _pattern(text: str) -> re.Pattern[str]:
    """Return a pattern in which brackets are brackets, since ids are full of them."""
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(each, re.escape(each)) for each in text), re.DOTALL)


def _by_key(
    rows: Iterable[Row], key: type[str] | object, left_out: Collection[str]
) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    left = _declared(left_out)
    for row in rows:
        name = key(row.id)  # type: ignore[operator]
        if not left(name):
            found[name][row.outcome] += 1
    return dict(found)


def _differences(
    old: Outcomes, new: Outcomes, after: Snapshot, failures: Failures
) -> list[Finding]:
    return [
        Finding(
            legible(name),
            f"expected {_words(old.get(name))} as before, found {_words(new.get(name))}",
            _hint(name, after, failures),
        )
        for name in sorted({*old, *new}, key=str.encode)
        if old.get(name) != new.get(name)
    ]


def _words(outcomes: Counter[str] | None) -> str:
    """Return outcomes in words: ``passed``, ``2 passed and error``, or nothing."""
    if not outcomes:
        return "nothing"
    return " and ".join(
        f"{count} {word}" if count > 1 else word for word, count in sorted(outcomes.items())
    )


def _hint(name: str, after: Snapshot, failures: Failures) -> str:
    """Return which line to look at."""
    file = "{tree}/" + name.partition("::")[0] + ":"
    for look in after.looks:
        if look.test.rpartition(" (")[0] == name or look.test == name:
            return f"look at {look.where}, which looks for {look.module}"
    for look in after.looks:
        if not look.test and look.near.startswith(file):
            return f"look at {look.where}, which looks for {look.module}"
    failure = failures.get(name)
    if failure is None:
        return ""
    said = legible(failure.text.strip().splitlines()[0][:200]) if failure.text.strip() else ""
    return f"look at {failure.place or name}" + (f": {said}" if said else "")


def _files(first: Snapshot, second: Snapshot) -> list[Finding]:
    old, new = ({file.path: file.sha256 for file in each.files} for each in (first, second))
    kinds = [(path, old.get(path), new.get(path)) for path in sorted({*old, *new}, key=str.encode)]
    return [
        Finding(
            legible(path),
            f"expected {one or 'no file'}, found {other or 'no file'}",
            "find out what wrote it between the two snapshots",
        )
        for path, one, other in kinds
        if one != other
    ]


def _circumstances(before: Snapshot, after: Snapshot, *, quiet: bool) -> list[Finding]:
    """Return what differs beside tests; an exit code follows from tests that differ."""
    found = []
    if before.environment != after.environment:
        found.append(Finding("environment", _ENVIRONMENT, "restore it, or begin again"))
    if len(before.sessions) != len(after.sessions):
        numbers = len(before.sessions), len(after.sessions)
        found.append(Finding("sessions", "expected {}, found {}".format(*numbers)))
    if before.exit_code != after.exit_code and not quiet:
        codes = f"expected {before.exit_code}, found {after.exit_code}"
        found.append(Finding("exit code", codes, "look at the end of the suite's log"))
    return found
