"""Which places a migration is about, and the copies that it works on."""

from __future__ import annotations

import os
import stat

import pytest

from sealwright.clock import Instant
from sealwright.contracts.coo.freeze import read_only
from sealwright.contracts.coo.inventory import listing
from sealwright.contracts.coo.migration import carrying, committing, grounds
from sealwright.contracts.coo.migration.committing import Packages
from sealwright.contracts.coo.settings import Settings
from sealwright.document import parse as document
from sealwright.errors import Refused
from sealwright.paths import RelPath, parse
from sealwright.step import World
from tests.support.example import make

OLD, NEW = parse("old"), parse("coo")
PACKAGES = Packages(OLD, NEW)


def put(top, **files):
    for name, text in files.items():
        place = top / name.replace("__", "/").replace("_py", ".py")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


@pytest.fixture
def top(tmp_path):
    top = tmp_path / "top"
    put(
        top, old__a_py="a = 1\n", old__sub__b_py="b = 1\n", tests__t_py="import old\n", README="old"
    )
    put(top, coo__reference__rules="{}", coo__manifests__tools="{}", config__coo="", cfg="x")
    (top / "old/__pycache__").mkdir()
    (top / "old/__pycache__/a.pyc").write_text("bytecode")
    (top / "old/link").symlink_to("a.py")
    (top / "old/sub/b.py").chmod(0o755)
    (top / "tests").chmod(0o750)
    return top


def settings(text: str = "") -> Settings:
    with document(f"legacy: old\n{text}".encode(), "config/coo.yaml") as table:
        made = Settings.read(table)
    assert made
    return made


def world(top) -> World:
    return World(root=top, state=top / ".sealwright", now=Instant(0), environment={})


def test_all_that_git_has_is_carried_but_what_sealwright_writes(tmp_path):
    files = {"old/a.py": "", "tests/t.py": "", "src/data": "", "coo/reference/r": "", "conf.py": ""}
    repo = make(tmp_path / "repository", files, [])
    repo.commit()
    (repo.root / "untracked").write_text("")
    (repo.root / "coo/manifests").mkdir()
    found = grounds.carried(settings(), world(repo.root))
    assert {"old", "tests", "src", "coo/reference", "conf.py"} <= set(found)
    assert not {"untracked", "coo", "coo/manifests", ".sealwright"} & set(found)


def test_what_is_named_is_carried_with_the_legacy_package(top):
    assert grounds.carried(settings("carried: [tests]\n"), world(top)) == ("old", "tests")
    assert grounds.rewritten(settings("rewrite: [cfg]\n"), world(top)) == ("cfg",)


def test_everything_that_is_rewritten_and_all_of_the_new_package_is_frozen_but_what_is_published(
    top,
):
    found = grounds.frozen(settings("rewrite: [tests]\n"), world(top))
    assert found == ("coo/reference", "old", "tests")


def test_a_module_is_a_package_too(top):
    (top / "one.py").write_text("")
    assert grounds.package(settings(), top, "one") == "one.py"


def test_a_package_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refused, match="legacy: expected a package old, found none"):
        grounds.present(settings(), tmp_path)


def test_a_copy_has_content_links_and_the_x_bit_and_no_caches(top, tmp_path):
    carrying.carry(top, [OLD, parse("README")], tmp_path / "copy")
    copied = tmp_path / "copy/old"
    assert sorted(os.listdir(copied)) == ["a.py", "link", "sub"]
    assert os.readlink(copied / "link") == "a.py"
    assert os.access(copied / "sub/b.py", os.X_OK) and not os.access(copied / "a.py", os.X_OK)
    assert (copied / "a.py").stat().st_nlink == 1


def test_what_is_no_file_is_refused(top, tmp_path):
    os.mkfifo(top / "old/pipe")
    with pytest.raises(Refused, match="expected a file, folder or link, found a named pipe"):
        carrying.carry(top, [OLD], tmp_path / "copy")


def test_the_package_is_ported_byte_for_byte_and_merged_with_nothing(top):
    carrying.port(top, OLD, NEW)
    assert (top / "coo/sub/b.py").read_text() == "b = 1\n"
    assert (top / "old/a.py").exists() and not (top / "coo/__pycache__").exists()
    with pytest.raises(Refused, match=r"coo: expected no a\.py, link, sub, found it"):
        carrying.port(top, OLD, NEW)


def test_a_module_is_ported_to_a_module(top):
    (top / "one.py").write_text("x = 1\n")
    carrying.port(top, parse("one.py"), parse("two.py"))
    assert (top / "two.py").read_text() == "x = 1\n"
    with pytest.raises(Refused, match=r"expected no two\.py, found it"):
        carrying.port(top, parse("one.py"), parse("two.py"))


@pytest.fixture
def staged(top, tmp_path):
    """A frozen tree, and what a migration with one rewritten test would change in it."""
    frozen = (parse("README"), parse("coo/reference"), OLD, parse("tests"))
    listed = listing.render(listing.entries(top, frozen))
    modes = {entry["path"]: entry["mode"] for entry in listing.parse(listed) if "mode" in entry}
    tree = tmp_path / "tree"
    carrying.carry(top, frozen, tree)
    carrying.port(tree, OLD, NEW)
    (tree / "tests/t.py").write_text("import coo\n")
    edited = [parse("tests/t.py")]
    come = tuple(committing.places(top, tree, PACKAGES, frozen, edited))
    return committing.stage(tree, come, PACKAGES, listed, modes, tmp_path / "to")


def test_only_what_is_rewritten_or_new_comes_and_the_legacy_package_goes(staged):
    assert staged.come == ("tests", "coo/a.py", "coo/link", "coo/sub")
    assert staged.gone == ("old",)


def test_what_comes_is_read_only_and_keeps_the_mode_of_its_origin_for_later(staged, tmp_path):
    mode = stat.S_IMODE((tmp_path / "to/coo/sub/b.py").stat().st_mode)
    assert mode == read_only.locked(0o755)
    assert staged.modes["coo/sub/b.py"] == 0o755 and staged.modes["tests"] == 0o750


def test_the_listing_afterwards_is_that_of_the_tree_with_the_modes_from_before(staged, top):
    for path in staged.come:
        if (top / path).is_dir():
            for inside in (top / path).rglob("*"):
                inside.unlink()
            (top / path).rmdir()
    for path in staged.come:
        os.rename(top.parent / "to" / path, top / path)
    found = listing.entries(
        top, [*staged.come, parse("README"), parse("coo/reference")], modes=staged.modes
    )
    assert listing.first_difference(staged.listed, listing.render(found)) is None


def test_a_canonical_module_comes_whole(top, tmp_path):
    tree = tmp_path / "tree"
    put(tree, two_py="x = 1\n")
    packages = Packages(parse("one.py"), parse("two.py"))
    assert list(committing.places(top, tree, packages, [], [])) == [RelPath("two.py")]
    assert packages.origin("two.py") == "one.py" and packages.origin("a") == "a"
