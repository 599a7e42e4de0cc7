"""A registry in which anything was changed is refused, with the line and the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sealwright.errors import Damaged, Refused
from sealwright.lineage import Registry, prefix
from sealwright.runtime import canonical
from tests.lineage.records import ALL, append, seal, story, write

Lines = list[bytes]


def payloads() -> list[dict[str, Any]]:
    return [artifact.payload() for artifact in story(*ALL, "raw", "raw")]


def told(registry: Registry) -> str:
    """Return the one finding of a check; whoever reads the records meets the same line."""
    (finding,) = registry.check().findings
    assert finding.where.startswith(f"{registry.path}:") and finding.where[-1].isdigit()
    with pytest.raises(Damaged) as caught:
        list(registry.entries())
    assert str(caught.value).startswith(f"{finding.where}: {finding.what}")
    assert not registry.catch_up().holds
    return str(finding)


def test_an_empty_registry_and_none_at_all_hold(tmp_path: Path) -> None:
    for data in (None, b""):
        if data is not None:
            write(tmp_path, data)
        registry = Registry(tmp_path)
        assert registry.check().holds and registry.check().evidence["lines"] == 0
        assert registry.catch_up().evidence == {"lines": 0, "new": 0, "recovered": 0}
        assert list(registry.entries()) == []
        assert registry.last("raw") is None


def test_every_flipped_byte_is_refused_with_its_line(tmp_path: Path) -> None:
    data = seal(payloads())
    index = tmp_path / "index"
    path = write(tmp_path, data)
    assert Registry(tmp_path, index).catch_up().holds
    last = data.rstrip(b"\n").rfind(b"\n") + 1
    for offset in range(len(data)):
        changed = bytearray(data)
        changed[offset] ^= 1
        path.write_bytes(changed)
        if offset < last:  # the line after it says so, or the line itself
            (finding,) = Registry(tmp_path).check().findings[-1:]
            line = data[:offset].count(b"\n") + 1
            assert finding.where in (f"{path}:{line}", f"{path}:{line + 1}"), offset
        else:  # nothing follows the last line, so only who has verified it knows
            (finding,) = Registry(tmp_path, index).catch_up().findings
            assert finding.where == f"{path}:10" and "was cut or rewritten" in finding.what


def test_a_registry_cut_at_any_byte_is_refused_with_its_line(tmp_path: Path) -> None:
    data = seal(payloads()[:4])
    index = tmp_path / "index"
    path = write(tmp_path, data)
    assert Registry(tmp_path, index).catch_up().holds
    for size in range(len(data)):
        path.write_bytes(data[:size])
        if data[:size].endswith(b"\n") or not size:
            assert Registry(tmp_path).check().holds  # it is whole, but shorter than it was
        else:
            said = str(Registry(tmp_path).check())
            assert f"{path}:{data[:size].count(chr(10).encode()) + 1}: " in said
        (finding,) = Registry(tmp_path, index).catch_up().findings
        assert finding.where == f"{path}:4" and f"found {size} bytes" in finding.what
    path.unlink()
    assert not Registry(tmp_path, index).catch_up().holds


def deep(line: bytes) -> bytes:
    return line.replace(b'"meta":{}', b'"meta":{"x":' + b"[" * 100 + b"]" * 100 + b"}")


@pytest.mark.parametrize(
    ("spoil", "line", "reason"),
    [
        (lambda x: [x[0], x[1].replace(b'{"a', b'{"v":1,"a')], 2, "canonical"),
        (lambda x: [x[0], x[1].replace(b":1}", b':1,"v":1}')], 2, "a repeated key"),
        (lambda x: [x[0], x[1].replace(b'"meta":{}', b'"meta":NaN')], 2, "only numbers, found NaN"),
        (lambda x: [x[0], x[1].replace(b'"meta":{}', b'"meta":{"x":1.0}')], 2, "found 1.0"),
        (lambda x: [x[0], x[1].replace(b'"meta":{}', b'"meta":{"x":1e3}')], 2, "found 1e3"),
        (lambda x: [x[0], deep(x[1])], 2, "nested containers, found more"),
        (lambda x: [x[0], x[1].replace(b":", b": ", 1)], 2, "the canonical spelling"),
        (lambda x: [x[0], x[1].replace(b"\n", b"\r\n")], 2, "the canonical spelling"),
        (lambda x: [x[0], b"\xef\xbb\xbf" + x[1]], 2, "canonical JSON"),
        (lambda x: [x[0], x[1].replace(b"text/", b"te\xff/")], 2, "in UTF-8"),
        (lambda x: [x[0], x[1].replace(b"text/", b"\\u0074ext/")], 2, "the canonical spelling"),
        (lambda x: [x[0], b"\n", x[1]], 2, "canonical JSON"),
        (lambda x: [x[0], b"[]\n", x[1]], 2, "expected an object, found list"),
        (lambda x: [x[0], b"{}\n", x[1]], 2, "v: expected 1"),
        (lambda x: [x[0], b"\0" * 40], 2, "newline"),
        (lambda x: [x[0], x[1][:-1]], 2, "newline at the end"),
        (lambda x: [x[0], x[2]], 2, "seq: expected 1, found 2"),
        (lambda x: [x[1], x[2]], 1, "seq: expected 0, found 1"),
        (lambda x: [x[0], x[0], x[1]], 2, "seq: expected 1, found 0"),
        (lambda x: [x[1], x[0], x[2]], 1, "seq: expected 0"),
        (lambda x: [x[0], x[1][:-1] + x[2]], 2, "canonical"),
        (lambda x: [x[0], x[1][:90] + x[2]], 2, "canonical"),
        (lambda x: [x[0], x[1].replace(b'"raw-1"', b'"raw-9"'), x[2]], 3, "prev: expected sha256:"),
        (lambda x: [x[0], x[1].replace(b'"v":1', b'"v":2')], 2, "v: expected 1, found 2"),
        (lambda x: [x[0], x[1].replace(b'"v":1', b'"v":true')], 2, "v: expected 1, found True"),
    ],
)
def test_a_hostile_line_is_refused_with_its_number_and_reason(
    tmp_path: Path, spoil: Callable[[Lines], Lines], line: int, reason: str
) -> None:
    lines = seal(each.payload() for each in story("raw", "raw", "raw")).splitlines(keepends=True)
    path = write(tmp_path, b"".join(spoil(lines)))
    said = told(Registry(tmp_path))
    assert said.startswith(f"{path}:{line}: ") and reason in said
    with pytest.raises(Damaged, match=f":{line}: "):
        Registry(tmp_path).admit(story("raw", "raw", "raw", "raw")[-1:])
    with pytest.raises(Damaged):
        Registry(tmp_path).find("raw-0")


def test_a_line_of_endless_length_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ledger", "lineage.lines"):
        monkeypatch.setattr(f"sealwright.{name}.LONGEST", 1000)
    path = write(tmp_path, seal([story("raw")[0].payload()]) + b"x" * 5000)
    assert f"{path}:2: line, expected at most 1000 bytes" in told(Registry(tmp_path))


def test_records_of_something_else_are_refused_by_line(tmp_path: Path) -> None:
    path = write(tmp_path, seal([{"event": "started"}, story("raw")[0].payload()]))
    said = str(Registry(tmp_path).check())
    assert said.startswith(f"{path}:1: artifact_id: expected this field, found none")
    assert "'event': expected no such field" in said


def test_all_unlawful_lines_are_told_at_once_and_are_known_to_those_after(tmp_path: Path) -> None:
    raw, sanitized, canon = (each.payload() for each in story("raw", "sanitized", "canon"))
    raw["meta"], canon["byte_size"] = {"password": "hunter2"}, -1
    path = write(tmp_path, seal([raw, sanitized, canon, {**sanitized, "artifact_id": "again"}]))
    findings = Registry(tmp_path).check().findings
    assert [finding.where for finding in findings] == [f"{path}:1", f"{path}:3", f"{path}:4"]


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, story())
    path.rename(tmp_path / "real")
    path.symlink_to(tmp_path / "real")
    for ask in (Registry(tmp_path).check, Registry(tmp_path).catch_up):
        with pytest.raises(Refused, match="expected a regular file, found a symbolic link"):
            ask()


def test_a_recorded_cut_is_tolerated_and_told(tmp_path: Path) -> None:
    registry, kept = Registry(tmp_path), story("raw", "sanitized", "raw")
    append(registry, kept)
    data = registry.path.read_bytes()
    registry.path.write_bytes(data + b'{"torn')
    registry.ledger.recover(
        "disk full", "2025-01-01T00:00:00Z", registry.path.parent / "quarantine"
    )
    assert registry.path.read_bytes().startswith(data)
    append(registry, story("raw", "sanitized", "raw", "canon")[-1:])
    assert registry.check().evidence["recovered"] == 1
    assert registry.check().evidence["lines"] == 5
    assert registry.catch_up().evidence["recovered"] == 1
    assert [found.number for found in registry.entries()] == [1, 2, 3, 5]
    assert registry.catch_up().holds and registry.check().holds and prefix(registry).lines == 5


@pytest.mark.parametrize(
    "change", [{"kept_lines": 0}, {"kept_lines": True}, {"more": 1}, {"artifact_id": "x"}]
)
def test_what_only_calls_itself_a_recorded_cut_is_refused(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    cut = {"event": "recovered", "reason": "", "at": "", "kept_lines": 1, "lost_bytes": 1}
    cut |= {"lost_sha256": "", **change}
    path = write(tmp_path, seal([story("raw")[0].payload(), cut]))
    assert str(Registry(tmp_path).check()).startswith(f"{path}:2: ")


def test_the_lines_are_those_that_the_ledger_reads(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    append(registry, story())
    entries = list(registry.ledger.entries())
    found = list(registry.entries())
    assert [(e.number, e.offset, e.digest) for e in entries] == [
        (f.number, f.offset, f.digest) for f in found
    ]
    assert registry.check().evidence["head"] == registry.ledger.check().evidence["head"]
    assert all(canonical.encode(json.loads(e.line)) == e.line for e in entries)
