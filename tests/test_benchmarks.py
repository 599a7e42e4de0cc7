"""The benchmarks measure what they say, and tell what they measured; no time is asserted."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import __main__, contest, graphs, measure, picture, report, snapshots
from benchmarks.goals import GOALS, Goal, Memory
from benchmarks.measure import Sample, Wrong
from benchmarks.peers import KNOWN, OURS, Peer, find, present
from benchmarks.registries import NEW
from benchmarks.surface import BROWSER

FAMILIES = list(__main__.FAMILIES)
ASKED = {
    "manifests": {"small", "large", "mixed", "many"},
    "registries": {"append", "check", "verify all", *(f"verify {new:,} new" for new in NEW)},
    "snapshots": {"export", "all"},
    "bundles": {"build", "audit"},
    "scans": {"scan"},
    "rewriting": {"rename"},
    "migrations": {"rehearsal"},
    "surface": {"made", *(["opened"] if find(BROWSER) else [])},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_tool_that_is_there_does_its_work_and_the_results_say_so(
    family: str, tmp_path: Path
) -> None:
    assert __main__.main([family, "--quick", "--results", str(tmp_path)]) == 0
    result = json.loads((tmp_path / f"{family}.json").read_text())
    assert set(result) == {"machine", "runs", "versions", "rows"}
    assert not {str(Path.home()), str(Path.cwd())} & set(map(str, result["machine"].values()))
    taken = [row for row in result["rows"] if "not run" not in row]
    for row in taken:
        assert set(row) == {
            *("what", "size", "tool", "seconds", "least", "most", "peak_mib", "ratio")
        }
        assert 0 < row["least"] <= row["seconds"] <= row["most"]
    if family in ASKED:
        assert {row["what"] for row in taken} == ASKED[family]
    else:
        names = [peer.name for peer in present()]
        assert [row["tool"] for row in taken] == names * 3
        assert {"Sealwright", "doit (sqlite3)", "GNU make"} <= set(names)


def liar(script: str) -> Peer:
    """Return a tool whose one program is a script; it says how many steps it ran."""
    return dataclasses.replace(
        OURS, argv=(sys.executable, "-c", script), graph=lambda _: {}, ran=lambda said: int(said)
    )


COPY = "import shutil; [shutil.copyfile(f'in/{n}', f'out/{n}') for n in range(3)]; print({said})"


@pytest.mark.parametrize("said", [0, 3])
def test_a_tool_that_runs_steps_while_nothing_is_stale_has_no_figure(
    said: int, tmp_path: Path
) -> None:
    ground = graphs.ground(liar(COPY.replace("{said}", "3")), tmp_path / "g", 3)
    ground.first()
    again = dataclasses.replace(ground, peer=liar(COPY.replace("{said}", str(said))))
    with pytest.raises(Wrong, match="no-op"):
        again.no_op(0)


@pytest.mark.parametrize(
    "script",
    [
        "print(0)",  # nothing runs
        "print(1)",  # nothing runs, and it says otherwise
        COPY.replace("{said}", "1"),  # everything runs, and it says otherwise
        "open('out/2', 'w').write('else'); print(1)",  # the wrong step runs
        "open('out/0', 'w').write('else'); print(1)",  # the right one, wrongly
    ],
)
def test_a_tool_that_does_not_run_the_one_step_has_no_figure(script: str, tmp_path: Path) -> None:
    ground = graphs.ground(liar(COPY.replace("{said}", "3")), tmp_path / "g", 3)
    ground.first()
    with pytest.raises(Wrong):
        dataclasses.replace(ground, peer=liar(script)).change(0)


def test_a_first_run_that_leaves_something_out_has_no_figure(tmp_path: Path) -> None:
    ground = graphs.ground(liar("print(2)"), tmp_path / "g", 3)
    with pytest.raises(Wrong, match="expected 3"):
        ground.first()


def test_each_turn_begins_with_another_and_the_first_does_not_count() -> None:
    order: list[str] = []

    def take(name: str) -> measure.Sample:
        order.append(name)
        return Sample(100.0 if len(order) <= 2 else float(len(order)), 2048, "")

    takes = {"a": lambda _: take("a"), "b": lambda _: take("b")}
    found = measure.interleaved(takes, 3)
    assert order == ["a", "b", "b", "a"] * 2
    assert dataclasses.astuple(found["a"]) == (5.0, 4.0, 8.0, 2.0)


def test_a_program_is_measured_alone_and_its_failure_is_told(tmp_path: Path) -> None:
    script = "import os; b = b'x' * (64 << 20); print(sorted(os.environ))"
    sample = measure.once([sys.executable, "-I", "-c", script], tmp_path)
    assert "MAKEFLAGS" not in sample.printed
    assert sample.peak_kib > 64 << 10
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Wrong, match="exit 3"):
        measure.once([sys.executable, "-c", "raise SystemExit(3)"], tmp_path)
    assert measure.once(["/bin/true"], tmp_path).peak_kib < 16 << 10


def figures(**taken: float) -> dict[str, measure.Figure]:
    return {name: measure.Figure(seconds, seconds, seconds, 9.0) for name, seconds in taken.items()}


def rows(**taken: float) -> list[contest.Row]:
    return contest.rows("no-op", 10_000, figures(**taken))


@pytest.mark.parametrize(("first", "each", "told"), [(25, 0.1, "first run"), (1, 3, "no-op")])
def test_a_tool_that_would_take_too_long_is_left_behind_with_a_word(
    first: float, each: float, told: str
) -> None:
    field = graphs.Field(graphs.ground, 1)
    taken = {"first run": figures(slow=first, quick=0.1, Sealwright=first)}
    taken["no-op"] = figures(slow=each, quick=0.1, Sealwright=each)
    field.leave(1_000, 10_000, taken)
    assert list(field.left) == ["slow"]
    assert told in field.left["slow"]


def test_a_goal_is_held_against_the_quickest_form_of_a_peer() -> None:
    found = rows(**{"Sealwright": 2.0, "doit (sqlite3)": 2.0, "doit (dbm)": 1.0})
    doit, make, *_ = GOALS
    results = {"graphs": {"rows": found}}
    assert doit.row(results).endswith("| 1.00 × | 2.00 × | missed |")
    assert make.row(results).endswith("| 0.50 × | not measured | |")
    smaller = [row | {"size": 1_000} for row in rows(**{"Sealwright": 1.0, "GNU make": 4.0})]
    assert make.row({"graphs": {"rows": smaller}}).endswith(
        "| 0.25 × at 1,000 | reached at 1,000 |"
    )


def test_a_goal_may_be_ourselves_at_another_size_or_a_size_of_memory() -> None:
    goal = next(g for g in GOALS if isinstance(g, Goal) and g.at == 1_000)
    taken = {1_000: 2.0, 1_000_000: 3.0}
    found = [
        row | {"what": goal.what, "size": size}
        for size, seconds in taken.items()
        for row in rows(Sealwright=seconds)
    ]
    assert goal.row({"registries": {"rows": found}}).endswith("| 1.10 × | 1.50 × | missed |")
    memory = Memory("peak", 9, "graphs", "no-op", 10_000, "Sealwright")
    assert (
        memory.row({"graphs": {"rows": rows(Sealwright=1.0)}}) == "| peak | 9 MB | 9 MB | missed |"
    )
    assert memory.row({}).endswith("| not measured | |")


def test_an_archive_that_is_not_what_it_says_has_no_figure(tmp_path: Path) -> None:
    with snapshots.ground(tmp_path, 20) as ground:
        lacking = snapshots.GNU_TAR.replace(" data", " --exclude data/0000/01 data")
        with pytest.raises(Wrong, match="19 files, expected 20"):
            snapshots.piped(ground, "tar", lacking)(0)


def test_the_page_and_its_picture_are_what_the_results_say() -> None:
    results, page = report.load(), (report.DOCS / "benchmarks.md").read_text("utf-8")
    assert set(results) == set(FAMILIES)
    assert report.page(page, results) == page
    assert picture.draw(results, report.TITLES) == (report.DOCS / "benchmarks.svg").read_text()


def test_figures_from_a_busy_machine_are_called_that() -> None:
    for load, busy in ((0.2, False), (3.1, True)):
        result = {"machine": {"load before": load}, "runs": 5, "versions": {}, "rows": []}
        lines = "".join(report.tables({"trees": result}))
        assert ("busy machine (load average 3.1)" in lines) is busy


def test_what_is_drawn_is_what_was_measured() -> None:
    found = rows(Sealwright=1.0, make=0.05, slow=40.0)
    found.append(contest.missing("no-op", 10_000, "absent", "not installed"))
    drawn = picture.draw({"graphs": {"rows": found}}, {("graphs", "no-op"): "N steps"})
    texts = ["".join(part.itertext()) for part in ElementTree.fromstring(drawn).iter()]
    for told in ("10,000 steps", "1.00", "0.050", "40.00", "absent", "not run"):
        assert told in texts


def test_the_page_names_every_tool() -> None:
    page = (report.DOCS / "benchmarks.md").read_text("utf-8").partition(report.BEGIN)[0]
    names = [peer.name.partition(" (")[0].removesuffix(" -r") for peer in KNOWN]
    assert all(f"| {name} |" in page for name in names)
