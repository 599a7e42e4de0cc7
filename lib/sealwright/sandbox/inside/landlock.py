"""Landlock: what a process and its descendants may touch below which paths, for ever.

What this kernel knows is asked, and everything it knows is handled, hence forbidden but where
a path is named: reading and executing below ``readable``, everything but making devices below
``writable``.  From version 4 no TCP port is bound or reached, from version 6 no abstract socket
and no process outside.

>>> version() >= 0
True
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable

from sealwright.sandbox.inside import kernel

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 2, 4, 8
_MAKE_DEVICES = 1 << 6 | 1 << 11
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_KNOWN = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights there are on files, by version
_TCP, _SCOPES = 3, 3  # bind and connect; abstract sockets and signals


class _Ruleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "network", "scopes")]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def version() -> int:
    """Return the version of Landlock in this kernel; 0 if it has none."""
    try:
        return kernel.syscall(_CREATE, "landlock", None, 0, 1)
    except OSError:
        return 0


def confine(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Confine this process, which has renounced privileges, and all that it starts."""
    known = version()
    every = (1 << _KNOWN.get(known, 16)) - 1
    rules = _Ruleset(every, _TCP if known >= 4 else 0, _SCOPES if known >= 6 else 0)
    size = 8 if known < 4 else 16 if known < 6 else 24
    ruleset = kernel.syscall(_CREATE, "landlock", ctypes.byref(rules), size, 0)
    try:
        for path in readable:
            _allow(ruleset, path, every & (_EXECUTE | _READ_FILE | _READ_FOLDER))
        for path in writable:
            _allow(ruleset, path, every & ~_MAKE_DEVICES)
        kernel.syscall(_RESTRICT, "landlock", ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        wanted = rights if os.path.isdir(path) else rights & _ON_FILES
        rule = ctypes.byref(_Beneath(wanted, place))
        kernel.syscall(_ADD, path, ruleset, 1, rule, 0)
    finally:
        os.close(place)
