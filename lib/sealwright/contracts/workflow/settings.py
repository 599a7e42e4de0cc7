"""``config/workflow.yaml``: which packets there are, who does the work, and whose word counts::

evidence: evidence                 # folder of evidence, one folder in it for each run
approvals_folder: config/approvals # where approvals and outcomes are signed
runtime_default_activation: false  # nothing else is possible; here so that it is said
author: {name: Sealwright, email: sealwright@localhost}   # of the one commit that lands
packets:
  CTO-WORK-049:
    packet: docs/packet.md
    admission: admissions/strings.json   # the record that the packet names
    backend: {command: [python3, agent.py]}   # or {patch: PATH}, or {fake: {PATH: TEXT or null}}
    approvals: {keys: [FINGERPRINT], public: config/approvers.asc}   # or {unsigned: allowed}
    isolation: namespaces          # or namespaces+landlock, landlock, none
    variables: []                  # of the environment, that the backend sees
    limits: {seconds: 600, processes: 64, memory_mib: 1024, disk_mib: 256, file_mib: 64,
             output_kib: 1024, budget: "0.00"}   # money is a decimal string

All but ``packet``, ``admission``, ``backend`` and ``approvals`` has a working default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sealwright import approval as agreement
from sealwright import digest, paths
from sealwright.contracts.workflow.approval import Policy
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.terms import ID
from sealwright.digest import Digest
from sealwright.document import Table
from sealwright.errors import Misconfigured
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.sandbox.cage import LEVELS

FILE = "config/workflow.yaml"
_FINGERPRINT = re.compile(r"[0-9A-F]{40}\Z")
_MONEY = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?\Z")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*\Z")
_SECRET = re.compile(r"TOKEN|SECRET|PASS|KEY|CREDENTIAL|AUTH|SSH|GPG|GNUPG")
_MOST = {
    "seconds": (600, 86400),
    "processes": (64, 4096),
    "memory_mib": (1024, 1 << 20),
    "disk_mib": (256, 1 << 20),
    "file_mib": (64, 1 << 20),
    "output_kib": (1024, 1 << 16),
}


@dataclass(frozen=True, slots=True)
class Backend:
    """Who does the work: a command, a patch file, or the texts of some files (``fake``)."""

    kind: str
    command: tuple[str, ...] = ()
    patch: RelPath | None = None
    fake: Mapping[RelPath, str | None] | None = None

    def identity(self, patch: bytes = b"") -> Digest:
        """Return the digest of the orders: of the configuration, and of the patch's bytes."""
        told = {
            "kind": self.kind,
            "command": list(self.command),
            "patch": digest.sha256(patch) if self.patch else None,
            "fake": sorted([path, text] for path, text in (self.fake or {}).items()),
        }
        return digest.sha256(canonical.encode(told))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a backend or a validation may use."""

    seconds: int
    processes: int
    memory_mib: int
    disk_mib: int
    file_mib: int
    output_kib: int
    budget: str


@dataclass(frozen=True, slots=True)
class Approvals:
    """Whose signatures count, or that a record needs none."""

    keys: tuple[str, ...] = ()
    public: RelPath | None = None
    unsigned: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """One packet, and how it is run."""

    id: str
    packet: RelPath
    admission: RelPath
    backend: Backend
    approvals: Approvals
    isolation: str
    variables: tuple[str, ...]
    limits: Limits

    def check(self, packet: Packet) -> Packet:
        """Return the packet, if it is the one that the configuration names; else refuse it."""
        found = (packet.id, packet.target.admission_source)
        if found != (self.id, self.admission):
            expected = f"the packet {self.id} with the admission {self.admission}"
            raise Misconfigured(f"{self.packet}: expected {expected}, found {' with '.join(found)}")
        return packet


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says."""

    works: Mapping[str, Work]
    evidence: RelPath
    approvals_folder: RelPath
    author: tuple[str, str]

    @classmethod
    def read(cls, table: Table) -> Settings:
        """Return the settings in ``table``; `Misconfigured` says where it is wrong."""
        if table.flag("runtime_default_activation", default=False):
            raise table.wrong("runtime_default_activation", "false")
        made = cls(
            works={work.id: work for work in _works(table)},
            evidence=table.path("evidence", RelPath("evidence")),
            approvals_folder=table.path("approvals_folder", RelPath("config/approvals")),
            author=_author(table),
        )
        if paths.above(made.evidence, made.approvals_folder):
            raise table.wrong("approvals_folder", "a folder apart from the evidence")
        return made

    def policy(self, work: Work, root: Path) -> Policy:
        """Return whose approvals and outcomes count for a packet, in the repository ``root``."""
        wish, folder = work.approvals, paths.within(root, self.approvals_folder)
        if wish.unsigned:
            return Policy(folder, unsigned=True)
        public = paths.within(root, wish.public) if wish.public else None
        return Policy(folder, agreement.Approvers(wish.keys, public))


def _works(table: Table) -> list[Work]:
    found = table.table("packets", None)
    return [] if found is None else [_work(found, key) for key in found.keys()]  # noqa: SIM118


def _work(found: Table, key: str) -> Work:
    if not ID.fullmatch(key):
        raise Misconfigured(f"{found.where(key)}: expected an id such as CTO-WORK-049")
    table = found.table(key)
    return Work(
        id=key,
        packet=table.path("packet"),
        admission=table.path("admission"),
        backend=_backend(table.table("backend")),
        approvals=_approvals(table.table("approvals")),
        isolation=table.one_of("isolation", LEVELS, "namespaces"),
        variables=_variables(table),
        limits=_limits(table.table("limits", None)),
    )


def _backend(table: Table) -> Backend:
    kind = table.either("command", "patch", "fake")
    if kind == "patch":
        return Backend(kind, patch=table.path(kind))
    if kind == "fake":
        texts = table.table(kind)
        names = texts.keys()
        if not names:
            raise table.wrong(kind, "at least one path and its text")
        return Backend(kind, fake={_path(texts, name): texts.string(name, None) for name in names})
    command = table.strings(kind)
    if not command or not command[0]:
        raise table.wrong(kind, "a program and its arguments")
    return Backend(kind, command=command)


def _path(table: Table, name: str) -> RelPath:
    try:
        return paths.parse(name)
    except Misconfigured as problem:
        raise Misconfigured(f"{table.where(name)}: {problem}") from None


def _approvals(table: Table) -> Approvals:
    if table.either("unsigned", "keys") == "unsigned":
        table.one_of("unsigned", ["allowed"])
        return Approvals(unsigned=True)
    made = Approvals(table.strings("keys"), table.path("public"))
    if not made.keys or not all(map(_FINGERPRINT.match, made.keys)):
        raise table.wrong("keys", "full fingerprints, 40 hexadecimal digits in upper case")
    return made


def _variables(table: Table) -> tuple[str, ...]:
    names = table.strings("variables", ())
    if not all(_VARIABLE.match(name) and not _SECRET.search(name) for name in names):
        raise table.wrong("variables", "names of variables that hold no secret")
    return names


def _limits(table: Table | None) -> Limits:
    if table is None:
        return Limits(**{name: usual for name, (usual, _) in _MOST.items()}, budget="0.00")
    found = {name: table.integer(name, usual) for name, (usual, _) in _MOST.items()}
    for name, value in found.items():
        if not 0 < value <= _MOST[name][1]:
            raise table.wrong(name, f"a whole number from 1 to {_MOST[name][1]}")
    budget = table.string("budget", "0.00")
    if not _MONEY.match(budget):
        raise table.wrong("budget", 'a decimal string such as "0.50"')
    return Limits(**found, budget=budget)


def _author(table: Table) -> tuple[str, str]:
    found = table.table("author", None)
    if found is None:
        return "Sealwright", "sealwright@localhost"
    name, email = found.string("name"), found.string("email")
    for key, text in (("name", name), ("email", email)):
        if not text.strip() or not text.isprintable() or set(text) & set("<>"):
            raise found.wrong(key, "one line without < and >")
    return name, email
