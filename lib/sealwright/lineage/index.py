"""Where each record of a registry stands, and how far the registry was verified: a SQLite file.

``artifact``    a row for each record: what `rules` ask of it, its line's number, offset, size
                in bytes with LF, and digest
``cut``         number and digest of each line that `Ledger.recover` wrote
``checkpoint``  the registry's size, its number of lines, and where its last line is

Every row ends with a digest of itself, so a flipped bit is found when the row is read.  What
cannot be believed raises `Spoilt`; its owner then sets the file aside (``.broken``) and fills
a new one from the registry.  No path is in it, so that it goes with a repository that is
copied or moved.  All changes of one question are one transaction.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sealwright import digest, durable

APPLICATION = 0x5EA2  # next to that of the engine's state
_SCHEMA = """
CREATE TABLE IF NOT EXISTS artifact (number INTEGER PRIMARY KEY, artifact_id TEXT NOT NULL UNIQUE,
    artifact_type TEXT NOT NULL, relpath TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL,
    parent TEXT NOT NULL, offset INTEGER NOT NULL, size INTEGER NOT NULL, line TEXT NOT NULL,
    sum TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS latest ON artifact (artifact_type, number);
CREATE TABLE IF NOT EXISTS cut (number INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS checkpoint (one INTEGER PRIMARY KEY,
    size INTEGER NOT NULL, number INTEGER NOT NULL, offset INTEGER NOT NULL, line TEXT NOT NULL,
    sum TEXT NOT NULL) STRICT;
"""


class Spoilt(Exception):
    """The index cannot be believed."""


class Row(NamedTuple):
    """A record: what rules ask of it, and where its line stands."""

    number: int
    artifact_id: str
    artifact_type: str
    relpath: str
    sha256: str
    parent: str  # the id of its first parent, or empty
    offset: int
    size: int
    line: str  # the digest


class Point(NamedTuple):
    """How far the registry was verified: its size, lines, and the last line's offset and digest."""

    size: int = 0
    number: int = 0
    offset: int = 0
    line: str = ""


class Index:
    """An open index; without a path, a file for now only."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            durable.mkdir(path.parent)
        with _believed():
            self._connection = sqlite3.connect(
                path or "", timeout=60, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        tables = self._one("SELECT count(*) FROM sqlite_master")
        if tables != (0,) and self._one("PRAGMA application_id") != (APPLICATION,):
            raise Spoilt("expected the index of a registry, found another database")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")  # it can be made anew
        if tables == (0,):
            start = f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION};"
            self._connection.executescript(f"{start} {_SCHEMA} COMMIT;")

    def by_id(self, artifact_id: str) -> Row | None:
        """Return the record of that id."""
        return self._row("artifact_id = ?", artifact_id)

    def by_path(self, relpath: str) -> Row | None:
        """Return the record of the file at that path."""
        return self._row("relpath = ?", relpath)

    def last(self, artifact_type: str, lines: int) -> Row | None:
        """Return the last record of a type in the first ``lines`` lines."""
        where = "artifact_type = ? AND number <= ? ORDER BY number DESC LIMIT 1"
        return self._row(where, artifact_type, lines)

    def add(self, row: Row) -> None:
        """Add a record; one whose id or path is taken is passed over."""
        with _believed():
            self._connection.execute(
                "INSERT OR IGNORE INTO artifact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, _sum(tuple(row))),
            )

    def cuts(self) -> dict[int, str]:
        """Return the lines that record a cut: their digests by their numbers."""
        with _believed():
            return dict(self._connection.execute("SELECT number, line FROM cut"))

    def add_cut(self, number: int, line: str) -> None:
        """Add the line of a cut."""
        with _believed():
            self._connection.execute("INSERT INTO cut VALUES (?, ?)", (number, line))

    def point(self) -> Point:
        """Return how far the registry was verified."""
        row = self._one("SELECT size, number, offset, line, sum FROM checkpoint")
        if row is None:
            return Point()
        if _sum(row[:-1]) != row[-1]:
            raise Spoilt("expected the checkpoint as it was written, found another")
        return Point(*row[:-1])

    def set_point(self, point: Point) -> None:
        """Remember how far the registry was verified."""
        values = tuple(point)
        with _believed():
            self._connection.execute(
                "INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?, ?, ?, ?)",
                (*values, _sum(values)),
            )

    def clear(self) -> None:
        """Forget everything."""
        with _believed():
            for table in ("artifact", "cut", "checkpoint"):
                self._connection.execute(f"DELETE FROM {table}")

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """Keep all changes made meanwhile, or, if something is raised, none."""
        with _believed():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file; its log is folded back into it."""
        self._connection.close()

    def _row(self, where: str, *values: Any) -> Row | None:
        found = self._one(f"SELECT * FROM artifact WHERE {where}", *values)
        if found is None:
            return None
        if _sum(found[:-1]) != found[-1]:
            raise Spoilt(f"expected the row of line {found[0]}, found another")
        return Row(*found[:-1])

    def _one(self, question: str, *values: Any) -> tuple[Any, ...] | None:
        with _believed():
            found: tuple[Any, ...] | None = self._connection.execute(question, values).fetchone()
        return found


def set_aside(path: Path) -> None:
    """Give a file that cannot be believed another name, and remove what belongs to it."""
    for suffix in ("-wal", "-shm"):
        durable.remove(path.with_name(path.name + suffix))
    with contextlib.suppress(FileNotFoundError):  # another process was first
        durable.publish(path, path.with_name(path.name + ".broken"))


def _sum(values: tuple[Any, ...]) -> str:
    return digest.blake3(repr(values).encode("utf-8", "replace"))


@contextlib.contextmanager
def _believed() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if any(word in str(error) for word in ("disk", "full", "locked", "unable to open")):
            raise OSError(f"the index of the registry cannot be used: {error}") from None
        raise Spoilt(str(error)) from None
    except sqlite3.DatabaseError as error:
        raise Spoilt(str(error)) from None
