"""The file system that a program sees: made anew on one tmpfs, of nothing that is not named.

==================  ============================================================================
path                what is there
==================  ============================================================================
``/usr`` …          system folders of the host, read-only; links such as ``/bin`` as links
``/etc``            names of no users but two, and the few files that programs cannot do without
``/dev``            null, zero, full, random, urandom; descriptors; an empty ``shm``
``/proc``           the processes of the new namespace, read-only; empty where that is forbidden
``/tmp``, home      empty
places              as the caller wants them
==================  ============================================================================

All that can be written lies on one tmpfs of limited size, so that a program that fills the
disk fills that.  Everything else is read-only, whoever owns it.
"""

from __future__ import annotations

import contextlib
import os

from sealwright.sandbox.inside import copying, kernel
from sealwright.sandbox.inside.plan import HOME, TEMPORARY, WORKER, Place, Plan

_OLD, _SPACE = "/.host", "/.space"
_DEVICES = ("null", "zero", "full", "random", "urandom")
_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types")
_FILES = 1 << 18  # files and folders on the tmpfs
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_PASSWD = f"root:x:0:0::/:/bin/sh\nworker:x:{WORKER}:{WORKER}::{HOME}:/bin/sh\n"
_WRITTEN = {
    "passwd": _PASSWD,
    "group": f"root:x:0:\nworker:x:{WORKER}:\n",
    "hosts": "127.0.0.1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


def build(plan: Plan, *, owned: bool) -> dict[str, int]:
    """Lay out the root; return a descriptor of the host's folder for each place to bring back.

    ``owned``: what the program may write is given to `WORKER`, since we are somebody else.
    """
    kernel.mount("", "/", flags=kernel.RECURSIVE | kernel.PRIVATE)
    kernel.mount("root", "/tmp", "tmpfs", kernel.NOSUID | kernel.NODEV, "size=8m,mode=755")
    os.chdir("/tmp")
    os.mkdir(_OLD[1:])
    kernel.pivot(".", _OLD[1:])
    os.chdir("/")
    backs = {place.inside: os.open(_OLD + place.back, _FOLDER) for place in _copied(plan)}
    _space(plan)
    _system(plan)
    _etc()
    _devices()
    _processes()
    own = _given if owned else (lambda _: None)
    _private(own)
    _visible(plan)  # which may lie below the system's folder for temporary files
    _places(plan, own)
    kernel.detach(_OLD)
    kernel.detach(_SPACE)
    for folder in (_OLD, _SPACE):
        os.rmdir(folder)
    kernel.restrict("/", kernel.ONLY_READ, below=False)
    return backs


def _copied(plan: Plan) -> list[Place]:
    return [place for place in plan.places if place.writable]


def _given(descriptor: int) -> None:
    os.fchown(descriptor, WORKER, WORKER)


def _space(plan: Plan) -> None:
    os.mkdir(_SPACE)
    options = f"size={plan.disk},nr_inodes={_FILES},mode=755"
    kernel.mount("space", _SPACE, "tmpfs", kernel.NOSUID | kernel.NODEV, options)


def _system(plan: Plan) -> None:
    for path in plan.system:
        if os.path.islink(_OLD + path):
            os.symlink(os.readlink(_OLD + path), path)
        elif os.path.isdir(_OLD + path):
            show(_OLD + path, path)


def _visible(plan: Plan) -> None:
    for seen, real in plan.visible:
        if not os.path.lexists(seen):  # a folder comes before what is in it
            show(_OLD + real, seen)


def show(source: str, path: str) -> None:
    """Let a file or folder of the host be seen at ``path``, read-only."""
    if os.path.isdir(source):
        os.makedirs(path, 0o755, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
    kernel.mount(source, path, flags=kernel.BIND | kernel.RECURSIVE)
    kernel.restrict(path, kernel.ONLY_READ | kernel.NO_SETUID | kernel.NO_DEVICES)


def _etc() -> None:
    os.mkdir("/etc", 0o755)
    for name, text in _WRITTEN.items():
        with open(f"/etc/{name}", "x", encoding="utf-8") as file:
            file.write(text)
    for name in _ETC:
        real = os.path.realpath(f"{_OLD}/etc/{name}")
        if os.path.exists(real) and real.startswith(f"{_OLD}/etc/"):
            show(real, f"/etc/{name}")


def _devices() -> None:
    os.mkdir("/dev", 0o755)
    for name in _DEVICES:
        path = f"/dev/{name}"
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
        kernel.mount(_OLD + path, path, flags=kernel.BIND)
        kernel.restrict(path, kernel.NO_SETUID, below=False)
    for name, text in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(f"/proc/self/{text}", f"/dev/{name}")


def _processes() -> None:
    os.mkdir("/proc", 0o555)
    with contextlib.suppress(OSError):  # where the host's own is covered in part, as in Docker
        kernel.mount("proc", "/proc", "proc", kernel.NOSUID | kernel.NODEV | kernel.NOEXEC)
        with (
            contextlib.suppress(OSError),
            open("/proc/sys/user/max_user_namespaces", "w", encoding="utf-8") as file,
        ):
            file.write("0")  # no namespace in this one, in which the program would be root
        kernel.restrict("/proc", kernel.ONLY_READ)


def _private(own: copying.Own) -> None:
    for number, path in enumerate((TEMPORARY, HOME, "/dev/shm")):
        _bound(f"{_SPACE}/private{number}", path, own)


def _places(plan: Plan, own: copying.Own) -> None:
    for number, place in enumerate(plan.places):
        if not place.writable:
            show(_OLD + place.source, place.inside)
            continue
        _bound(f"{_SPACE}/place{number}", place.inside, own)
        source, target = os.open(_OLD + place.source, _FOLDER), os.open(place.inside, _FOLDER)
        try:
            copying.copy(source, target, own)
        finally:
            os.close(source)
            os.close(target)


def _bound(made: str, path: str, own: copying.Own) -> None:
    os.mkdir(made, 0o755)
    os.makedirs(path, 0o755, exist_ok=True)
    kernel.mount(made, path, flags=kernel.BIND)
    folder = os.open(path, _FOLDER)
    try:
        own(folder)
    finally:
        os.close(folder)
