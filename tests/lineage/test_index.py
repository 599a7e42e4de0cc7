"""An index saves reading, knows a past that is gone, and is never needed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sealwright.errors import Damaged, Refused
from sealwright.lineage import REGISTRY, Registry, prefix
from sealwright.runtime import canonical
from tests.lineage.records import ALL, Story, append, seal, story, write

LONG = story(*ALL, *ALL, *ALL)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "build" / "registry.sqlite"


@pytest.fixture
def registry(tmp_path: Path, index: Path) -> Registry:
    made = Registry(tmp_path, index)
    append(made, LONG[:20])
    assert made.catch_up().evidence["lines"] == 20
    made.close()
    return made


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Count what is decoded."""
    sizes: list[int] = []
    real = canonical.decode

    def counted(data: bytes) -> Any:
        sizes.append(len(data))
        return real(data)

    monkeypatch.setattr(canonical, "decode", counted)
    yield sizes


def again(registry: Registry) -> Registry:
    place = registry._place
    return Registry(registry.root, place)


def test_only_what_is_new_is_read_again(registry: Registry, decoded: list[int]) -> None:
    assert again(registry).catch_up().evidence == {
        "lines": 20,
        "new": 0,
        "recovered": 0,
        "head": registry.check().evidence["head"],
    }
    decoded.clear()
    assert again(registry).catch_up().holds
    assert decoded == []
    registry.path.write_bytes(seal(each.payload() for each in LONG))
    assert again(registry).catch_up().evidence["new"] == 4
    assert len(decoded) == 4


def test_admitting_and_finding_read_no_old_lines(registry: Registry, decoded: list[int]) -> None:
    subject = again(registry)
    subject.admit(LONG[20:])
    assert decoded == []
    found = subject.find(LONG[7].artifact_id)
    assert found is not None and found.artifact == LONG[7] and len(decoded) == 1
    last = subject.last("raw")
    assert last is not None and last.artifact == LONG[16] and len(decoded) == 2


def test_an_old_line_that_nobody_needs_may_be_unreadable_until_all_is_checked(
    registry: Registry,
) -> None:
    data = registry.path.read_bytes()
    registry.path.write_bytes(b"\0" * 50 + data[50:])
    subject = again(registry)
    assert subject.catch_up().holds
    assert subject.find(LONG[5].artifact_id) is not None
    with pytest.raises(Damaged, match=r"registry\.jsonl:1: "):
        subject.find(LONG[0].artifact_id)
    assert subject.check().findings[0].where.endswith(":1")


def test_what_was_tried_leaves_nothing_behind(registry: Registry) -> None:
    subject = again(registry)
    for _ in range(2):
        subject.admit(LONG[20:])
    assert subject.find(LONG[20].artifact_id) is None
    append(subject, LONG[20:])
    assert subject.find(LONG[20].artifact_id) is not None
    with pytest.raises(Refused, match="found that of line 21"):
        subject.admit(LONG[20:21])


def test_the_last_of_a_type_is_found_in_all_and_in_a_prefix(tmp_path: Path) -> None:
    told = Story()
    for kind in (*ALL, *ALL, "snapshot"):
        told.add(kind)
    registry = Registry(tmp_path)
    append(registry, told.told[:14])
    held = prefix(registry)
    write(tmp_path, told.told)
    for kind in ALL:
        last = registry.last(kind)
        assert last is not None and last.artifact == told.latest(kind)
    last = registry.last("snapshot", held)
    assert held.lines == 14 and last is not None and last.artifact == told.told[6]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.unlink(), id="deleted"),
        pytest.param(lambda path: path.write_bytes(b""), id="emptied"),
        pytest.param(lambda path: path.write_bytes(b"no database" * 999), id="no database"),
        pytest.param(lambda path: os.truncate(path, path.stat().st_size // 2), id="cut"),
        pytest.param(
            lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 40000), id="spoilt"
        ),
    ],
)
def test_an_index_that_is_lost_or_spoilt_is_made_anew(
    registry: Registry, index: Path, spoil: Any
) -> None:
    spoil(index)
    subject = again(registry)
    assert subject.catch_up().evidence["lines"] == 20
    found = subject.find(LONG[3].artifact_id)
    assert found is not None and found.artifact == LONG[3]
    subject.admit(LONG[20:])


def test_an_index_of_which_any_byte_was_changed_gives_no_wrong_answer(
    registry: Registry, index: Path
) -> None:
    data = index.read_bytes()
    for offset in range(0, len(data), 211):
        changed = bytearray(data)
        changed[offset] ^= 0x55
        index.write_bytes(changed)
        subject = again(registry)
        for artifact in (LONG[0], LONG[11], LONG[19]):
            found = subject.find(artifact.artifact_id)
            assert found is None or found.artifact == artifact
        subject.close()


def test_another_database_is_set_aside_and_not_written_to(registry: Registry, index: Path) -> None:
    index.unlink()
    with sqlite3.connect(index) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    before = index.read_bytes()
    assert again(registry).catch_up().holds
    assert index.with_name(f"{index.name}.broken").read_bytes() == before


def test_an_index_goes_with_a_repository_that_is_moved_and_knows_its_past(
    registry: Registry, index: Path, tmp_path: Path
) -> None:
    shutil.copytree(registry.root, tmp_path / "moved")
    place = tmp_path / "moved.index"
    shutil.copy(index, place)
    moved = Registry(tmp_path / "moved", place)
    assert moved.catch_up().evidence["new"] == 0
    moved.path.write_bytes(moved.path.read_bytes()[:-1])
    assert "was cut or rewritten" in str(moved.catch_up())


def test_the_index_of_another_registry_is_a_past_that_this_one_does_not_have(
    registry: Registry, tmp_path: Path
) -> None:
    other = Registry(tmp_path / "other", registry._place)
    write(tmp_path / "other", story("raw"))
    assert "was cut or rewritten" in str(other.catch_up())


def test_an_older_index_is_fine(registry: Registry, index: Path) -> None:
    old = index.read_bytes()
    subject = again(registry)
    append(subject, LONG[20:])
    assert subject.catch_up().holds
    subject.close()
    index.write_bytes(old)
    assert again(registry).catch_up().evidence["new"] == 4


@pytest.mark.parametrize("lines", range(20))
def test_a_registry_that_lost_lines_since_is_refused_by_every_question(
    registry: Registry, lines: int
) -> None:
    data = registry.path.read_bytes().splitlines(keepends=True)
    registry.path.write_bytes(b"".join(data[:lines]))
    subject = again(registry)
    assert subject.check().holds  # it is whole in itself
    (finding,) = subject.catch_up().findings
    assert finding.where == f"{subject.path}:20"
    assert "was cut or rewritten: expected 20 lines in" in finding.what
    for ask in (subject.find, subject.last):
        with pytest.raises(Damaged, match="was cut or rewritten"):
            ask("raw")
    with pytest.raises(Damaged, match="was cut or rewritten"):
        subject.admit(LONG[lines : lines + 1])
    registry.path.write_bytes(b"".join(data))
    assert subject.catch_up().holds


@pytest.mark.parametrize("first", [0, 10, 19])
def test_a_registry_that_was_written_anew_is_refused_however_long(
    registry: Registry, first: int
) -> None:
    changed = [each.payload() for each in LONG]
    changed[first]["media_type"] = "text/html"
    registry.path.write_bytes(seal(changed))
    assert registry.check().holds
    assert "was cut or rewritten" in again(registry).catch_up().findings[0].what


def test_a_recorded_cut_explains_what_is_gone_but_only_once(registry: Registry) -> None:
    data = registry.path.read_bytes().splitlines(keepends=True)
    registry.path.write_bytes(b"".join(data[:12]) + b"x")
    registry.ledger.recover("disk", "2025-01-01T00:00:00Z", registry.path.parent / "quarantine")
    subject = again(registry)
    assert subject.catch_up().evidence["lines"] == 13
    assert subject.catch_up().evidence["recovered"] == 1
    append(subject, LONG[12:16])
    assert subject.catch_up().evidence["lines"] == 17
    subject.close()
    registry.path.write_bytes(b"".join(registry.path.read_bytes().splitlines(keepends=True)[:14]))
    assert "was cut or rewritten" in again(registry).catch_up().findings[0].what


def test_a_forged_row_deceives_no_check(registry: Registry, index: Path) -> None:
    with sqlite3.connect(index) as forged:
        forged.execute("UPDATE artifact SET artifact_id = 'forged' WHERE number = 3")
        forged.execute("UPDATE artifact SET sha256 = ? WHERE number = 5", ("0" * 64,))
    forged.close()
    subject = again(registry)
    assert subject.check().holds
    assert subject.find("forged") is None  # its sum is wrong, so the index was made anew
    found = subject.find(LONG[2].artifact_id)
    assert found is not None and found.artifact == LONG[2]


def test_new_lines_that_break_a_rule_do_not_get_into_the_index(registry: Registry) -> None:
    good = registry.path.read_bytes()
    bad = LONG[20].payload() | {"parents": []}
    registry.path.write_bytes(seal([bad], good))
    for _ in range(2):
        (finding,) = again(registry).catch_up().findings
        assert finding.where.endswith(":21") and "parents: expected" in finding.what
    registry.path.write_bytes(good)
    assert again(registry).catch_up().evidence["lines"] == 20


def test_a_transaction_that_fails_leaves_the_index_as_it_was(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.path.write_bytes(seal(each.payload() for each in LONG))
    with monkeypatch.context() as patch:
        patch.setattr("sealwright.lineage.index.Index.set_point", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            again(registry).catch_up()
    assert again(registry).catch_up().evidence["new"] == 4


def test_without_a_file_the_index_lives_as_long_as_the_registry(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    append(registry, LONG[:10])
    assert registry.catch_up().evidence["lines"] == 10
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        REGISTRY.rpartition("/")[2]
    ]
    registry.path.write_bytes(b"")
    assert not registry.catch_up().holds


def test_many_threads_and_two_registries_share_one_index(registry: Registry) -> None:
    one, other = again(registry), again(registry)
    wrong: list[object] = []

    def ask(subject: Registry) -> None:
        for artifact in LONG[:20]:
            found = subject.find(artifact.artifact_id)
            if found is None or found.artifact != artifact:
                wrong.append(found)

    threads = [threading.Thread(target=ask, args=(each,)) for each in (one, other, one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_index_that_cannot_be_made_is_an_error_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    with pytest.raises(OSError, match="index of the registry cannot be used"):
        Registry(tmp_path, tmp_path / "index").catch_up()
