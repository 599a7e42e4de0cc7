"""The processors of a machine, as ``/proc/cpuinfo`` tells them.

Processors that say the same are one kind; a machine may have several.  x86 and ARM name the
same things differently: ARM's implementer, architecture, part, variant and revision stand as
vendor, family, model and stepping.  Of the flags (ARM: features) the digest is kept, which is
that of their names in order, with LF behind each.  ARM says nothing of a microcode.

>>> kind, = told("processor: 0\\nvendor_id: GenuineIntel\\nmicrocode: 0x1\\n")["kinds"]
>>> kind["vendor"], kind["microcode"], kind["family"]
('GenuineIntel', '0x1', 'unavailable')
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sealwright import digest
from sealwright.contracts.coo.manifests.places import UNAVAILABLE
from sealwright.runtime import canonical

_FIELDS = {
    "family": ("cpu family", "CPU architecture"),
    "microcode": ("microcode",),
    "model": ("model", "CPU part"),
    "name": ("model name", "cpu model", "cpu"),
    "vendor": ("vendor_id", "CPU implementer"),
}
_VIRTUAL = ("hypervisor", "svm", "vmx")


def told(cpuinfo: str) -> dict[str, Any]:
    """Return how many processors and cores there are, and of which kinds."""
    blocks = list(_blocks(cpuinfo))
    kinds = Counter(canonical.encode(_kind(block)) for block in blocks)
    rows = [canonical.decode(kind) | {"count": count} for kind, count in sorted(kinds.items())]
    cores = {(block.get("physical id"), block.get("core id")) for block in blocks}
    known = blocks and all(None not in core for core in cores)
    return {
        "cores": len(cores) if known else UNAVAILABLE,
        "count": len(blocks) or UNAVAILABLE,
        "kinds": rows or UNAVAILABLE,
    }


def virtual(cpuinfo: str) -> Any:
    """Return whether each flag about virtual machines is set, where there are such flags."""
    sets = [set(block["flags"].split()) for block in _blocks(cpuinfo) if "flags" in block]
    return {name: all(name in each for each in sets) for name in _VIRTUAL} if sets else UNAVAILABLE


def _blocks(cpuinfo: str) -> Iterator[Mapping[str, str]]:
    """Yield what is said of each processor; some machines add a block about themselves."""
    for block in cpuinfo.split("\n\n"):
        pairs = (line.partition(":") for line in block.splitlines())
        found = {key.strip(): value.strip() for key, colon, value in pairs if colon}
        if "processor" in found:
            yield found


def _kind(block: Mapping[str, str]) -> dict[str, str]:
    kind = {name: _first(block, keys) for name, keys in _FIELDS.items()}
    flags = (block.get("flags") or block.get("Features") or "").split()
    lines = "".join(f"{flag}\n" for flag in sorted(set(flags)))
    kind["flags"] = digest.sha256(lines.encode()) if flags else UNAVAILABLE
    kind["stepping"] = block.get("stepping") or _revision(block)
    return kind


def _first(block: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((block[key] for key in keys if block.get(key)), UNAVAILABLE)


def _revision(block: Mapping[str, str]) -> str:
    """Return ARM's variant and revision as they are written together, such as ``r4p1``."""
    variant, revision = block.get("CPU variant"), block.get("CPU revision")
    try:
        return f"r{int(variant or '', 0)}p{int(revision or '', 0)}"
    except ValueError:
        return UNAVAILABLE
