from pathlib import Path

import pytest

from project_builder import Circle, Plan, Task

HOUSE = Path(__file__).parent.parent / "docs" / "house.json"


def test_nothing_comes_before_what_it_needs():
    order = [task.name for task in Plan.read(HOUSE).order()]
    for task in Plan.read(HOUSE).tasks:
        assert all(order.index(name) < order.index(task.name) for name in task.needs)


def test_ties_are_broken_by_name():
    plan = Plan([Task("c", 1), Task("a", 1), Task("b", 1)])
    assert [task.name for task in plan.order()] == ["a", "b", "c"]


def test_a_circle_has_no_order():
    with pytest.raises(Circle, match="a, b"):
        Plan([Task("a", 1, ("b",)), Task("b", 1, ("a",))]).order()


def test_an_unknown_need_is_refused():
    with pytest.raises(ValueError, match="roof needs walls"):
        Plan([Task("roof", 1, ("walls",))])


def test_the_critical_path_is_the_longest():
    assert Plan.read(HOUSE).days() == 8
