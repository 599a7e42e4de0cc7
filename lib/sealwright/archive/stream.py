"""An archive as a file that can be read once, from its beginning to its end, and is nowhere.

Files are read while the archive is, each opened once.  A file must be what its `Source` says
and must look the same before and after it was read; the kernel's clock has ticks of a few
milliseconds, so only a `Source` with a ``sha256`` sees a change of the content within one.

Two threads take what would otherwise be waited for: the digest of the archive, and those of
the files where asked for.  What they find wrong is raised a few pieces later, and always
before the end, so nothing that was read is worth anything until ``done`` is true.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from types import TracebackType

from sealwright import digest
from sealwright.archive.aside import Aside
from sealwright.archive.content import SMALL, agree, pieces, whole
from sealwright.archive.layout import closing, header, padding
from sealwright.archive.source import Source, checked
from sealwright.digest import PIECE, Sha256

_FULL = PIECE - SMALL - (1 << 12)  # bytes from which on no small file and its headers may fit


class Stream:
    """The archive of some sources; ``bytes`` of it were read.

    ``files``, ``sha256`` and ``done`` are set by the read that finds the end; ``failure`` is what
    ended the archive before that, and every later read raises it again.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self.bytes = self.files = 0
        self.sha256 = ""
        self.done = False
        self.failure: BaseException | None = None
        self._sum = Sha256()
        self._hashing, self._checking = Aside(), Aside()
        self._unchecked: list[tuple[Source, bytes]] = []
        given = checked(sources)
        self._count = len(given)
        self._pieces = _made(given, self._checking, self._unchecked)
        self._piece, self._at = b"", 0

    def read(self, count: int = PIECE) -> bytes:
        """Return the next bytes, at most ``count`` of them; none at the end, and only there."""
        if count < 1:
            raise ValueError(f"expected a count of at least 1 byte, found {count}")
        if self.failure is not None:
            raise self.failure
        try:
            return self._read(count)
        except BaseException as failure:
            self.failure = failure
            self.close()
            raise

    def close(self) -> None:
        """Let go of everything; what was not read until now can no longer be."""
        if not self.done and self.failure is None:
            self.failure = ValueError("archive: expected to be read to its end, found it closed")
        self._pieces.close()
        self._hashing.close()
        self._checking.close()
        self._piece = b""

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self, count: int) -> bytes:
        if self._at == len(self._piece) and not self._next():
            return b""
        start, self._at = self._at, min(self._at + count, len(self._piece))
        self.bytes += self._at - start
        return self._piece[start : self._at]

    def _next(self) -> bool:
        """Take the next piece; at the end, everything must have turned out well."""
        if self.done:
            return False
        self._piece, self._at = next(self._pieces, b""), 0
        if self._unchecked:
            self._checking.put(_agree_all, self._unchecked[:])
            self._unchecked.clear()
        if self._piece:
            self._hashing.put(self._sum.update, self._piece)
            return True
        self._checking.settle()
        self._hashing.settle()
        self.sha256 = digest.hexadecimal(self._sum.digest())
        self.files, self.done = self._count, True
        return False


def _made(
    sources: tuple[Source, ...], checking: Aside, unchecked: list[tuple[Source, bytes]]
) -> Generator[bytes]:
    """Yield the archive in pieces of at most `PIECE`, none of them empty."""
    held: list[bytes] = []
    total = begun = 0  # bytes so far, of which those from `begun` on are held
    for source in sources:
        start, end = header(source.path, source.size, source.executable), padding(source.size)
        if source.size <= SMALL:
            content = whole(source)
            held += start, content, end
            if source.sha256 is not None:
                unchecked.append((source, content))
        else:
            yield b"".join([*held, start])
            yield from _large(source, checking)
            held = [end]
            begun = total + len(start) + source.size
        total += len(start) + source.size + len(end)
        if total - begun > _FULL:
            yield b"".join(held)
            held, begun = [], total
    yield b"".join([*held, closing(total)])


def _large(source: Source, checking: Aside) -> Iterator[bytes]:
    found = Sha256()
    for piece in pieces(source):
        if source.sha256 is not None:
            checking.put(found.update, piece)
        yield piece
    if source.sha256 is not None:
        checking.put(lambda: agree(source, found.digest()))


def _agree_all(contents: list[tuple[Source, bytes]]) -> None:
    for source, content in contents:
        agree(source, digest.sha256(content))
