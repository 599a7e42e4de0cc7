"""How a program is started so that it sees its room and little else: an argument vector.

A room (see `room`) is a folder with ``tree``, ``layer``, ``home``, ``tmp`` and ``etc``.  In
namespaces of its own the program finds it at a fixed place, whatever its real one is::

    unshare --user --map-root-user --mount --uts --ipc --pid --fork … -- sh -c ENTER
        hostname, mounts: the room at /mnt, read-only but for what may be written
        unshare --user --map-user=1000 …           nobody here, who may undo none of it
            setarch -R taskset -c 0                no random addresses, one processor
                env -i …                           the variables, and no others

The shell is process 1 of its namespace, and when it ends, so does all that was started there.  The
program is process 100, where the kernel lets a namespace count from there.
The fixed place is the first of `PLACES` that is a folder and does not hide the interpreter, or
anything else that the programs need.  Without namespaces the room is known by its real path.

Before the program itself starts, ``etc/begun`` gets a line: if it has none afterwards (`begun`),
it is the enclosure that failed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sealwright import durable, process
from sealwright.contracts.coo.replay.inside.constants import HOST, NUMBER
from sealwright.errors import ProgramFailed
from sealwright.paths import TOP, RelPath

PLACES = ("/mnt", "/media", "/srv", "/opt")
_PROBE = "probe of namespaces"
_PLAIN = """
umask 022
ulimit -S -s 8192 2>/dev/null || :
room=$1 folder=$2
shift 2
cd "$room/tree/$folder" || exit
echo begun > "$room/etc/begun" || exit
exec "$@"
"""
_ENTER = """
set -e
umask 022
ulimit -S -s 8192 2>/dev/null || :
PATH=$PATH:/usr/sbin:/sbin
room=$1 at=$2 shared=$3 host=$4 folder=$5
shift 5
exec 3> "$room/etc/begun"
hostname "$host"
mount --bind "$room" "$at"
for name in passwd group hostname; do
    if [ -e "/etc/$name" ]; then
        mount --bind "$at/etc/$name" "/etc/$name"
    fi
done
while [ "$1" != -- ]; do
    mount --bind "$at$1" "$at$1"
    shift
done
shift
if [ -d "$shared" ]; then
    mount -t tmpfs -o mode=1777 tmpfs "$shared"
fi
mount -o remount,bind,ro "$at" 2>/dev/null ||
    mount -o remount,bind,ro,nosuid,nodev "$at" 2>/dev/null ||
    mount -o remount,bind,ro,nosuid,nodev,noexec "$at"
cd "$at/tree/$folder"
echo begun >&3
exec 3>&-
{ echo 99 > /proc/sys/kernel/ns_last_pid; } 2>/dev/null || :
set +e
"$@"
exit $?
"""


def spaces(
    room: Path,
    env: Mapping[str, str],
    argv: Sequence[str],
    *,
    at: str = PLACES[0],
    shared: str = "",
    folder: RelPath = TOP,
    writes: Collection[RelPath] = (),
) -> list[str]:
    """Return how to run ``argv`` in ``folder`` of the room, in namespaces of its own.

    ``env`` is where the programs of the system are looked for; ``shared`` is a folder that is
    another one, and empty, in there.
    """
    unshare, shell = _program("unshare", env), _program("sh", env)
    new = ("--user", "--map-root-user", "--mount", "--uts", "--ipc", "--pid", "--mount-proc")
    held = ["/home", "/tmp", *(f"/tree/{name}" for name in sorted(writes))]
    nobody = ("--user", f"--map-user={NUMBER}", f"--map-group={NUMBER}")
    return [
        *(unshare, *new, "--fork", "--kill-child", "--", shell, "-c", _ENTER, "sh"),
        *(str(room), at, shared, HOST, folder, *held, "--", unshare, *nobody, "--", *argv),
    ]


def plain(
    room: Path, env: Mapping[str, str], argv: Sequence[str], *, folder: RelPath = TOP
) -> list[str]:
    """Return how to run ``argv`` in ``folder`` of the room, where it really is."""
    return [_program("sh", env), "-c", _PLAIN, "sh", str(room), folder, *argv]


def narrowed(
    env: Mapping[str, str], variables: Mapping[str, str], *, straight: bool, processor: int | None
) -> list[str]:
    """Return what stands before a program: plain addresses, one processor, these variables."""
    addresses = [_program("setarch", env), "-R"] if straight else []
    one = [_program("taskset", env), "-c", str(processor)] if processor is not None else []
    words = [f"{name}={variables[name]}" for name in sorted(variables)]
    return [*addresses, *one, _program("env", env), "-i", *words]


def begun(room: Path) -> bool:
    """Return whether the last program in a room was started."""
    mark = room / "etc" / "begun"
    return mark.is_file() and mark.stat().st_size > 0


def place(needed: Collection[Path]) -> str | None:
    """Return the fixed place of a room, or none if each would hide something that is needed."""
    for candidate in PLACES:
        real = os.path.realpath(candidate) == candidate and os.path.isdir(candidate)
        if real and not hides(candidate, needed):
            return candidate
    return None


def hides(folder: str, needed: Collection[Path]) -> bool:
    """Return whether something that is needed lies in a folder, or leads there."""
    places = {name(each) for each in needed for name in (os.path.realpath, os.path.abspath)}
    return any(place == folder or place.startswith(f"{folder}/") for place in places)


def probe(work: Path) -> Path:
    """Make a room that holds nothing, to try namespaces with; `unprobe` takes it away."""
    room = work / _PROBE
    for name in ("tree", "home", "tmp", "etc"):
        durable.create_folders(room / name)
    for name in ("passwd", "group", "hostname"):
        durable.write(room / "etc" / name, b"")
    return room


def unprobe(work: Path) -> None:
    """Take the room of a probe away."""
    durable.remove(work / _PROBE)


def _program(name: str, env: Mapping[str, str]) -> str:
    found = process.find(name, env)
    if found is None:
        raise ProgramFailed(f"{name}: not found on PATH; install it")
    return str(found)
