"""A mission that is the same is the same; one that is not is caught, and the place is named."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from sealwright.contracts.coo import replay
from sealwright.contracts.coo.replay.normalisation import clean
from sealwright.errors import Refused
from sealwright.runtime import canonical
from tests.coo.replay.missions import GROUNDS, STRONG, have, produce, replayed, tree
from tests.coo.replay.test_layer import CHANCE, CLOCKS, LISTING, NAMES, WORLD
from tests.coo.replay.test_running import everything

SEES = {"clocks": CLOCKS, "chance": CHANCE % "", "listing": LISTING, "world": WORLD}
each_ground = pytest.mark.parametrize("ground", GROUNDS)


def places(result):
    return [(name.name, d.pointer) for _, name in result.compared for d in name.differences]


@pytest.mark.parametrize("what", SEES)
@each_ground
def test_what_reads_the_world_is_equal_twice_whatever_is_around_it(tmp_path, ground, what):
    top = tree(tmp_path / "tree", SEES[what])
    (top / "many").mkdir()
    for name in NAMES:
        (top / "many" / name).touch()
    if not have().straight:
        (top / "main.py").write_text((top / "main.py").read_text().replace("id(object())", "0"))
    before = everything(top)
    result = replayed(top, tmp_path / "work", ground, inputs=["main.py", "many"], times=3)
    assert result.verdict().holds, result.verdict()
    assert result.holds and len(result.compared) == 8 and len(result.artefacts) == 3
    assert everything(top) == before and not list((tmp_path / "work").iterdir())


@pytest.mark.parametrize(
    ("main", "pointer"),
    [
        ("print('{\"id\": \"%s\"}' % open('/proc/sys/kernel/random/uuid').read().strip())", "/id"),
        ("import os; print('[[0, %d]]' % int.from_bytes(os.urandom(6), 'big'))", "/0/1"),
        ("import secrets, json; print(json.dumps({'a/b': secrets.token_hex()}))", "/a~1b"),
    ],
)
def test_a_mission_that_differs_is_caught_and_the_place_is_named(tmp_path, main, pointer):
    result = replayed(tree(tmp_path / "tree", main), tmp_path / "work")
    assert not result.holds
    assert places(result) == [("mission_output", f"/outputs/main{pointer}")]
    finding = result.verdict().findings[0]
    assert finding.where == "mission_output.json"
    assert f"replay 0 and 1 differ at /outputs/main{pointer}: " in finding.what
    row = json.loads(result.result_bytes())["artefacts"][0]
    assert row["status"] == "FAIL" and row["differences_count"] == 1
    assert row["differences"][0]["first"] != row["differences"][0]["second"]


def test_of_many_differences_some_are_told_and_all_are_counted(tmp_path):
    main = "import os, json; print(json.dumps(list(os.urandom(400))))"
    result = replayed(tree(tmp_path / "tree", main), tmp_path / "work")
    *_, last = result.verdict().findings
    count = json.loads(result.result_bytes())["artefacts"][0]["differences_count"]
    assert count > 300 and last.what == f"replay 0 and 1 differ at {count - 20} other places"
    assert len(result.verdict().findings) == 21


def test_where_programs_have_the_clock_of_the_machine_replays_are_in_other_seconds(tmp_path):
    main = "import subprocess; print(subprocess.run(['date', '+%s'], capture_output=1).stdout[:-1])"
    top = tree(tmp_path / "tree", main.replace("print(", "print(int(").replace("[:-1])", "))"))
    assert not replayed(top, tmp_path / "work", "python namespaces").holds
    assert replayed(top, tmp_path / "work", STRONG).holds


def test_the_order_of_a_folder_that_programs_see_is_caught_where_it_is_not_sorted(tmp_path):
    work = Path("/dev/shm") / f"replay-{os.getpid()}"  # it lists by the order of creation
    top = tree(tmp_path / "tree", "")
    (top / "many").mkdir()
    for name in NAMES:
        (top / "many" / name).touch()
    more = {"inputs": ["many"], "outputs": [{"name": "main", "stdout": "main"}]}
    if not os.access(work.parent, os.W_OK):
        pytest.skip("/dev/shm is missing")
    try:
        unsorted = {"name": "main", "argv": ["ls", "-U", "many"]}
        assert not replayed(top, work, steps=[unsorted], **more).holds
        assert replayed(top, work, steps=[{"name": "main", "argv": ["ls", "many"]}], **more).holds
    finally:
        work.rmdir()


def test_the_other_artefacts_are_made_of_a_copy_each_time_and_compared(tmp_path):
    seen = []

    def made(top):
        seen.append((top, sorted(path.name for path in top.iterdir())))
        return {**produce(top), "gate_results": b'{"pid": %d, "n": %d}' % ((len(seen),) * 2)}

    top = tree(tmp_path / "tree", "print(1)", **{"more.txt": "x", "left.txt": "x"})
    result = replayed(top, tmp_path / "work", produce=made, roots=["more.txt"])
    assert places(result) == [("gate_results", "/n")]
    assert [names for _, names in seen] == [["main.py", "more.txt"]] * 2
    assert seen[0][0] != seen[1][0] and not any(place.exists() for place, _ in seen)
    assert result.verdict().evidence["masked_differences"] == 1


def test_an_artefact_that_lacks_is_a_failure(tmp_path):
    top = tree(tmp_path / "tree", "print(1)")
    result = replayed(top, tmp_path / "work", produce=lambda top: {"gate_results": b"{}"})
    assert [name for name, _ in places(result)] == ["amendment_log", "scanner_report"]


def test_a_tree_that_changes_meanwhile_is_a_failure(tmp_path):
    top = tree(tmp_path / "tree", "print(1)")

    def careless(copy):
        (top / "main.py").write_text("print(2)")
        return produce(copy)

    result = replayed(top, tmp_path / "work", produce=careless)
    assert result.changed == "main.py" and not result.holds
    assert json.loads(result.result_bytes())["tree"] == "main.py"
    assert any(finding.where == "main.py" for finding in result.verdict().findings)


def test_artefacts_that_are_kept_inside_of_a_compared_folder_are_no_change_of_the_tree(tmp_path):
    top = tree(tmp_path / "tree", "print(1)")
    (top / "kept").mkdir()
    place = top / "kept/normalized"
    result = replayed(top, tmp_path / "work", roots=["kept"], normalized=place)
    assert result.holds and len(list(place.iterdir())) > 0


def test_the_missions_own_artefact_is_made_by_nobody_else(tmp_path):
    with pytest.raises(Refused, match="expected of the mission, found among the others"):
        replayed(
            tree(tmp_path / "tree", "print(1)"),
            tmp_path / "work",
            produce=lambda top: {"mission_output": b"{}"},
        )


def test_once_is_no_replay(tmp_path):
    with pytest.raises(ValueError, match="at least 2"):
        replayed(tree(tmp_path / "tree", "print(1)"), tmp_path / "work", times=1)


def test_the_result_is_the_same_bytes_wherever_it_is_made(tmp_path, monkeypatch):
    top = tree(tmp_path / "tree", "print(1)")
    first = replayed(top, tmp_path / "work").result_bytes()
    other = tree(tmp_path / "elsewhere" / "x", "print(1)")
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setenv("LC_ALL", "C")
    time.tzset()
    mask = os.umask(0o77)
    try:
        second = replayed(other, tmp_path / "other work").result_bytes()
    finally:
        os.umask(mask)
        monkeypatch.undo()
        time.tzset()
    assert first == second
    told = canonical.decode_line(first)
    assert told["status"] == "PASS" and told["format"] == replay.FORMAT
    assert told["replays"][0] == {} and told["replays"][1]["host"] == "elsewhere1"
    assert str(tmp_path) not in first.decode()


def test_normalised_artefacts_are_kept_until_they_are_taken_away(tmp_path):
    folder = tmp_path / "normalized"
    top = tree(tmp_path / "tree", "print('{\"pid\": 1}')")
    replayed(top, tmp_path / "work", normalized=folder)
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.json"))
    assert found == [f"replay-{n}/{name}.json" for n in (0, 1) for name in sorted(replay.ARTEFACTS)]
    assert '"main":{"pid":"<MASKED>"}' in (folder / "replay-1/mission_output.json").read_text()
    clean(folder)
    assert not folder.exists()
