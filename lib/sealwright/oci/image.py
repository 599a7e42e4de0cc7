"""What one image consists of, as its manifest says it.

>>> Layer("layer.tar").digest
''
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sealwright.digest import Digest
from sealwright.errors import Damaged, Refused
from sealwright.oci import records
from sealwright.oci.limits import Limits
from sealwright.oci.records import Descriptor
from sealwright.oci.store import Store

NONE = Digest("")


@dataclass(frozen=True, slots=True)
class Layer:
    """Where a layer lies; an older archive says neither digest nor size."""

    place: str
    gzip: bool = False
    digest: Digest = NONE
    size: int = -1


@dataclass(frozen=True, slots=True)
class Image:
    """What one image consists of; ``digest`` says who it is."""

    digest: Digest
    platform: str
    configuration: Mapping[str, Any]
    configured: Digest
    layers: tuple[Layer, ...]


def described(store: Store, found: Descriptor, limits: Limits) -> Image:
    """Return the image of a manifest."""
    where = found.place
    manifest = records.blob(store, found, limits)
    if manifest.get("schemaVersion") != 2 or "manifests" in manifest:
        raise Damaged(f"{where}: expected a manifest of schema version 2, found something else")
    configured = records.descriptor(manifest.get("config"), f"{where}: config")
    if configured.media_type not in records.CONFIGURATIONS:
        said = f"found {configured.media_type!r:.90}"
        raise Refused(f"{where}: config: expected that of an image, {said}")
    rows = records.rows(manifest.get("layers"), f"{where}: layers")
    if len(rows) > limits.layers:
        raise Refused(f"{where}: expected at most {limits.layers} layers, found {len(rows)}")
    layers = [_layer(row, f"{where}: layers[{n}]") for n, row in enumerate(rows)]
    configuration = records.blob(store, configured, limits)
    return Image(found.digest, found.platform, configuration, configured.digest, tuple(layers))


def _layer(row: Any, where: str) -> Layer:
    found = records.descriptor(row, where)
    if found.media_type not in (*records.PLAIN, *records.GZIP):
        remedy = "make the image again with layers of tar or of tar in gzip"
        raise Refused(f"{where}: cannot be read: its media type is {found.media_type!r}; {remedy}")
    return Layer(found.place, found.media_type in records.GZIP, found.digest, found.size)
