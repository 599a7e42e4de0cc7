"""Contracts with other distributions are looked for before the tests are run even once."""

from __future__ import annotations

from tests.support.example import make
from tests.support.governed import ASKED, WAIVED, configure, executed

FILES = {"yaml/__init__.py": "", "tests/test_a.py": "def test():\n    raise SystemExit\n"}


def test_a_package_that_others_have_installed_is_refused_before_its_tests(tmp_path):
    repo = make(tmp_path / "repository", FILES, ["coo"])
    configure(repo, {'legacy: ""': "legacy: yaml", ASKED: WAIVED})
    repo.commit()
    done = repo.doit("rehearse")
    assert done.code == 1
    assert "has a copy of yaml installed" in done.said and "SystemExit" not in done.said
    assert "suite" not in executed(done) and "rehearse:create" not in done.said
