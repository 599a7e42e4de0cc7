"""What a snapshot holds stays the same while snapshots are added, and can be made again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sealwright.errors import Damaged
from sealwright.lineage import Artifact, Prefix, Registry, prefix
from sealwright.runtime import canonical
from tests.lineage.records import WHOLE, Story, digits, lines, seal, write


def told(*kinds: str) -> list[Artifact]:
    made = Story()
    for kind in kinds:
        made.add(kind)
    return made.told


WO, S, SM = ("build_spec", "work_order"), "snapshot", "snapshot_manifest"


@pytest.mark.parametrize(
    ("kinds", "held"),
    [
        pytest.param((), 0, id="empty"),
        pytest.param(WHOLE, 6, id="no snapshot"),
        pytest.param((*WHOLE, S, SM), 6, id="one snapshot"),
        pytest.param((*WHOLE, S, SM, *WO, S, SM, S, SM), 10, id="snapshots between and after"),
        pytest.param((*WHOLE, S, SM, "raw"), 9, id="a record after the snapshot"),
        pytest.param((*WHOLE, S), 6, id="an export without its manifest"),
    ],
)
def test_the_prefix_ends_in_the_last_record_that_is_no_snapshots(
    tmp_path: Path, kinds: Sequence[str], held: int
) -> None:
    told_all = told(*kinds)
    data = write(tmp_path, told_all).read_bytes()
    registry = Registry(tmp_path)
    found = prefix(registry)
    kept = data.splitlines(keepends=True)[:held]
    head = f"sha256:{digits(kept[-1][:-1])}" if kept else None
    assert found == Prefix(sum(map(len, kept)), held, head)  # type: ignore[arg-type]
    assert b"".join(found.read(registry)) == b"".join(kept)
    assert [each.artifact for each in found.entries(registry)] == told_all[:held]


def test_a_registry_of_snapshots_alone_has_an_empty_prefix(tmp_path: Path) -> None:
    write(tmp_path, told(*WHOLE, S, SM)[6:])  # unlawful, but a prefix does not judge
    assert prefix(Registry(tmp_path)) == Prefix()


def test_a_missing_registry_has_an_empty_prefix(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    assert prefix(registry) == Prefix(0, 0, None)
    assert list(Prefix().read(registry)) == [] and list(Prefix().entries(registry)) == []


def test_a_line_that_records_a_cut_stands_inside_and_ends_none(tmp_path: Path) -> None:
    made = told(*WHOLE, "raw")
    registry = Registry(tmp_path)
    write(tmp_path, seal(each.payload() for each in made[:6]) + b"x")
    registry.ledger.recover("x", "2025-01-01T00:00:00Z", tmp_path / "quarantine")
    assert prefix(registry).lines == 6
    registry.ledger.append([made[6].payload()])
    found = prefix(registry)
    assert found.lines == 8
    assert [each.number for each in found.entries(registry)] == [1, 2, 3, 4, 5, 6, 8]


def test_it_is_found_from_the_end_without_reading_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, told(*WHOLE, *WHOLE, S, SM))
    data = path.read_bytes()
    path.write_bytes(b"\0" * 700 + data[700:])
    decoded = []
    real = canonical.decode

    def counted(line: bytes) -> Any:
        decoded.append(line)
        return real(line)

    monkeypatch.setattr(canonical, "decode", counted)
    assert prefix(Registry(tmp_path)).lines == 12
    assert len(decoded) == 3


def test_an_old_prefix_is_read_again_from_a_registry_that_has_grown(tmp_path: Path) -> None:
    made = told(*WHOLE, S, SM, "raw", "sanitized")
    data = write(tmp_path, made[:8]).read_bytes()
    registry = Registry(tmp_path)
    held = prefix(registry)
    write(tmp_path, made)
    assert b"".join(held.read(registry)) == b"".join(data.splitlines(keepends=True)[:6])
    assert lines(b"".join(held.read(registry)))[-1]["artifact_type"] == "work_order"
    assert len(list(held.entries(registry))) == 6
    assert prefix(registry).lines == 10


@pytest.mark.parametrize(
    "change",
    [
        lambda held: Prefix(held.bytes - 1, held.lines, held.head),
        lambda held: Prefix(held.bytes + 1, held.lines, held.head),
        lambda held: Prefix(held.bytes + 10**6, held.lines, held.head),
        lambda held: Prefix(held.bytes, held.lines + 1, held.head),
        lambda held: Prefix(held.bytes, held.lines, None),
        lambda held: Prefix(0, held.lines, held.head),
    ],
)
def test_a_prefix_that_the_registry_does_not_begin_with_is_refused(
    tmp_path: Path, change: Any
) -> None:
    write(tmp_path, told(*WHOLE, S, SM))
    registry = Registry(tmp_path)
    held = change(prefix(registry))
    for read in (held.read, held.entries):
        with pytest.raises(Damaged, match=r"registry\.jsonl:"):
            list(read(registry))


def test_a_torn_or_spoilt_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, told(*WHOLE))
    data = path.read_bytes()
    for spoilt in (data[:-1], data + b"x\n", data + b"{}\n", data[:-3] + b"!}\n"):
        path.write_bytes(spoilt)
        with pytest.raises(Damaged, match=r"registry\.jsonl:end: "):
            prefix(Registry(tmp_path))


@pytest.mark.parametrize("more", [1, 400, 4000])
def test_a_prefix_that_ends_after_the_registry_is_refused(tmp_path: Path, more: int) -> None:
    write(tmp_path, told(*WHOLE))
    registry = Registry(tmp_path)
    held = prefix(registry)
    with pytest.raises(Damaged, match=r"registry\.jsonl:6: "):
        list(Prefix(held.bytes + more, held.lines, held.head).read(registry))
