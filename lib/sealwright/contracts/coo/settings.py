"""``config/coo.yaml``: which package replaces which, and what is governed on the way::

legacy: project_builder            # import package to retire
canonical: coo                     # import package that replaces it
source_root: .                     # folder that holds both
rewrite: [project_builder, tests]  # files and folders in the one rewriting pass; [] means all
carried: []                        # what the tests need besides; [] means all that git has
test_command: [python, -m, pytest, -q]
sandbox: {waived: "no sandbox is used"}   # or {oci_layout: PATH, reference: NAME, digest: …}
approvals: {keys: [FINGERPRINT], public: config/approvers.asc}   # or {waived: "reason"}

amendments: [config/amendments.yaml]      # files of amendments, in the order of their ids
governed: [docs/01_governance]     # documents that are frozen besides the code
database: null                     # a SQLite file that is frozen and captured, too
tools: [git, gpg]                  # programs that the chain uses, besides its Python
variables: []                      # of the environment, that a run sees
scan: {ruleset: PATH, sha256: "…", scope: […], suppressions: PATH}
lint: {ruleset: PATH}
mission: coo/reference/phase3_reference_mission.json
rulings: config/coo.rulings.yaml   # on references that are in no rule
python: .venv/bin/python           # who runs the tests; the one that runs Sealwright if not given
unstable: []                       # tests that may end differently from run to run
waivers: [{gate: D, reason: "…", name: "…"}]       # gates that need not pass
modules: [{name: plan, command: [python, -m, coo.plan], outputs: [build/plan.json]}]   # gate B
specification: {template: PATH}    # of the runtime specification
migration_bundle: {implementation_pack: PATH}      # documents of the final bundle
structure: []                      # what Gate A demands under the canonical package
stop_writers: false                # whether the freeze may end who holds a file open

All but ``legacy`` has a working default; without ``legacy`` there is nothing to do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sealwright import paths
from sealwright.contracts.coo.gates import module_settings, waivers
from sealwright.contracts.coo.gates.module_settings import Module
from sealwright.contracts.coo.gates.waivers import Waiver
from sealwright.contracts.coo.outputs import documents
from sealwright.contracts.coo.outputs.documents import Documents
from sealwright.document import Table
from sealwright.paths import TOP, RelPath

FILE = "config/coo.yaml"
SCOPE = (
    *("coo/runtime/**/*.py", "coo/scripts/**/*.py"),
    *("docs/01_governance/**/*.md", "docs/02_protocols/**/*.md"),
)
TEST = ("python", "-m", "pytest", "-q")
_FINGERPRINT = re.compile(r"[0-9A-F]{40}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The image whose digest is recorded (a layout or an archive), or why there is none."""

    image: RelPath | None = None
    reference: str = ""
    digest: str = ""
    entrypoint: tuple[str, ...] = ()
    waived: str = ""


@dataclass(frozen=True, slots=True)
class Approvals:
    """Whose signatures count, or why none is needed."""

    keys: tuple[str, ...] = ()
    public: RelPath | None = None
    waived: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """The pinned ruleset of the scanner, and what it looks at."""

    ruleset: RelPath
    sha256: str
    scope: tuple[str, ...]
    suppressions: RelPath | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says."""

    legacy: str
    canonical: str
    source_root: RelPath
    rewrite: tuple[RelPath, ...]
    carried: tuple[RelPath, ...]
    test_command: tuple[str, ...]
    python: str
    unstable: tuple[str, ...]
    waivers: tuple[Waiver, ...]
    modules: tuple[Module, ...]
    template: RelPath | None
    documents: Documents
    sandbox: Sandbox
    approvals: Approvals
    amendments: tuple[RelPath, ...]
    governed: tuple[RelPath, ...]
    database: RelPath | None
    tools: tuple[str, ...]
    variables: tuple[str, ...]
    scan: Scan
    lint: RelPath
    mission: RelPath
    rulings: RelPath
    structure: tuple[RelPath, ...]
    stop_writers: bool

    @classmethod
    def read(cls, table: Table) -> Settings | None:
        """Return the settings in ``table``, or None where there is nothing to migrate."""
        legacy = table.string("legacy", "")
        made = _read(cls, table, legacy)
        return made if legacy else None

    def below(self, name: str) -> RelPath:
        """Return a path below the folder that holds the packages."""
        return _below(self.source_root, name)

    @property
    def manifests(self) -> RelPath:
        """Return the folder of manifests and published results."""
        return self.below(f"{self.canonical}/manifests")


def _read(cls: type[Settings], table: Table, legacy: str) -> Settings:
    canonical = _package(table, "canonical", "coo")
    source = table.folder("source_root", TOP)
    reference = _below(source, f"{canonical}/reference")
    made = cls(
        legacy=_package(table, "legacy", legacy) if legacy else "",
        canonical=canonical,
        source_root=source,
        rewrite=table.paths("rewrite", ()),
        carried=table.paths("carried", ()),
        test_command=table.strings("test_command", TEST),
        python=table.string("python", ""),
        unstable=table.strings("unstable", ()),
        waivers=waivers.read(table),
        modules=module_settings.read(table),
        template=documents.template(table),
        documents=documents.read(table),
        sandbox=_sandbox(table),
        approvals=_approvals(table),
        amendments=table.paths("amendments", ()),
        governed=table.paths("governed", ()),
        database=table.path("database", None),
        tools=table.strings("tools", ()),
        variables=table.strings("variables", ()),
        scan=_scan(table, reference),
        lint=_lint(table, reference),
        mission=table.path("mission", RelPath(f"{reference}/phase3_reference_mission.json")),
        rulings=table.path("rulings", RelPath("config/coo.rulings.yaml")),
        structure=table.paths("structure", ()),
        stop_writers=table.flag("stop_writers", default=False),
    )
    if made.legacy == made.canonical:
        raise table.wrong("canonical", f"another package than {made.legacy}")
    if not made.test_command:
        raise table.wrong("test_command", "a program and its arguments")
    return made


def _below(folder: RelPath, name: str) -> RelPath:
    return paths.parse(name if folder == TOP else f"{folder}/{name}")


def _package(table: Table, key: str, default: str) -> str:
    name = table.string(key, default)
    if not name.isidentifier():
        raise table.wrong(key, "the name of a top-level import package")
    return name


def _sandbox(table: Table) -> Sandbox:
    found = table.table("sandbox", None)
    if found is None:
        return Sandbox(waived="none is configured")
    if (form := found.either("waived", "oci_layout", "archive")) == "waived":
        return Sandbox(waived=_reason(found))
    return Sandbox(
        image=found.path(form),
        reference=found.string("reference", ""),
        digest=found.string("digest", ""),
        entrypoint=found.strings("entrypoint", ()),
    )


def _approvals(table: Table) -> Approvals:
    found = table.table("approvals", None)
    if found is None:
        return Approvals()
    if found.either("waived", "keys") == "waived":
        return Approvals(waived=_reason(found))
    made = Approvals(keys=found.strings("keys"), public=found.path("public"))
    if not made.keys or not all(map(_FINGERPRINT.match, made.keys)):
        raise found.wrong("keys", "full fingerprints, 40 hexadecimal digits in upper case")
    return made


def _reason(table: Table) -> str:
    reason = table.string("waived").strip()
    if not reason or not reason.isprintable():
        raise table.wrong("waived", "a reason, in one line")
    return reason


def _scan(table: Table, reference: RelPath) -> Scan:
    default = RelPath(f"{reference}/governance_leak_ruleset.json")
    found = table.table("scan", None)
    if found is None:
        return Scan(default, "", SCOPE, None)
    made = Scan(
        ruleset=found.path("ruleset", default),
        sha256=found.string("sha256", ""),
        scope=found.strings("scope", SCOPE),
        suppressions=found.path("suppressions", None),
    )
    if made.sha256 and not _SHA256.match(made.sha256):
        raise found.wrong("sha256", "64 hexadecimal digits in lower case")
    return made


def _lint(table: Table, reference: RelPath) -> RelPath:
    default = RelPath(f"{reference}/lint_ruleset.json")
    found = table.table("lint", None)
    return default if found is None else found.path("ruleset", default)
