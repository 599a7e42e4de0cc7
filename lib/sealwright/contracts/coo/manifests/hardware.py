"""``hardware_manifest.json``: the machine, as its kernel tells it to anybody who asks.

==============  ============================================================================
processors      how many, and each kind of them (see `processors`)
numa            nodes with their processors and memory in KiB
memory          ``total`` in KiB
filesystem      of the repository (see `mounts`)
virtualisation  marks of a hypervisor or a container, and what the firmware calls the machine
==============  ============================================================================

No serial number, name of the host or address is among them.  Everything is read from ``/proc``
and ``/sys`` below one root, and each text is understood by a function of its own.

>>> memory("MemTotal:       24684084 kB\\nMemFree: 1 kB\\n")
{'total': 24684084}
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sealwright.contracts.coo.manifests import mounts, processors
from sealwright.contracts.coo.manifests.places import UNAVAILABLE, Places, line, text
from sealwright.runtime import canonical

_FIRMWARE = ("bios_vendor", "product_name", "sys_vendor")
_MARKS = ("/.dockerenv", "/run/.containerenv")
_GROUPS = ("buildkit", "containerd", "docker", "kubepods", "libpod", "lxc", "machine.slice")


def read(places: Places, root: Path = Path("/")) -> bytes:
    """Return the manifest of the hardware; ``root`` is that of the system."""
    return canonical.line(facts(places, root))


def facts(places: Places, root: Path = Path("/")) -> dict[str, Any]:
    """Return what the manifest says."""
    cpuinfo = text(root / "proc/cpuinfo") or ""
    repository = os.path.realpath(places.repository)
    mount = mounts.of(text(root / "proc/self/mountinfo") or "", repository)
    return {
        "filesystem": mount if isinstance(mount, str) else mount.told(places),
        "manifest": "hardware",
        "memory": memory(text(root / "proc/meminfo") or ""),
        "numa": numa(dict(_nodes(root / "sys/devices/system/node"))),
        "processors": processors.told(cpuinfo),
        "virtualisation": _virtualisation(cpuinfo, root),
    }


def memory(meminfo: str) -> dict[str, Any]:
    """Return the memory in KiB."""
    found = re.search(r"MemTotal:\s*([0-9]{1,15}) kB$", meminfo, re.MULTILINE)
    return {"total": int(found[1]) if found else UNAVAILABLE}


def numa(nodes: Mapping[int, tuple[str, str]]) -> Any:
    """Return what each node has, given what its ``cpulist`` and ``meminfo`` say."""
    rows = [
        {"cpus": cpus, "memory": memory(meminfo)["total"], "node": number}
        for number, (cpus, meminfo) in sorted(nodes.items())
    ]
    return rows or UNAVAILABLE


def container(present: tuple[str, ...], cgroup: str | None) -> Any:
    """Return the marks of a container: files of the top folder, and names of control groups."""
    groups = [name for name in _GROUPS if name in (cgroup or "")]
    marks = [*present, *(f"cgroup {name}" for name in groups)]
    return UNAVAILABLE if cgroup is None and not marks else marks


def _nodes(folder: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if number := re.fullmatch("node([0-9]{1,6})", name):
            cpus, meminfo = line(folder / name / "cpulist"), text(folder / name / "meminfo")
            yield int(number[1]), (cpus, meminfo or "")


def _virtualisation(cpuinfo: str, root: Path) -> dict[str, Any]:
    present = tuple(mark for mark in _MARKS if (root / mark[1:]).exists())
    return {
        "container": container(present, text(root / "proc/self/cgroup")),
        "firmware": {name: line(root / "sys/class/dmi/id" / name) for name in _FIRMWARE},
        "flags": processors.virtual(cpuinfo),
        "hypervisor": line(root / "sys/hypervisor/type"),
    }
