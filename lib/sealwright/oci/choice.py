"""Which image of a store is meant, and what it consists of.

The names of ``index.json`` come first, then the tags of ``manifest.json``; without a reference
there must be one image.  Indexes are followed to the manifest of one platform: the one asked
for, else ``linux/amd64`` if there are several.  A descriptor that says no platform may be of
any.  Where more than one manifest is left, none is chosen.

>>> fits("linux/arm64/v8", "linux/arm64"), fits("linux/arm64", "linux/arm64/v8")
(True, False)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealwright.errors import Damaged, Refused
from sealwright.oci import archives, records
from sealwright.oci.image import Image, described
from sealwright.oci.limits import Limits
from sealwright.oci.records import Descriptor
from sealwright.oci.store import Store

USUAL = "linux/amd64"
ATTESTED = "unknown/unknown"  # not an image, but what somebody says about one


def chosen(store: Store, reference: str, platform: str, limits: Limits) -> Image:
    """Return the image that is meant; `Refused` if it is none or not one."""
    if store.has("oci-layout"):
        return _of_layout(store, reference, platform, limits)
    if store.has("manifest.json"):
        return archives.tagged(store, reference, limits)
    raise Refused("expected oci-layout or manifest.json, found neither; name an image")


def fits(found: str, wanted: str) -> bool:
    """Return whether a platform is the wanted one, or nothing says that it is another."""
    return not (found and wanted) or found == wanted or found.startswith(f"{wanted}/")


def _of_layout(store: Store, reference: str, platform: str, limits: Limits) -> Image:
    where = "oci-layout"
    layout = records.table(records.parse(records.content(store, where, limits), where), where)
    if layout.get("imageLayoutVersion") != "1.0.0":
        raise Refused(f"{where}: expected version 1.0.0, found {layout!r:.60}")
    walk = _Walk(store, limits)
    index = records.parse(records.content(store, "index.json", limits), "index.json")
    listed = walk.listed(records.table(index, "index.json"), "index.json")
    named = [each for each in listed if not reference or reference in each.names]
    if not named and store.has("manifest.json"):
        named = _tagged(store, reference, walk.manifests(listed, platform, 0), limits)
    if not named:
        raise Refused(f"no image is called {reference!r}; there is {_all(listed)}")
    found = _one(list(walk.manifests(named, platform, 0)), platform)
    return described(store, found, limits)


class _Walk:
    """A walk through indexes; ``limits.descriptors`` are looked at in all."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store, self._limits = store, limits
        self._seen = 0

    def listed(self, index: Mapping[str, Any], where: str) -> list[Descriptor]:
        if index.get("schemaVersion") != 2 or "layers" in index or "config" in index:
            raise Damaged(f"{where}: expected an index of schema version 2, found something else")
        if index.get("mediaType", records.INDEXES[0]) not in records.INDEXES:
            raise Refused(f"{where}: expected an index, found {index['mediaType']!r:.90}")
        rows = records.rows(index.get("manifests"), f"{where}: manifests")
        self._seen += len(rows)
        if self._seen > self._limits.descriptors:
            raise Refused(
                f"{where}: expected at most {self._limits.descriptors} images, found more"
            )
        return [records.descriptor(row, f"{where}: manifests[{n}]") for n, row in enumerate(rows)]

    def manifests(
        self, given: Sequence[Descriptor], platform: str, depth: int
    ) -> Iterator[Descriptor]:
        """Yield the manifests that ``given`` and the indexes among them lead to."""
        if depth > self._limits.depth:
            raise Refused(f"expected at most {self._limits.depth} indexes in indexes, found more")
        for each in given:
            if each.media_type in records.MANIFESTS:
                yield each
            elif each.media_type not in records.INDEXES:
                raise Refused(f"{each}: expected an image, found {each.media_type!r:.90}")
            elif fits(each.platform, platform):
                index = records.blob(self._store, each, self._limits)
                yield from self.manifests(self.listed(index, each.place), platform, depth + 1)


def _one(found: Sequence[Descriptor], platform: str) -> Descriptor:
    images = [each for each in found if each.platform != ATTESTED]
    unlike = list({each.digest: each for each in images}.values())
    wanted = platform or (USUAL if len(unlike) > 1 else "")
    fit = [each for each in unlike if fits(each.platform, wanted)]
    if len(fit) == 1:
        return fit[0]
    if not fit:
        raise Refused(f"no image is for {wanted or 'any platform'}; there is {_all(unlike)}")
    said = f"expected one image for {wanted}, found {_all(fit)}"
    raise Refused(f"{said}; say which with `reference` or `platform`")


def _all(found: Sequence[Descriptor]) -> str:
    return " and ".join(sorted(map(str, found))) or "none"


def _tagged(
    store: Store, reference: str, found: Iterator[Descriptor], limits: Limits
) -> list[Descriptor]:
    """Return the manifests whose configuration is that of the tag ``reference``."""
    entries = archives.entries(store, limits)
    wanted = {archives.configured(entry) for entry in entries if reference in archives.tags(entry)}
    if not wanted:
        return []
    some = [each for each in found if each.platform != ATTESTED and store.has(each.place)]
    return [each for each in some if described(store, each, limits).configured in wanted]
