"""``manifest.json``: the images of what ``docker save`` writes, by their tags.

An entry has ``Config``, the name of the configuration, which is its digest; ``RepoTags``, the
names of the image; and ``Layers``, the names of the layers from the lowest on.

>>> configured({"Config": f"{'0' * 64}.json"})[:9]
'sha256:00'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sealwright import digest
from sealwright.digest import Digest
from sealwright.errors import Damaged, Refused
from sealwright.oci import records
from sealwright.oci.image import Image, Layer
from sealwright.oci.limits import Limits
from sealwright.oci.store import Store

_ID = re.compile(r"(?:blobs/sha256/)?([0-9a-f]{64})(?:\.json)?")


def tagged(store: Store, reference: str, limits: Limits) -> Image:
    """Return the image that is called ``reference`` of an archive without a layout."""
    rows = entries(store, limits)
    fit = [each for each in rows if not reference or reference in tags(each)]
    if len(fit) != 1:
        told = sorted(f"{configured(each)} ({', '.join(tags(each))})" for each in rows)
        raise Refused(f"expected one image called {reference!r}, found {' and '.join(told)}")
    wanted, place = configured(fit[0]), fit[0].get("Config")
    data = records.content(store, str(place), limits)
    if (found := digest.sha256(data)) != wanted:
        raise Damaged(f"{place}: expected {wanted}, found {found}")
    layers = records.words(fit[0].get("Layers"), "manifest.json: Layers")
    if len(layers) > limits.layers:
        raise Refused(f"expected at most {limits.layers} layers, found {len(layers)}")
    configuration = records.table(records.parse(data, str(place)), str(place))
    return Image(wanted, "", configuration, wanted, tuple(map(Layer, layers)))


def entries(store: Store, limits: Limits) -> list[Mapping[str, Any]]:
    """Return what an archive says about each of its images."""
    where = "manifest.json"
    rows = records.rows(records.parse(records.content(store, where, limits), where), where)
    if len(rows) > limits.descriptors:
        raise Refused(f"{where}: expected at most {limits.descriptors} images, found more")
    return [records.table(row, where) for row in rows]


def tags(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what an image is called."""
    return records.words(entry.get("RepoTags"), "manifest.json: RepoTags")


def configured(entry: Mapping[str, Any]) -> Digest:
    """Return the digest that the name of an image's configuration says."""
    name = entry.get("Config")
    match = _ID.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise Damaged(f"manifest.json: expected a configuration by its digest, found {name!r:.90}")
    return Digest(f"sha256:{match[1]}")
