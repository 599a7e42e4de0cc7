"""Each test's outcome is told, of the outermost session and of no other."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sealwright.contracts.coo.suite import outcomes
from sealwright.contracts.coo.suite.outcomes import Failure
from sealwright.contracts.coo.suite.spelling import Spelling
from sealwright.errors import Damaged
from tests.coo.suite.workshop import FLAT, PYTEST, UNITTEST, before, log, rows, tree
from tests.support import pythons

ALL = """
import pytest, unittest

def test_passed(): pass
def test_failed(): assert 1 == 2, "of course"
def test_skipped(): pytest.skip()
@pytest.mark.xfail
def test_xfailed(): assert False
@pytest.mark.xfail
def test_xpassed(): pass
@pytest.mark.xfail(strict=True)
def test_strict(): pass
@pytest.fixture
def broken(): raise RuntimeError("no")
def test_error(broken): pass
@pytest.fixture
def left():
    yield
    raise RuntimeError("late")
def test_late(left): pass
def test_both(left): assert False
class TestParts(unittest.TestCase):
    def test_parts(self):
        for i in range(2):
            with self.subTest("part", i=i): self.assertEqual(i, 0)
"""
CASES = """
import unittest
class Case(unittest.TestCase):
    def test_passed(self): pass
    def test_failed(self): self.assertEqual(1, 2)
    def test_error(self): raise RuntimeError("no")
    def test_skipped(self): self.skipTest("not now")
    @unittest.expectedFailure
    def test_xfailed(self): self.fail()
    @unittest.expectedFailure
    def test_xpassed(self): pass
    def test_parts(self):
        for i in range(3):
            with self.subTest(i=i): self.assertNotEqual(i, 1)
class Group(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise RuntimeError("no")
    def test_never(self): pass
class Left(unittest.TestCase):
    def tearDown(self): raise RuntimeError("late")
    def test_left(self): self.fail("early")
"""


def test_every_outcome_of_pytest_has_its_word(tmp_path: Path) -> None:
    place = tree(tmp_path / "tree", {**FLAT, "tests/test_all.py": ALL, "tests/test_no.py": "1/0"})
    tree(place, {"tests/test_not.py": "import pytest\npytest.importorskip('no_such_module')"})
    result = before(place, (*PYTEST, "--continue-on-collection-errors"))
    assert rows(result) == {
        "tests/test_all.py::test_passed": "passed",
        "tests/test_all.py::test_failed": "failed",
        "tests/test_all.py::test_skipped": "skipped",
        "tests/test_all.py::test_xfailed": "xfailed",
        "tests/test_all.py::test_xpassed": "xpassed",
        "tests/test_all.py::test_strict": "failed",
        "tests/test_all.py::test_error": "error",
        "tests/test_all.py::test_late": "error, passed",
        "tests/test_all.py::test_both": "error, failed",
        "tests/test_all.py::TestParts::test_parts": "passed",
        "tests/test_all.py::TestParts::test_parts <part (i=0)>": "passed",
        "tests/test_all.py::TestParts::test_parts <part (i=1)>": "failed",
        "tests/test_no.py": "error",
        "tests/test_not.py": "skipped",
        "tests/test_run.py::test_run": "passed",
    }
    assert result.exit_code == 1
    failure = result.outcomes.failures["tests/test_all.py::test_failed"]
    assert failure == Failure(
        "{tree}/tests/test_all.py:5", "AssertionError: of course\nassert 1 == 2"
    )
    assert result.verdict().holds


def test_every_outcome_of_unittest_has_its_word(tmp_path: Path) -> None:
    files = {**FLAT, "cases/__init__.py": "", "cases/test_all.py": CASES}
    place = tree(tmp_path / "tree", {**files, "cases/test_no.py": "import no_such_module"})
    result = before(place, ("python", "-m", "unittest", "discover", "-s", "cases", "-t", "."))
    assert rows(result) == {
        "cases.test_all.Case.test_passed": "passed",
        "cases.test_all.Case.test_failed": "failed",
        "cases.test_all.Case.test_error": "error",
        "cases.test_all.Case.test_skipped": "skipped",
        "cases.test_all.Case.test_xfailed": "xfailed",
        "cases.test_all.Case.test_xpassed": "xpassed",
        "cases.test_all.Case.test_parts": "failed",
        "cases.test_all.Case.test_parts (i=0)": "passed",
        "cases.test_all.Case.test_parts (i=1)": "failed",
        "cases.test_all.Case.test_parts (i=2)": "passed",
        "cases.test_all.Left.test_left": "error, failed",
        "setUpClass (cases.test_all.Group)": "error",
        "unittest.loader._FailedTest.cases.test_no": "error",
    }
    failure = result.outcomes.failures["cases.test_all.Case.test_failed"]
    assert failure == Failure("{tree}/cases/test_all.py:5", "1 != 2")
    assert result.exit_code == 1
    assert result.verdict().holds


HERE = [version for version in ("3.8", "3.9", "3.10", *pythons.VERSIONS) if pythons._find(version)]


@pytest.mark.parametrize("version", HERE or [pythons.OWN])
def test_other_pythons_tell_of_their_unittest(tmp_path: Path, version: str) -> None:
    python = pythons.program(version)
    files = {"project_builder.py": "", "test_all.py": CASES}
    result = before(tree(tmp_path / "tree", files), UNITTEST, interpreter=python)
    found = rows(result)
    assert found["test_all.Case.test_passed"] == "passed"
    assert found["test_all.Case.test_parts"] == "failed"
    assert found["test_all.Left.test_left"] == "error, failed"
    assert result.verdict().holds


def test_a_script_that_calls_unittest_is_heard(tmp_path: Path) -> None:
    files = {**FLAT, "check.py": CASES + "unittest.main()\n"}
    result = before(tree(tmp_path / "tree", files), ("python", "check.py"))
    assert rows(result)["__main__.Case.test_xpassed"] == "xpassed"


def test_two_sessions_of_one_command_are_both_told(tmp_path: Path) -> None:
    files = {**FLAT, "tests/test_b.py": "def test_b(): pass\n"}
    command = "python -m pytest tests/test_run.py && python -m pytest tests"
    result = before(tree(tmp_path / "tree", files), ("sh", "-c", command))
    assert [session.collected for session in result.outcomes.sessions] == [1, 2]
    assert rows(result)["tests/test_run.py::test_run"] == "passed, passed"


NESTED = """
import os, subprocess, sys, unittest
pytest_plugins = ["pytester"]

class Inner(unittest.TestCase):
    __test__ = False
    def test_inner(self): self.fail()

def test_in_process(pytester):
    pytester.makepyfile("def test_inner(): assert 0")
    pytester.runpytest_inprocess().assert_outcomes(failed=1)
    assert (pytester.path / ".pytest_cache").is_dir()

def test_in_a_child(pytester):
    pytester.makepyfile("def test_inner(): assert 0")
    pytester.runpytest_subprocess().assert_outcomes(failed=1)
    assert "PYTEST_PLUGINS" not in os.environ

def test_of_unittest():
    suite = unittest.TestSuite([Inner("test_inner")])
    assert not unittest.TextTestRunner().run(suite).wasSuccessful()

def test_in_a_fork():
    child = os.fork()
    if not child:
        sys.exit("the child goes on as a session")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
"""


def test_sessions_in_a_session_are_not_told(tmp_path: Path) -> None:
    place = tree(tmp_path / "tree", {**FLAT, "test_nested.py": NESTED})
    result = before(place)
    names = ("in_process", "in_a_child", "of_unittest", "in_a_fork")
    assert rows(result) == {
        "tests/test_run.py::test_run": "passed",
        **{f"test_nested.py::test_{name}": "passed" for name in names},
    }, log(place)
    assert [each.runner for each in result.outcomes.sessions] == ["pytest"]


def test_sessions_in_a_session_of_unittest_are_not_told(tmp_path: Path) -> None:
    inner = """
        import subprocess, sys, unittest
        class Inner(unittest.TestCase):
            def test_inner(self): self.fail()
        class Outer(unittest.TestCase):
            def test_child(self):
                for words in (["-m", "pytest", "x_inner.py"], ["-m", "unittest", "x_inner"]):
                    self.assertEqual(subprocess.call([sys.executable, *words]), 1)
            def test_runner(self):
                suite = unittest.TestSuite([Inner("test_inner")])
                self.assertFalse(unittest.TextTestRunner().run(suite).wasSuccessful())
        del Inner.__dict__["x"] if 0 else Inner.__dict__
    """.replace('        del Inner.__dict__["x"] if 0 else Inner.__dict__\n', "")
    case = "import unittest\nclass T(unittest.TestCase):\n    def test_x(self): self.fail()\n"
    place = tree(tmp_path / "tree", {**FLAT, "outer.py": inner, "x_inner.py": case})
    result = before(place, (*UNITTEST, "outer.Outer"))
    assert rows(result) == {
        "outer.Outer.test_child": "passed",
        "outer.Outer.test_runner": "passed",
    }, log(place)


def test_workers_tell_the_session_that_started_them(tmp_path: Path) -> None:
    long = "import pytest\n@pytest.mark.parametrize('v', ['x' * 120])\ndef test_v(v): pass\n"
    files = {**FLAT, "tests/test_all.py": ALL, "tests/test_long.py": long}
    place = tree(tmp_path / "tree", files)
    many = before(place, (*PYTEST, "-n", "2"))
    parts = {name for name in rows(many) if "<part" in name}
    one = rows(before(place))
    assert len(parts) == len([name for name in one if "<part" in name]) == 2
    told = [(name, word) for name, word in rows(many).items() if name not in parts]
    assert told == [(name, word) for name, word in one.items() if "<part" not in name]
    assert (many.outcomes.sessions[0].collected, many.changes) == (12, ())
    assert many.verdict().holds


IDS = """
import pytest
class Thing: pass
@pytest.mark.parametrize("value", [Thing(), Thing()], ids=repr)
def test_objects(value): pass
@pytest.mark.parametrize("value", ["x" * 120, "é", "project_builder.run"])
def test_texts(value): pass
@pytest.mark.parametrize("value", [__file__])
def test_places(value): pass
"""


def test_ids_are_the_same_elsewhere_and_tell_which_test_they_are(tmp_path: Path) -> None:
    found = []
    for name in ("one", "another"):
        place = tree(tmp_path / name / "tree", {**FLAT, "tests/test_ids.py": IDS})
        found.append(rows(before(place)))
    assert found[0] == found[1]
    ids = [name.removeprefix("tests/test_ids.py::") for name in found[0]]
    assert f"test_texts[{'x' * 120}]" in ids
    assert "test_places[{tree}/tests/test_ids.py]" in ids
    assert (
        found[0]["tests/test_ids.py::test_objects[<test_ids.Thing object at 0x>]"]
        == "passed, passed"
    )


def test_a_parameter_with_half_a_character_has_an_id(tmp_path: Path) -> None:
    text = 'import pytest\n@pytest.mark.parametrize("v", ["\\ud800"], ids=str)\ndef test_v(v): pass'
    found = rows(before(tree(tmp_path / "tree", {**FLAT, "test_v.py": text})))
    assert [name for name in found if name.startswith("test_v.py")] == [
        "test_v.py::test_v[\\ud800]"
    ]


@pytest.mark.parametrize(
    ("command", "finding"),
    [
        (("true",), "test_command: expected results of pytest or unittest, found none"),
        ((*PYTEST, "empty"), "pytest: expected tests, collected none"),
        ((*UNITTEST, "empty"), "unittest: expected tests, collected none"),
        ((*PYTEST, "--collect-only"), "tests/test_run.py::test_run: was collected, and nothing"),
        ((*PYTEST, "dies.py"), "pytest: began and did not end"),
        (("python", "dies.py"), "unittest: began and did not end"),
        ((*PYTEST, "forks.py"), "pytest: began and did not end"),
    ],
)
def test_without_proof_that_all_of_it_ran_there_is_no_result(
    tmp_path: Path, command: tuple[str, ...], finding: str
) -> None:
    dies = """
        import os, unittest
        class T(unittest.TestCase):
            def test_end(self): os._exit(0)
        if __name__ == "__main__":
            unittest.main()
    """
    forks = """
        import os
        def test_end():
            child = os.fork()
            assert child, "the child goes on as a session"
            os.waitpid(child, 0)
            os._exit(0)
    """
    files = {"dies.py": dies, "forks.py": forks, "empty/__init__.py": ""}
    place = tree(tmp_path / "tree", {**FLAT, **files})
    assert str(before(place, command).verdict()).startswith(finding), log(place)


def test_a_suite_that_stops_early_has_tests_of_which_nothing_is_known(tmp_path: Path) -> None:
    text = "def test_1(): assert 0\ndef test_2(): pass\n"
    result = before(tree(tmp_path / "tree", {**FLAT, "test_a.py": text}), (*PYTEST, "-x"))
    [finding] = result.verdict().findings
    assert finding.where == "test_a.py::test_2"
    assert finding.what == "was collected, and nothing was told of it or of 1 others"


def test_a_suite_that_cannot_be_collected_says_what_is_missing(tmp_path: Path) -> None:
    place = tree(tmp_path / "tree", {**FLAT, "test_a.py": "import not_there\n"})
    [finding] = before(place, PYTEST).verdict().findings
    assert finding.where == "test_a.py"
    assert "cannot be collected" in finding.what and "'not_there'" in finding.what


def test_what_else_lies_among_results_is_damage(tmp_path: Path) -> None:
    said = {"runner": "pytest", "results": [["a", "fine"]], "collected": [], "exit_code": 0}
    half = json.dumps({**said, "results": [["\ud800", "passed"]]})
    for value in ("{", "[]", json.dumps(said), json.dumps({**said, "results": 7}), half):
        (tmp_path / "session-1.json").write_text(value)
        with pytest.raises(Damaged, match="expected the results of a session"):
            outcomes.read(tmp_path, Spelling())


def test_plugins_that_the_caller_names_are_loaded_and_stay_named(tmp_path: Path) -> None:
    plugin = "import pytest\n@pytest.fixture\ndef mine(): return 7\n"
    test = "import os\ndef test_mine(mine): assert os.environ['PYTEST_PLUGINS'] == 'my_plugin'\n"
    place = tree(tmp_path / "tree", {**FLAT, "my_plugin.py": plugin, "test_mine.py": test})
    result = before(place, variables={"PYTEST_PLUGINS": "my_plugin"})
    assert rows(result)["test_mine.py::test_mine"] == "passed", log(place)


@pytest.mark.parametrize("options", [("--lf",), ("-p", "no:cacheprovider"), ("--strict-config",)])
def test_no_cache_is_left_whatever_the_suite_does_with_it(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    files = {**FLAT, "pytest.ini": "[pytest]\n", "tests/test_f.py": "def test_f(): assert 0\n"}
    result = before(tree(tmp_path / "tree", files), (*PYTEST, *options))
    assert (result.exit_code, result.changes) == (1, ())
    assert len(result.outcomes.rows) == 2


def test_the_interpreter_of_these_tests_is_no_stranger(tmp_path: Path) -> None:
    place = tree(tmp_path / "tree", FLAT)
    result = before(place, (sys.executable, "-m", "pytest"))
    assert rows(result) == {"tests/test_run.py::test_run": "passed"}


def test_a_suite_that_a_hook_ends_says_so(tmp_path: Path) -> None:
    hook = "def pytest_collection_modifyitems(items): items[0].no_such_thing\n"
    place = tree(tmp_path / "tree", {**FLAT, "conftest.py": hook})
    [finding] = before(place, PYTEST).verdict().findings
    assert str(finding).startswith("pytest: ended by an error outside of any test; look at the end")
