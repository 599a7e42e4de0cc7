"""What lies where in a migration bundle, and the file that says so.

=========================================  ====================================================
``migration/about.json``                   what follows, by kinds, with the digests of documents
``migration/logs/`` ``diffs/``             as the migration wrote them
``migration/manifests/`` ``replay/``       as they were recorded
``migration/gates/``                       ``gate_results.json``; the same as JUnit and SARIF
``migration/specification/``               the specification, its template, and its facts
``docs/implementation_pack.md``            the document, byte for byte
``docs/03_runtime/…``                      the plan that the layout of the audit gate demands
``runtime/`` ``scripts/`` ``pytest.ini``   what every bundle has (see `sealwright.bundles.layout`)
``manifest.txt``                           the checksums of all other files, for ``sha256sum -c``
=========================================  ====================================================

``about.json`` is one canonical line::

    {"format":"sealwright/migration-bundle/1","gates":"PASS","implementation_pack":"sha256:…",
     "parts":{"diffs":["plan.patch"],"logs":[…],"manifests":[…],"replay":[…]},
     "specification":"sha256:…","waived":[]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sealwright import digest
from sealwright.bundles.layout import DOCUMENT, GATE
from sealwright.contracts.coo.gates import findings_sarif, junit, results
from sealwright.contracts.coo.gates.results import GateResults
from sealwright.contracts.coo.outputs import facts as facts_module
from sealwright.contracts.coo.outputs import specification
from sealwright.contracts.coo.outputs.facts import Facts
from sealwright.runtime import canonical

FORMAT = "sealwright/migration-bundle/1"
TOP = "migration"
PARTS = ("diffs", "logs", "manifests", "replay")
ABOUT = f"{TOP}/about.json"
RESULTS = f"{TOP}/gates/{results.NAME}"
JUNIT, SARIF = f"{TOP}/gates/gates.junit.xml", f"{TOP}/gates/gates.sarif"
SPECIFICATION = f"{TOP}/specification/RUNTIME_SPECIFICATION.md"
TEMPLATE = f"{TOP}/specification/template.md"
FACTS = f"{TOP}/specification/{facts_module.NAME}"
PACK = "docs/implementation_pack.md"
SINGLE = (ABOUT, RESULTS, JUNIT, SARIF, SPECIFICATION, TEMPLATE, FACTS, PACK)
COMMON = (f"scripts/{GATE.name}", "pytest.ini", DOCUMENT)
CORE = "runtime/"
PLAN = b"""\
# Migration log bundle

This bundle has the layout that its audit gate demands: `runtime/` with its tests, the gate in
`scripts/`, and this plan. What a migration left behind lies in `migration/`; `about.json` there
says what is what. The implementation pack is `docs/implementation_pack.md`.

1. `python scripts/audit_gate_build_loop_phase2.py --zip BUNDLE` ends with 0.
2. In an empty folder: `unzip BUNDLE`, then `sha256sum -c --strict manifest.txt`.
3. `migration/gates/gate_results.json` says what became of gates A to F.
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a migration bundle is made of; files of the four parts by their names there."""

    logs: Mapping[str, Path]
    diffs: Mapping[str, Path]
    manifests: Mapping[str, Path]
    replay: Mapping[str, Path]
    gates: GateResults
    facts: Facts
    implementation_pack: Path
    template: bytes = specification.DEFAULT
    template_name: str = "default template"
    plan: bytes = field(default=PLAN, repr=False)

    def files(self) -> dict[str, Path]:
        """Return the files that are taken as they are, by their places in the bundle."""
        found = {PACK: self.implementation_pack}
        for part in PARTS:
            named: Mapping[str, Path] = getattr(self, part)
            found |= {f"{TOP}/{part}/{name}": place for name, place in named.items()}
        return found

    def made(self) -> dict[str, bytes]:
        """Return the files that are made for the bundle, but its manifest and ``about.json``."""
        told = specification.render(self.template, self.template_name, self.facts, self.gates)
        return {
            RESULTS: self.gates.to_bytes(),
            JUNIT: junit.report(self.gates),
            SARIF: findings_sarif.log(self.gates),
            SPECIFICATION: told,
            TEMPLATE: self.template,
            FACTS: self.facts.to_bytes(),
            DOCUMENT: self.plan,
        }


def about(sums: Mapping[str, str], gates: GateResults) -> bytes:
    """Return ``about.json`` of a bundle whose files have the digests ``sums``."""
    told = {
        "format": FORMAT,
        "gates": gates.status,
        "waived": list(gates.waived),
        "implementation_pack": sums[PACK],
        "specification": sums[SPECIFICATION],
        "parts": {part: names(sums, part) for part in PARTS},
    }
    return canonical.line(told)


def names(places: Mapping[str, object], part: str) -> list[str]:
    """Return the names of what lies in a part, sorted by bytes."""
    folder = f"{TOP}/{part}/"
    found = [place.removeprefix(folder) for place in places if place.startswith(folder)]
    return sorted(found, key=lambda name: name.encode("utf-8", "surrogatepass"))


def identities(made: Mapping[str, bytes]) -> dict[str, str]:
    """Return the digests of contents."""
    return {place: digest.sha256(data) for place, data in made.items()}
