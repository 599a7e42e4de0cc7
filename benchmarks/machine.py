"""The machine, told so that figures can be compared, and nobody is found by them."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def describe() -> dict[str, str | int | float]:
    """Return what of a machine decides such figures, and how busy others keep it."""
    return {
        "cores": os.cpu_count() or 1,
        "sha instructions": "yes" if re.search(r"\b(sha_ni|sha2)\b", _cpu()) else "no",
        "memory": f"{_memory() / 2**20:.0f} GiB",
        "kernel": ".".join(platform.release().split(".")[:2]).partition("-")[0],
        "Python": platform.python_version(),
        "load before": round(os.getloadavg()[0], 1),
    }


def _cpu() -> str:
    return Path("/proc/cpuinfo").read_text(errors="replace")


def _memory() -> int:
    found = re.search(r"MemTotal: +(\d+) kB", Path("/proc/meminfo").read_text())
    return int(found[1]) if found else 0
