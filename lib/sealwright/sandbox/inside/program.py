"""The program itself: the last steps before it is executed, none of which can be taken back."""

from __future__ import annotations

import contextlib
import os
import resource

from sealwright.sandbox.inside import kernel, landlock
from sealwright.sandbox.inside.plan import HOME, TEMPORARY, WORKER, Plan

MISSING = 127
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def start(plan: Plan, output: int, *, change: bool) -> int:
    """Start the program with both its streams into ``output``; return its number.

    ``change``: it becomes `WORKER`.  `OSError` if it cannot be executed, `RuntimeError` if what
    confines it cannot be had.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return _executed(pid, reader)
    try:
        number = 0
        _become(plan, output, change)
        number = 1
        os.execvpe(plan.argv[0], plan.argv, environment(plan))
    except BaseException as error:
        os.write(writer, f"{number} {error}"[:2000].encode("utf-8", "replace"))
    finally:
        os._exit(MISSING)


def _executed(pid: int, reader: int) -> int:
    with os.fdopen(reader, "rb") as file:
        said = file.read().decode()
    if said:
        os.waitpid(pid, 0)
        raise (RuntimeError if said.startswith("0") else OSError)(said[2:])
    return pid


def environment(plan: Plan) -> dict[str, str]:
    """Return what the program sees of an environment: what it is given, and where it may write."""
    home = HOME if plan.namespaces else plan.scratch
    temporary = TEMPORARY if plan.namespaces else plan.scratch
    return {**plan.env, "HOME": home, "TMPDIR": temporary}


def _become(plan: Plan, output: int, change: bool) -> None:
    os.setsid()
    os.umask(0o022)
    nothing = os.open("/dev/null", os.O_RDONLY)
    for descriptor, number in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, number)
    kernel.leave_keyring()
    _limit(plan)
    if change:
        os.setgroups([])
        os.setresgid(WORKER, WORKER, WORKER)
        os.setresuid(WORKER, WORKER, WORKER)
    os.chdir(plan.cwd)
    kernel.renounce_privileges()
    if plan.landlocked:
        landlock.confine(*_paths(plan))


def _limit(plan: Plan) -> None:
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: plan.processes,
        resource.RLIMIT_DATA: plan.memory,
        resource.RLIMIT_FSIZE: plan.file,
        resource.RLIMIT_NOFILE: 1024,
        resource.RLIMIT_MEMLOCK: 1 << 16,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError):
            resource.setrlimit(kind, (least, least))


def _paths(plan: Plan) -> tuple[list[str], list[str]]:
    """Return what may be read, and what may be written."""
    writable = [plan.seen(place) for place in plan.places if place.writable]
    if plan.namespaces:
        return ["/"], [*writable, HOME, TEMPORARY, "/dev/shm", *_DEVICES]
    readable = [plan.seen(place) for place in plan.places if not place.writable]
    shown = [path for pair in plan.visible for path in pair]
    readable += [*plan.system, *shown, "/etc/ld.so.cache", "/etc/localtime", "/proc/self"]
    return readable, [*writable, plan.scratch, *_DEVICES]
