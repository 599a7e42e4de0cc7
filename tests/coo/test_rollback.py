"""The request of a rollback, the exact word that answers it, and what is put back."""

from __future__ import annotations

import os
import sqlite3

import pytest

from sealwright.contracts.coo import amu_capture
from sealwright.contracts.coo.rollback import RollbackAbortedException, confirmation, restoring
from sealwright.errors import Damaged
from sealwright.paths import parse

ROOTS = (parse("old"), parse("tests"))


@pytest.fixture
def top(tmp_path):
    top = tmp_path / "top"
    (top / "old").mkdir(parents=True)
    (top / "tests").mkdir()
    (top / "manifests").mkdir()
    (top / "old/a.py").write_text("a = 1\n")
    (top / "tests/t.py").write_text("import old\n")
    (top / "tests/t.py").chmod(0o640)
    (top / "manifests/tools.json").write_text("{}")
    with sqlite3.connect(top / "app.db") as database:
        database.execute("create table t (a)")
        database.execute("insert into t values (1)")
    database.close()
    return top


@pytest.fixture
def capture(top, tmp_path):
    wish = amu_capture.Wish(ROOTS, database=parse("app.db"), given={"tools.json": b"{}"})
    name = amu_capture.capture(top, wish, tmp_path / "capture")
    return tmp_path / "capture", name


def staged(top, capture, tmp_path, *frozen):
    folder, name = capture
    given = [parse("manifests/tools.json")]
    return restoring.stage(top, folder, name, frozen or ROOTS, given, tmp_path / "restored")


# the confirmation


@pytest.mark.parametrize("data", [b"CONFIRM_ROLLBACK", b"CONFIRM_ROLLBACK\n"])
def test_the_exact_word_in_a_new_file_counts(top, data):
    asked = confirmation.request(top, 1, "gate D")
    (top / "CONFIRM_ROLLBACK").write_bytes(data)
    confirmation.confirmed(top, asked)


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"",
            b"confirm_rollback",
            b"CONFIRM_ROLLBACK ",
            b" CONFIRM_ROLLBACK",
            b"CONFIRM_ROLLBACK",
        ),
        *(b"CONFIRM_ROLLBACK\n\n", b"CONFIRM_ROLLBACK\r\n", b"CONFIRM\xc2\xa0ROLLBACK", b"YES"),
    ],
)
def test_any_other_word_is_refused_and_says_what_to_do(top, data):
    if data == b"CONFIRM_ROLLBACK":  # the one exact word, one byte longer
        data += b"\0"
    asked = confirmation.request(top, 1, "gate D")
    (top / "CONFIRM_ROLLBACK").write_bytes(data)
    with pytest.raises(RollbackAbortedException, match="expected exactly CONFIRM_ROLLBACK") as said:
        confirmation.confirmed(top, asked)
    assert "printf CONFIRM_ROLLBACK > CONFIRM_ROLLBACK" in str(said.value)


def test_no_word_is_refused_with_the_reason_of_the_request(top):
    asked = confirmation.request(top, 1, "gate D: 1 test differs")
    with pytest.raises(RollbackAbortedException, match=r"rollback \(gate D: 1 test differs\)"):
        confirmation.confirmed(top, asked)


def test_a_word_that_was_there_before_the_request_is_refused_and_a_new_one_counts(top):
    place = top / "CONFIRM_ROLLBACK"
    place.write_bytes(b"CONFIRM_ROLLBACK")
    asked = confirmation.request(top, 1, "gate D")
    with pytest.raises(RollbackAbortedException, match="there before the request"):
        confirmation.confirmed(top, asked)
    place.unlink()
    (top / "other").write_bytes(b"CONFIRM_ROLLBACK")
    (top / "other").rename(place)
    confirmation.confirmed(top, asked)


def test_a_link_and_a_folder_are_refused(top):
    asked = confirmation.request(top, 1, "gate D")
    (top / "word").write_bytes(b"CONFIRM_ROLLBACK")
    (top / "CONFIRM_ROLLBACK").symlink_to("word")
    with pytest.raises(RollbackAbortedException, match="expected a file, found a symbolic link"):
        confirmation.confirmed(top, asked)
    (top / "CONFIRM_ROLLBACK").unlink()
    (top / "CONFIRM_ROLLBACK").mkdir()
    with pytest.raises(RollbackAbortedException, match="expected a file, found a folder"):
        confirmation.confirmed(top, asked)


# what is put back


def test_a_tree_that_is_as_it_was_needs_nothing_but_its_modes(top, capture, tmp_path):
    (top / "tests/t.py").chmod(0o444)
    (top / "tests").chmod(0o555)
    found = staged(top, capture, tmp_path)
    assert (found.come, found.gone) == ((), ())
    restoring.reopen(top, found)
    assert (top / "tests/t.py").stat().st_mode & 0o7777 == 0o640
    assert (top / "tests").stat().st_mode & 0o7777 == 0o755


def test_what_was_taken_away_changed_or_added_is_put_back_and_taken_away(top, capture, tmp_path):
    os.rename(top / "old", top / "coo")
    (top / "tests/t.py").write_text("import coo\n")
    (top / "manifests/tools.json").write_text('{"other":1}')
    found = staged(top, capture, tmp_path, parse("coo"), parse("tests"))
    assert found.come == ("old", "tests", "manifests/tools.json")
    assert found.gone == ("coo",)
    assert (found.tree / "tests/t.py").read_text() == "import old\n"
    assert (found.tree / "tests/t.py").stat().st_mode & 0o7777 == 0o640
    assert "old: is put back as AMU0 has it" in found.sentences()
    assert "coo: is taken away, since AMU0 has none" in found.sentences()


def test_a_manifest_that_is_gone_is_put_back(top, capture, tmp_path):
    (top / "manifests/tools.json").unlink()
    assert staged(top, capture, tmp_path).come == ("manifests/tools.json",)


def test_a_database_with_other_rows_is_put_back_without_its_journals(top, capture, tmp_path):
    (top / "app.db-wal").write_bytes(b"left by somebody")
    database = sqlite3.connect(top / "app.db", isolation_level=None)
    database.close()
    data = bytearray((top / "app.db").read_bytes())
    data[-1] ^= 1
    (top / "app.db").write_bytes(data)
    found = staged(top, capture, tmp_path)
    assert found.come == ("app.db",)
    rows = sqlite3.connect(found.tree / "app.db").execute("select a from t").fetchall()
    assert rows == [(1,)]


def test_one_flipped_byte_of_the_capture_stops_everything(top, capture, tmp_path):
    folder, _ = capture
    place = folder / "files/old/a.py"
    data = bytearray(place.read_bytes())
    data[0] ^= 1
    place.write_bytes(data)
    with pytest.raises(Damaged, match=r"files/old/a\.py"):
        staged(top, capture, tmp_path)
    assert not (tmp_path / "restored").exists()
