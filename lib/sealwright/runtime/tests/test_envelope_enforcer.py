"""An envelope allows what it lists, and nothing by another way."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..governance.envelope_enforcer import Envelope, EnvelopeEnforcer, Forbidden

ENVELOPE = Envelope(["write"], ["src/**", "docs/*.md"], ["src/keys", "**/*.pem"], 0.3)


@pytest.fixture
def enforcer(tmp_path: Path) -> EnvelopeEnforcer:
    (tmp_path / "root/src/keys").mkdir(parents=True)
    return EnvelopeEnforcer(tmp_path / "root", ENVELOPE)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("src/a", "is allowed by 'src/**'"),
        ("src/deep/new/a", "is allowed by 'src/**'"),
        ("docs/a.md", "is allowed by 'docs/*.md'"),
        ("docs/deep/a.md", "is allowed by no rule"),
        ("Src/a", "is allowed by no rule"),
        ("other", "is allowed by no rule"),
        ("src/keys/a", "is denied by 'src/keys'"),
        ("src/KEYS/a", "is denied by 'src/keys'"),
        ("src/deep/A.PEM", "is denied by '**/*.pem'"),
        ("../src/a", "has a component . or .."),
        ("src/../other", "has a component . or .."),
        ("/src/a", "is absolute"),
        ("src\\a", "has a backslash"),
        ("C:/a", "starts with a drive letter"),
        ("src/a\0", "has a control character"),
        ("src/a.", "ends in a dot or a space"),
        ("src/aux", "is a device on Windows"),
        ("", "is empty"),
    ],
)
def test_a_path_is_allowed_or_refused_with_its_reason(
    enforcer: EnvelopeEnforcer, path: str, reason: str
) -> None:
    decision = enforcer.check("write", path)
    assert reason in decision.reason
    assert decision.allowed is reason.startswith("is allowed by '")


def test_an_operation_that_is_not_listed_is_refused(enforcer: EnvelopeEnforcer) -> None:
    assert not enforcer.permits("delete")
    assert not enforcer.check("delete", "src/a")


def test_an_empty_list_allows_nothing(tmp_path: Path) -> None:
    empty = EnvelopeEnforcer(tmp_path, Envelope(["write"], [], [], 1.0))
    assert not empty.check("write", "src/a")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("../other", "which leads to 'other/a', is allowed by no rule"),
        ("keys", "which leads to 'src/keys/a', is denied"),
        ("../..", "leads out of its root by a symbolic link"),
    ],
)
def test_a_link_is_no_way_around(
    enforcer: EnvelopeEnforcer, tmp_path: Path, target: str, reason: str
) -> None:
    _link(tmp_path / "root/src/link", target)
    assert reason in enforcer.check("write", "src/link/a").reason


def test_a_link_that_is_swapped_during_use_is_noticed(
    enforcer: EnvelopeEnforcer, tmp_path: Path
) -> None:
    _link(tmp_path / "root/link", "src")
    (tmp_path / "root/src/deep").mkdir()
    with pytest.raises(Forbidden), enforcer.opening("write", "src/deep/a"):
        (tmp_path / "root/src/deep").rmdir()
        _link(tmp_path / "root/src/deep", "keys")


def test_money_is_spent_up_to_the_budget_and_no_further(enforcer: EnvelopeEnforcer) -> None:
    assert [bool(enforcer.spend("0.1")) for _ in range(4)] == [True, True, True, False]
    assert not enforcer.spend("-0.1")


def _link(place: Path, target: str) -> None:
    try:
        place.symlink_to(target)
    except OSError:
        pytest.skip("this system makes no symbolic links here")
