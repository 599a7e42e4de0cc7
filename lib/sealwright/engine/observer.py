"""What an input or an output is right now, in the words of a receipt.

An observation is a mapping with at least ``spot`` (what it is called) and ``is`` (what it
is: a word and a digest).  Two observations are of the same thing exactly when their
``is`` are equal:

================================  =======================================================
``file blake3:…``                 a regular file; ``executable`` if its owner may run it
``link blake3:…``                 a symbolic link: its text; as an input also the content of
                                  the regular file inside the repository that it leads to
``tree blake3:…``                 a folder; the digest is of its listing (see `trees`)
``fact sha256:…``                 the canonical bytes of the fact's value
``member NAME tree blake3:…``     an entry of a folder, by name and content
``records sha256:…``              the bytes of the lines
``absent``                        nothing is there
================================  =======================================================

Files also carry ``size`` and, when they are observed for a receipt, ``sha256``, which is
what other people's tools can check.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sealwright import digest, durable, hashing, process
from sealwright.digest import Sums
from sealwright.engine import trees
from sealwright.errors import Refused
from sealwright.paths import TOP, RelPath, within
from sealwright.runtime import canonical
from sealwright.stat_cache import StatCache
from sealwright.stat_cache.blocks import fast
from sealwright.step import Fact, File, Input, Member, Record, Tree, World, spot

Observation = dict[str, Any]
ABSENT = "absent"
Looks = list[tuple[str, os.stat_result]]
_MANY = 64  # files from which on it pays to read them together
_SHORT = 2000  # bytes up to which a fact's value is kept in the receipt, for a person to read


class Observer:
    """Looks at one repository; what it saw of a file is asked of the file system only once."""

    def __init__(
        self,
        world: World,
        cache: StatCache,
        *,
        full: bool = False,
        listings: dict[str, bytes] | None = None,
    ) -> None:
        self.world = world
        self.listings: dict[str, bytes] = {} if listings is None else listings
        self._cache = cache
        self._full = full
        self._prefix = f"{world.root}/"
        self._seen: dict[object, Observation] = {}
        self._words: dict[str, str] = {}
        self._values: dict[Fact, Any] = {}
        self._inside: set[str] = set()

    def forget(self) -> None:
        """Look again at everything: an act may have changed it.

        What another thread is looking at meanwhile goes to the memory that is given up.
        """
        self._seen, self._words, self._inside = {}, {}, set()

    def read(self, items: Sequence[Input], *, both: bool) -> None:
        """Look at many files, and read together what has to be read, before `input` is asked."""
        if len(items) < _MANY:
            return
        memory = self._seen
        unread: list[tuple[File, str, os.stat_result]] = []
        for item in items:
            if isinstance(item, File) and (item.path, both, True) not in memory:
                place = self._place(item.path)
                with contextlib.suppress(OSError):  # `input` says what is wrong with it
                    info = os.lstat(place)
                    if not stat.S_ISREG(info.st_mode):
                        continue
                    if (sums := self._kept(place, info, both=both)) is None:
                        unread.append((item, place, info))
                    else:
                        self._remember(memory, item, info, sums, both=both)
        looks = [(place, info) for _, place, info in unread]
        hashed = self._hashed(looks, both=both)
        for (item, _, _), (info, sums) in zip(unread, hashed, strict=True):
            self._remember(memory, item, info, sums, both=both)

    @staticmethod
    def _remember(
        memory: dict[object, Observation],
        item: File,
        info: os.stat_result,
        sums: Sums,
        *,
        both: bool,
    ) -> None:
        memory[item.path, both, True] = {"spot": spot(item), **_regular(info, sums, both=both)}

    def input(self, item: File | Tree | Fact, *, both: bool = False) -> Observation:
        """Return what a file, a tree or a fact is; ``both`` asks for SHA-256 of files too."""
        if isinstance(item, Fact):
            return self._fact(item)
        return self._item(item, both=both, follow=True)

    def output(self, item: File | Tree) -> Observation:
        """Return what stands where a file or tree is made."""
        return self._item(item, follow=False)

    def value(self, fact: Fact) -> Any:
        """Return the value of a fact, from the very reading that was observed."""
        self._fact(fact)
        return self._values[fact]

    def code(self, path: str) -> str:
        """Return the BLAKE3 of a program or of a source file, wherever it lies."""
        words, name = self._words, f"\0{path}"  # apart from what is said of an item of that path
        found = words.get(name)
        if found is None:
            place = os.path.realpath(path)
            found = words[name] = self._sums(place, os.stat(place), both=False).blake3
        return found

    def tool(self, name: str) -> str:
        """Return the BLAKE3 of the program that ``name`` finds on the path, or ``missing``."""
        words, key = self._words, f"\1{name}"
        found = words.get(key)
        if found is None:
            program = process.find(name, process.allow_listed(source=self.world.environment))
            found = words[key] = self.code(str(program)) if program else "missing"
        return found

    def word(self, item: File | Tree | Fact, *, follow: bool) -> str:
        """Return only what ``item`` is, as the ``is`` of an observation says it."""
        if not isinstance(item, File):
            seen = self._fact(item) if isinstance(item, Fact) else self._item(item, follow=follow)
            return str(seen["is"])
        words, path = self._words, item.path
        found = words.get(path)
        if found is None:
            place = self._place(path)
            try:
                info = os.lstat(place)
            except (FileNotFoundError, NotADirectoryError):
                return ABSENT
            if not stat.S_ISREG(info.st_mode):
                return str(self._item(item, follow=follow)["is"])
            kind = "executable" if info.st_mode & stat.S_IXUSR else "file"
            known = None if self._full else self._cache.word(place.removeprefix(self._prefix), info)
            found = f"{kind} {known or self._sums(place, info, both=False).blake3}"
            words[path] = found
        return found

    def _item(self, item: File | Tree, *, both: bool = False, follow: bool) -> Observation:
        key = (item.path, item.exclude if isinstance(item, Tree) else both, follow)
        memory = self._seen
        found = memory.get(key)
        if found is None:
            place = self._place(item.path)
            found = {"spot": spot(item), **self.at(place, item, both=both, follow=follow)}
            memory[key] = found
        return found

    def at(
        self, place: str, item: File | Tree, *, both: bool = False, follow: bool = False
    ) -> Observation:
        """Return what stands at ``place``, seen as a file or as a tree."""
        try:
            info = os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            return {"is": ABSENT}
        if isinstance(item, Tree) and stat.S_ISDIR(info.st_mode):
            return self._tree(place, item.exclude)
        if stat.S_ISLNK(info.st_mode):
            return {"is": f"link {self._link(place, follow=follow)}"}
        if not stat.S_ISREG(info.st_mode):
            return {"is": durable.kind(info.st_mode)}
        return _regular(info, self._sums(place, info, both=both), both=both)

    def member(self, member: Member, recorded: Mapping[str, Any] | None) -> Observation:
        """Return what the member that a receipt names is now."""
        found: Observation = {"spot": spot(member), "is": ABSENT}
        if recorded is None:
            return found
        place = Path(self._place(member.folder), recorded["name"])
        content = self.at(str(place), Tree(member.folder))
        if content["is"] != ABSENT:
            found |= content | {"is": f"member {recorded['name']} {content['is']}"}
        return found | {"name": recorded["name"]}

    def record(self, record: Record, recorded: Mapping[str, Any] | None) -> Observation:
        """Return whether the lines that a receipt names still stand in their ledger."""
        found: Observation = {"spot": spot(record), "is": ABSENT}
        if recorded is None:
            return found
        try:
            with open(self._place(record.ledger), "rb") as ledger:
                ledger.seek(recorded["offset"])
                lines = ledger.read(recorded["size"])
        except FileNotFoundError:
            return found
        if f"records {digest.sha256(lines)}" != recorded["is"]:
            return found | {"is": f"records {digest.sha256(lines)}"}
        return {**recorded, **found, "is": recorded["is"]}

    def _fact(self, fact: Fact) -> Observation:
        memory = self._seen
        seen = memory.get(fact)
        if seen is None:
            value = self._values[fact] = fact.read(self.world)
            data = canonical.encode(value)
            seen = {"spot": spot(fact), "is": f"fact {digest.sha256(data)}"}
            seen |= {"value": value} if len(data) <= _SHORT else {}
            memory[fact] = seen
        return seen

    def _place(self, path: RelPath) -> str:
        """Return the place of ``path``; each folder on the way is checked once."""
        folder, inside = path.rpartition("/")[0], self._inside
        if folder not in inside and path != TOP:
            if folder:
                within(self.world.root, RelPath(folder))
            inside.add(folder)
        return str(self.world.root) if path == TOP else self._prefix + path

    def _tree(self, place: str, exclude: tuple[str, ...]) -> Observation:
        listed = trees.listing(place, self._known(place), self._read_all, exclude)
        name = digest.blake3(listed)
        self.listings[name] = listed
        return {"is": f"tree {name}", "entries": listed.count(b"\0")}

    def _known(self, folder: str) -> trees.Known:
        """Return what tells the BLAKE3 of a folder's files without reading them, if it can."""
        if self._full:
            return lambda prefix, names, looks: [""] * len(names)
        base, rows = f"{folder}/".removeprefix(self._prefix), self._cache.rows
        return lambda prefix, names, looks: list(map(fast, rows(base + prefix, names, looks)))

    def _read_all(self, files: Looks) -> list[str]:
        return [sums.blake3 for _, sums in self._hashed(files, both=False)]

    def _hashed(self, files: Looks, *, both: bool) -> Iterator[tuple[os.stat_result, Sums]]:
        """Hash files that must stay the same meanwhile; one that does not is read by itself."""
        all_sums = hashing.of_files((place for place, _ in files), both=both)
        for (place, info), sums in zip(files, all_sums, strict=True):
            again = os.lstat(place)
            if not _same(info, again) or sums.size != again.st_size:
                sums, again = _read(place, again, both=both)
            self._cache.put(place.removeprefix(self._prefix), again, sums)
            yield again, sums

    def _link(self, place: str, *, follow: bool) -> digest.Digest:
        text, target = os.fsencode(os.readlink(place)), os.path.realpath(place)
        if follow and target.startswith(self._prefix) and os.path.isfile(target):
            sums = self._sums(target, os.stat(target), both=False)
            text += b"\0" + sums.blake3.encode()
        return digest.blake3(text)

    def _sums(self, place: str, info: os.stat_result, *, both: bool) -> Sums:
        """Return the digests of a regular file, from the cache or by reading it."""
        known = self._kept(place, info, both=both)
        if known is None:
            known, info = _read(place, info, both=both)
            self._cache.put(place.removeprefix(self._prefix), info, known)
        return known

    def _kept(self, place: str, info: os.stat_result, *, both: bool) -> Sums | None:
        name = place.removeprefix(self._prefix)
        return None if self._full else self._cache.get(name, info, both=both)


def _regular(info: os.stat_result, sums: Sums, *, both: bool) -> Observation:
    """Return what is said of a regular file."""
    word = "executable" if info.st_mode & stat.S_IXUSR else "file"
    seen: Observation = {"is": f"{word} {sums.blake3}", "size": sums.size}
    return seen | ({"sha256": sums.sha256} if both else {})


def _read(place: str, info: os.stat_result, *, both: bool) -> tuple[Sums, os.stat_result]:
    """Hash a file that must stay the same while it is read; return what `stat` then says, too."""
    for _ in range(3):
        sums = digest.of_file(place, both=both)
        again = os.lstat(place)
        if _same(info, again) and sums.size == again.st_size:
            return sums, again
        info = again
    raise Refused(f"{place}: changes while it is read; try again when nothing writes to it")


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    fields = ("st_ino", "st_dev", "st_size", "st_mtime_ns", "st_ctime_ns", "st_mode")
    return all(getattr(one, name) == getattr(other, name) for name in fields)
