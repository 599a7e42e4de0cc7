"""A freeze is whole, or nothing is frozen."""

from __future__ import annotations

import json
import sqlite3
import stat

import psutil
import pytest

from sealwright import digest
from sealwright.contracts.coo import amu_capture, freeze
from sealwright.contracts.coo.freeze import Wish, read_only, writers
from sealwright.contracts.coo.inventory import listing
from sealwright.errors import Refused
from sealwright.paths import RelPath
from tests.support.programs_at_work import doing

ROOTS = (RelPath("docs"), RelPath("old"))
WISH = Wish(ROOTS, database=RelPath("app.db"), evidence={"tools_manifest.json": "sha256:1"})
WRITES = "f = open('docs/a.md', 'ab')"


@pytest.fixture
def top(tmp_path):
    for name in ("docs/a.md", "old/x.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x\n")
    (tmp_path / "docs").chmod(0o775)
    connection = sqlite3.connect(tmp_path / "app.db")
    connection.execute("create table t (a)")
    connection.commit()
    connection.close()
    return tmp_path.resolve()


def modes(top):
    paths = [top / name for name in ("docs", "docs/a.md", "old", "old/x.py")]
    return [stat.S_IMODE(path.stat().st_mode) for path in paths]


def frozen(top, wish=WISH):
    return freeze.activate(top, wish, top / "modes")


def test_the_manifest_says_what_was_frozen_and_is_the_same_again(top):
    made = frozen(top)
    about = json.loads(made[0])
    assert about["FREEZE"] == "TRUE" and about["evidence"] == WISH.evidence
    assert modes(top) == [0o555, 0o444, 0o555, 0o444]
    assert freeze.check(top, WISH, top / "modes", *made).holds
    assert freeze.thaw(top, top / "modes").holds
    assert frozen(top) == made


def test_after_the_thaw_every_mode_is_what_it_was(top):
    before = modes(top)
    frozen(top)
    freeze.thaw(top, top / "modes")
    assert modes(top) == before and not (top / "modes").exists()


def test_a_capture_while_frozen_is_the_one_from_before(top, tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    before = amu_capture.capture(top, amu_capture.Wish(ROOTS), work / "one")
    about = json.loads(frozen(top)[0])
    kept = read_only.before(top / "modes")
    during = amu_capture.capture(top, amu_capture.Wish(ROOTS, modes=kept), work / "two")
    assert before == during
    assert about["listing"] == digest.sha256((work / "one/listing").read_bytes())


def refused(top, said, wish=WISH):
    before = modes(top)
    with pytest.raises(Refused, match=said):
        frozen(top, wish)
    assert modes(top) == before and not (top / "modes").exists()


def test_a_process_that_holds_a_file_open_for_writing_is_refused_by_its_number(top):
    with doing(WRITES, top) as process:
        refused(top, f"a.md: .* open for writing by process {process.pid} .*; kill {process.pid}")
    frozen(top)


def test_it_is_stopped_where_that_is_wished(top):
    wish = Wish(ROOTS, stop=True)
    with doing(WRITES, top) as process:
        frozen(top, wish)
        assert not psutil.pid_exists(process.pid)


def test_one_that_does_not_listen_is_killed(top):
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WRITES}"
    with doing(deaf, top) as process:
        writers.stop(writers.census([top]).writers, grace=0.2)
        assert not psutil.pid_exists(process.pid)


def test_a_transaction_of_somebody_else_is_refused(top):
    other = sqlite3.connect(top / "app.db", isolation_level=None)
    other.execute("begin immediate")
    refused(top, "expected a database at rest, found: database is locked")
    other.close()


def test_a_writer_that_begins_after_the_first_look_is_noticed(top, monkeypatch):
    looks, real = [], writers.census

    def late(places):
        looks.append(real(places))
        if len(looks) == 1:
            begun.append(doing(WRITES, top))
            begun[0].__enter__()
        return looks[-1]

    begun = []
    monkeypatch.setattr(writers, "census", late)
    try:
        refused(top, "open for writing by process")
    finally:
        begun[0].__exit__(None, None, None)


def test_a_file_that_changes_while_it_is_frozen_is_noticed(top, monkeypatch):
    real, calls = listing.entries, []

    def changing(*arguments):
        calls.append(None)
        if len(calls) == 2:
            (top / "docs/a.md").chmod(0o644)
            (top / "docs/a.md").write_bytes(b"y\n")
            (top / "docs/a.md").chmod(0o444)
        return real(*arguments)

    monkeypatch.setattr(listing, "entries", changing)
    refused(top, "changed while it was frozen")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda top: (top / "docs/a.md").write_bytes(b"other"), "though FREEZE is TRUE"),
        (lambda top: (top / "docs/new").write_bytes(b""), "docs/new: was added"),
        (lambda top: (top / "old/x.py").unlink(), "old/x.py: is not what was frozen"),
        (lambda top: (top / "docs/a.md").chmod(0o644), "docs/a.md: expected no write bits"),
    ],
)
def test_what_changes_although_it_is_frozen_is_named(top, change, said):
    made = frozen(top)
    change(top)
    assert said in str(freeze.check(top, WISH, top / "modes", *made))
