"""A bundle that is written piece by piece is the one that the gate's `encode` gives."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.archive import source
from sealwright.archive.content import SMALL
from sealwright.bundles import audit_gate_build_loop_phase2 as gate
from sealwright.bundles import packing
from sealwright.errors import Refused
from sealwright.paths import RelPath

SIZES = st.sampled_from([0, 1, 70, SMALL - 1, SMALL, SMALL + 1, (1 << 20) + 7])
NAMES = st.sampled_from(["a", "a.b", "b/c", "b/ä", "日本", "manifest.txt", "z" * 99])


def sources(folder: Path, contents: dict[str, bytes]) -> list[source.Source]:
    found = []
    for number, (name, data) in enumerate(contents.items()):
        place = folder / str(number)
        place.write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        found.append(source.of_file(place, RelPath(name))._replace(sha256=sha256))
    return found


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(NAMES, SIZES, min_size=1))
def test_it_is_what_encode_gives(tmp_path_factory, sizes):
    contents = {name: name.encode()[:1] * size for name, size in sizes.items()}
    given_ = sources(tmp_path_factory.mktemp("pack"), contents)
    assert b"".join(packing.zipped(given_)) == gate.encode(contents)
    assert b"".join(packing.zipped(given_[::-1])) == gate.encode(contents)


@pytest.mark.parametrize("size", [10, 3 << 20], ids=["small", "large"])
@pytest.mark.parametrize("others", [0, 2])
def test_a_file_that_is_not_as_listed_is_refused(tmp_path, size, others):
    contents = {"a": b"x" * size} | {f"b{n}": b"y" * size for n in range(others)}
    given_ = sources(tmp_path, contents)
    (tmp_path / "0").write_bytes(b"z" * size)
    with pytest.raises(Refused, match="expected sha256:"):
        list(packing.zipped(given_))


def test_a_file_that_changes_between_its_two_readings_is_refused(tmp_path, monkeypatch):
    given_ = sources(tmp_path, {"a": b"x" * (3 << 20)})
    monkeypatch.setattr(packing, "_crc", lambda source: 7)
    with pytest.raises(Refused, match="changed while it was read"):
        list(packing.zipped(given_))


@pytest.mark.parametrize("name", ["../a", "a/", "CON", "a:b", "a\\b"])
def test_a_name_that_the_gate_would_refuse_is_refused_before_anything_is_read(tmp_path, name):
    given_ = [source.Source(RelPath(name), str(tmp_path / "none"), 1, False, "0" * 64)]
    with pytest.raises(Refused, match="of the audit gate"):
        next(packing.zipped(given_))


@pytest.mark.parametrize(("count", "size"), [(1, 1 << 31), (20_001, 0)])
def test_too_much_is_refused_before_anything_is_read(tmp_path, count, size):
    place = str(tmp_path / "none")
    given_ = [source.Source(RelPath(f"f{n}"), place, size, False, "0" * 64) for n in range(count)]
    with pytest.raises(Refused, match=r"Z10-\w+ of the audit gate"):
        next(packing.zipped(given_))


def test_no_file_is_in_memory_as_a_whole(tmp_path):
    (tmp_path / "large").touch()
    with (tmp_path / "large").open("r+b") as file:
        file.truncate(200 << 20)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    one = source.of_file(tmp_path / "large", RelPath("large"))._replace(sha256=sha256)
    tracemalloc.start()
    try:
        assert sum(map(len, packing.zipped([one]))) > 200 << 20
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()
