"""A fault at one call of the kernel in a whole process: a spread of what `make faults` sweeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import injection, keys, orders
from tests.support.aftermath import INVARIANTS, Invariant
from tests.support.programs import needed
from tests.support.subjects import (
    CANARY,
    Export,
    Generic,
    SotPack,
    Subject,
    keeps_what_an_export_must,
)
from tests.support.sweep import Injection, Tally, spread, swept


def tried(subject: Subject, tmp_path, number: int, *more: Invariant) -> Tally:
    """Try about ``number`` states of a command under faults."""
    needed("strace")
    plan = Injection(injection.record(subject, tmp_path), tmp_path, (*INVARIANTS, *more))
    tally = Tally(subject.name).add(swept(spread(plan.points(), number), plan))
    print(tally)
    return tally


@pytest.mark.parametrize(("subject", "number"), [(Generic(), 25), (SotPack(whole=False), 7)])
def test_after_a_fault_at_a_call_of_the_kernel_the_next_run_ends_where_an_undisturbed_one_does(
    subject, number, tmp_path
):
    tally = tried(subject, tmp_path, number)
    assert not tally.complaints, "\n".join(tally.complaints)
    assert tally.states >= number * 3 // 4
    assert len(tally.modes) >= len(injection.MODES)


@pytest.fixture
def export() -> Iterator[Export]:
    with keys.short_folder() as folder:
        yield Export(folder)


def test_after_a_fault_in_an_export_there_is_no_plaintext_anywhere_and_the_next_one_works(
    export, quick_path
):
    tally = tried(export, quick_path, 8, keeps_what_an_export_must)
    assert not tally.complaints, "\n".join(tally.complaints)
    assert tally.states >= 6


@pytest.mark.parametrize("place", ["left.tar", ".sealwright/x", ".adam_os/artifacts/snapshots/y"])
def test_a_leak_a_changed_artifact_and_a_broken_registry_would_be_seen(export, tmp_path, place):
    export.prepare(root := tmp_path / "repository")
    assert not any(export.compared(root)[what] for what in ("(leaks)", "(changed)", "(registry)"))
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_bytes(b"before " + CANARY + b" after")
    assert place in export.compared(root)["(leaks)"].decode()
    raw = next((root / orders.ARTIFACTS / "raw").glob("*"))
    raw.write_bytes(b"x")
    assert raw.name in export.compared(root)["(changed)"].decode()
    registry = root / orders.REGISTRY
    registry.write_bytes(registry.read_bytes()[:-1])
    assert export.compared(root)["(registry)"]


def test_a_recording_counts_every_call_below_the_folder_and_no_other(tmp_path):
    needed("strace")
    calls = injection.record(Generic(), tmp_path).calls
    names = {call.name for call in calls}
    assert {"openat", "write", "pwrite64", "fsync", "rename", "renameat2", "unlink"} <= names
    assert any("state.db-wal" in call.about for call in calls)  # SQLite's own
    assert all(".." not in call.about.split("/") for call in calls)


@pytest.mark.parametrize(("mode", "made"), [("before", False), ("after", True), ("EIO", False)])
def test_a_kill_comes_before_or_after_the_call_and_an_error_instead_of_it(tmp_path, mode, made):
    needed("strace")
    recording = injection.record(Generic(), tmp_path)
    call = next(call for call in recording.calls if call.about.endswith("/intent.json"))
    subject = Watched()
    watched = injection.Recording(subject, recording.template, recording.calls, recording.expected)
    injection.disturb(watched, call, mode, tmp_path / "state")
    assert subject.committed is made


class Watched(Generic):
    """Looks, right after the fault, whether the commit point was passed."""

    committed: bool | None = None

    def asked(self, root):
        self.committed = any((root / ".sealwright/staging").glob("*/intent.json"))
        return {}
