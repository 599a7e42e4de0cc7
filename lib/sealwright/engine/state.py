"""The index over receipts: which receipt is the last of each step.

A SQLite file in WAL mode with full synchronisation and one transaction for each finished
step.  A row of ``trace`` holds a step's name, its receipt's digest, its claim (see `trace`)
and a digest of these three; a flipped bit is found when the rows are read, which is always,
or is in no row.  The receipts' bytes are in a table of their own, proved by those digests,
and only read when a claim does not settle the matter.
``journal`` holds how long the run journal was, and what `stat` said of it, when the last
transaction was made: beyond that nothing of it was acknowledged.

Queries open the file read-only and leave no byte changed, not even a log of their own;
when a killed run left one, they read a copy of both.  A file that cannot be read is set
aside under its own name with ``.broken``, and the index is rebuilt from the receipts.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from sealwright import digest
from sealwright.digest import Digest
from sealwright.engine import receipt as receipts
from sealwright.engine.receipt import Receipt
from sealwright.engine.trace import Trace
from sealwright.errors import Damaged
from sealwright.runtime import canonical

APPLICATION = 0x5EA1  # "seal", as near as four hexadecimal digits come
_SCHEMA = """
CREATE TABLE trace (step TEXT PRIMARY KEY, digest TEXT NOT NULL, claim TEXT NOT NULL,
                    sum TEXT NOT NULL) STRICT;
CREATE TABLE receipt (step TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE journal (one INTEGER PRIMARY KEY, size INTEGER NOT NULL, stat TEXT NOT NULL) STRICT;
"""


class State:
    """An open index.  `Damaged` is raised by whatever first meets bytes that cannot be right.

    Any thread may use it; they take turns.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._turn = threading.RLock()

    def trace(self, kept: Callable[[Digest], Receipt]) -> Trace:
        """Return the last receipt of each step, in the order of recording; each row is checked.

        ``kept`` gives a receipt whose bytes are not whole here.
        """

        def read(step: str, name: Digest) -> Receipt:
            try:
                return self.receipt(step, name)
            except Damaged:
                return kept(name)

        with _damage():
            rows = self._connection.execute(
                "SELECT step, digest, claim, sum FROM trace ORDER BY rowid"
            ).fetchall()
        found = Trace(read)
        for step, name, claim, summed in rows:
            if _sum(step, name, claim) != summed:
                raise Damaged(f"the row of {step!r}: expected digest {summed!r}, found another")
            found.load(step, name, claim)
        return found

    def receipt(self, step: str, name: Digest) -> Receipt:
        """Return the last receipt of ``step``, which is called ``name``."""
        with _damage(), self._turn:
            row = self._connection.execute(
                "SELECT data FROM receipt WHERE step = ?", (step,)
            ).fetchone()
        return receipts.parse(row[0] if row else b"", name, strict=False)

    def journal(self) -> tuple[int, str]:
        """Return the acknowledged size of the run journal and what `stat` said of it then."""
        with _damage():
            row = self._connection.execute("SELECT size, stat FROM journal").fetchone()
        size, stated = row or (0, "")
        if not (isinstance(size, int) and isinstance(stated, str)):
            raise Damaged("the row of the journal: holds no size")
        return size, stated

    def record(self, name: Digest, receipt: Receipt, claim: str, journal: tuple[int, str]) -> None:
        """Make ``receipt`` the last of its step, and acknowledge the journal."""
        step: str = receipt["step"]
        row = step, name, claim, _sum(step, name, claim)
        data = step, canonical.line(receipt)
        with _damage(), self._turn, self._connection:
            self._connection.execute("INSERT OR REPLACE INTO trace VALUES (?, ?, ?, ?)", row)
            self._connection.execute("INSERT OR REPLACE INTO receipt VALUES (?, ?)", data)
            self._acknowledge(journal)

    def drop(self, step: str, journal: tuple[int, str]) -> None:
        """Forget the last receipt of ``step``, and acknowledge the journal."""
        with _damage(), self._turn, self._connection:
            for table in ("trace", "receipt"):
                self._connection.execute(f"DELETE FROM {table} WHERE step = ?", (step,))
            self._acknowledge(journal)

    def acknowledge(self, journal: tuple[int, str]) -> None:
        """Remember how long the journal is, and what `stat` says of it."""
        with _damage(), self._turn, self._connection:
            self._acknowledge(journal)

    def _acknowledge(self, journal: tuple[int, str]) -> None:
        self._connection.execute("INSERT OR REPLACE INTO journal VALUES (1, ?, ?)", journal)

    def close(self) -> None:
        """Close the file; the log is folded back into it."""
        self._connection.close()


def _sum(step: str, name: str, claim: str) -> str:
    return digest.blake3(f"{step} {name} {claim}".encode("utf-8", "replace"))


@contextlib.contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "disk" in str(error) or "full" in str(error) or "locked" in str(error):
            raise OSError(f"the state cannot be written: {error}") from None
        raise Damaged(f"the state cannot be read: {error}") from None
    except sqlite3.DatabaseError as error:
        raise Damaged(f"the state cannot be read: {error}") from None


def writer(path: Path) -> State:
    """Open the index for a run, making it where it is missing."""
    with _damage():
        connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
        try:
            known = connection.execute("PRAGMA application_id").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if tables and known != APPLICATION:
                raise Damaged(f"{path.name}: expected Sealwright's state, found another database")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            if not tables:
                connection.executescript(
                    f"BEGIN; PRAGMA application_id = {APPLICATION}; {_SCHEMA} COMMIT;"
                )
        except BaseException:
            connection.close()
            raise
    return State(connection)


@contextlib.contextmanager
def reader(path: Path) -> Iterator[State | None]:
    """Open the index for a query; None where there is no index yet."""
    if not path.exists():
        yield None
        return
    with contextlib.ExitStack() as stack, _damage():
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="sealwright-"))
            for file in (path, log):
                shutil.copyfile(file, os.path.join(folder, file.name))
            location = f"file:{os.path.join(folder, path.name)}"
        else:
            location = f"file:{path}?mode=ro&immutable=1"
        connection = stack.enter_context(contextlib.closing(sqlite3.connect(location, uri=True)))
        yield State(connection)
