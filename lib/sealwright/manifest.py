"""A manifest says what a folder holds, in the text that ``sha256sum -c --strict`` checks.

Each line is ``<64 lower-case hexadecimal digits>  <path>`` and one LF.  Lines stand in
the order of the bytes of their paths (the order of ``LC_ALL=C sort -k2``), each path
once.  Only regular files are listed: neither folders (an empty one is not represented)
nor the manifest itself; a symbolic link or any other kind is refused, never skipped.

What the format cannot say without escapes is refused: names with LF, CR, backslash or NUL,
names that are not UTF-8 and all others that `sealwright.paths` refuses, the name ``-``
(which ``sha256sum`` reads as its standard input), and a manifest of no files at all (which
``sha256sum -c`` rejects).  A reader accepts exactly the bytes that `render` would write.

By hand, inside the folder, ``sha256sum -c --strict manifest.txt`` checks the files, and
this line prints what `render` returns::

    find . -type f ! -path ./manifest.txt -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum

``sha256(manifest)`` is the ``h1:`` directory hash of Go modules over the listed files,
there written in base64.

>>> render([Entry(parse_path("a.txt"), "e3b0c442" + "98fc1c14" * 7)])
b'e3b0c44298fc1c1498fc1c1498fc1c1498fc1c1498fc1c1498fc1c1498fc1c14  a.txt\\n'
"""

from __future__ import annotations

import itertools
import operator
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from sealwright import digest, durable, hashing
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.paths import PLAIN, RelPath
from sealwright.paths import parse as parse_path
from sealwright.stat_cache import StatCache
from sealwright.stat_cache.blocks import UNKNOWN, slow, stated
from sealwright.verdict import Finding, Verdict
from sealwright.walk import Run, omitting, runs, walk

_PLAIN = re.compile(rf"(?:[0-9a-f]{{64}}  {PLAIN}\n)++")
_LINE = re.compile(rb"([0-9a-f]{64})  (.+)", re.DOTALL)
Files = Iterable[tuple[str, Run]]
_name = attrgetter("name")


class Entry(NamedTuple):
    """One listed file: its path and the 64 digits of its SHA-256."""

    path: RelPath
    sha256: str


def render(entries: Iterable[Entry], *, itself: RelPath | None = None) -> bytes:
    """Return the bytes of the manifest; `Refused` for what the format cannot say.

    ``itself`` is the path at which the manifest will stand, which it must not list.
    """
    given = list(entries)
    if (text := _plain(given, itself)) is not None:
        return text
    ordered = sorted(given, key=_order)
    for entry, before in zip(ordered, [None, *ordered], strict=False):
        reason = _unsayable(entry)
        if before and before.path == entry.path:
            reason = "is listed twice; list it once"
        if reason or entry.path == itself:
            raise Refused(f"manifest: {entry.path!r} {reason or 'is the manifest itself'}")
    if not ordered:
        raise Refused("manifest: expected at least one file, found none; sha256sum refuses that")
    return b"".join(f"{entry.sha256}  {entry.path}\n".encode() for entry in ordered)


def _plain(entries: list[Entry], itself: RelPath | None) -> bytes | None:
    """Return the bytes of entries that are in order and of which nothing needs a closer look."""
    paths = [entry.path for entry in entries]
    if itself in paths or not all(map(operator.lt, paths, paths[1:])):
        return None
    text = "".join([f"{sha256}  {path}\n" for path, sha256 in entries])
    return text.encode() if _PLAIN.fullmatch(text) else None


def _order(entry: Entry) -> bytes:
    return entry.path.encode("utf-8", "surrogateescape")


def _unsayable(entry: Entry) -> str | None:
    if entry.path == "-":  # sha256sum takes it for its standard input
        return "cannot be said in the format of sha256sum; rename the file"
    if not re.fullmatch("[0-9a-f]{64}", entry.sha256):
        return f"has {entry.sha256!r}, expected 64 lower-case hexadecimal digits"
    try:
        spelled = parse_path(entry.path)
    except Misconfigured as problem:
        return f"cannot be listed: {problem}; rename the file"
    return None if spelled == entry.path else f"cannot be listed, expected {spelled!r}"


def parse(data: bytes, name: str, *, itself: RelPath | None = None) -> tuple[Entry, ...]:
    """Return what the manifest ``name`` lists; `Damaged` unless `render` gives these bytes."""
    lines = data.split(b"\n")
    if lines.pop() != b"" or not lines:
        raise Damaged(
            f"{name}:{len(lines) + 1}: expected lines that end in LF, found none or a rest"
        )
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        try:
            entries.append(_entry(line, entries[-1] if entries else None))
        except ValueError as problem:
            raise Damaged(f"{name}:{number}: {problem}") from None
    try:
        again = render(entries, itself=itself)
    except Refused as refused:
        raise Damaged(f"{name}: {refused}") from None
    if again != data:  # the rule itself; the lines above only say where
        raise Damaged(f"{name}: expected the bytes that its own entries give, found others")
    return tuple(entries)


def _entry(line: bytes, before: Entry | None) -> Entry:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"expected <64 lower-case digits>, two spaces and a path, found {line!r}")
    entry = Entry(RelPath(match[2].decode("utf-8", "surrogateescape")), match[1].decode())
    if reason := _unsayable(entry):
        raise ValueError(f"{entry.path!r} {reason}")
    if before and _order(entry) <= _order(before):
        raise ValueError(f"expected a path after {before.path!r}, found {entry.path!r}")
    return entry


def of_tree(
    root: Path, *, omit: Collection[RelPath] = (), cache: StatCache | None = None
) -> tuple[Entry, ...]:
    """Return the entries of every file under ``root``, without the files and folders ``omit``.

    With a ``cache``, a file that looks as it did when it was last read is not read again.
    `Refused`, naming all of them, if anything is neither a regular file nor a folder.
    """
    files = _regular(root, omit)
    rows = _read(root, files) if cache is None else _known(root, files, cache)
    return tuple(map(tuple.__new__, itertools.repeat(Entry), rows))


def _regular(root: Path, omit: Collection[RelPath]) -> Iterator[tuple[str, Run]]:
    """Yield the files in runs of one folder; refuse in the end what is neither file nor folder."""
    wrong = []
    for prefix, run in runs(str(root), omitting(omit)):
        files = [entry for entry in run if entry.is_file(follow_symlinks=False)]
        yield prefix, files
        others = [entry for entry in run if entry not in files] if len(files) < len(run) else ()
        for entry in others:
            if not entry.is_dir(follow_symlinks=False):
                place = root / prefix / entry.name
                wrong.append(f"{place}: expected a regular file, found {_kind(entry)}")
    if wrong:
        raise Refused("\n".join(wrong))


def _read(root: Path, files: Files) -> Iterable[tuple[str, str]]:
    names = [prefix + entry.name for prefix, run in files for entry in run]
    sums = hashing.identities(f"{root}/{name}" for name in names)
    return ((name, each[7:]) for name, each in zip(names, sums, strict=True))


def _known(root: Path, files: Files, cache: StatCache) -> Iterable[tuple[str, str]]:
    """Return paths and digits, of what the cache does not know by reading it."""
    base = cache.name(os.path.join(os.path.abspath(root), ""))
    names: list[str] = []
    digits: list[str] = []
    unread: dict[int, os.stat_result] = {}
    for prefix, run in files:
        looks = [entry.stat(follow_symlinks=False) for entry in run]
        inside = [entry.name for entry in run]
        found = [slow(row) or UNKNOWN for row in cache.rows(base + prefix, inside, looks)]
        if UNKNOWN in found:
            start = len(names)
            unread |= {start + n: looks[n] for n, each in enumerate(found) if each == UNKNOWN}
        names += [prefix + name for name in inside]
        digits += found
    sums = hashing.of_files(f"{root}/{names[index]}" for index in unread)
    for (index, info), each in zip(unread.items(), sums, strict=True):
        digits[index] = digest.hexadecimal(each.sha256)
        if stated(os.lstat(root / names[index])) == stated(info):
            cache.put(base + names[index], info, each)
    return zip(names, digits, strict=True)


def _kind(entry: os.DirEntry[str]) -> str:
    return durable.kind(entry.stat(follow_symlinks=False).st_mode)


def check(
    root: Path,
    entries: Collection[Entry],
    *,
    exact: bool = True,
    itself: RelPath | None = None,
) -> Verdict:
    """Answer whether the files under ``root`` are those of ``entries``, with all findings at once.

    ``exact`` makes each file that is not listed a finding, but for ``itself``, the manifest.
    """
    wrong = {entry.path: _wrong(root, entry.path) for entry in entries}
    present = [entry for entry in entries if wrong[entry.path] is None]
    found: list[tuple[str, str]] = [(path, what) for path, what in wrong.items() if what]
    found += _changed(root, present)
    if exact:
        found += _unlisted(root, wrong, itself)
    found.sort(key=lambda item: os.fsencode(item[0]))
    findings = (Finding(path if path.isprintable() else repr(path), what) for path, what in found)
    return Verdict(tuple(findings), {"files": len(entries)})


def _wrong(root: Path, path: RelPath) -> str | None:
    """Return why there is no regular file at ``path``, or None; no link is followed."""
    place, parts = root, path.split("/")
    for last, part in enumerate(parts, 1 - len(parts)):
        place = place / part
        try:
            mode = os.lstat(place).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return "is missing, expected a regular file"
        kind, expected = durable.kind(mode), "a folder" if last else "a regular file"
        if kind != expected:
            return f"expected {expected} at {place.relative_to(root)}, found {kind}"
    return None


def _changed(root: Path, entries: Collection[Entry]) -> Iterator[tuple[str, str]]:
    sums = hashing.identities(root / entry.path for entry in entries)
    for entry, found in zip(entries, sums, strict=True):
        if found != f"sha256:{entry.sha256}":
            yield entry.path, f"expected sha256:{entry.sha256}, found {found}"


def _unlisted(
    root: Path, listed: Mapping[RelPath, str | None], itself: RelPath | None
) -> Iterator[tuple[str, str]]:
    for prefix, entry in walk(str(root)):
        path = RelPath(prefix + entry.name)
        if path not in listed and path != itself and not entry.is_dir(follow_symlinks=False):
            yield path, f"is not listed, found {_kind(entry)}"
