"""No spelling and no link is a way to the files by which a mission is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..governance.self_mod_protection import PROTECTED, SelfModProtection


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("runtime/governance", "docs", "src"):
        (tmp_path / "root" / name).mkdir(parents=True)
    (tmp_path / "root/runtime/governance/self_mod_protection.py").write_text("rules")
    return tmp_path / "root"


@pytest.mark.parametrize(
    "path",
    [
        *(rule for rule in PROTECTED if "*" not in rule),
        "runtime/governance/self_mod_protection.py",
        "runtime/new.py",
        "RUNTIME/x",
        "Claude.md",
        "conﬁg/models.yaml",
        "config",
        "scripts",
        "docs/03_runtime",
        "docs/03_runtime/Implementation_Plan_Build_Loop_Phase2_v1.1.md",
        "run\u200ctime/x",
        "runtime.",
        "runtime /x",
        "a/../CLAUDE.md",
        "./CLAUDE.md",
        ".",
        "",
        "/CLAUDE.md",
        "../outside",
        "runtime\\x",
        "runtime/x::$DATA",
        "CLAUDE.md\0",
    ],
)
def test_a_protected_path_is_refused_in_every_spelling(root: Path, path: str) -> None:
    decision = SelfModProtection(root).check("write", path)
    assert not decision.allowed
    assert decision.reason.startswith("path ")


@pytest.mark.parametrize(
    "path", ["src/a", "docs/a.md", "runtimes", "src/runtime/x", "src/CLAUDE.md"]
)
def test_other_paths_are_free(root: Path, path: str) -> None:
    assert SelfModProtection(root).check("write", path).allowed


def test_a_caller_adds_rules_and_removes_none(root: Path) -> None:
    protection = SelfModProtection(root, ["src/rules/*.yaml"])
    assert set(PROTECTED) < set(protection.rules)
    assert not protection.check("write", "src/Rules/a.yaml")
    assert not protection.check("write", "runtime/x")


@pytest.mark.parametrize("target", ["../runtime", "..", "../../root2"])
def test_a_link_to_what_is_protected_or_outside_is_refused(root: Path, target: str) -> None:
    _link(root / "src/link", target)
    assert not SelfModProtection(root).check("write", "src/link")


def test_the_state_shows_a_change_of_what_is_protected_and_of_nothing_else(root: Path) -> None:
    protection = SelfModProtection(root)
    before = protection.state()
    (root / "src/a").write_text("a")
    assert protection.state() == before
    (root / "runtime/new.py").write_text("")
    assert protection.state() != before


def _link(place: Path, target: str) -> None:
    try:
        place.symlink_to(target)
    except OSError:
        pytest.skip("this system makes no symbolic links here")
