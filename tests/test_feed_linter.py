"""The activity feed's linter: its rules, its counts, its exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sealwright.contracts.sot_pack import feed
from sealwright.errors import Damaged, Refused
from sealwright.ledger import Ledger
from sealwright.runtime import canonical
from tests.support.example import PROJECT, Done

HEAD, OTHER = "ab" * 20, "cd" * 20
SHA = "sha256:" + "0" * 64


def event(action: str, run: str = "1", **more):
    """A proof event; what is None in ``more`` is left out."""
    said = {
        "action": action,
        "emit_mode": "runtime_auto",
        "phase_id": "PHASE_14",
        "run_id": run,
        "tool": "test",
        "ts_epoch_ms": 1735689600000,
        "ts_utc": "2025-01-01T00:00:00Z",
        "verifier_mode": "operational_proof",
        "git_head": HEAD,
        **more,
    }
    return {key: value for key, value in said.items() if value is not None}


def run(name: str = "1", *actions: str, **more):
    return [event(action, name, **more) for action in actions or feed.CHAIN]


def seal(pack: str = "20250101T000000Z_abababa", **more):
    digests = {"pack_sha256": SHA, "sot_sha256": SHA, "sums_sha256": SHA}
    return event("sot_seal", pack=pack, **{**digests, **more})


FOREIGN = {"action": "heartbeat", "tool": "somebody's own"}
CUT = {"event": "recovered", "reason": "a disk", "kept_lines": 1}

RULES = {
    "a whole run": (run(), []),
    "a whole run and its seal": ([*run(), seal()], []),
    "two runs, one in the other": (
        [*run("1", "started"), *run("2"), *run("1", "completed", "verified")],
        [],
    ),
    "clocks that go back": (
        [event(action, ts_epoch_ms=9 - n) for n, action in enumerate(feed.CHAIN)],
        [],
    ),
    "a foreign event between": ([run()[0], FOREIGN, *run()[1:]], []),
    "the same action twice": (run("1", "started", "started", "completed", "verified"), []),
    "not proven, and not verified": (
        [*run("1", "started"), event("completed", status_badge="NOT_PROVEN")],
        [],
    ),
    "the same seal again": ([*run(), seal(), seal()], []),
    "a run that was cut, and the next": ([*run("1", "started"), CUT, *run("2")], []),
    "no start": (run("1", "completed", "verified"), ["1 incomplete_chain: no started"]),
    "no completion": (run("1", "started", "verified"), ["1 incomplete_chain: no completed"]),
    "no verification": (run("1", "started", "completed"), ["1 incomplete_chain: no verified"]),
    "nothing but a start": (run("1", "started"), ["1 incomplete_chain: no completed, verified"]),
    "not proven, and no start": (
        [event("completed", status_badge="NOT_PROVEN")],
        ["1 incomplete_chain: no started"],
    ),
    "proven by a badge of another kind": (
        [*run("1", "started"), event("completed", status_badge="PROVEN")],
        ["1 incomplete_chain: no verified"],
    ),
    "a run in two phases": (
        [*run("1", "started", "completed"), event("verified", phase_id="PHASE_15")],
        ["1 incomplete_chain: no verified", "3 incomplete_chain: no started, completed"],
    ),
    "a run that begins after a cut": (
        [CUT, *run("1", "started")],
        ["2 incomplete_chain: no completed, verified"],
    ),
    "verified before completed": (
        run("1", "started", "verified", "completed"),
        ["1 invalid_order"],
    ),
    "completed before started": (run("1", "completed", "started", "verified"), ["1 invalid_order"]),
    "an order mended too late": (
        run("1", "verified", "started", "completed", "verified"),
        ["1 invalid_order"],
    ),
    "a seal of another commit": ([*run(), seal(git_head=OTHER)], ["4 unverified_seal"]),
    "a seal before the verification": ([seal(), *run()], ["1 unverified_seal"]),
    "a seal with other documents": (
        [*run(), seal(), seal(pack_sha256="sha256:" + "1" * 64)],
        ["5 conflicting_seal"],
    ),
    "a seal with other bytes": (
        [*run(), seal(), seal(sums_sha256="sha256:" + "1" * 64)],
        ["5 conflicting_seal"],
    ),
    "a short commit": (
        [*run("1", "started", "completed"), event("verified", git_head="ababab")],
        ["3 invalid_git_head"],
    ),
    "an upper-case commit": ([*run(), seal(git_head="AB" * 20)], ["4 invalid_git_head"]),
    "no commit": (
        [*run("1", "started", "completed"), event("verified", git_head=None)],
        ["3 invalid_git_head"],
    ),
    "a number for a commit": ([*run(), seal(git_head=1)], ["4 invalid_git_head"]),
}
RULES |= {
    f"no {key}": ([event("sot_seal", **{key: None})], [f"1 missing_required_keys: {key}"])
    for key in ("ts_utc", "ts_epoch_ms", "phase_id", "tool", "run_id")
}


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "feed.jsonl"


def written(path: Path, events) -> Path:
    Ledger(path).append(events)
    return path


@pytest.mark.parametrize("case", RULES)
def test_the_linter_finds(path, case):
    events, expected = RULES[case]
    report = feed.lint(written(path, events))
    found = [(f.where.rpartition(":")[2], f.what) for f in report.findings]
    assert [f"{line} {re.sub('(: | in )[(].*', '', what)}" for line, what in found] == expected


@pytest.mark.parametrize("key", feed.PROOF)
def test_an_event_of_another_mode_is_counted_and_left_alone(path, key):
    report = feed.lint(written(path, [*run(), event("started", "2", **{key: "manual"}), FOREIGN]))
    assert report.to_dict() == {
        "ok": True,
        "counts": {"total_lines": 5, "proof_events": 3, "ignored_events": 2, "violations": 0},
        "violations": [],
    }


def test_all_violations_are_told_at_once_and_counted(path):
    report = feed.lint(written(path, [*run("1", "started"), *run("2", "verified"), seal()]))
    told = report.to_dict()
    assert not told["ok"]
    assert told["counts"]["violations"] == len(told["violations"]) == 2
    assert {violation["rule"].partition(":")[0] for violation in told["violations"]} == {
        "incomplete_chain"
    }


def test_the_last_verified_event_counts_and_no_prefix_of_a_commit(path):
    written(path, [*run("1"), *run("2", git_head=OTHER)])
    assert feed.verified_commit(path) == OTHER
    written(path, run("3", git_head="ab"))
    with pytest.raises(Refused, match="says of no commit that it is verified"):
        feed.verified_commit(path)


def test_an_event_that_is_no_proof_verifies_nothing(path):
    written(path, [{"action": "verified", "git_head": HEAD}])
    with pytest.raises(Refused, match="says of no commit that it is verified"):
        feed.verified_commit(path)


def test_every_flipped_byte_but_in_the_last_line_is_damage(path):
    """The last line is proved by no line after it: see the test below."""
    data = written(path, [*run(), seal()]).read_bytes()
    end = data.rindex(b"\n", 0, -1) + 1
    for at in range(end):
        for bit in (0x01, 0x20):
            path.write_bytes(flipped(data, at, bit))
            with pytest.raises(Damaged):
                feed.lint(path)


def test_a_flip_in_the_last_line_is_damage_or_shows_in_what_is_read(path):
    """Where the line still is one, it says something else: a seal then names other bytes than
    the pack has, and the engine's receipt names other lines (see test_verifier)."""
    data = written(path, [*run(), seal()]).read_bytes()
    before = feed.seals(path)
    passed = 0
    for at in range(data.rindex(b"\n", 0, -1) + 1, len(data)):
        path.write_bytes(flipped(data, at, 0x01))
        try:
            report = feed.lint(path)
        except Damaged:
            continue
        passed += not report.findings
        assert report.findings or feed.seals(path) != before
    assert passed  # the reason why the last line needs the receipt


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


# The script


def lint(*words: str | Path, cwd: Path | None = None) -> Done:
    script = PROJECT / "scripts/activity_feed_linter.py"
    argv = [sys.executable, str(script), *map(str, words)]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=cwd, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def test_the_script_says_that_a_feed_holds(path):
    done = lint("--path", written(path, run()))
    assert (done.code, done.out, done.err) == (0, "holds\n", "")


def test_the_script_ends_with_1_for_a_violation_and_says_where(path):
    written(path, run("1", "started"))
    done = lint("--path", path)
    assert done.code == 1
    assert done.out.startswith(f"{path}:1: incomplete_chain: no completed, verified in ")
    told = lint("--json", "--path", path)
    assert told.code == 1 and json.loads(told.out)["counts"]["violations"] == 1


def test_the_script_ends_with_1_without_a_feed_and_looks_in_its_place(tmp_path):
    done = lint(cwd=tmp_path)
    assert done.code == 1 and done.out == ""
    assert done.err == (
        "activity_feed_linter: observability/stl/ledger/activity_feed.jsonl: "
        "there is no activity feed; doit sot_pack:verify_head begins one\n"
    )


DAMAGE = {
    "no JSON": b"started\n",
    "no object": b"[]\n",
    "not canonical": b'{"v": 1}\n',
    "no chain": canonical.line({"action": "started"}),
    "no LF": b'{"prev":null,"seq":0,"v":1}',
    "an empty line": b"\n",
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_the_script_ends_with_2_for_a_damaged_line(path, damage, form):
    path.write_bytes(DAMAGE[damage])
    done = lint(*form, "--path", path)
    assert done.code == 2 and done.err.startswith(f"activity_feed_linter: {path}:1: ")
    assert done.err.count("\n") == 1
    assert not form or json.loads(done.out) == {"ok": False, "error": done.err[22:-1]}


@pytest.mark.parametrize("words", [("--pat",), ("feed",), ("--path",)])
def test_the_script_ends_with_3_for_words_that_it_does_not_know(words):
    done = lint(*words)
    assert done.code == 3 and "usage:" in done.err and "Traceback" not in done.err
