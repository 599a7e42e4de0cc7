"""The calls of Linux that Python has no name for, each raising `OSError`.

>>> try:
...     mount("", "/nowhere", "tmpfs")
... except OSError as error:
...     print(error.filename)
/nowhere
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal

NEW_MOUNT, NEW_CGROUP, NEW_UTS, NEW_IPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEW_USER, NEW_PID, NEW_NET = 0x10000000, 0x20000000, 0x40000000
NOSUID, NODEV, NOEXEC, BIND, RECURSIVE, PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
ONLY_READ, NO_SETUID, NO_DEVICES = 1, 2, 4  # attributes of a mount, for `restrict`
_DETACH = 2
_DEATH_SIGNAL, _DUMPABLE, _SUBREAPER, _NO_NEW_PRIVILEGES = 1, 4, 36, 38
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219}
_libc = ctypes.CDLL(None, use_errno=True)


class _Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user")]


def _check(result: int, about: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), about)
    return result


def syscall(number: int, about: str, *arguments: object) -> int:
    """Call the kernel by number; integers are passed as long, ``None`` as a null pointer."""
    spelled = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _check(_libc.syscall(ctypes.c_long(number), *spelled), about)


def unshare(flags: int) -> None:
    """Leave the namespaces that ``flags`` name, for new ones."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount something at ``target``."""
    words = [os.fsencode(word) if word else None for word in (source, target, kind)]
    extra = os.fsencode(options) if options else None
    _check(_libc.mount(*words, ctypes.c_ulong(flags), extra), target)


def restrict(target: str, attributes: int, *, below: bool = True) -> None:
    """Add attributes to a mount, and to all mounts below it."""
    wanted = _Attributes(set=attributes)
    flags = _AT_RECURSIVE if below else 0
    reference, size = ctypes.byref(wanted), ctypes.sizeof(wanted)
    syscall(_MOUNT_SETATTR, target, _AT_FDCWD, os.fsencode(target), flags, reference, size)


def detach(target: str) -> None:
    """Take a mount out of sight, with those below it."""
    _check(_libc.umount2(os.fsencode(target), _DETACH), target)


def pivot(new: str, old: str) -> None:
    """Make ``new`` the root, and put the former one at ``old``."""
    _check(_libc.pivot_root(os.fsencode(new), os.fsencode(old)), new)


def name_host(name: str) -> None:
    """Give the host a name in this namespace."""
    data = name.encode()
    _check(_libc.sethostname(data, ctypes.c_size_t(len(data))), "sethostname")


def die_with_parent() -> None:
    """Ask to be killed when the thread that made this process ends."""
    _control(_DEATH_SIGNAL, signal.SIGKILL)


def hide_memory() -> None:
    """Let no other process look into this one, or at its descriptors."""
    _control(_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own one dies."""
    _control(_SUBREAPER, 1)


def renounce_privileges() -> None:
    """Let no program that is executed from here on have more rights than this one."""
    _control(_NO_NEW_PRIVILEGES, 1)


def leave_keyring() -> None:
    """Leave the session's keys of the kernel behind, where it has such."""
    number = _KEYCTL.get(os.uname().machine)
    if number is not None:
        with contextlib.suppress(OSError):
            syscall(number, "keyctl", 1, None)


def _control(option: int, value: int) -> None:
    numbers = [ctypes.c_ulong(word) for word in (value, 0, 0, 0)]
    _check(_libc.prctl(option, *numbers), f"prctl {option}")
