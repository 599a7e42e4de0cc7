"""The process outside: it reads the plan, lets the others be made, and tells what came of it.

The program's output goes to standard output; standard error holds one JSON object, the
outcome, or ``{"failed":…}`` if the sandbox could not be built.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from sealwright.sandbox.inside import copying, keeper, kernel, landlock, plan, view
from sealwright.sandbox.inside.plan import NOBODY, WORKER, Plan

_NEW = (
    kernel.NEW_USER
    | kernel.NEW_MOUNT
    | kernel.NEW_PID
    | kernel.NEW_NET
    | kernel.NEW_IPC
    | kernel.NEW_UTS
    | kernel.NEW_CGROUP
)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def main() -> None:
    """Do what the plan on standard input says."""
    kernel.die_with_parent()
    keeper.undisturbed()
    os.umask(0o022)  # the program may be another user, who must see its folders
    wanted = plan.read(sys.stdin.read())
    if wanted.landlocked and not landlock.version():
        outcome: dict[str, Any] = {"failed": "this kernel has no Landlock"}
    elif wanted.namespaces:
        outcome = _in_namespaces(wanted)
    else:
        outcome = _forked(lambda: _beside(wanted))
    sys.stderr.write(json.dumps(outcome))


def _forked(act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what ``act`` returns in a process of its own."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _told(act, writer)
    os.close(writer)
    outcome = _read(reader)
    os.waitpid(pid, 0)
    return outcome


def _told(act: Callable[[], dict[str, Any]], writer: int) -> None:
    try:
        outcome = act()
    except BaseException as error:
        outcome = {"failed": f"{type(error).__name__}: {error}"}
    with os.fdopen(writer, "w") as file:
        file.write(json.dumps(outcome))
        file.flush()
        os._exit(0)


def _read(reader: int) -> dict[str, Any]:
    with os.fdopen(reader) as file:
        text = file.read()
    return dict(json.loads(text)) if text else {"failed": "it ended without a word"}


def _beside(wanted: Plan) -> dict[str, Any]:
    """Run the program without namespaces, in copies on the host's own file system."""
    kernel.die_with_parent()
    kernel.adopt_orphans()
    for place in wanted.places:
        if place.writable:
            _copy(os.open(place.source, _FOLDER), os.open(place.back, _FOLDER))
    return keeper.keep(wanted, change=False)


def _copy(source: int, target: int) -> None:
    try:
        copying.copy(source, target)
    finally:
        os.close(source)
        os.close(target)


def _in_namespaces(wanted: Plan) -> dict[str, Any]:
    ready, made = os.pipe()
    mapped, go = os.pipe()
    result, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        for descriptor in (ready, go, result):
            os.close(descriptor)
        _porter(wanted, made, mapped, writer)
    for descriptor in (made, mapped, writer):
        os.close(descriptor)
    with os.fdopen(ready) as file:
        problem = file.read()
    if problem:
        os.waitpid(pid, 0)
        return {"failed": problem}
    change = _map(pid)
    os.write(go, b"2" if change else b"1")
    os.close(go)
    outcome = _read(result)
    os.waitpid(pid, 0)
    return outcome


def _porter(wanted: Plan, made: int, mapped: int, writer: int) -> None:
    """Make the namespaces, wait for the maps, and start process 1."""
    kernel.die_with_parent()
    try:
        kernel.unshare(_NEW)
    except OSError as error:
        os.write(made, f"namespaces: {error}".encode())
        os._exit(1)
    os.close(made)
    change = os.read(mapped, 1) == b"2"
    kernel.die_with_parent()
    keeper_pid = os.fork()
    if keeper_pid == 0:
        _told(lambda: _first(wanted, change), writer)
    os.close(writer)
    os.waitpid(keeper_pid, 0)
    os._exit(0)


def _map(pid: int) -> bool:
    """Write who is who in the new namespace; return whether the program becomes another user.

    As root we stay root there, and the program is nobody outside; else both are one.
    """
    if os.geteuid() == 0:
        try:
            for kind in ("gid", "uid"):
                _write(pid, f"{kind}_map", f"0 0 1\n{WORKER} {NOBODY} 1\n")
            return True
        except OSError:  # a namespace that has no such user
            pass
    _write(pid, "setgroups", "deny")
    _write(pid, "gid_map", f"{WORKER} {os.getegid()} 1\n")
    _write(pid, "uid_map", f"{WORKER} {os.geteuid()} 1\n")
    return False


def _write(pid: int, name: str, text: str) -> None:
    descriptor = os.open(f"/proc/{pid}/{name}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _first(wanted: Plan, change: bool) -> dict[str, Any]:
    """Be process 1: lay out the root, keep the program, bring back what it wrote."""
    kernel.die_with_parent()
    kernel.name_host("sandbox")
    backs = view.build(wanted, owned=change)
    outcome = keeper.keep(wanted, change=change)
    try:
        for inside, back in backs.items():
            _copy(os.open(inside, _FOLDER), back)
    except OSError as error:
        outcome.update(ended="unreadable", reason=f"what it left cannot be copied: {error}")
    return outcome
