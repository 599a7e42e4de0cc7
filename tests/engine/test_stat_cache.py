"""The stat cache saves reading, and is never what makes something believed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from sealwright import digest, hashing
from sealwright.stat_cache import StatCache
from tests.support.workbench import Workbench, copies, file, tree


def settled(place: Path, folder: Path | None = None) -> os.stat_result:
    """Wait until the file system's clock has left the tick in which ``place`` changed."""
    tick = (folder or place.parent) / "tick"
    while True:
        tick.touch()
        info = os.stat(place)
        if tick.stat().st_mtime_ns > max(info.st_mtime_ns, info.st_ctime_ns):
            return info
        time.sleep(0.002)


def opened(folder: Path) -> StatCache:
    return StatCache(folder / "stat.cache", keep=True)


def test_what_was_put_is_found_again_after_saving(tmp_path):
    place = tmp_path / "a"
    place.write_text("1")
    info, sums = settled(place), digest.of_file(tmp_path / "a")
    cache = opened(tmp_path)
    cache.put("a", info, sums)
    cache.save()
    assert opened(tmp_path).get("a", info, both=True) == sums


def test_a_file_of_this_very_tick_is_not_kept(tmp_path):
    cache = opened(tmp_path)
    place = tmp_path / "a"
    place.write_text("1")
    cache.put("a", os.stat(place), digest.of_file(place))
    assert cache.get("a", os.stat(place), both=False) is None


def test_a_digest_that_was_not_asked_for_is_not_made_up(tmp_path):
    place = tmp_path / "a"
    place.write_text("1")
    info = settled(place)
    cache = opened(tmp_path)
    cache.put("a", info, digest.of_file(place, both=False))
    assert cache.get("a", info, both=True) is None
    assert cache.get("a", info, both=False) is not None


CHANGES = {
    "content": lambda p: p.write_text("2"),
    "size": lambda p: p.write_text("22"),
    "mode": lambda p: p.chmod(0o700),
    "times put back": lambda p: (p.write_text("2"), os.utime(p, (1, 1))),
    "replaced": lambda p: ((p.parent / "n").write_text("1"), os.replace(p.parent / "n", p)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_a_file_is_read_again(tmp_path, change):
    place = tmp_path / "a"
    place.write_text("1")
    os.utime(place, (1, 1))
    info = settled(place)
    cache = opened(tmp_path)
    cache.put("a", info, digest.of_file(place))
    change(place)
    assert cache.get("a", os.stat(place), both=False) is None


def test_a_question_learns_nothing(tmp_path):
    place = tmp_path / "a"
    place.write_text("1")
    info = settled(place)
    cache = StatCache(tmp_path / "stat.cache", keep=False)
    cache.put("a", info, digest.of_file(place))
    cache.save()
    assert not (tmp_path / "stat.cache").exists()


@pytest.mark.parametrize("name", ["a b", "n\nl", "ä", "\udcff", '"'], ids=ascii)
def test_any_name_is_kept(tmp_path, name):
    place = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + os.fsencode(name)))
    place.write_text("1")
    info, sums = settled(place), digest.of_file(place)
    cache = opened(tmp_path)
    cache.put(name, info, sums)
    cache.save()
    assert opened(tmp_path).get(name, info, both=True) == sums


def test_one_changed_file_of_many_is_the_only_one_read(bench: Workbench, monkeypatch):
    for number in range(300):
        bench.write(f"src/{number % 7}/{number}", str(number))
    bench.steps = [copies(file("src/0/0"), file("o")), copies(file("o"), file("p"), name="q")]
    bench.steps += [
        type(bench.steps[0])(
            name="all", doc="All.", act=bench.steps[0].act, inputs=(tree("src"),),
            outputs=(file("o2"),), version="never runs here",
        )
    ]  # fmt: skip
    settled(bench.write("src/1/1", "1"), bench.root)
    reads: list[str] = []
    real = hashing.of_files
    monkeypatch.setattr(
        hashing, "of_files", lambda paths, **k: real([reads.append(p) or p for p in paths], **k)
    )

    def look() -> list[str]:
        reads.clear()
        engine = bench.engine()
        with engine.running():
            engine.reasons("all")
            engine.judge.inputs(engine.graph.steps["all"])
        return [os.path.relpath(place, bench.root) for place in reads if "/src/" in place]

    assert len(look()) == 300
    assert look() == []
    settled(bench.write("src/3/10", "changed"), bench.root)
    assert look() == ["src/3/10"]
    assert look() == []


def test_judging_with_and_without_the_cache_is_the_same(full: Workbench):
    full.executed()
    full.executed()
    full.write("in.txt", "hello WORLD again")
    with_cache = {step.name: full.reasons(step.name) for step in full.steps}
    (full.root / ".sealwright/stat.cache").unlink()
    assert {step.name: full.reasons(step.name) for step in full.steps} == with_cache
