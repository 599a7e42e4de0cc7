"""The JSON of an image: what a descriptor is, and which media types are known.

>>> text = '{"mediaType": "%s", "digest": "sha256:%s", "size": 2}' % (MANIFESTS[0], "0" * 64)
>>> descriptor(parse(text.encode(), "index.json"), "index.json").size
2
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sealwright import digest
from sealwright.digest import Digest
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.oci.limits import Limits
from sealwright.oci.store import Store

_OCI, _DOCKER = "application/vnd.oci.image.", "application/vnd.docker."
INDEXES = (f"{_OCI}index.v1+json", f"{_DOCKER}distribution.manifest.list.v2+json")
MANIFESTS = (f"{_OCI}manifest.v1+json", f"{_DOCKER}distribution.manifest.v2+json")
CONFIGURATIONS = (f"{_OCI}config.v1+json", f"{_DOCKER}container.image.v1+json")
PLAIN = (f"{_OCI}layer.v1.tar", f"{_DOCKER}image.rootfs.diff.tar")
GZIP = (f"{_OCI}layer.v1.tar+gzip", f"{_DOCKER}image.rootfs.diff.tar.gzip")
_NAMES = ("org.opencontainers.image.ref.name", "io.containerd.image.name")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What leads to a blob; ``platform`` is empty where it is not said."""

    media_type: str
    digest: Digest
    size: int
    platform: str
    names: tuple[str, ...]

    @property
    def place(self) -> str:
        """Return the name under which the blob lies."""
        return "blobs/" + self.digest.replace(":", "/")

    def __str__(self) -> str:
        told = (self.platform or "no platform", *self.names)
        return f"{self.digest} ({', '.join(map(ascii, told))})"


def parse(data: bytes, where: str) -> Any:
    """Return the value that ``data`` spells; `Damaged` if two readers could differ about it."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()  # no lone surrogates
        return value
    except RecursionError:
        raise Damaged(f"{where}: expected JSON, found it nested too deep") from None
    except ValueError as problem:
        raise Damaged(f"{where}: expected JSON, found {problem}") from None


def table(value: Any, where: str) -> Mapping[str, Any]:
    """Return ``value`` if it is an object."""
    if not isinstance(value, dict):
        raise Damaged(f"{where}: expected an object, found {type(value).__name__}")
    return value


def rows(value: Any, where: str) -> Sequence[Any]:
    """Return ``value`` if it is a list; nothing is an empty one."""
    if not isinstance(value, list | None):
        raise Damaged(f"{where}: expected a list, found {type(value).__name__}")
    return value or []


def words(value: Any, where: str) -> tuple[str, ...]:
    """Return ``value`` if it is a list of strings; nothing is an empty one."""
    found = rows(value, where)
    if not all(isinstance(word, str) for word in found):
        raise Damaged(f"{where}: expected a list of strings, found another value in it")
    return tuple(found)


def identity(value: Any, where: str) -> Digest:
    """Return ``value`` if it is a SHA-256 digest in its one spelling."""
    try:
        found = digest.parse(value if isinstance(value, str) else repr(value))
    except Misconfigured as problem:
        raise Damaged(f"{where}: {problem}") from None
    if not found.startswith("sha256:"):
        raise Refused(f"{where}: expected a digest by sha256, found {found}")
    return found


def descriptor(value: Any, where: str) -> Descriptor:
    """Return what ``value`` leads to."""
    found = table(value, where)
    kind, size = found.get("mediaType"), found.get("size")
    if not isinstance(kind, str):
        raise Damaged(f"{where}: expected a media type, found {kind!r:.60}")
    if type(size) is not int or size < 0:
        raise Damaged(f"{where}: expected a size in bytes, found {size!r:.60}")
    notes = table(found.get("annotations") or {}, f"{where}.annotations")
    names = tuple(notes[name] for name in _NAMES if isinstance(notes.get(name), str))
    return Descriptor(
        kind,
        identity(found.get("digest"), f"{where}.digest"),
        size,
        _platform(found.get("platform"), f"{where}.platform"),
        tuple(dict.fromkeys(names)),
    )


def _platform(value: Any, where: str) -> str:
    return "" if value is None else platform(table(value, where), where)


def platform(found: Mapping[str, Any], where: str) -> str:
    """Return ``os/architecture`` or ``os/architecture/variant``."""
    parts = words([found.get("os"), found.get("architecture")], where)
    variant = found.get("variant") or ""
    return "/".join([*parts, *words([variant], where)]).rstrip("/")


def content(store: Store, name: str, limits: Limits) -> bytes:
    """Return the bytes of a record, which is small."""
    window = store.read(name)
    if window.rest > limits.record:
        raise Refused(f"{name}: expected at most {limits.record} bytes, found {window.rest}")
    pieces = []
    while piece := window.read(limits.record):
        pieces.append(piece)
    return b"".join(pieces)


def blob(store: Store, wanted: Descriptor, limits: Limits) -> Mapping[str, Any]:
    """Return the record that a descriptor leads to, if it is the one."""
    data = content(store, wanted.place, limits)
    if (len(data), digest.sha256(data)) != (wanted.size, wanted.digest):
        raise Damaged(
            f"{wanted.place}: expected {wanted.size} bytes with {wanted.digest}, "
            f"found {len(data)} with {digest.sha256(data)}"
        )
    found = table(parse(data, wanted.place), wanted.place)
    if found.get("mediaType", wanted.media_type) != wanted.media_type:
        said = f"found {found['mediaType']!r:.90}"
        raise Damaged(f"{wanted.place}: expected the media type {wanted.media_type}, {said}")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text}, which is no number")
