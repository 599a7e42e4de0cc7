"""Whether an image is whole and is the one that was said, with all findings at once.

The evidence says what was seen: who the image is, its layers, what it starts and where that
lies in it.

>>> examine(Path("/nowhere")).findings[0].where
'/nowhere'
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sealwright.digest import Digest
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.oci import choice, layers, records
from sealwright.oci.image import Image
from sealwright.oci.layers import Budget
from sealwright.oci.limits import LIMITS, Limits
from sealwright.oci.program import argv, program
from sealwright.oci.store import Store, opened
from sealwright.oci.tree import Tree
from sealwright.verdict import Finding, Verdict, legible


def examine(
    place: Path,
    *,
    reference: str = "",
    platform: str = "",
    digest: Digest | None = None,
    entrypoint: Sequence[str] | None = None,
    limits: Limits = LIMITS,
) -> Verdict:
    """Answer whether the image is whole, and the one that ``digest`` and ``entrypoint`` say."""
    found = _Findings(str(place))
    evidence: dict[str, Any] = {}
    try:
        with opened(place, limits) as store:
            image = choice.chosen(store, reference, platform, limits)
            evidence |= _told(image)
            found.compare("the digest", digest, image.digest)
            _platform(image, platform, found)
            words = argv(image.configuration)
            evidence["argv"] = list(words)
            wanted = None if entrypoint is None else list(entrypoint)
            found.compare("the entry point", wanted, list(words))
            tree = _tree(store, image, limits, found)
            if tree is not None:
                evidence["program"] = program(image.configuration, tree)
    except (Damaged, Misconfigured, OSError, Refused) as problem:
        found.add(problem)
    return Verdict(tuple(found.all), evidence)


class _Findings:
    """What is wrong with one image."""

    def __init__(self, where: str) -> None:
        self.all: list[Finding] = []
        self._where = where

    def add(self, problem: object) -> None:
        self.all.append(Finding(self._where, legible(str(problem))))

    def compare(self, what: str, wanted: object, found: object) -> None:
        if wanted not in (None, found):
            self.add(f"expected {what} {wanted}, found {found}; put back the image that was meant")


def _told(image: Image) -> dict[str, Any]:
    return {
        "digest": image.digest,
        "configuration": image.configured,
        "platform": records.platform(image.configuration, "configuration"),
        "layers": [layer.digest or layer.place for layer in image.layers],
    }


def _platform(image: Image, wanted: str, found: _Findings) -> None:
    said = records.platform(image.configuration, "configuration")
    for other in (wanted, image.platform):
        if not (choice.fits(said, other) or choice.fits(other, said)):
            found.add(f"expected a configuration for {other}, found one for {said}")
            return


def _tree(store: Store, image: Image, limits: Limits, found: _Findings) -> Tree | None:
    """Return the image from within, or None if a layer is not what it should be."""
    rootfs = records.table(image.configuration.get("rootfs"), "configuration: rootfs")
    rows = records.rows(rootfs.get("diff_ids"), "configuration: rootfs.diff_ids")
    diff_ids = [records.identity(row, "configuration: rootfs.diff_ids") for row in rows]
    if len(diff_ids) != len(image.layers):
        raise Damaged(f"expected {len(diff_ids)} layers, found {len(image.layers)}")
    tree: Tree | None = Tree(limits.parts, limits.members)
    budget = Budget(limits.unpacked, limits.members, limits.names)
    for layer, diff_id in zip(image.layers, diff_ids, strict=True):
        try:
            entries = layers.read(store, layer, diff_id, budget)
            if tree is not None:
                tree.lay(entries)
        except (Damaged, Refused) as problem:
            found.add(problem)
            tree = None
    return tree
