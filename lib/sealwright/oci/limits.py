"""How much of an image is read, kept and followed before it is refused.

>>> Limits(members=1).members
1
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What no honest image reaches."""

    record: int = 4 << 20  # bytes of JSON; registries take no larger manifest
    descriptors: int = 1000  # of an index and all that it leads to
    depth: int = 4  # indexes in indexes
    layers: int = 512
    unpacked: int = 64 << 30  # bytes of all layers together
    members: int = 1_000_000  # of all layers together; each is kept
    parts: int = 256  # of one path
    names: int = 256 << 20  # characters of all paths and links together


LIMITS = Limits()
