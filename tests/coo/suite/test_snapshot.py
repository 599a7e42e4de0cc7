"""A snapshot has one spelling, shows the document's object, and is equal by its algorithm."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sealwright import digest
from sealwright.contracts.coo.suite import Snapshot, View, snapshot, snapshots_equal
from sealwright.contracts.coo.suite.outcomes import Row, Session
from sealwright.contracts.coo.suite.snapshot import File, decode
from sealwright.contracts.coo.suite.tripwire import Look
from sealwright.errors import Damaged, Refused
from sealwright.paths import TOP, RelPath
from sealwright.runtime import canonical
from tests.coo.scans import put

OUTCOMES = ("passed", "passed", "failed", "error", "skipped", "xfailed", "xpassed")


def made(**other: Any) -> Snapshot:
    found = Snapshot(
        package="coo",
        files=(File("coo/a.py", "aa"), File("coo/b.py", "bb")),
        excluded=("__pycache__",),
        rows=tuple(Row(f"tests/é.py::test_{n}", word) for n, word in enumerate(OUTCOMES)),
        sessions=(Session("pytest", 7, 1, ended=True),),
        exit_code=1,
        looks=(Look("old", "{tree}/a.py", 3, "{tree}/a.py:3", ""),),
        environment=digest.sha256(b"environment"),
        unstable=("tests/é.py::test_1",),
    )
    return replace(found, **other)


def test_the_view_is_the_object_of_the_document() -> None:
    assert made().view().document() == {
        "manifest_version": "1.0",
        "files": [{"path": "coo/a.py", "sha256": "aa"}, {"path": "coo/b.py", "sha256": "bb"}],
        "test_results": {"passed": 4, "failed": 2, "skipped": 1, "exit_code": 1},
    }


def test_equality_is_that_of_the_document() -> None:
    one = made().view()
    shuffled = View(one.files[::-1], dict(one.test_results))
    assert snapshots_equal(one, shuffled)
    assert not snapshots_equal(one, made(exit_code=0).view())
    assert not snapshots_equal(one, made(rows=made().rows[1:]).view())
    assert not snapshots_equal(one, made(files=one.files[1:]).view())
    assert not snapshots_equal(one, made(files=(one.files[0], File("coo/b.py", "cc"))).view())


def test_a_snapshot_is_read_as_it_was_written() -> None:
    data = made().encode()
    assert decode(data) == made()
    assert canonical.decode_line(data)["format"] == "sealwright/suite/1"


@pytest.mark.parametrize(
    "change",
    [
        {"format": "sealwright/suite/2"},
        {"more": 1},
        {"files": [{"path": "coo/a.py"}]},
        {"results": [{"id": "a", "outcome": "fine"}]},
        {"environment": "sha256:00"},
        {"sessions": 7},
    ],
)
def test_what_is_no_snapshot_is_damage(change: dict[str, Any]) -> None:
    said = json.loads(made().encode()) | change
    with pytest.raises(Damaged, match="snapshot: expected sealwright/suite/1"):
        decode(canonical.line(said))
    with pytest.raises(Damaged):
        decode(b"{}")


def test_files_are_all_files_of_the_package_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    names = ["a.b", "a-b/x", "a/z", "a/b/y", "B/q", "é.txt", ".hidden", "data.json"]
    put(tmp_path, {f"src/coo/{name}": name for name in names})
    put(tmp_path, {"src/coo/__pycache__/a.pyc": "", "src/coo/a/b.pyc": "", "src/other.py": ""})
    (tmp_path / "src/coo/link").symlink_to("a.b")
    found = snapshot.files(tmp_path, RelPath("src"), "coo")
    expected = sorted([*names, "link"], key=str.encode)
    assert [file.path for file in found] == [f"src/coo/{name}" for name in expected]
    sums = {file.path: file.sha256 for file in found}
    assert sums["src/coo/a/z"] == hashlib.sha256(b"a/z").hexdigest()
    assert sums["src/coo/link"] == hashlib.sha256(b"a.b").hexdigest()


def test_what_is_excluded_is_a_name_at_any_depth_or_a_path(tmp_path: Path) -> None:
    put(tmp_path, {f"coo/{name}": "" for name in ("a.log", "b/a.log", "manifests/x", "b/y")})
    excluded = ("*.log", "coo/manifests")
    found = snapshot.files(tmp_path, TOP, "coo", excluded)
    assert [file.path for file in found] == ["coo/b/y"]


def test_a_module_is_a_package_of_one_file(tmp_path: Path) -> None:
    put(tmp_path, {"company/coo.py": "", "company/coo_more.py": ""})
    found = snapshot.files(tmp_path, TOP, "company.coo")
    assert [file.path for file in found] == ["company/coo.py"]


def test_a_module_goes_before_a_folder_of_its_name_as_it_does_for_python(tmp_path: Path) -> None:
    (tmp_path / "coo").mkdir()
    for path in ("coo.py", "coo/rules.json"):
        (tmp_path / path).write_text("")
    assert [each.path for each in snapshot.files(tmp_path, TOP, "coo")] == ["coo.py"]
    (tmp_path / "coo/__init__.py").write_text("")
    found = snapshot.files(tmp_path, TOP, "coo")
    assert [each.path for each in found] == ["coo/__init__.py", "coo/rules.json"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {"coo/a.py": ""})
    os.mkfifo(tmp_path / "coo/pipe")
    with pytest.raises(Refused, match="found a named pipe"):
        snapshot.files(tmp_path, TOP, "coo")
