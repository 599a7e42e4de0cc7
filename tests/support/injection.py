"""A fault at one call of the kernel, put there by strace: the process is killed, or told an error.

`record` runs a command undisturbed under strace and lists every call that changes the file
system below the command's folder: opening for writing, writing, cutting, renaming, linking,
removing, making, changing modes and times, syncing; SQLite's own calls too.  `disturb` runs
it in a fresh copy with one fault:

``before``  SIGKILL on entry to the call, which is then not made.  So it is with ptrace: a
            fatal signal that is pending when a call is entered skips it.
``after``   SIGKILL on entry to the main process's next call of any kind, so that the call is
            made, and nothing after it.
``ENOSPC``, ``EIO``, ``EINTR``  the call is not made, and returns this error, once.

strace counts (``when=N``) the calls of each name, from the command's ``execve`` on, in each
process by itself.  It follows no children (no ``-f``): faults are in the main process only;
what an act runs (git, cp, sh) is not disturbed, but may be orphaned by a kill, and is waited
for.  Bytecode is not written, hashes are not random and the environment is given, so that two
runs make the same calls; where they do not, and another call is met, the fault is one as
good, and counted as *strayed*.  A run that ends before the fault comes is *missed*.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.support.aftermath import Aftermath, Files, Ran
from tests.support.programs import processes_in
from tests.support.subjects import Subject, statuses

KILLS, ERRORS = ("before", "after"), ("ENOSPC", "EIO", "EINTR")
MODES = (*KILLS, *ERRORS)
CHANGING = re.compile(
    "openat|write|pwrite64|writev|pwritev2?|ftruncate|truncate|fallocate|copy_file_range|"
    "rename|renameat2?|link|linkat|unlink|unlinkat|rmdir|mkdir|mkdirat|symlink|symlinkat|"
    "chmod|fchmod|fchmodat|chown|fchown|fchownat|lchown|utimensat|fsync|fdatasync|syncfs"
)
_LINE = re.compile(r"(?P<name>[a-z]\w*)\((?P<rest>.*)")
_WRITING = re.compile("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
_PLACE = re.compile(r'(?:AT_FDCWD<(?P<cwd>[^>]*)>, )?"(?P<name>[^"]*)"|(?<!CWD)<(?P<fd>/[^>]*)>')
_DIGITS = re.compile("[0-9a-f]{2}/(?=[.]?[0-9a-f]{64})|[0-9a-f]{64}|(?<=-)[0-9a-f]{8}(?=-)")
_PATIENCE = 120  # seconds


@dataclass(frozen=True, slots=True)
class Call:
    """The ``index``-th call of ``name``: what it was about, and the call right after it."""

    name: str
    index: int
    about: str
    next: tuple[str, int]

    def __str__(self) -> str:
        return f"{self.name} {self.index} ({self.about})"


@dataclass(frozen=True, slots=True)
class Disturbed:
    """A run with a fault in it: how it ended, and where the fault was ("" if it was missed)."""

    ran: Ran
    killed: bool
    about: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A template, what a run in a copy of it calls, and what the tree is after it."""

    subject: Subject
    template: Path
    calls: tuple[Call, ...]
    expected: Files


def record(subject: Subject, work: Path) -> Recording:
    """Make the template of ``subject`` in ``work``, and record one undisturbed run."""
    template = work / "template" / "repository"
    subject.prepare(template)
    root = copied(template, work / "recorded")
    ran, lines = _straced(subject, root, ["trace=all"])
    assert ran.code == 0, ran.said
    calls = tuple(_calls(lines, root))
    return Recording(subject, template, calls, subject.compared(root))


def copied(template: Path, place: Path) -> Path:
    """Return a fresh copy of the template at ``place``/repository."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(template, place / "repository", symlinks=True)
    return place / "repository"


def disturb(recording: Recording, call: Call, mode: str, place: Path) -> Aftermath | None:
    """Run with a fault in a fresh copy at ``place``, then again; None if the fault was missed."""
    subject, root = recording.subject, copied(recording.template, place)
    met = _met(subject, root, call, mode)
    if not met.about:
        return None
    left, asked = subject.compared(root), subject.asked(root)
    second = subject.again(root)
    strayed = "" if met.about == call.about else f", strayed to {met.about}"
    return Aftermath(
        where=f"{subject.name}: {mode} {call}{strayed}",
        root=root,
        killed=met.killed,
        disturbed=met.ran,
        left=left,
        fresh=asked,
        second=second,
        found=subject.compared(root),
        third=subject.again(root),
        audit=subject.audited(root),
        expected=recording.expected,
    )


def _met(subject: Subject, root: Path, call: Call, mode: str) -> Disturbed:
    name, index = call.next if mode == "after" else (call.name, call.index)
    fault = "signal=SIGKILL" if mode in KILLS else f"error={mode}"
    only = [f"trace={name},{call.name}", f"inject={name}:{fault}:when={index}"]
    ran, lines = _straced(subject, root, only)
    killed = ran.code == -signal.SIGKILL
    if mode in KILLS:
        met = [line for line in lines if line.startswith(f"{call.name}(")] if killed else []
    else:
        met = [line for line in lines if line.endswith("(INJECTED)")]
    return Disturbed(ran, killed, _about(met[-1], root) if met else "")


def _straced(subject: Subject, root: Path, options: Sequence[str]) -> tuple[Ran, list[str]]:
    """Run the command of ``subject`` under strace; return how it ended and what strace saw."""
    events, log = root.with_name("events"), root.with_name("calls")
    events.unlink(missing_ok=True)
    watch = ["strace", "-qq", "-y", "-s", "0", "-o", str(log)]
    for option in options:
        watch += ["-e", option]
    with subprocess.Popen(
        [*watch, *subject.argv(events)],
        cwd=root,
        env=subject.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            said = process.communicate(timeout=_PATIENCE)[0].decode(errors="replace")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode < 0:
        _alone(root)
    lines = log.read_text(errors="replace").splitlines()
    return Ran(process.returncode, statuses(events), said), lines


def _alone(root: Path) -> None:
    """Return when the children that a killed run leaves behind are gone."""
    until = time.monotonic() + 10
    while left := processes_in(root):
        assert time.monotonic() < until, left
        time.sleep(0.01)


def _calls(lines: Sequence[str], root: Path) -> list[Call]:
    counts: dict[str, int] = {}
    numbered: list[tuple[str, int, str]] = []
    for line in lines:
        if found := _LINE.match(line):
            name = found["name"]
            counts[name] = counts.get(name, 0) + 1
            numbered.append((name, counts[name], _about(line, root) if _changes(found) else ""))
    return [
        Call(name, index, about, following[:2])
        for (name, index, about), following in pairwise(numbered)
        if about
    ]


def _changes(found: re.Match[str]) -> bool:
    if not CHANGING.fullmatch(found["name"]):
        return False
    return found["name"] != "openat" or bool(_WRITING.search(found["rest"]))


def _about(line: str, root: Path) -> str:
    """Return the places in ``root`` that a call names, joined; empty if there is none."""
    arguments = line.partition(") = ")[0].partition(" = ?")[0]
    places = []
    for found in _PLACE.finditer(arguments):
        named = found["fd"] or os.path.join(found["cwd"] or root, found["name"] or "/")
        if named == str(root) or named.startswith(f"{root}/"):
            places.append(os.path.relpath(named, root))
    return _DIGITS.sub("…", " -> ".join(dict.fromkeys(places)))
