"""Registry and disk agree, or each difference is named, from whichever side it is seen."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sealwright.lineage import REGISTRY, ROOT, RUNS, Artifact, Registry, fsck
from tests.lineage.records import ALL, Story, digits, lines, store, story, write

RECEIPT = f"{RUNS}/artifact_ingest-1.jsonl"


def with_receipt(artifact: Artifact) -> Artifact:
    return replace(
        artifact, meta={"receipt": {"relpath": RECEIPT, "sha256": digits(b"a receipt\n")}}
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    told = story()
    told[0] = with_receipt(told[0])
    write(tmp_path, told)
    store(tmp_path, told)
    receipt = tmp_path / RECEIPT
    receipt.parent.mkdir(parents=True)
    receipt.write_bytes(b"a receipt\n")
    return tmp_path


def told(root: Path) -> list[str]:
    return [str(finding) for finding in fsck(Registry(root)).findings]


def test_what_agrees_holds_and_is_counted(root: Path) -> None:
    verdict = fsck(Registry(root))
    assert verdict.holds
    head = (root / REGISTRY).read_bytes().splitlines()[-1]
    assert verdict.evidence == {
        "lines": 8,
        "head": f"sha256:{hashlib.sha256(head).hexdigest()}",
        "types": dict.fromkeys(ALL, 1),
        "recovered": 0,
        "clock_backwards": 0,
    }


def test_nothing_at_all_agrees_with_no_registry(tmp_path: Path) -> None:
    assert fsck(Registry(tmp_path)).evidence["lines"] == 0
    assert told(tmp_path) == []


def test_the_shell_lines_of_the_docstring_say_the_same(root: Path) -> None:
    records = lines((root / REGISTRY).read_bytes())
    listed = "".join(f"{each['sha256']}  {each['relpath']}\n" for each in records)
    argv = ["sha256sum", "-c", "--strict", "--quiet"]
    assert subprocess.run(argv, input=listed.encode(), cwd=root).returncode == 0
    line = f"sed -n 6p {REGISTRY} | tr -d '\\n' | sha256sum"
    printed = subprocess.run(["sh", "-c", line], cwd=root, capture_output=True, check=True).stdout
    assert records[6]["prev"] == f"sha256:{printed.split()[0].decode()}"


@pytest.mark.parametrize("number", range(8))
def test_a_file_that_is_missing_changed_longer_or_a_link_is_named_with_its_line(
    root: Path, number: int
) -> None:
    artifact = story()[number]
    path = root / artifact.relpath
    data = path.read_bytes()
    where = f"{root / REGISTRY}:{number + 1}: {artifact.relpath}: "

    def one(said: str) -> None:
        (finding,) = told(root)
        assert finding.startswith(where) and said in finding

    path.write_bytes(b"W" + data[1:])
    one(f"expected sha256:{artifact.sha256}, found sha256:")
    path.write_bytes(data + b"more")
    one(f"expected {len(data)} bytes, found {len(data) + 4}")
    path.unlink()
    one("expected a regular file, found none")
    (root / "elsewhere").write_bytes(data)
    path.symlink_to(root / "elsewhere")
    one("found a symbolic link")
    path.unlink()
    os.mkfifo(path)
    one("found a named pipe")
    path.unlink()
    path.write_bytes(data)
    assert told(root) == []


def test_a_folder_that_is_a_link_is_named(root: Path) -> None:
    folder = root / ROOT / "specs"
    folder.rename(root / "specs")
    folder.symlink_to(root / "specs")
    said = "\n".join(told(root))
    assert f"expected a folder at {ROOT}/specs, found a symbolic link" in said


@pytest.mark.parametrize("change", [lambda p: p.write_bytes(b"x"), lambda p: p.unlink()])
def test_a_receipt_that_is_missing_or_changed_is_named(
    root: Path, change: Callable[[Path], None]
) -> None:
    change(root / RECEIPT)
    (finding,) = told(root)
    assert finding.startswith(f"{root / REGISTRY}:1: {RECEIPT}: expected ")


@pytest.mark.parametrize(
    "name",
    [
        *("raw/stray", "stray", ".stray", "sanitized/.gitignore", "specs/deep/er/stray"),
        *("snapshots/stray", "snapshots/snapshot-6/stray", ".artifact_registry.jsonl.tmp"),
        "raw/new\nline",
    ],
)
def test_a_file_that_no_record_names_is_named(root: Path, name: str) -> None:
    path = root / ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    (finding,) = told(root)
    shown = f"{ROOT}/{name}" if name.isprintable() else repr(f"{ROOT}/{name}")
    assert finding.startswith(f"{shown}: is named by no record")


def test_a_link_that_no_record_names_is_named(root: Path) -> None:
    (root / ROOT / "raw" / "link").symlink_to("raw-0.txt")
    assert told(root)[0].startswith(f"{ROOT}/raw/link: is named by no record")


@pytest.mark.parametrize("files", [(), ("snapshot.enc", "snapshot_manifest.json")])
def test_an_export_without_record_is_named_once(root: Path, files: tuple[str, ...]) -> None:
    folder = root / ROOT / "snapshots" / "lost"
    folder.mkdir()
    for name in files:
        (folder / name).write_bytes(b"x")
    (finding,) = told(root)
    assert finding.startswith(f"{ROOT}/snapshots/lost: is an orphan export")


@pytest.mark.parametrize(
    "name", ["quarantine/x/y", ".staging/x", "snapshots/.staging/s/snapshot.enc", "raw/.staging/x"]
)
def test_what_is_set_aside_or_in_the_making_needs_no_record(root: Path, name: str) -> None:
    path = root / ROOT / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    (root / ROOT / ".gitignore").write_bytes(b"*\n")
    (root / ROOT / "snapshots" / ".gitignore").write_bytes(b"*\n")
    assert told(root) == []


def test_a_clock_that_goes_back_is_counted_and_no_finding(tmp_path: Path) -> None:
    made = Story()
    for second in (5, 4, 4, 6, 1):
        made.add("raw", created_at_utc=f"2025-01-01T00:00:0{second}Z")
    write(tmp_path, made.told)
    store(tmp_path, made.told)
    verdict = fsck(Registry(tmp_path))
    assert verdict.holds and verdict.evidence["clock_backwards"] == 2


def test_everything_is_told_at_once(root: Path) -> None:
    data = (root / REGISTRY).read_bytes()
    (root / REGISTRY).write_bytes(data + b"x")
    (root / ROOT / "stray").write_bytes(b"x")
    (root / ROOT / "raw" / "raw-0.txt").unlink()
    (root / RECEIPT).unlink()
    said = told(root)
    assert len(said) == 4
    assert said[0].startswith(f"{root / REGISTRY}:9: ")


def test_nothing_is_changed_by_asking(root: Path) -> None:
    def state() -> list[tuple[str, int]]:
        return sorted((str(path), path.stat().st_mtime_ns) for path in root.rglob("*"))

    before = state()
    assert fsck(Registry(root)).holds
    assert state() == before
