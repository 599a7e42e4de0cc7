"""What a disk may hold after a power cut: a model, in memory, of a tree and of what is synced.

A disk is a list of events: operations, and syncs that make operations durable.

``Names``  entries of one or two folders change, as one unit: create, rename, exchange,
           remove; durable once each of these folders is synced
``Write``  bytes at an offset of a file; ``Size``: it is cut or stretched; ``Mode``: its mode;
           durable once the file is synced
``Sync``   one file or folder is synced; no node: everything is

The cut comes after any event.  What is durable then stays.  Of all else, the *pending*
operations, any subset may be there, which is more than any one file system does to us, and
what POSIX leaves open: data of a file and its name are independent of each other (a name
replaced over data that never arrived, `rename` before `write`), a later operation may be
kept while an earlier one is lost, syncing a file does not sync its name, and syncing a folder
does not sync what its entries lead to.  A pending write may be whole, lost, torn (at its
half, or where a sector of 512 or a page of 4096 bytes ends) or zero-filled, in whole or
before or after such a cut.  Three things are not taken apart, since no file system with a
journal does: a rename or exchange is one unit even across two folders, a node has one name,
and a synced entry leads to the node it named.

Fates tried after each event: nothing pending survived; all of it; all names without any
data; all data without any name; each single operation lost; each alone kept; each pair lost;
each write torn and zero-filled with all others kept; and, where no more than `_ALL` pending
operations make a difference, every subset of these.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_ALL = 6
FILE, FOLDER, LINK = "file", "folder", "link"
TOP = 0
Entry = tuple[str, int, bytes]  # kind, mode, and the bytes of a file or the text of a link
Image = dict[str, Entry]  # a tree: each path below the top


@dataclass(frozen=True, slots=True)
class Names:
    """Entries ``(folder, name, node)`` that are set, or removed where the node is None."""

    entries: tuple[tuple[int, str, int | None], ...]

    @property
    def syncs(self) -> frozenset[int]:
        """The nodes whose sync makes this durable."""
        return frozenset(folder for folder, _, _ in self.entries)


@dataclass(frozen=True, slots=True)
class _OfFile:
    node: int

    @property
    def syncs(self) -> frozenset[int]:
        """The nodes whose sync makes this durable."""
        return frozenset((self.node,))


@dataclass(frozen=True, slots=True)
class Write(_OfFile):
    """Bytes that come to an offset of a file."""

    offset: int
    data: bytes

    def damaged(self) -> Iterator[Write]:
        """Yield this write as a power cut may leave it: torn, zero-filled, or its first part so."""
        length = len(self.data)
        borders = {size - self.offset % size for size in (512, 4096)}
        cuts = {length // 2, length // 512 * 512, length // 4096 * 4096, *borders}
        for cut in sorted(cut for cut in cuts if 0 < cut < length):
            yield Write(self.node, self.offset, self.data[:cut])
            yield Write(self.node, self.offset, self.data[:cut] + bytes(length - cut))
            yield Write(self.node, self.offset, bytes(cut) + self.data[cut:])
        if length:
            yield Write(self.node, self.offset, bytes(length))


@dataclass(frozen=True, slots=True)
class Size(_OfFile):
    """A file has this many bytes now."""

    size: int


@dataclass(frozen=True, slots=True)
class Mode(_OfFile):
    """A file has this mode now."""

    mode: int


@dataclass(frozen=True, slots=True)
class Sync:
    """What was done to a node, or to all (None), is durable now."""

    node: int | None


Operation = Names | Write | Size | Mode
Event = Operation | Sync
Fate = Mapping[int, Operation | None]  # what became of events: lost (None), or another


@dataclass(slots=True)
class Tree:
    """A tree of nodes: the entries of each folder, the bytes and mode of each file."""

    folders: dict[int, dict[str, int]] = field(default_factory=dict)
    places: dict[int, tuple[int, str]] = field(default_factory=dict)
    data: dict[int, bytearray] = field(default_factory=dict)
    modes: dict[int, int] = field(default_factory=dict)

    def do(self, done: Operation) -> None:
        """Make one operation."""
        match done:
            case Names(entries):
                for folder, name, node in entries:
                    self._name(folder, name, node)
            case Write(node, offset, data):
                held = self.data.setdefault(node, bytearray())
                held.extend(bytes(max(0, offset - len(held))))
                held[offset : offset + len(data)] = data
            case Size(node, size):
                held = self.data.setdefault(node, bytearray())
                held[:] = held[:size] + bytes(max(0, size - len(held)))
            case Mode(node, mode):
                self.modes[node] = mode

    def _name(self, folder: int, name: str, node: int | None) -> None:
        entries = self.folders.setdefault(folder, {})
        if (gone := entries.pop(name, None)) is not None:
            del self.places[gone]
        if node is not None:
            if node in self.places:
                above, old = self.places.pop(node)
                del self.folders[above][old]
            entries[name], self.places[node] = node, (folder, name)

    def find(self, path: str) -> int | None:
        """Return the node at a path, if there is one."""
        node: int | None = TOP
        for part in path.split("/") if path != "." else ():
            node = self.folders.get(node, {}).get(part) if node is not None else None
        return node


@dataclass(slots=True)
class Disk:
    """All that happened to a tree, and what each node is: its kind, its text if it is a link."""

    events: list[Event] = field(default_factory=list)
    nodes: list[tuple[str, str]] = field(default_factory=lambda: [(FOLDER, "")])
    now: Tree = field(default_factory=Tree)

    def born(self, kind: str, text: str = "") -> int:
        """Return a new node, which has no name yet."""
        self.nodes.append((kind, text))
        return len(self.nodes) - 1

    def do(self, event: Event) -> None:
        """Let an event happen."""
        self.events.append(event)
        if not isinstance(event, Sync):
            self.now.do(event)

    def pending(self) -> Iterator[tuple[int, list[int]]]:
        """Yield, for each number of events, which of them are operations not yet durable."""
        waiting: dict[int, set[int]] = {}
        for number, event in enumerate(self.events):
            if not isinstance(event, Sync):
                waiting[number] = set(event.syncs)
            elif event.node is None:
                waiting.clear()
            else:
                for nodes in waiting.values():
                    nodes.discard(event.node)
                waiting = {n: nodes for n, nodes in waiting.items() if nodes}
            yield number + 1, list(waiting)

    def fates(self, count: int, pending: list[int]) -> Iterator[Fate]:
        """Yield what may become of pending operations; the first two keep and lose them all."""
        names = [n for n in pending if isinstance(self.events[n], Names)]
        yield from ({}, dict.fromkeys(pending), dict.fromkeys(names))
        yield dict.fromkeys(n for n in pending if n not in names)
        visible = self._visible(count, pending)
        for number in visible:
            yield {other: None for other in pending if other != number}
            if isinstance(event := self.events[number], Write):
                yield from ({number: damaged} for damaged in event.damaged())
        most = len(visible) if len(visible) <= _ALL else 2
        for size in range(1, most + 1):
            yield from (dict.fromkeys(lost) for lost in itertools.combinations(visible, size))

    def _visible(self, count: int, pending: list[int]) -> list[int]:
        """Return the operations that make a difference, among all others or alone."""
        whole, bare = self.image(count, {}), self.image(count, dict.fromkeys(pending))
        return [
            number
            for number in pending
            if self.image(count, {number: None}) != whole
            or self.image(count, {other: None for other in pending if other != number}) != bare
        ]

    def image(self, count: int, fate: Fate) -> Image:
        """Return the tree after ``count`` events of which some had another fate."""
        tree = Tree()
        for number, event in enumerate(itertools.islice(self.events, count)):
            done = fate.get(number, event)
            if done is not None and not isinstance(done, Sync):
                tree.do(done)
        return self._image(tree)

    def _image(self, tree: Tree) -> Image:
        found: Image = {}
        rest = [(TOP, "")]
        while rest:
            folder, prefix = rest.pop()
            for name, node in tree.folders.get(folder, {}).items():
                kind, text = self.nodes[node]
                data = text.encode() if kind == LINK else bytes(tree.data.get(node, b""))
                found[prefix + name] = kind, tree.modes.get(node, 0o644), data
                if kind == FOLDER:
                    rest.append((node, f"{prefix}{name}/"))
        return found
