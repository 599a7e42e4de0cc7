"""What is true of a migration bundle by its own bytes: nothing is extracted or executed.

First it is a bundle: form, names, manifest, completeness, digests (`sealwright.bundles`).  Then it
is one of a migration: every file has a place that `bundle_contents` knows, every kind is there,
``about.json`` says what is there, all gates have PASS or WAIVED, JUnit and SARIF say the same as
``gate_results.json``, the manifests are those that the specification names, and the
specification is what its template gives, filled with its facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sealwright import digest
from sealwright.bundles import audit_gate_build_loop_phase2 as gate
from sealwright.bundles import verification
from sealwright.contracts.coo.gates import findings_sarif, junit, results
from sealwright.contracts.coo.gates.record import PASS
from sealwright.contracts.coo.outputs import bundle_contents as contents
from sealwright.contracts.coo.outputs import facts, specification
from sealwright.errors import Damaged, Refused
from sealwright.verdict import Finding, Verdict, refusal

Sums = Mapping[str, str]


def check(place: Path) -> Verdict:
    """Answer whether the zip at ``place`` is a whole migration bundle."""
    bundle = verification.check(place)
    if not bundle.holds:
        return bundle
    try:
        with gate.open_bundle(place) as file:
            found = gate.examine(file)
            listed = gate.parse_manifest(gate.find_manifest(found))
            sums = {path: f"sha256:{sha256}" for path, sha256 in listed.items()}
            if absent := [path for path in contents.SINGLE if path not in sums]:
                return Verdict(tuple(Finding(path, "is not there") for path in absent))
            single = {path: _content(found, path) for path in contents.SINGLE}
        findings = (*_places(sums), *_said(sums, single))
    except (Damaged, Refused, gate.Refused) as problem:
        return refusal(place.name, str(problem))
    return Verdict(findings, bundle.evidence)


def _content(bundle: gate.Zip, path: str) -> bytes:
    (member,) = (each for each in bundle.members if each.name == path.encode())
    return b"".join(gate.pieces(bundle.file, member.content, member.size))


def _places(sums: Sums) -> Iterator[Finding]:
    folders = (contents.CORE, *(f"{contents.TOP}/{part}/" for part in contents.PARTS))
    known = {*contents.SINGLE, *contents.COMMON}
    for path in sorted(sums, key=str.encode):
        if path not in known and not path.startswith(folders):
            yield Finding(path, "has no place in a migration bundle")
    for part in contents.PARTS:
        if not contents.names(sums, part):
            yield Finding(f"{contents.TOP}/{part}", "expected at least one file, found none")


def _said(sums: Sums, single: Mapping[str, bytes]) -> Iterator[Finding]:
    gates = results.parse(single[contents.RESULTS], contents.RESULTS)
    told = facts.parse(single[contents.FACTS], contents.FACTS)
    if gates.status != PASS:
        yield Finding(contents.RESULTS, f"expected {PASS}, found {gates.status}")
    template = single[contents.TEMPLATE]
    expected = {
        contents.ABOUT: contents.about(sums, gates),
        contents.JUNIT: junit.report(gates),
        contents.SARIF: findings_sarif.log(gates),
        contents.SPECIFICATION: specification.render(template, contents.TEMPLATE, told, gates),
    }
    for path, data in expected.items():
        if single[path] != data:
            wanted = digest.sha256(data)
            yield Finding(path, f"expected {wanted}, as the other files give it, found another")
    manifests = {name: sums[f"{contents.TOP}/manifests/{name}"] for name in _manifests(sums)}
    if manifests != dict(told.manifests):
        yield Finding(contents.FACTS, "expected the manifests of the bundle, found others")


def _manifests(sums: Sums) -> list[str]:
    return contents.names(sums, "manifests")
