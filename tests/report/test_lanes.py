"""Arrows in lanes: every arrow is drawn, none through a row that it has nothing to do with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sealwright.report.lanes import reduced, route

ROWS = 14
GRAPHS = st.sets(
    st.tuples(st.integers(0, ROWS - 1), st.integers(0, ROWS - 1)).filter(lambda a: a[0] != a[1])
)


def reach(arrows, start):
    found, rest = set(), [start]
    while rest:
        here = rest.pop()
        new = {end for begin, end in arrows if begin == here} - found
        found |= new
        rest += new
    return found


@given(GRAPHS)
def test_what_is_left_out_follows_from_what_is_kept(arrows):
    down = {arrow for arrow in arrows if arrow[0] < arrow[1]}
    kept = reduced(ROWS, down)
    assert kept <= down
    for row in range(ROWS):
        assert reach(kept, row) == reach(down, row)
    for arrow in kept:
        assert arrow[1] not in reach(kept - {arrow}, arrow[0])


@given(GRAPHS)
def test_every_arrow_that_is_kept_runs_somewhere(arrows):
    routes = route(ROWS, arrows)
    drawn = set(routes.straight)
    for bus in routes.buses:
        assert len(bus.starts) == 1 or len(bus.ends) == 1, "a bus joins what belongs together"
        drawn |= {(start, end) for start in bus.starts for end in bus.ends}
    assert drawn == reduced(ROWS, arrows)


@given(GRAPHS)
def test_buses_in_one_lane_do_not_touch(arrows):
    routes = route(ROWS, arrows)
    for bus in routes.buses:
        assert bus.lane < routes.lanes
        for other in routes.buses:
            if other is not bus and other.lane == bus.lane:
                assert bus.span[1] < other.span[0] or other.span[1] < bus.span[0]


def test_a_chain_needs_no_lane_and_many_into_one_need_one():
    assert route(5, {(n, n + 1) for n in range(4)}).lanes == 0
    assert route(9, {(n, 8) for n in range(8)}).lanes == 1
    assert route(9, {(0, n) for n in range(1, 9)}).lanes == 1
