"""S0 ≅ S1 = S2, test by test: each difference names the test, before, after, and where to look."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sealwright import digest
from sealwright.contracts.coo.suite import Names, Snapshot
from sealwright.contracts.coo.suite.comparison import consolidated, preserved, same, unstable
from sealwright.contracts.coo.suite.outcomes import Failure, Row, Session
from sealwright.contracts.coo.suite.snapshot import File
from sealwright.contracts.coo.suite.tripwire import Look
from sealwright.verdict import Verdict

NAMES = Names("project_builder", "coo")
OLD = {
    "project_builder/tests/test_a.py::test_a": "passed",
    "tests/test_b.py::test_b[project_builder.run]": "failed",
    "tests/test_b.py::test_c": "skipped",
}


def made(found: dict[str, str], **other: Any) -> Snapshot:
    rows = sorted(Row(i, word) for i, words in found.items() for word in words.split(", "))
    code = int(any(row.outcome in ("failed", "error") for row in rows))
    snapshot = Snapshot(
        package="coo",
        files=(File("coo/a.py", "aa"),),
        excluded=(),
        rows=tuple(rows),
        sessions=(Session("pytest", len(rows), code, ended=True),),
        exit_code=code,
        looks=(),
        environment=digest.sha256(b""),
    )
    return replace(snapshot, **other)


def new(**changed: str) -> dict[str, str]:
    """Return results under the new name, with some outcomes changed by the test's name."""
    found = {NAMES.renamed(name): word for name, word in OLD.items()}
    return {name: changed.get(name.rpartition("::")[2][:6], word) for name, word in found.items()}


def told(verdict: Verdict) -> list[str]:
    return list(map(str, verdict.findings))


def test_the_same_suite_under_the_other_name_is_preserved_reds_and_all() -> None:
    s1 = made(new())
    assert told(consolidated(made(OLD), s1, made(new()), NAMES)) == []
    assert preserved(made(OLD), s1, NAMES).evidence["compared"] == 3


def test_a_parameter_that_kept_the_name_is_the_same_test() -> None:
    s1 = {NAMES.renamed(n) if "test_b[" not in n else n: word for n, word in OLD.items()}
    assert preserved(made(OLD), made(s1), NAMES).holds


def test_a_test_that_comes_to_something_else_is_named_with_both() -> None:
    s1 = made(new(test_a="error, passed"))
    assert told(preserved(made(OLD), s1, NAMES)) == [
        "coo/tests/test_a.py::test_a: expected passed as before, found error and passed"
    ]


def test_one_that_broke_and_one_that_was_mended_are_two_findings() -> None:
    s1 = made(
        {
            **new(),
            "coo/tests/test_a.py::test_a": "failed",
            "tests/test_b.py::test_b[coo.run]": "passed",
        }
    )
    assert s1.view().test_results == made(OLD).view().test_results
    assert len(told(preserved(made(OLD), s1, NAMES))) == 2


def test_fewer_tests_and_more_tests_are_findings() -> None:
    fewer = {name: word for name, word in new().items() if "test_c" not in name}
    assert told(preserved(made(OLD), made(fewer), NAMES)) == [
        "tests/test_b.py::test_c: expected skipped as before, found nothing"
    ]
    more = {**new(), "tests/test_b.py::test_d": "passed"}
    assert told(same(made(new()), made(more))) == [
        "tests/test_b.py::test_d: expected nothing as before, found passed"
    ]


def test_tests_that_share_an_id_each_count() -> None:
    twice = made({"t.py::t[<x at 0x>]": "passed, passed"})
    once = made({"t.py::t[<x at 0x>]": "passed"})
    assert told(same(twice, once)) == [
        "t.py::t[<x at 0x>]: expected 2 passed as before, found passed"
    ]


def test_the_line_that_looked_for_the_legacy_package_comes_before_the_one_that_failed() -> None:
    name = "coo/tests/test_a.py::test_a"
    failures = {name: Failure("{tree}/coo/tests/test_a.py:9", "KeyError: 'x'\nmore")}
    s1 = made(new(test_a="failed"))
    assert told(preserved(made(OLD), s1, NAMES, failures))[0].endswith(
        "look at {tree}/coo/tests/test_a.py:9: KeyError: 'x'"
    )
    look = Look("project_builder", "{tree}/coo/run.py", 7, "{tree}/coo/run.py:7", f"{name} (call)")
    s1 = replace(s1, looks=(look,))
    assert told(preserved(made(OLD), s1, NAMES, failures))[0].endswith(
        "look at {tree}/coo/run.py:7, which looks for project_builder"
    )


def test_a_file_that_cannot_be_collected_leads_to_its_own_line() -> None:
    s1 = {"tests/test_b.py": "error", "coo/tests/test_a.py::test_a": "passed"}
    look = Look("project_builder", "{tree}/tests/test_b.py", 1, "{tree}/tests/test_b.py:1", "")
    found = told(preserved(made(OLD), made(s1, looks=(look,)), NAMES))
    assert len(found) == 3
    assert all("look at {tree}/tests/test_b.py:1" in each for each in found)


def test_other_files_another_environment_or_exit_code_are_findings() -> None:
    s1 = made(new())
    changed = replace(s1, files=(File("coo/a.py", "bb"), File("coo/c.py", "cc")))
    assert [finding.where for finding in same(s1, changed).findings] == ["coo/a.py", "coo/c.py"]
    for more in ({"environment": digest.sha256(b"x")}, {"exit_code": 3}, {"sessions": ()}):
        for verdict in (
            same(s1, replace(s1, **more)),
            preserved(made(OLD), replace(s1, **more), NAMES),
        ):
            assert len(verdict.findings) == 1


def test_unstable_tests_are_told_and_left_out_by_name() -> None:
    first, second = made(OLD), made({**OLD, "tests/test_b.py::test_c": "passed"})
    found = unstable([first, second])
    assert told(found) == [
        "tests/test_b.py::test_c: came to skipped, then passed though nothing had changed; "
        "mend it, or declare it as unstable"
    ]
    for allow in (["tests/test_b.py::test_c"], ["*test_c"], ["tests/test_?.py::test_c"]):
        assert unstable([first, second], allow).holds
    declared = unstable([first, second], ["*test_c"]).evidence["unstable"]
    s0 = replace(first, unstable=tuple(declared))
    s1, s2 = made(new(test_c="failed")), made(new(test_c="passed"))
    verdict = consolidated(s0, s1, s2, NAMES)
    assert verdict.holds
    assert verdict.evidence["unstable"] == ["tests/test_b.py::test_c"]
    assert not consolidated(first, s1, s2, NAMES).holds


def test_what_is_declared_is_unstable_though_it_was_not_this_time() -> None:
    allow = ["tests/test_b.py::test_b[project_builder.run]", "nowhere"]
    found = unstable([made(OLD), made(OLD)], allow)
    assert found.evidence["unstable"] == allow[:1]
    s0 = made(OLD, unstable=tuple(found.evidence["unstable"]))
    assert preserved(s0, made(new() | {"tests/test_b.py::test_b[coo.run]": "passed"}), NAMES).holds


def test_brackets_in_a_pattern_are_brackets() -> None:
    other = made({**OLD, "tests/test_b.py::test_b[project_builder.run]": "passed"})
    assert not unstable([made(OLD), other], ["tests/test_b.py::test_b[a-z]*"]).holds
    assert unstable([made(OLD), other], ["tests/test_b.py::test_b[project_*]"]).holds


def test_a_pattern_leaves_out_ids_that_are_new_in_each_run() -> None:
    taken = [made({f"tests/test_b.py::test_c[{hour}:00]": "passed"}) for hour in range(4)]
    s0, s1, s2 = taken[0], taken[2], taken[3]
    told = unstable(taken[:2], ["*::test_c[?:00]"]).enforce()["unstable"]
    assert consolidated(replace(s0, unstable=tuple(told)), s1, s2, NAMES).holds
    assert not consolidated(s0, s1, s2, NAMES).holds
