"""A tree is what its listing says, in one order, and asks of each file only what it must."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sealwright import digest, manifest
from sealwright.engine import observer, trees
from sealwright.errors import Refused
from sealwright.stat_cache import StatCache
from sealwright.walk import walk
from tests.engine.test_stat_cache import settled
from tests.support.programs import needed
from tests.support.workbench import Workbench, tree


def filled(root: Path) -> Path:
    for name in [
        "a/x",
        "a-b",
        "a0",
        "b/c/x",
        "b/c-d",
        "ä/y",
        "n\nl",
        "\udcff/z",
        "\U0001f512",
        "\ue000",
    ]:
        place = Path(os.fsdecode(os.fsencode(root) + b"/" + os.fsencode(name)))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(ascii(name))
    (root / "empty").mkdir()
    (root / "link").symlink_to("a-b")
    (root / "tool").write_text("#!")
    (root / "tool").chmod(0o755)
    return root


def slowly(root: Path) -> bytes:
    """Return a listing as its definition reads, one entry after another."""
    lines = []
    for folder, folders, names in os.walk(os.fsencode(root)):
        for name in [*folders, *names]:
            place = os.path.join(folder, name)
            kind, data = b"d", None
            if os.path.islink(place):
                kind, data = b"l", os.readlink(place)
            elif os.path.isfile(place):
                kind = b"x" if os.access(place, os.X_OK) and os.stat(place).st_mode & 64 else b"f"
                data = Path(os.fsdecode(place)).read_bytes()
            digits = b"" if data is None else digest.hexadecimal(digest.blake3(data)).encode()
            lines.append((os.path.relpath(place, os.fsencode(root)), kind + digits))
    return b"".join(b"%s %s\0" % (what, name) for name, what in sorted(lines))


def listed(root: Path) -> bytes:
    read = lambda files: [digest.of_file(place).blake3 for place, _ in files]  # noqa: E731
    return trees.listing(str(root), lambda prefix, names, looks: [""] * len(names), read)


def test_the_listing_is_what_its_definition_says(tmp_path):
    assert listed(filled(tmp_path)) == slowly(tmp_path)


def test_the_order_of_a_walk_is_that_of_the_bytes_of_whole_paths(tmp_path):
    found = [os.fsencode(prefix + entry.name) for prefix, entry in walk(str(filled(tmp_path)))]
    assert found == sorted(found)
    assert len(found) == 18


def test_files_that_are_known_are_not_read_and_all_others_at_once(tmp_path):
    asked: list[list[str]] = []

    def read(files: list[tuple[str, os.stat_result]]) -> list[str]:
        asked.append([os.path.relpath(place, tmp_path) for place, _ in files])
        return [digest.of_file(place).blake3 for place, _ in files]

    def known(prefix: str, names: list[str], looks: list[os.stat_result]) -> list[str]:
        return [of(prefix + name) if (prefix + name).startswith("a") else "" for name in names]

    def of(name: str) -> str:
        place = tmp_path / name
        return digest.hexadecimal(digest.of_file(place).blake3) if place.is_file() else ""

    assert trees.listing(str(filled(tmp_path)), known, read) == slowly(tmp_path)
    assert len(asked) == 1
    assert {"tool", "b/c-d", "b/c/x"} <= set(asked[0])
    assert not any(name.startswith("a") for name in asked[0])


@pytest.mark.parametrize("make", [os.mkfifo, lambda p: os.mknod(p, 0o140600)])
def test_a_pipe_or_socket_in_a_tree_is_refused_and_never_opened(tmp_path, make):
    make(tmp_path / "strange")
    with pytest.raises(Refused, match="strange: expected a file, folder or link"):
        listed(tmp_path)


def test_a_file_that_changes_while_all_are_read_is_read_again(bench: Workbench, monkeypatch):
    for number in range(5):
        bench.write(f"src/{number}", "one")
    real = observer.hashing.of_files

    def disturbed(paths, **options):
        found = list(real(paths, **options))
        bench.write("src/3", "three")
        return found

    monkeypatch.setattr(observer.hashing, "of_files", disturbed)
    engine = bench.engine()
    with engine.asking():
        seen = engine.observer.input(tree("src"))
        (name,) = engine.observer.listings
    monkeypatch.undo()
    assert engine.observer.listings[name] == slowly(bench.root / "src")
    assert seen["entries"] == 5


def test_a_file_that_never_stops_changing_is_refused(bench: Workbench, monkeypatch):
    bench.write("src/0", "one")
    bench.write("src/1", "one")
    real, count = observer.digest.of_file, iter(range(99))

    def disturbed(place, **options):
        found = real(place, **options)
        bench.write("src/1", "x" * next(count))
        return found

    monkeypatch.setattr(observer.digest, "of_file", disturbed)
    many = observer.hashing.of_files
    monkeypatch.setattr(
        observer.hashing,
        "of_files",
        lambda paths, **k: [list(many(paths, **k)), bench.write("src/1", "y" * 99)][0],
    )
    engine = bench.engine()
    with engine.asking(), pytest.raises(Refused, match="src/1: changes while it is read"):
        engine.observer.input(tree("src"))


CALLS = """
import sys
from pathlib import Path
from sealwright import manifest
from sealwright.engine import trees
from sealwright.stat_cache import StatCache
from sealwright.stat_cache.blocks import fast
root = Path(sys.argv[1])
cache = StatCache(root.parent / "stat.cache", keep=True, root=root)
if sys.argv[2] == "manifest":
    manifest.of_tree(root, cache=cache)
else:
    known = lambda *folder: list(map(fast, cache.rows(*folder)))
    trees.listing(str(root), known, lambda files: sys.exit(f"read {len(files)}"))
"""


@pytest.mark.parametrize("what", ["manifest", "listing"])
def test_what_is_known_costs_one_stat_a_file_and_no_read(tmp_path, what):
    root = tmp_path / "root"
    for number in range(60):
        (root / str(number % 3)).mkdir(parents=True, exist_ok=True)
        (root / str(number % 3) / f"file-{number}").write_text(str(number))
    settled(root / "2/file-59", tmp_path)
    cache = StatCache(tmp_path / "stat.cache", keep=True, root=root)
    manifest.of_tree(root, cache=cache)
    cache.save()
    log = tmp_path / "calls"
    argv = [needed("strace"), "-f", "-e", "trace=%file", "-o", str(log)]
    lib = Path(manifest.__file__).parents[1]
    subprocess.run(
        [*argv, sys.executable, "-c", CALLS, str(root), what],
        check=True,
        env={**os.environ, "PYTHONPATH": str(lib)},
    )
    calls = [line for line in log.read_text().splitlines() if "/file-" in line]
    assert len(calls) == 60
    assert all("stat" in line.split("(")[0] for line in calls)
    assert len({line.split('"')[1] for line in calls}) == 60


def test_a_cached_manifest_is_the_manifest_whatever_changes(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    for number in range(9):
        (root / f"{number}").write_text(str(number))
    settled(root / "8", tmp_path)

    def both_ways() -> None:
        cache = StatCache(tmp_path / "stat.cache", keep=True, root=tmp_path)
        assert manifest.of_tree(root, cache=cache) == manifest.of_tree(root)
        cache.save()

    both_ways()
    both_ways()
    (root / "3").write_text("changed")
    (root / "4").unlink()
    (root / "new").write_text("new")
    both_ways()
