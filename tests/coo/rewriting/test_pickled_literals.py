"""Pickles in the bytes of a source are rewritten exactly where a person says so."""

from __future__ import annotations

import ast
import pickle
import sys
import types

import pytest

from sealwright.contracts.coo.rewriting import plan as plans
from tests.coo.rewriting.test_plan import planned

REWRITE = "{text: project_builder, file: x.py, ruling: rewrite, why: w}"


@pytest.fixture
def instance(monkeypatch):
    """An object of a class in a module of the package."""
    module = types.ModuleType("project_builder.core")
    made = type("Builder", (), {"__module__": module.__name__})
    module.Builder = made
    monkeypatch.setitem(sys.modules, "project_builder", types.ModuleType("project_builder"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return made()


def escaped(data):
    """Return bytes as a literal of several lines, as people write them."""
    at = data.index(b"project_builder") + 20
    return f"(\n    {data[:at]!r}\n    {data[at:]!r}\n)"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("spelled", [repr, escaped])
def test_a_pickle_names_the_other_package_after_the_ruling(tmp_path, instance, protocol, spelled):
    data = pickle.dumps([instance, 1, "project_builders"], protocol)
    files = {"x.py": f"# \u00e9\nimport project_builder\nDATA = {spelled(data)}\nLAST = 1\n"}
    (asked,) = planned(tmp_path, "", ["x.py"], files).unanswered
    assert asked.question.rule == "H3" and "project_builder.core" in asked.question.why
    plans.apply(planned(tmp_path, REWRITE, ["x.py"], files), tmp_path)
    text = (tmp_path / "x.py").read_text()
    value = ast.literal_eval(ast.parse(text).body[1].value)
    assert b"project_builder." not in value and b"coo.core" in value
    assert text.startswith("# \u00e9\nimport coo\n") and text.endswith("\nLAST = 1\n")
    coo = types.ModuleType("coo.core")
    coo.Builder = type("Builder", (), {})
    sys.modules["coo.core"], sys.modules["coo"] = coo, types.ModuleType("coo")
    try:
        assert isinstance(pickle.loads(value)[0], coo.Builder)
    finally:
        del sys.modules["coo.core"], sys.modules["coo"]


def test_bytes_that_only_begin_like_a_pickle_can_only_be_kept(tmp_path):
    files = {"x.py": "DATA = b'\\x80project_builder'\n"}
    assert not planned(tmp_path, REWRITE, ["x.py"], files).verdict.holds
    keep = REWRITE.replace("rewrite", "keep")
    assert planned(tmp_path, keep, ["x.py"], files).verdict.holds
