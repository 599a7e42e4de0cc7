"""A SQLite database at rest: nobody else is in it, all of it is in its one file, and it is whole.

`quiesce` writes a write-ahead log back into the file and empties it, takes the exclusive lock, and
lets SQLite check every page and every foreign key.  It is refused if

* somebody else is in a transaction, or reads from a write-ahead log;
* SQLite finds something wrong, or the file is no SQLite database.

`Rest` says what is there then: the SHA-256 of the file, and that of its rows as SQL, which is
the same for two files whose pages lie in another order.

By hand: ``sqlite3 FILE 'PRAGMA wal_checkpoint(TRUNCATE); PRAGMA integrity_check'`` and
``sqlite3 FILE .dump``.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from sealwright import digest
from sealwright.digest import Digest, Sha256
from sealwright.errors import Refused

BESIDE = ("-journal", "-wal", "-shm")
_WAIT = 0.0  # seconds for somebody else's lock: whoever holds one is told, not waited for


class Rest(NamedTuple):
    """A database at rest."""

    sha256: Digest
    rows: Digest


def quiesce(place: Path) -> Rest:
    """Bring the database at ``place`` to rest and return what it is; `Refused` if it cannot be."""
    if not place.is_file() or place.is_symlink():
        raise Refused(f"{place}: expected a SQLite database, found no regular file")
    try:
        with _alone(place) as connection:
            _check(place, connection)
            rows = _rows(connection)
    except sqlite3.Error as problem:
        raise Refused(
            f"{place}: expected a database at rest, found: {problem}; end who uses it"
        ) from None
    if left := [end for end in BESIDE if _holds(place, end)]:
        raise Refused(f"{place}: expected nothing beside it, found {left[0]}; end who uses it")
    return Rest(digest.of_file(place).sha256, rows)


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection that holds the exclusive lock, with the log written back."""
    uri = f"file:{quote(str(place))}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=_WAIT, isolation_level=None)
    with contextlib.closing(connection):
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("database is locked")
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        yield connection
        connection.execute("ROLLBACK")


def _check(place: Path, connection: sqlite3.Connection) -> None:
    wrong = [row[0] for row in connection.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
    broken = connection.execute("PRAGMA foreign_key_check")
    wrong += [f"{row[0]}: a broken reference" for row in broken]
    if wrong:
        raise Refused(f"{place}: expected a whole database, found: {'; '.join(wrong[:10])}")


def _rows(connection: sqlite3.Connection) -> Digest:
    total = Sha256()
    for line in connection.iterdump():
        total.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return total.digest()


def _holds(place: Path, end: str) -> bool:
    beside = place.with_name(place.name + end)
    return beside.exists() and beside.stat().st_size > 0
