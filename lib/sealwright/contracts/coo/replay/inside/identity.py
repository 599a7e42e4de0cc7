"""Who and where: one processor, and, where the machine itself has other names, host and user."""

# ruff: noqa: TID251, TID252

from __future__ import annotations

import os
from typing import Any

from .after_import import after_import
from .constants import NUMBER
from .replacing import replace


def install(host: str | None, user: str | None) -> None:
    """Tell one processor, and the names that are given."""
    for name in ("cpu_count", "process_cpu_count"):
        replace(os, name, lambda real: lambda: 1)
    replace(os, "sched_getaffinity", lambda real: lambda pid: {0})
    replace(os, "getgroups", lambda real: lambda: [NUMBER])
    if host is not None:
        _name_host(host)
    if user is not None:
        after_import("pwd", lambda module: _name_user(module, user))


def _name_host(host: str) -> None:
    def naming(real: Any) -> Any:
        def uname() -> os.uname_result:
            system, _, *rest = real()
            return os.uname_result((system, host, *rest))

        return uname

    replace(os, "uname", naming)
    after_import("socket", lambda module: replace(module, "gethostname", lambda real: lambda: host))


def _name_user(module: Any, user: str) -> None:
    number, real = os.getuid(), module.getpwuid

    def getpwuid(asked: int) -> Any:
        found = real(asked)
        if asked != number:
            return found
        home = os.environ.get("HOME", found.pw_dir)
        return type(found)((user, *found[1:4], "", home, "/bin/sh"))

    module.getpwuid = getpwuid
