from project_builder.__main__ import main
from tests.test_plan import HOUSE


def test_a_plan_is_printed_with_its_length(capsys):
    assert main([str(HOUSE)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["in", "all", "8", "days"]


def test_without_a_plan_the_usage_is_printed(capsys):
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
