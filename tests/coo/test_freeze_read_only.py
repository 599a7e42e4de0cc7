"""A read-only lock is undone exactly, also when it was cut off."""

from __future__ import annotations

import contextlib
import os
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright import durable
from sealwright.contracts.coo.freeze import read_only
from sealwright.errors import Damaged, Refused
from sealwright.paths import RelPath

ROOTS = [RelPath("docs"), RelPath("one.toml")]


@pytest.fixture
def top(tmp_path):
    for name, mode in {"docs/a.md": 0o644, "docs/b": 0o600, "docs/x/run": 0o4755}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
        (tmp_path / name).chmod(mode)
    (tmp_path / "docs/closed").write_bytes(b"x")
    (tmp_path / "docs/closed").chmod(0)
    (tmp_path / "docs/x").chmod(0o1777)
    (tmp_path / "docs/link").symlink_to("../outside")
    (tmp_path / "outside").write_bytes(b"x")
    (tmp_path / "one.toml").write_bytes(b"x")
    return tmp_path


def modes(top):
    paths = [path for path in top.rglob("*") if path.name != "modes" and not path.is_symlink()]
    return {str(path): stat.S_IMODE(path.lstat().st_mode) for path in paths}


def test_everything_loses_its_write_bits_and_gets_exactly_its_mode_back(top):
    before = modes(top)
    read_only.lock(top, ROOTS, top / "modes")
    during = modes(top)
    assert read_only.check(top, top / "modes").holds
    for path, mode in during.items():
        frozen = "/docs" in path.removeprefix(str(top)) or path.endswith("one.toml")
        assert mode == (before[path] & ~0o222 if frozen else before[path])
    assert read_only.unlock(top, top / "modes").holds
    assert modes(top) == before and not (top / "modes").exists()


def test_a_second_lock_is_refused_and_unlocking_nothing_is_nothing(top):
    assert read_only.unlock(top, top / "modes").holds
    read_only.lock(top, ROOTS, top / "modes")
    with pytest.raises(Refused, match="expected no lock, found one"):
        read_only.lock(top, ROOTS, top / "modes")


@pytest.mark.parametrize("stop", range(1, 8))
def test_a_lock_that_was_cut_off_is_undone_exactly(top, stop, monkeypatch):
    before, calls, real = modes(top), [], durable.set_mode

    def cut_off(path, mode):
        calls.append(path)
        if len(calls) == stop:
            raise KeyboardInterrupt
        real(path, mode)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(durable, "set_mode", cut_off)
        read_only.lock(top, ROOTS, top / "modes")
    with monkeypatch.context() as patched:  # and so is the unlocking
        patched.setattr(durable, "set_mode", cut_off)
        calls.clear()
        with contextlib.suppress(KeyboardInterrupt):
            read_only.unlock(top, top / "modes")
    assert read_only.unlock(top, top / "modes").holds
    assert modes(top) == before


def test_what_somebody_else_did_meanwhile_is_told_and_not_undone(top):
    read_only.lock(top, ROOTS, top / "modes")
    (top / "docs/new").write_bytes(b"")
    (top / "docs/a.md").chmod(0o666)
    (top / "docs/b").unlink()
    said = str(read_only.check(top, top / "modes"))
    assert "docs/new: was added" in said  # what is gone is told by the listing of the freeze
    assert "docs/a.md: expected the mode 0444, found 0666" in said
    said = str(read_only.unlock(top, top / "modes"))
    assert "docs/new: was added" in said and "docs/a.md: expected the mode 0444" in said
    assert (top / "docs/a.md").stat().st_mode & 0o777 == 0o666


def test_a_damaged_list_is_not_believed(top):
    read_only.lock(top, ROOTS, top / "modes")
    (top / "modes").write_bytes(b"{}\n")
    with pytest.raises(Damaged, match="expected sealwright/read-only/1"):
        read_only.unlock(top, top / "modes")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 0o7777), min_size=1, max_size=8))
def test_any_modes_come_back(tmp_path_factory, wanted):
    top = tmp_path_factory.mktemp("any")
    (top / "docs").mkdir()
    for number, mode in enumerate(wanted):
        (top / f"docs/{number}").write_bytes(b"")
        os.chmod(top / f"docs/{number}", mode)
    before = modes(top)
    read_only.lock(top, [RelPath("docs")], top / "modes")
    read_only.unlock(top, top / "modes")
    assert modes(top) == before
