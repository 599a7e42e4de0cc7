"""A database is at rest, or the freeze is refused."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from sealwright.contracts.coo.inventory import database
from sealwright.errors import Refused


@pytest.fixture
def place(tmp_path):
    place = tmp_path / "app.db"
    connection = sqlite3.connect(place)
    connection.execute("create table t (a integer primary key, b text)")
    connection.execute("insert into t (b) values ('one')")
    connection.commit()
    connection.close()
    return place


def test_a_database_at_rest_is_told_by_its_file_and_its_rows(place):
    before = place.read_bytes()
    rest = database.quiesce(place)
    assert place.read_bytes() == before and rest == database.quiesce(place)
    dumped = subprocess.run(
        [sys.executable, "-c", DUMP, place], capture_output=True, check=True
    ).stdout
    assert rest.rows == f"sha256:{dumped.decode().strip()}"


DUMP = """
import hashlib, sqlite3, sys
lines = sqlite3.connect(sys.argv[1]).iterdump()
print(hashlib.sha256("".join(line + "\\n" for line in lines).encode()).hexdigest())
"""


def test_the_rows_are_the_same_however_the_pages_lie(place):
    rest = database.quiesce(place)
    connection = sqlite3.connect(place)
    connection.execute("pragma page_size=8192")
    connection.execute("vacuum")
    connection.close()
    again = database.quiesce(place)
    assert again.rows == rest.rows and again.sha256 != rest.sha256


def test_a_log_is_written_back_and_gone(place):
    connection = sqlite3.connect(place)
    connection.execute("pragma journal_mode=wal")
    connection.execute("insert into t (b) values ('two')")
    connection.commit()
    copied = place.with_name("copy.db")  # as a program leaves it that was killed
    for end in ("", "-wal"):
        copied.with_name(copied.name + end).write_bytes(
            place.with_name(place.name + end).read_bytes()
        )
    connection.close()
    database.quiesce(copied)
    assert not copied.with_name("copy.db-wal").exists()
    alone = sqlite3.connect(f"file:{copied}?immutable=1", uri=True)
    assert alone.execute("select count(*) from t").fetchone() == (2,)
    alone.close()


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("doing", ["begin immediate", "begin; select * from t"])
def test_somebody_in_a_transaction_is_refused(place, mode, doing):
    other = sqlite3.connect(place, isolation_level=None)
    other.execute(f"pragma journal_mode={mode}")
    if mode == "wal":
        other.execute("insert into t (b) values ('two')")
    cursors = [other.execute(part) for part in doing.split("; ")]
    cursors[-1].fetchone()
    with pytest.raises(Refused, match="expected a database at rest, found: database is locked"):
        database.quiesce(place)
    cursors.clear()
    other.close()
    database.quiesce(place)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"no database at all" * 100, "file is not a database"),
        (None, "found no regular file"),
    ],
)
def test_what_is_no_database_is_refused(tmp_path, data, said):
    place = tmp_path / "x.db"
    if data is not None:
        place.write_bytes(data)
    with pytest.raises(Refused, match=said):
        database.quiesce(place)


def test_a_damaged_page_is_found(place):
    connection = sqlite3.connect(place)
    connection.executemany("insert into t (b) values (?)", [("x" * 500,) for _ in range(50)])
    connection.execute("create index i on t (b)")
    connection.commit()
    connection.close()
    whole = bytearray(place.read_bytes())
    whole[-4096:-3000] = bytes(1096)
    place.write_bytes(whole)
    with pytest.raises(Refused, match="expected"):
        database.quiesce(place)


def test_a_broken_reference_is_found(place):
    connection = sqlite3.connect(place)
    connection.execute("create table child (a integer references t (a))")
    connection.execute("insert into child values (99)")
    connection.commit()
    connection.close()
    with pytest.raises(Refused, match="child: a broken reference"):
        database.quiesce(place)


def test_a_link_to_a_database_is_refused(place):
    link = place.with_name("link.db")
    link.symlink_to(place.name)
    with pytest.raises(Refused, match="found no regular file"):
        database.quiesce(link)
