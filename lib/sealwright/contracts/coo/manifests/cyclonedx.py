"""``tools.cdx.json``: what `tools` found, in CycloneDX 1.6, which other programs read.

Executables are components of the type ``application`` with their SHA-256; packages are
``library`` with the name by which PyPI has them.  There is no time stamp, and the serial number
is a UUID (version 5, of the URL ``urn:sealwright:`` and the digest of all the rest), so that the
same tools give the same bytes.

>>> made = render(b'{"executables":[],"manifest":"tools","packages":[],"python":{}}\\n')
>>> canonical.decode_line(made)["specVersion"]
'1.6'
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sealwright import digest
from sealwright.contracts.coo.manifests.places import UNAVAILABLE
from sealwright.digest import Digest
from sealwright.errors import Damaged
from sealwright.runtime import canonical


def render(tools_manifest: bytes) -> bytes:
    """Return the bill of materials that says what a ``tools_manifest.json`` says."""
    try:
        told = canonical.decode_line(tools_manifest)
    except canonical.NotCanonical as problem:
        raise Damaged(f"tools_manifest.json: {problem}") from None
    components = [_executable(row) for row in told["executables"]]
    components += [_package(row) for row in told["packages"]]
    bill: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "components": components,
        "specVersion": "1.6",
        "version": 1,
    }
    content = f"urn:sealwright:{digest.sha256(canonical.encode(bill))}"
    bill["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, content).urn
    return canonical.line(bill)


def _executable(row: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "bom-ref": f"executable:{row['name']}",
        "name": row["name"],
        "properties": _properties(row, ("path", "resolved", "said")),
        "type": "application",
    }
    if row["sha256"] != UNAVAILABLE:
        content = digest.hexadecimal(Digest(row["sha256"]))
        found["hashes"] = [{"alg": "SHA-256", "content": content}]
    return found | _version(row)


def _package(row: Mapping[str, Any]) -> dict[str, Any]:
    reference = f"pkg:pypi/{quote(row['name'])}"
    if row["version"] != UNAVAILABLE:
        reference += f"@{quote(row['version'])}"
    return {
        "bom-ref": reference,
        "name": row["name"],
        "properties": _properties(row, ("record",)),
        "purl": reference,
        "type": "library",
    } | _version(row)


def _version(row: Mapping[str, Any]) -> dict[str, str]:
    return {} if row["version"] == UNAVAILABLE else {"version": row["version"]}


def _properties(row: Mapping[str, Any], names: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"name": f"sealwright:{name}", "value": row[name]} for name in names]
