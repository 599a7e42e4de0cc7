"""``config/work_orders.yaml``: what is taken in, what is ordered, and who can read snapshots::

inputs:                          # name: file; the name is in ids and task names
  plan: docs/plan.md
  house: {path: docs/house, media_type: application/json}
orders:                          # without it: one order, `main`, of all inputs
  main:
    inputs: [plan, house]
    intent: Build the house as planned.
    approvals: [the owner of the repository]
    notes: ""
snapshots:
  recipients: []                 # full fingerprints of primary keys
  public: config/snapshots.asc   # their public keys
  extra_roots: []                # further files and folders that every snapshot holds
  copy_to: null                  # a folder, or a URL that fsspec knows
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sealwright.document import Table
from sealwright.errors import Misconfigured
from sealwright.paths import RelPath, above, parse

FILE = "config/work_orders.yaml"
OWN = parse(".adam_os")
MEDIA = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".json": "application/json",
    ".pdf": "application/pdf",
}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")
_FINGERPRINT = re.compile(r"[0-9A-F]{40}\Z")


@dataclass(frozen=True, slots=True)
class Source:
    """One input: a file of the repository, and what it holds."""

    name: str
    path: RelPath
    media_type: str


@dataclass(frozen=True, slots=True)
class Order:
    """One work order: the inputs that it rests on, and what is said of it."""

    name: str
    inputs: tuple[str, ...]
    intent: str
    approvals: tuple[str, ...]
    notes: str


@dataclass(frozen=True, slots=True)
class Snapshots:
    """What a snapshot holds besides artifacts, who can read it, and where a copy goes."""

    recipients: tuple[str, ...] = ()
    public: RelPath | None = None
    extra_roots: tuple[RelPath, ...] = ()
    copy_to: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says."""

    inputs: Mapping[str, Source]
    orders: tuple[Order, ...]
    snapshots: Snapshots

    @classmethod
    def read(cls, table: Table) -> Settings:
        """Return the settings in ``table``; `Misconfigured` says where it is wrong."""
        inputs = {source.name: source for source in _inputs(table)}
        return cls(inputs, tuple(_orders(table, inputs)), _snapshots(table))


def _inputs(table: Table) -> list[Source]:
    found = table.table("inputs")
    return [_input(found, _name(found, key)) for key in found.keys()]  # noqa: SIM118


def _input(table: Table, name: str) -> Source:
    if table.kind(name) == "mapping":
        given = table.table(name)
        path, media = given.path("path"), given.one_of("media_type", MEDIA.values(), None)
    else:
        given, path, media = table, table.path(name), None
    media = media or MEDIA.get("." + path.rpartition(".")[2].lower())
    if media is None:
        kinds = ", ".join(MEDIA)
        where = given.where("path" if given is not table else name)
        raise Misconfigured(f"{where}: expected a file of {kinds}, or a media_type, found {path!r}")
    if above(OWN, path):
        raise Misconfigured(f"{table.where(name)}: lies among the artifacts; name another file")
    return Source(name, path, media)


def _name(table: Table, key: str) -> str:
    if not _NAME.match(key):
        what = "expected a name of a-z, 0-9, '_' and '-', at most 40 characters"
        raise Misconfigured(f"{table.where(key)}: {what}, found {key!r}")
    return key


def _orders(table: Table, inputs: Mapping[str, Source]) -> list[Order]:
    found = table.table("orders", None)
    if found is None:
        return [Order("main", tuple(inputs), "", (), "")] if inputs else []
    if not found.keys():
        raise table.wrong("orders", "at least one order, or no such key")
    return [_order(found.table(_name(found, key)), key, inputs) for key in found.keys()]  # noqa: SIM118


def _order(table: Table, name: str, inputs: Mapping[str, Source]) -> Order:
    chosen = table.strings("inputs", tuple(inputs))
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= inputs.keys():
        raise table.wrong("inputs", f"names among {', '.join(inputs)}, each once")
    return Order(
        name=name,
        inputs=chosen,
        intent=table.string("intent", ""),
        approvals=table.strings("approvals", ()),
        notes=table.string("notes", ""),
    )


def _snapshots(table: Table) -> Snapshots:
    found = table.table("snapshots", None)
    if found is None:
        return Snapshots()
    made = Snapshots(
        recipients=found.strings("recipients", ()),
        public=found.path("public", None),
        extra_roots=found.paths("extra_roots", ()),
        copy_to=found.string("copy_to", None),
    )
    if not all(map(_FINGERPRINT.match, made.recipients)):
        raise found.wrong("recipients", "full fingerprints, 40 hexadecimal digits in upper case")
    if made.recipients and made.public is None:
        raise found.wrong("public", "the file that holds the public keys of the recipients")
    for root in made.extra_roots:
        if above(OWN, root) or above(root, OWN):
            raise found.wrong("extra_roots", f"paths apart from {OWN}, which is in it anyway")
    return made
