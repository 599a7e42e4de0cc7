"""A record has one shape, and says of those before it only what is so."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sealwright.errors import Refused
from sealwright.lineage import FOLDERS, REGISTRY, RUNS, TYPES, Artifact, Parent, Registry
from sealwright.paths import RelPath
from tests.lineage.records import ALL, WHOLE, Story, append, digits, seal, story, write

OTHER = digits(b"something else")


def refused(root: Path, before: list[Artifact], *new: Artifact) -> str:
    """Return why the records are refused, after seeing that a check of them says the same."""
    write(root, before)
    with pytest.raises(Refused) as caught:
        Registry(root).admit(new)
    assert (root / REGISTRY).read_bytes() == seal(each.payload() for each in before)
    write(root, [*before, *new])
    verdict = Registry(root).check()
    whats = [finding.what for finding in verdict.findings]
    assert whats and all(what in str(caught.value) for what in whats)
    places = {finding.where for finding in verdict.findings}
    assert places <= {f"{root / REGISTRY}:{len(before) + n}" for n in range(1, len(new) + 1)}
    return str(caught.value)


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_a_lawful_story_is_admitted_however_it_is_grouped_and_found_again(
    tmp_path: Path, batch: int
) -> None:
    told, registry = story(), Registry(tmp_path)
    for start in range(0, len(told), batch):
        append(registry, told[start : start + batch])
    assert [found.artifact for found in registry.entries()] == told
    assert registry.check().holds
    data = registry.path.read_bytes()
    for number, artifact in enumerate(told, 1):
        found = registry.find(artifact.artifact_id)
        assert found is not None
        assert (found.artifact, found.number) == (artifact, number)
        line = data[found.offset : found.offset + found.size]
        assert line == data.splitlines(keepends=True)[number - 1]
        assert found.digest == f"sha256:{digits(line[:-1])}"
    assert registry.find("nobody") is None


def test_the_types_and_their_folders_are_those_of_the_document() -> None:
    assert TYPES == ALL
    assert list(FOLDERS.values()) == [
        *("raw", "sanitized", "sanitized", "bundles", "specs", "work_orders"),
        *("snapshots", "snapshots"),
    ]


def test_a_record_has_the_nine_fields_in_order_and_comes_back_from_its_payload() -> None:
    for artifact in story():
        payload = artifact.payload()
        assert list(payload) == [
            *("artifact_id", "created_at_utc", "artifact_type", "relpath", "sha256"),
            *("byte_size", "media_type", "parents", "meta"),
        ]
        assert Artifact.of(payload) == artifact


SHAPES: list[tuple[str, Any, str]] = [
    ("artifact_id", "", "artifact_id: expected 1 to 128"),
    ("artifact_id", ".hidden", "artifact_id: expected 1 to 128"),
    ("artifact_id", "a/b", "artifact_id: expected 1 to 128"),
    ("artifact_id", "a\n", "artifact_id: expected 1 to 128"),
    ("artifact_id", "a" * 129, "artifact_id: expected 1 to 128"),
    ("artifact_id", "ä", "artifact_id: expected 1 to 128"),
    ("artifact_id", 7, "artifact_id: expected 1 to 128"),
    ("created_at_utc", "2025-01-01T00:00:00+00:00", "created_at_utc: expected a time such"),
    ("created_at_utc", "2025-01-01T00:00:00.5Z", "created_at_utc: expected a time such"),
    ("created_at_utc", "2025-01-01 00:00:00Z", "created_at_utc: expected a time such"),
    ("created_at_utc", "2025-02-29T00:00:00Z", "created_at_utc: expected a time that exists"),
    ("created_at_utc", "2025-01-01T24:00:01Z", "created_at_utc: expected a time that exists"),
    ("created_at_utc", 1735689600, "created_at_utc: expected a time such"),
    ("artifact_type", "RAW", "artifact_type: expected one of raw"),
    ("artifact_type", None, "artifact_type: expected one of raw"),
    ("artifact_type", [], "artifact_type: expected one of raw"),
    ("relpath", "/etc/passwd", "relpath: expected a path inside the repository"),
    ("relpath", "../x", "relpath: expected a path inside the repository"),
    ("relpath", ".adam_os/artifacts/raw/../../x", "has a component . or .."),
    ("relpath", ".adam_os\\artifacts\\raw\\x", "has a backslash"),
    ("relpath", ".adam_os/artifacts/raw//x", "relpath: expected '.adam_os/artifacts/raw/x', found"),
    ("relpath", "./.adam_os/artifacts/raw/x", "relpath: expected '.adam_os/artifacts/raw/x'"),
    ("relpath", ".adam_os/artifacts/raw/a\0b", "has a control character"),
    ("relpath", ".adam_os/artifacts/raw", "relpath: expected .adam_os/artifacts/raw/<name>"),
    ("relpath", ".adam_os/artifacts/x", "relpath: expected .adam_os/artifacts/raw/<name>"),
    ("relpath", ".adam_os/artifacts/specs/x", "relpath: expected .adam_os/artifacts/raw/<name>"),
    ("relpath", ".adam_os/artifacts/raw/x/y", "relpath: expected .adam_os/artifacts/raw/<name>"),
    ("relpath", ".adam_os/artifacts/raw/.x", "with no dot before a name"),
    ("relpath", ".adam_os/artifacts/artifact_registry.jsonl", "relpath: expected .adam_os"),
    ("relpath", "raw/x", "relpath: expected .adam_os/artifacts/raw/<name>"),
    ("relpath", ["x"], "relpath: expected a path"),
    ("sha256", OTHER.upper(), "sha256: expected 64 lower-case"),
    ("sha256", f"sha256:{OTHER}", "sha256: expected 64 lower-case"),
    ("sha256", OTHER[:-1], "sha256: expected 64 lower-case"),
    ("byte_size", -1, "byte_size: expected a number of bytes"),
    ("byte_size", True, "byte_size: expected a number of bytes"),
    ("byte_size", "1", "byte_size: expected a number of bytes"),
    ("media_type", "text", "media_type: expected a media type"),
    ("media_type", "text/plain; x", "media_type: expected a media type"),
    ("media_type", "", "media_type: expected a media type"),
    ("parents", {}, "parents: expected a list"),
    ("parents", ["x"], "parents[0]: expected artifact_id and sha256 alone"),
    ("parents", [{"artifact_id": "x"}], "parents[0]: expected artifact_id and sha256 alone"),
    ("parents", [{"artifact_id": "x", "sha256": OTHER, "y": 1}], "parents[0]: expected"),
    ("parents", [{"artifact_id": "x", "sha256": "y"}], "parents[0].sha256: expected 64"),
    ("parents", [{"artifact_id": "/", "sha256": OTHER}], "parents[0].artifact_id: expected 1"),
    ("meta", [], "meta: expected an object, found list"),
    ("meta", None, "meta: expected an object, found NoneType"),
    ("meta", {"text": "x" * (1 << 16)}, "meta: expected at most 65536 bytes"),
    ("meta", {"receipt": None}, "meta.receipt: expected relpath"),
    ("meta", {"receipt": {"relpath": f"{RUNS}/a.jsonl"}}, "meta.receipt: expected relpath"),
]
RECEIPTS = [
    "a.jsonl",
    f"{RUNS}/a.json",
    f"{RUNS}/a/b.jsonl",
    f"{RUNS}/../a.jsonl",
    f"{RUNS}/.jsonl",
]
SHAPES += [
    ("meta", {"receipt": {"relpath": path, "sha256": OTHER}}, "meta.receipt: expected relpath")
    for path in RECEIPTS
]


@pytest.mark.parametrize(("field", "value", "told"), SHAPES)
def test_a_field_of_another_shape_is_refused_with_its_name(
    tmp_path: Path, field: str, value: Any, told: str
) -> None:
    payload = {**story("raw")[0].payload(), field: value}
    with pytest.raises(ValueError, match=re.escape(told)):
        Artifact.of(payload)
    write(tmp_path, seal([payload]))
    (finding,) = Registry(tmp_path).check().findings
    assert finding.where == f"{tmp_path / REGISTRY}:1" and told in finding.what


def test_a_missing_field_and_one_too_many_are_refused_by_name() -> None:
    payload = story("raw")[0].payload()
    for name in payload:
        without = {key: value for key, value in payload.items() if key != name}
        with pytest.raises(ValueError, match=f"{name}: expected this field, found none"):
            Artifact.of(without)
    with pytest.raises(ValueError, match="'kind': expected no such field"):
        Artifact.of({**payload, "kind": "RAW"})


@pytest.mark.parametrize(
    "meta", [{"x": 1.5}, {"x": {1: 2}}, {"é": 1}, {"x": 2**60}, {"x": "\ud800"}]
)
def test_what_canonical_json_cannot_hold_is_refused(tmp_path: Path, meta: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="meta: expected what canonical JSON can hold"):
        Registry(tmp_path).admit([replace(story("raw")[0], meta=meta)])


def test_all_reasons_are_told_at_once(tmp_path: Path) -> None:
    one, other = story("raw", "raw")
    bad = [
        replace(one, sha256="x", byte_size=-1),
        replace(other, parents=(Parent("nobody", OTHER),), meta={"password": "hunter2"}),
    ]
    with pytest.raises(Refused) as caught:
        Registry(tmp_path).admit(bad)
    for told in ("sha256: ", "byte_size: ", "parents: expected none, found 1", "meta.password: "):
        assert told in str(caught.value)


@pytest.mark.parametrize("kind", ALL[1:])
def test_a_missing_parent_is_refused(tmp_path: Path, kind: str) -> None:
    before = story(*ALL[: ALL.index(kind)])
    new = story(*ALL[: ALL.index(kind) + 1])[-1]
    assert "parents: expected " in refused(tmp_path, before, replace(new, parents=()))


@pytest.mark.parametrize("kind", ALL)
def test_a_parent_too_many_is_refused(tmp_path: Path, kind: str) -> None:
    told = story("raw", *ALL[: ALL.index(kind) + 1])
    first, new = told[0], told[-1]
    more = replace(new, parents=(*new.parents, Parent(first.artifact_id, first.sha256)))
    assert "parents" in refused(tmp_path, told[:-1], more)


@pytest.mark.parametrize("kind", ALL[1:])
def test_a_parent_that_is_unknown_later_or_has_another_digest_is_refused(
    tmp_path: Path, kind: str
) -> None:
    *before, new = story(*ALL[: ALL.index(kind) + 1])
    for number, parent in enumerate(new.parents):

        def changed(name: str, sha256: str, number: int = number) -> Artifact:
            parents = list(new.parents)
            parents[number] = Parent(name, sha256)
            return replace(new, parents=tuple(parents))

        where = re.escape(f"parents[{number}]: ")
        said = refused(tmp_path, before, changed("nobody", parent.sha256))
        assert re.search(f"{where}expected nobody on an earlier line", said)
        said = refused(tmp_path, before, changed(parent.artifact_id, OTHER))
        assert re.search(f"{where}expected sha256 {parent.sha256} of", said)
        said = refused(tmp_path, before, changed(new.artifact_id, new.sha256))
        assert re.search(f"{where}expected {new.artifact_id} on an earlier line", said)


@pytest.mark.parametrize("kind", ALL[1:])
@pytest.mark.parametrize("wrong", ALL)
def test_a_parent_of_the_wrong_type_is_refused(tmp_path: Path, kind: str, wrong: str) -> None:
    told = Story()
    for each in ALL:
        told.add(each)
    new = told.add(kind)
    for number, parent in enumerate(new.parents):
        other = told.named(f"{wrong}-{ALL.index(wrong)}")
        if told.named(parent.artifact_id).artifact_type == wrong:
            continue
        parents = list(new.parents)
        parents[number] = Parent(other.artifact_id, other.sha256)
        said = refused(tmp_path, told.told[:-1], replace(new, parents=tuple(parents)))
        assert f"parents[{number}]: expected a " in said and f"a {wrong}" in said


def test_a_parent_in_the_same_batch_must_stand_before(tmp_path: Path) -> None:
    raw, sanitized = story("raw", "sanitized")
    assert "raw-0 on an earlier line" in refused(tmp_path, [], sanitized, raw)


def test_a_bundle_takes_many_canons_but_none_twice(tmp_path: Path) -> None:
    told = Story()
    canons = []
    for _ in range(3):
        for kind in ("raw", "sanitized", "canon"):
            told.add(kind)
        canons.append(told.latest("canon"))
    told.add("bundle_manifest", canons)
    append(Registry(tmp_path), told.told)
    twice = Story()
    twice.told = list(told.told)
    new = twice.add("bundle_manifest", [canons[0], canons[1], canons[0]])
    assert "expected each once, found one twice" in refused(tmp_path, told.told, new)


def test_a_snapshot_names_the_chain_of_its_own_work_order(tmp_path: Path) -> None:
    told = Story()
    for kind in (*WHOLE, *WHOLE):
        told.add(kind)
    orders, specs, bundles = (
        [each for each in told.told if each.artifact_type == kind]
        for kind in ("work_order", "build_spec", "bundle_manifest")
    )
    before = list(told.told)
    new = told.add("snapshot", [orders[1], specs[0], bundles[0]])
    assert f"parents[1]: expected {specs[1].artifact_id}" in refused(tmp_path, before, new)
    new = told.add("snapshot", [orders[1], specs[1], bundles[0]])
    assert f"parents[2]: expected {bundles[1].artifact_id}" in refused(tmp_path, before, new)


def test_a_snapshot_manifest_lies_beside_its_snapshot_and_names_its_work_order(
    tmp_path: Path,
) -> None:
    told = Story()
    for kind in (*WHOLE, "snapshot", "build_spec", "work_order"):
        told.add(kind)
    before = list(told.told)
    snapshot, later = told.latest("snapshot"), told.latest("work_order")
    new = told.add("snapshot_manifest", [later, snapshot])
    assert f"expected {snapshot.parents[0].artifact_id}" in refused(tmp_path, before, new)
    told.told = list(before)
    new = told.add("snapshot_manifest")
    elsewhere = RelPath(new.relpath.replace("/snapshot-6/", "/other/"))
    said = refused(tmp_path, before, replace(new, relpath=elsewhere))
    assert "relpath: expected a file in" in said


def test_ids_and_paths_are_never_used_again(tmp_path: Path) -> None:
    before = story("raw", "raw")
    new = story("raw", "raw", "raw")[-1]
    said = refused(tmp_path, before, replace(new, artifact_id="raw-0"))
    assert "artifact_id: expected a new one, found that of line 1" in said
    said = refused(tmp_path, before, replace(new, relpath=before[1].relpath))
    assert "relpath: expected a new one, found that of line 2" in said
    assert "expected a new one" in refused(tmp_path, before, new, new)


def base64url(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


SECRETS = {  # put together here, so that no scanner of this repository takes them for real ones
    "AWS Access Key": "AKIA" + "IOSFODNN7EXAMPLQ",
    "Private Key": "-----BEGIN " + "OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk",
    "JSON Web Token": f"{base64url({'alg': 'HS256'})}.{base64url({'sub': '1'})}.c2lnbmF0dXJl",
    "GitHub Token": "ghp_" + "a1B2" * 9,
    "Basic Auth Credentials": "see https://me:" + "hunter22" + "@example.org/x for it",
    "Base64 High Entropy String": "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYzEXAMPLEKEY",
}


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("nested", [False, True])
def test_a_secret_in_meta_is_refused_by_place_and_kind_and_never_shown(
    tmp_path: Path, kind: str, nested: bool
) -> None:
    secret = SECRETS[kind]
    meta: dict[str, Any] = {"notes": ["fine", {"text": secret}]} if nested else {"text": secret}
    place = "meta.notes[1].text" if nested else "meta.text"
    said = refused(tmp_path, [], replace(story("raw")[0], meta=meta))
    assert f"{place}: expected no secret, found what looks like: " in said and kind in said
    assert not any(
        part in said for part in secret.split() if len(part) > 7 and part != "-----BEGIN"
    )


@pytest.mark.parametrize("key", ["password", "db_password", "client_secret", "passphrase"])
def test_what_a_key_calls_a_secret_is_one(tmp_path: Path, key: str) -> None:
    said = refused(tmp_path, [], replace(story("raw")[0], meta={key: "hunter2"}))
    assert f"meta.{key}: " in said and "hunter2" not in said


def test_a_secret_that_is_a_key_is_refused_and_not_shown_above_others(tmp_path: Path) -> None:
    secret = SECRETS["GitHub Token"]
    said = refused(tmp_path, [], replace(story("raw")[0], meta={secret: {"password": "hunter2"}}))
    assert "meta.<key 0>: " in said and "meta.<key 0>.password: " in said
    assert secret not in said


def test_a_secret_in_a_wrong_receipt_is_not_shown(tmp_path: Path) -> None:
    secret = SECRETS["GitHub Token"]
    meta = {"receipt": {"relpath": secret, "sha256": secret}}
    assert secret not in refused(tmp_path, [], replace(story("raw")[0], meta=meta))


def test_digests_fingerprints_ids_and_paths_are_no_secrets(tmp_path: Path) -> None:
    told = Story()
    name = "raw-Zq8XwJ3vTn5LkP0sGd7HyBc2Rf9MuAe4"
    told.add("raw", artifact_id=name)
    meta = {
        "archive_plain_sha256": OTHER,
        "input_inventory": [f"sha256:{OTHER}", f"blake3:{OTHER}"],
        "recipients": [OTHER[:40].upper()],
        "commit": OTHER[:40],
        "registry": {"bytes": 12, "lines": 3, "head": f"sha256:{OTHER}", "last": name},
        "from": told.told[0].relpath,
        "sentence": f"sanitized from {name} at 2025-01-01T00:00:00Z by artifact_sanitize",
        "uuid": "123e4567-e89b-12d3-a456-426614174000",
        "template": "PHASE7_STEP8_BUILD_SPEC_V1",
        "receipt": {"relpath": f"{RUNS}/artifact_sanitize-Zq8XwJ3vTn5LkP0s.jsonl", "sha256": OTHER},
    }
    told.add("sanitized", meta=meta)
    append(Registry(tmp_path), told.told)
    assert Registry(tmp_path).check().holds
