"""An envelope allows what it lists, and nothing by another way."""

from __future__ import annotations

import dataclasses
import typing
from decimal import Decimal
from pathlib import Path

import pytest

from sealwright.runtime import canonical
from sealwright.runtime.governance.envelope_enforcer import (
    Decision,
    Envelope,
    EnvelopeEnforcer,
    Forbidden,
    to_dict,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for folder in ("src/deep", "keys", "other"):
        (root / folder).mkdir(parents=True)
    (root / "keys/private").write_text("secret")
    (tmp_path / "outside").mkdir()
    return root


def _envelope(
    allow: typing.Sequence[str] = ("**",),
    deny: typing.Sequence[str] = (),
    ops: typing.Sequence[str] = ("write",),
    budget: float = 1.0,
) -> Envelope:
    return Envelope(list(ops), list(allow), list(deny), budget)


def _check(root: Path, path: str, **envelope: typing.Any) -> Decision:
    return EnvelopeEnforcer(root, _envelope(**envelope)).check("write", path)


def test_an_envelope_has_exactly_the_fields_of_the_document():
    assert list(typing.get_type_hints(Envelope).items()) == [
        ("allow_ops", list[str]),
        ("allow_paths", list[str]),
        ("deny_paths", list[str]),
        ("max_budget_usd", float),
    ]
    with pytest.raises(dataclasses.FrozenInstanceError):
        _envelope().max_budget_usd = 2.0


@pytest.mark.parametrize(
    ("pattern", "path", "allowed"),
    [
        ("a", "a", True),
        ("a", "a/b", False),
        ("a", "A", False),
        ("a", "ab", False),
        ("*", "a", True),
        ("*", "a/b", False),
        ("*", ".hidden", True),
        ("a/*", "a/b", True),
        ("a/*", "a", False),
        ("a/*", "a/b/c", False),
        ("a/*.py", "a/b.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("a/*.py", "a/b.pyc", False),
        ("a*b*c", "a1b2c", True),
        ("a*b*c", "a1b/2c", False),
        ("**", "a", True),
        ("**", "a/b/c", True),
        ("a/**", "a/b/c", True),
        ("a/**", "a", True),
        ("a/**", "ab/c", False),
        ("**/a", "a", True),
        ("**/a", "b/c/a", True),
        ("**/a", "b/c/ba", False),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/**/z", "a/b/c/y", False),
        ("a/**/*/z", "a/z", False),
        ("a/**/*/z", "a/b/z", True),
        ("**/**/a", "a", True),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("[!a]*", "bc", False),
        ("a.b", "axb", False),
        ("a+(b)", "a+(b)", True),
        ("é", "é", True),
        ("caf\u00e9", "cafe\u0301", False),
    ],
)
def test_an_allowed_pattern_matches_exactly_and_a_star_stays_in_its_component(
    root, pattern, path, allowed
):
    assert _check(root, path, allow=[pattern]).allowed is allowed


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("keys", "keys"),
        ("keys", "KEYS"),
        ("Keys", "kEYS/a/b"),
        ("keys/*", "keys/a"),
        ("keys/*", "keys/a/b"),
        ("keys/**", "keys"),
        ("keys/**", "keys/a/b"),
        ("**/*.pem", "a/b/C.PEM"),
        ("**/*.pem", "a.pem/inside"),
        ("**/secret", "a/secret/b"),
        ("caf\u00e9", "cafe\u0301"),
        ("caf*", "CAFE\u0301"),
        ("straße", "STRASSE"),
        ("**", "a"),
    ],
    ids=ascii,
)
def test_a_denied_pattern_matches_in_any_case_and_all_that_is_below(root, pattern, path):
    decision = _check(root, path, deny=["unrelated", pattern])
    assert not decision
    assert decision.evidence["rule"] == pattern
    assert decision.reason == f"path {path!r} is denied by {pattern!r}"


@pytest.mark.parametrize(
    ("pattern", "path"),
    [("keys", "keyset"), ("keys/*", "keys"), ("a/b", "a"), ("*.pem", "a/b.pem")],
)
def test_a_denied_pattern_does_not_match_more(root, pattern, path):
    assert _check(root, path, deny=[pattern])


def test_deny_wins_over_allow_whatever_the_order(root):
    assert not _check(root, "src/a", allow=["src/a", "**"], deny=["src/a"])


@pytest.mark.parametrize("empty", [{"allow": []}, {"ops": []}], ids=["paths", "operations"])
def test_an_empty_allow_list_allows_nothing(root, empty):
    assert not _check(root, "src/a", **empty)


@pytest.mark.parametrize("op", ["read", "WRITE", "write ", "", "*", "writ\ud800"], ids=ascii)
def test_an_operation_that_is_not_listed_is_refused(root, op):
    decision = EnvelopeEnforcer(root, _envelope()).check(op, "src/a")
    assert (decision.allowed, "is not among" in decision.reason) == (False, True)
    canonical.encode(decision.evidence)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../outside/a",
        "src/../keys/private",
        "src/./a",
        "src//a",
        "src\\a",
        "~/a",
        "C:/a",
        "src/a\0",
        "src/\udcff",
        "keys.",
        "keys ",
        "keys/private::$DATA",
        "src/nul",
    ],
    ids=ascii,
)
def test_a_path_that_is_not_in_the_one_portable_form_is_refused(root, path):
    decision = _check(root, path, deny=["keys"])
    assert not decision.allowed
    assert decision.reason.startswith("path ")
    assert "rule" not in decision.evidence
    canonical.encode(decision.evidence)


def test_a_link_to_a_denied_place_is_denied(root):
    (root / "src/link").symlink_to("../keys")
    decision = _check(root, "src/link/private", deny=["keys"])
    assert not decision.allowed
    assert decision.evidence == {
        "op": "write",
        "path": "src/link/private",
        "resolved": "keys/private",
        "rule": "keys",
    }
    assert decision.reason == (
        "path 'src/link/private', which leads to 'keys/private', is denied by 'keys'"
    )


def test_a_denied_link_is_denied_wherever_it_leads(root):
    (root / "keys/link").symlink_to("../src")
    assert not _check(root, "keys/link/a", deny=["keys"])


def test_a_link_from_an_allowed_place_to_another_is_not_allowed(root):
    (root / "src/link").symlink_to("../other")
    assert "allowed by no rule" in _check(root, "src/link/a", allow=["src/**"]).reason


def test_a_link_between_allowed_places_is_allowed(root):
    (root / "src/link").symlink_to("../other")
    decision = _check(root, "src/link/a", allow=["src/**", "other/**"])
    assert decision
    assert decision.evidence["resolved"] == "other/a"


@pytest.mark.parametrize("target", ["../../outside", "/", "../../outside/new"])
def test_a_link_out_is_refused(root, target):
    (root / "src/link").symlink_to(target)
    assert "leads out of its root" in _check(root, "src/link/a").reason


@pytest.mark.parametrize(
    "pattern",
    ["", "/a", "../a", "a//b", "a/", "a\\b", "a**", "**a/b", "a/b**c", "***", "a?b", "a:b", "nul"],
)
@pytest.mark.parametrize("which", ["allow", "deny"])
def test_a_pattern_that_could_match_nothing_is_no_pattern(root, pattern, which):
    with pytest.raises(ValueError, match=r"^p(ath|attern) "):
        EnvelopeEnforcer(root, _envelope(**{which: [pattern]}))


def test_many_double_stars_cost_a_product_and_not_a_power(root):
    pattern = "/".join(["**", "a"] * 60 + ["b"])
    assert not _check(root, "/".join(["a"] * 400), allow=[pattern])


def test_an_envelope_that_is_changed_afterwards_changes_nothing(root):
    envelope = _envelope(allow=["src/*"])
    enforcer = EnvelopeEnforcer(root, envelope)
    envelope.allow_paths.append("**")
    envelope.allow_ops.append("delete")
    assert not enforcer.check("write", "other/a")
    assert not enforcer.check("delete", "src/a")


# Just before use.


def test_an_opening_yields_the_place_where_the_links_lead(root):
    (root / "src/link").symlink_to("../other")
    with EnvelopeEnforcer(root, _envelope()).opening("write", "src/link/a") as place:
        place.write_text("a")
    assert place == root.resolve() / "other/a"
    assert (root / "other/a").read_text() == "a"


def test_an_opening_that_is_not_allowed_runs_nothing(root):
    enforcer = EnvelopeEnforcer(root, _envelope(deny=["keys"]))
    ran = []
    with (
        pytest.raises(Forbidden, match="is denied by 'keys'") as refused,
        enforcer.opening("write", "keys/private"),
    ):
        ran.append("the body")
    assert ran == []
    assert not refused.value.decision.allowed


def test_an_opening_notices_a_link_that_was_put_in_the_way_meanwhile(root):
    enforcer = EnvelopeEnforcer(root, _envelope(deny=["keys"]))
    with (
        pytest.raises(Forbidden, match="is denied by 'keys'"),
        enforcer.opening("write", "src/deep/a"),
    ):
        (root / "src/deep").rmdir()
        (root / "src/deep").symlink_to("../keys")


def test_what_fails_inside_an_opening_is_told_as_it_is(root):
    enforcer = EnvelopeEnforcer(root, _envelope())
    with pytest.raises(ZeroDivisionError), enforcer.opening("write", "src/a"):
        raise ZeroDivisionError


def test_a_recheck_refuses_a_path_that_leads_elsewhere_though_that_is_allowed(root):
    enforcer = EnvelopeEnforcer(root, _envelope())
    decision = enforcer.check("write", "src/deep/a")
    assert enforcer.recheck(decision) == decision
    (root / "src/deep").rmdir()
    (root / "src/deep").symlink_to("../other")
    moved = enforcer.recheck(decision)
    assert not moved.allowed
    assert moved.reason == "path 'src/deep/a' moved: expected 'src/deep/a', found 'other/a'"


def test_a_recheck_of_a_refusal_is_that_refusal(root):
    enforcer = EnvelopeEnforcer(root, _envelope(deny=["keys"]))
    refusal = enforcer.check("write", "keys/private")
    assert enforcer.recheck(refusal) is refusal


def test_a_decision_stays_as_it_was_made(root):
    with pytest.raises(dataclasses.FrozenInstanceError):
        _check(root, "src/a").allowed = False


def test_a_root_that_is_a_link_is_fixed_when_the_enforcer_is_made(root, tmp_path):
    (tmp_path / "alias").symlink_to(root)
    enforcer = EnvelopeEnforcer(tmp_path / "alias", _envelope())
    (tmp_path / "alias").unlink()
    (tmp_path / "alias").symlink_to(tmp_path / "outside")
    with enforcer.opening("write", "src/a") as place:
        assert place == root.resolve() / "src/a"


# Money.


def test_what_is_spent_may_reach_the_budget_and_not_pass_it(root):
    enforcer = EnvelopeEnforcer(root, _envelope(budget=0.3))
    assert [bool(enforcer.spend("0.1")) for _ in range(4)] == [True, True, True, False]
    assert enforcer.spent == Decimal("0.3")


def test_a_refused_amount_is_not_spent_and_a_smaller_one_may_follow(root):
    enforcer = EnvelopeEnforcer(root, _envelope(budget=1))
    decision = enforcer.spend("1.01")
    assert decision.reason == "budget: expected at most 1, found 1.01"
    assert decision.evidence == {"amount": "1.01", "budget": "1", "spent": "0"}
    assert enforcer.spend(Decimal("1")).evidence["spent"] == "1"


def test_the_smallest_amounts_are_not_rounded_away(root):
    enforcer = EnvelopeEnforcer(root, _envelope(budget=999_999_999_999.0))
    assert enforcer.spend("999999999998.999999999998")
    assert enforcer.spend("0.000000000001")
    assert enforcer.spent == Decimal("999999999998.999999999999")
    assert enforcer.spend("0.000000000001")
    assert not enforcer.spend("0.000000000001")


@pytest.mark.parametrize(
    "amount",
    [
        "-0.01",
        "NaN",
        "sNaN",
        "Infinity",
        "1e13",
        "1e-13",
        "1e3",
        "1_0",
        " 1",
        "٣",
        "-0",
        ".5",
        "1.",
        "",
        "1 $",
    ],
)
def test_what_is_no_sum_of_money_is_refused(root, amount):
    enforcer = EnvelopeEnforcer(root, _envelope())
    assert "expected dollars from 0 up" in enforcer.spend(amount).reason
    assert enforcer.spent == 0


@pytest.mark.parametrize(
    "amount",
    ["-1", "-0", "NaN", "sNaN", "Infinity", "1e12", "1e-13", "1e999999999", "0e-999999999"],
)
def test_a_decimal_that_is_no_sum_of_money_is_refused(root, amount):
    enforcer = EnvelopeEnforcer(root, _envelope(budget=999_999_999_999))
    assert "expected dollars from 0 up" in enforcer.spend(Decimal(amount)).reason
    assert enforcer.spent == 0


def test_a_decimal_is_the_same_sum_in_every_spelling(root):
    enforcer = EnvelopeEnforcer(root, _envelope(budget=999_999_999_999))
    assert enforcer.spend(Decimal("1e11")).evidence["spent"] == "100000000000"
    assert enforcer.spend(Decimal("0.50")).evidence["spent"] == "100000000000.5"
    assert enforcer.spend(Decimal("0.000000000001"))


@pytest.mark.parametrize("amount", [0.1, 1, True, None], ids=repr)
def test_an_amount_is_an_exact_decimal_and_never_a_float(root, amount):
    assert not EnvelopeEnforcer(root, _envelope()).spend(amount)


@pytest.mark.parametrize(
    "budget", [-1.0, float("nan"), float("inf"), 1e13, 1e-13, True, "1", None], ids=repr
)
def test_a_budget_that_is_no_sum_of_money_makes_no_enforcer(root, budget):
    with pytest.raises(ValueError, match="expected"):
        EnvelopeEnforcer(root, _envelope(budget=budget))


def test_a_budget_of_nothing_allows_to_spend_nothing(root):
    enforcer = EnvelopeEnforcer(root, _envelope(budget=0.0))
    assert enforcer.spend("0")
    assert not enforcer.spend("0.000000000001")


@pytest.mark.parametrize(
    ("budget", "text"),
    [(10.0, "10"), (10, "10"), (0.1, "0.1"), (0.0, "0"), (2.50, "2.5"), (1e-7, "0.0000001")],
)
def test_a_budget_is_hashed_as_a_decimal_string(budget, text):
    value = to_dict(_envelope(budget=budget))
    assert value["max_budget_usd"] == text
    canonical.encode(value)


def test_an_envelope_is_hashed_with_all_its_fields():
    assert list(to_dict(_envelope())) == [part.name for part in dataclasses.fields(Envelope)]
