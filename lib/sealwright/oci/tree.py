"""What an image looks like from within: its layers, one over the other.

The rules are those of the image specification.  ``.wh.NAME`` takes ``NAME`` away and
``.wh..wh..opq`` everything beside it, both as lower layers left it and wherever they stand in
their own.  A folder over a folder keeps what is in it; all else replaces what was there.  A
hard link is the file it leads to.

Unpacking must mean the same to everybody.  So a path that leads out, or through something that
is no folder, is damage, and so is one that a layer has twice (but for folders).

>>> tree = Tree(parts=8, most=100)
>>> tree.find("/bin/sh") is None
True
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sealwright.digest import Digest
from sealwright.errors import Damaged, Refused
from sealwright.oci import tar
from sealwright.oci.image import NONE
from sealwright.oci.layers import Entry

_WHITEOUT, _OPAQUE, _META = ".wh.", ".wh..wh..opq", ".wh..wh."
_LINKS = 40  # as many as Linux follows


@dataclass(slots=True)
class Node:
    """A file, a link or a folder of an image; ``inside`` is a folder's content."""

    kind: str
    mode: int
    size: int = 0
    link: str = ""
    sha256: Digest = NONE
    inside: dict[str, Node] = field(default_factory=dict)


class Tree:
    """An image from within; a path has ``parts`` parts, and ``most`` folders may be unsaid."""

    def __init__(self, parts: int, most: int) -> None:
        self._root = Node(tar.FOLDER, 0o755)
        self._parts, self._unsaid = parts, most

    def lay(self, entries: Iterable[Entry]) -> None:
        """Put a layer over what there is."""
        paths = [(self._split(entry.member.path), entry) for entry in entries]
        rest, seen = [], dict[tuple[str, ...], str]()
        for path, entry in paths:
            kind = entry.member.kind
            if path in seen and (kind, seen[path]) != (tar.FOLDER, tar.FOLDER):
                raise Damaged(f"{entry.member.path!r}: expected once in a layer, found twice")
            seen[path] = kind
            if path and path[-1].startswith(_WHITEOUT):
                self._take_away(path, entry)
            elif path:
                rest.append((path, entry))
        for path, entry in rest:
            self._put(path, entry)

    def find(self, path: str) -> tuple[str, Node] | None:
        """Return where an absolute path leads, and what is there, or None."""
        at: list[tuple[str, Node]] = []
        rest = path.split("/")[::-1]
        links = 0
        while rest:
            part = rest.pop()
            if at and at[-1][1].kind != tar.FOLDER:
                return None
            if part == "..":
                del at[-1:]
            if part in ("", ".", ".."):
                continue
            node = (at[-1][1] if at else self._root).inside.get(part)
            if node is None:
                return None
            if node.kind != tar.SYMBOLIC:
                at.append((part, node))
                continue
            links += 1
            if links > _LINKS or len(rest) > 64 * self._parts:
                raise Refused(f"{path!r}: expected at most {_LINKS} links on its way, found more")
            at = [] if node.link.startswith("/") else at
            rest += node.link.split("/")[::-1]
        found = at[-1][1] if at else self._root
        return "/" + "/".join(part for part, _ in at), found

    def _split(self, path: str) -> tuple[str, ...]:
        """Return the parts of a member's path."""
        parts = tuple(part for part in path.split("/") if part not in ("", "."))
        if path.startswith("/") or ".." in parts:
            raise Damaged(f"{path!r}: expected a path inside the image, found one that leads out")
        if any(part.startswith(_WHITEOUT) for part in parts[:-1]):
            raise Damaged(f"{path!r}: expected a folder, found a whiteout on the way")
        if len(parts) > self._parts:
            raise Refused(f"{path[:90]!r}: expected at most {self._parts} parts, found more")
        return parts

    def _folder(self, parts: Sequence[str], path: str, *, make: bool) -> Node | None:
        """Return the folder of ``parts``; no link is followed."""
        node = self._root
        for part in parts:
            below = node.inside.get(part)
            if below is None:
                if not make:
                    return None
                below = node.inside[part] = self._made(path)
            if below.kind != tar.FOLDER:
                raise Damaged(f"{path!r}: expected folders on its way, found a {below.kind}")
            node = below
        return node

    def _made(self, path: str) -> Node:
        """Return a folder that no layer has, and on which a path relies."""
        self._unsaid -= 1
        if self._unsaid < 0:
            raise Refused(f"{path!r}: expected layers to have their folders, found too few")
        return Node(tar.FOLDER, 0o755)

    def _take_away(self, path: tuple[str, ...], entry: Entry) -> None:
        name = path[-1].removeprefix(_WHITEOUT)
        if entry.member.kind != tar.FILE or name in ("", ".", ".."):
            raise Damaged(f"{entry.member.path!r}: expected a whiteout, found something else")
        folder = self._folder(path[:-1], entry.member.path, make=False)
        if folder is None:
            return
        if path[-1] == _OPAQUE:
            folder.inside.clear()
        elif not path[-1].startswith(_META):  # what aufs keeps for itself
            folder.inside.pop(name, None)

    def _put(self, path: tuple[str, ...], entry: Entry) -> None:
        member = entry.member
        folder = self._folder(path[:-1], member.path, make=True)
        assert folder is not None
        there = folder.inside.get(path[-1])
        if member.kind == tar.HARD:
            folder.inside[path[-1]] = self._target(member)
        elif member.kind == tar.FOLDER and there is not None and there.kind == tar.FOLDER:
            there.mode = member.mode
        else:
            node = Node(member.kind, member.mode, member.size, member.link, entry.sha256)
            folder.inside[path[-1]] = node

    def _target(self, member: tar.Member) -> Node:
        parts = self._split(member.link.lstrip("/"))
        folder = self._folder(parts[:-1], member.link, make=False)
        node = folder.inside.get(parts[-1]) if folder and parts else None
        if node is None or node.kind == tar.FOLDER:
            raise Damaged(f"{member.path!r}: expected a hard link to a file, found {member.link!r}")
        return node
