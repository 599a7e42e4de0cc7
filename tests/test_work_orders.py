"""Document 004 from outside: a chain of artifacts, and snapshots that anybody can take apart."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile

import pytest

from sealwright import snapshot
from sealwright.clock import Instant
from sealwright.contracts.work_orders import pipeline, snapshots, tools
from sealwright.errors import Damaged, Refused
from sealwright.lineage import TYPES, Registry
from sealwright.runtime import canonical
from sealwright.snapshot import exporting, verification
from tests.support import keys
from tests.support.example import BIN, PROJECT, copied, sha256
from tests.support.orders import ARTIFACTS, CONFIG, with_readers
from tests.support.programs import needed, processes_in

pytest_plugins = ("tests.support.ordering",)

TOOLS = (
    *("artifact_ingest", "artifact_sanitize", "artifact_canon_select", "context_bundle_build"),
    *("spec_generate", "work_order_emit", "snapshot_export"),
)
FIELDS = {
    *("artifact_id", "created_at_utc", "artifact_type", "relpath", "sha256", "byte_size"),
    *("media_type", "parents", "meta"),
}
MANIFEST_FIELDS = {
    *("snapshot_id", "created_at_utc", "included_roots", "file_count", "total_plain_bytes"),
    *("archive_plain_sha256", "archive_enc_sha256", "encryption_scheme", "tool_version"),
    *("parents", "notes"),
}


def configure(repo, old: str, new: str) -> None:
    path = repo.root / "config/work_orders.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def statuses(repo, *words: str) -> dict[str, str]:
    done = repo.doit("--json", *words) if not words else repo.doit("run", "--json", *words)
    return {step["name"]: step["status"] for step in done.json()["steps"]}


def executed(repo, *words: str) -> set[str]:
    return {name for name, status in statuses(repo, *words).items() if status != "up to date"}


# the chain


def test_one_command_makes_the_whole_chain_from_nothing(unordered):
    done = unordered.doit("snapshot_export")
    assert done.code == 0, done.said
    made = [record["artifact_type"] for record in unordered.records]
    assert made == [
        *("raw", "sanitized", "canon") * 2,
        *("bundle_manifest", "build_spec", "work_order", "snapshot", "snapshot_manifest"),
    ]
    assert unordered.status == ""


def test_every_record_has_the_fields_of_the_document_and_fits_its_file(ordered):
    for record in ordered.records:
        assert record.keys() == FIELDS | {"v", "seq", "prev"}
        place = ordered.root / record["relpath"]
        assert record["relpath"].startswith(f"{ARTIFACTS}/")
        assert (record["sha256"], record["byte_size"]) == (sha256(place), place.stat().st_size)
        assert record["artifact_type"] in TYPES


def test_every_derived_artifact_names_parents_that_stand_earlier_by_id_and_digest(ordered):
    seen: dict[str, str] = {}
    for record in ordered.records:
        assert bool(record["parents"]) == (record["artifact_type"] != "raw")
        for parent in record["parents"]:
            assert seen[parent["artifact_id"]] == parent["sha256"]
        seen[record["artifact_id"]] = record["sha256"]


def test_a_second_run_executes_nothing_and_adds_no_line(ordered):
    before = ordered.registry.read_bytes()
    assert executed(ordered) == set()
    assert ordered.registry.read_bytes() == before


def test_a_changed_input_reruns_its_branch_only(ordered):
    before = ordered.registry.read_bytes()
    ordered.write("docs/plan.md", "# Plan\n\nRaise the roof.\n")
    assert executed(ordered) == {
        *("artifact_ingest:plan", "artifact_sanitize:plan", "artifact_canon_select:plan"),
        *("context_bundle_build:main", "spec_generate:main", "work_order_emit:main"),
        *("snapshot_export", "snapshot_verify"),
    }
    assert ordered.registry.read_bytes().startswith(before)
    first, second = ordered.manifests
    assert first["archive_plain_sha256"] != second["archive_plain_sha256"]


def test_an_input_that_was_there_before_is_found_again_and_adds_nothing(ordered):
    text = (ordered.root / "docs/plan.md").read_bytes()
    ordered.write("docs/plan.md", "# Another\n\nPlan.\n")
    ordered.doit("work_order_emit")
    before = ordered.registry.read_bytes()
    ordered.write("docs/plan.md", text)
    assert "artifact_ingest:plan" in executed(ordered, "work_order_emit")
    assert ordered.registry.read_bytes() == before


def test_without_the_engines_memory_everything_is_found_again(ordered):
    before, artifacts = ordered.registry.read_bytes(), ordered.artifacts
    shutil.rmtree(ordered.root / ".sealwright")
    assert len(executed(ordered, "work_order_emit")) == 9
    assert ordered.registry.read_bytes() == before
    assert ordered.artifacts == artifacts


def test_a_forced_call_leaves_a_receipt_and_no_line(ordered):
    before = ordered.registry.read_bytes()
    for _ in range(2):
        assert ordered.doit("-a", "artifact_ingest").code == 0
    assert ordered.registry.read_bytes() == before
    receipts = list((ordered.root / ".adam_os/runs").glob("artifact_ingest-plan-*"))
    said = [json.loads(r.read_text().splitlines()[1])["data"]["status"] for r in receipts]
    assert sorted(said) == ["idempotent", "idempotent", "made"]


def test_raw_bytes_are_stored_exactly(unordered):
    odd = b"\xef\xbb\xbfone\r\ntwo\rthree\n\nno end"
    unordered.write("docs/plan.md", odd)
    unordered.doit("artifact_ingest")
    assert unordered.content("raw", 0) == odd


def test_an_artifact_that_was_changed_is_refused_and_nothing_is_built_on_it(ordered):
    place = ordered.root / ordered.of_type("sanitized")[0]["relpath"]
    place.write_bytes(place.read_bytes() + b"x")
    before = ordered.registry.read_bytes()
    done = ordered.doit()
    assert done.code == 2 and "sanitized-plan-{id} is evidence" in done.said
    assert ordered.registry.read_bytes() == before


def test_a_registry_that_was_rewritten_since_the_last_run_stops_the_chain(ordered):
    lines = ordered.registry.read_bytes().splitlines(keepends=True)
    ordered.registry.write_bytes(b"".join(lines[:3]))
    ordered.write("docs/plan.md", "other\n")
    done = ordered.doit("artifact_ingest")
    assert done.code == 2 and "was cut or rewritten" in done.said


# the work order


def test_a_work_order_is_declarative_and_stops_before_anything(ordered):
    order = json.loads(ordered.content("work_order"))
    assert order["status"] == "STOP"
    assert order["constraints"] == {
        "no_execution": True,
        "declarative_only": True,
        "proxy_required": True,
    }
    assert order["required_approvals"] == ["the owner of the site"]
    assert order["execution_intent"] == "Build the house as planned."
    spec = ordered.of_type("build_spec")[0]
    assert order["lineage"]["build_spec_artifact_id"] == spec["artifact_id"]
    assert order["lineage"]["build_spec_sha256"] == spec["sha256"]
    rest = {key: value for key, value in order.items() if key != "work_order_hash"}
    assert order["work_order_hash"] == canonical_sha256(rest)


def test_a_spec_tells_claims_from_assumptions_and_questions_and_where_each_stands(ordered):
    content = json.loads(ordered.content("build_spec"))
    spec = content["spec"]
    claims = [claim["text"] for claim in spec["SOURCE_BASED"]["claims"]]
    assert claims == ["Plan", "Raise the walls first.", "name: Survey the site", "days: 1"]
    assert [each["text"] for each in spec["ASSUMPTIONS"]] == ["It seems dry."]
    assert [each["text"] for each in spec["OPEN_QUESTIONS"]] == ["Who lays the floor?"]
    assert spec["SOURCE_MAP"]["C3"]["where"] == "/tasks/0/name"
    assert content["audit"]["model"] == "none"


def test_the_hash_of_a_bundle_depends_on_no_clock(unordered, tmp_path):
    other = copied(unordered, tmp_path / "other")
    other.now += 10_000
    for repo in (unordered, other):
        repo.doit("work_order_emit")
    for kind in ("bundle_manifest", "build_spec", "work_order"):
        assert unordered.content(kind) == other.content(kind)
    bundle = json.loads(unordered.content("bundle_manifest"))
    rest = {key: value for key, value in bundle.items() if key != "bundle_hash"}
    assert bundle["bundle_hash"] == canonical_sha256(rest)
    kinds = [member["artifact_type"] for member in bundle["members"]]
    assert kinds == ["raw", "sanitized", "canon"] * 2


def canonical_sha256(value) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_orders_of_their_own_share_what_they_share(unordered):
    more = "  other:\n    inputs: [house]\n    intent: Survey.\n"
    configure(unordered, "snapshots:", f"{more}snapshots:")
    assert unordered.doit().code == 0
    assert len(unordered.of_type("raw")) == 2
    assert len(unordered.of_type("work_order")) == 2
    parent = unordered.manifests[0]["parents"][0]
    assert parent["artifact_id"] == unordered.of_type("work_order")[-1]["artifact_id"]


# the tool registry and receipts


def test_the_seven_tools_are_registered_under_their_locked_names():
    assert tools.NAMES == TOOLS
    assert set(tools._TOOLS) == set(TOOLS)


@pytest.mark.parametrize(
    "tool", [pipeline.ingest, pipeline.sanitize, pipeline.work_order, snapshots.export]
)
def test_a_call_around_the_registry_is_refused(tool):
    with pytest.raises(Refused, match="found one around it"):
        tool(None)


def test_a_tool_that_is_not_registered_is_refused():
    with pytest.raises(Refused, match="found no such tool"):
        tools.invoke("artifact_delete", None, None, {})
    with pytest.raises(ValueError, match="locked name"):
        tools.tool("artifact_delete")(lambda call: [])


def test_each_call_leaves_a_receipt_of_three_chained_lines_that_its_record_names(ordered):
    names = set()
    for record in ordered.records:
        receipt = record["meta"]["receipt"]
        place = ordered.root / receipt["relpath"]
        assert sha256(place) == receipt["sha256"]
        start, result, end = map(json.loads, place.read_text().splitlines())
        assert [line["kind"] for line in (start, result, end)] == [
            *("run.start", "tool.result", "run.end"),
        ]
        made = {each["artifact_id"]: each["sha256"] for each in result["data"]["artifacts"]}
        assert made[record["artifact_id"]] == record["sha256"]
        assert end["data"] == {"ok": True}
        names.add(start["data"]["tool"])
        assert ordered.sealwright("verify", place).code == 0
    assert names == set(TOOLS)


def test_receipts_and_registry_hold_no_content(unordered):
    unordered.write("docs/plan.md", "Raise the walls. canary-7f3a9c. It seems dry.\n")
    unordered.doit()
    runs = b"".join(p.read_bytes() for p in (unordered.root / ".adam_os/runs").iterdir())
    assert b"canary-7f3a9c" in unordered.content("raw", 0)
    assert b"canary-7f3a9c" not in runs + unordered.registry.read_bytes()


def test_a_call_that_fails_leaves_a_receipt_that_says_so_and_nothing_else(unordered):
    unordered.write("docs/house.json", '{"a": 1, "a": 2}')
    done = unordered.doit()
    assert done.code == 1 and "a key twice" in done.said
    (failed,) = (unordered.root / ".adam_os/runs").glob("*-failed-1.jsonl")
    result = json.loads(failed.read_text().splitlines()[1])["data"]
    assert (result["status"], result["problem"]) == ("failed", "Refused")
    assert [r["artifact_type"] for r in unordered.records] == ["raw", "sanitized", "canon", "raw"]


# snapshots


def test_a_snapshot_has_every_field_and_both_hashes(ordered):
    (manifest,) = ordered.manifests
    assert manifest.keys() >= MANIFEST_FIELDS
    (folder,) = ordered.snapshots
    assert folder.name == manifest["snapshot_id"]
    assert manifest["archive_enc_sha256"] == sha256(folder / "snapshot.enc")
    assert manifest["included_roots"] == [".adam_os/artifacts", ".adam_os/runs"]
    kinds = [parent["artifact_type"] for parent in manifest["parents"]]
    assert kinds == ["work_order", "build_spec", "bundle_manifest"]


def test_gpg_and_tar_restore_it_byte_for_byte_without_our_code(ordered, reader, tmp_path):
    (folder,) = ordered.snapshots
    plain = reader.decrypt(folder / "snapshot.enc")
    (manifest,) = ordered.manifests
    assert hashlib.sha256(plain).hexdigest() == manifest["archive_plain_sha256"]
    assert len(plain) == manifest["total_plain_bytes"]
    (new := tmp_path / "new").mkdir()
    subprocess.run(["tar", "-x", "-C", new], input=plain, check=True)
    files = [path for path in new.rglob("*") if path.is_file()]
    assert len(files) == manifest["file_count"]
    for path in files:
        was = (ordered.root / path.relative_to(new)).read_bytes()
        prefix = path.name == "artifact_registry.jsonl"
        assert was.startswith(path.read_bytes()) if prefix else path.read_bytes() == was


def test_another_openpgp_program_reads_it(ordered, reader):
    sqop = needed("sqop")
    argv = ["gpg", "--homedir", str(reader.home), "--batch", "--export-secret-keys"]
    secret = subprocess.run(argv, check=True, capture_output=True).stdout
    (key := ordered.root.parent / "secret.pgp").write_bytes(secret)
    with open(ordered.snapshots[0] / "snapshot.enc", "rb") as message:
        done = subprocess.run([sqop, "decrypt", str(key)], stdin=message, capture_output=True)
    assert done.returncode == 0, done.stderr
    expected = ordered.manifests[0]["archive_plain_sha256"]
    assert hashlib.sha256(done.stdout).hexdigest() == expected


def test_two_exports_of_the_same_have_one_plain_hash_and_different_ciphertext(ordered):
    before = ordered.registry.read_bytes()
    artifacts = ordered.artifacts
    assert ordered.doit("-a", "snapshot_export").code == 0
    assert ordered.doit("-a", "snapshot_export").code == 0
    manifests = ordered.manifests
    assert len({m["archive_plain_sha256"] for m in manifests}) == 1
    assert len({m["archive_enc_sha256"] for m in manifests}) == 3
    assert len({m["snapshot_id"] for m in manifests}) == 3
    assert ordered.registry.read_bytes().startswith(before)
    assert artifacts.items() <= ordered.artifacts.items()


def test_the_records_of_a_snapshot_name_the_work_order_first(ordered):
    order = ordered.of_type("work_order")[0]["artifact_id"]
    for kind in ("snapshot", "snapshot_manifest"):
        (record,) = ordered.of_type(kind)
        assert record["parents"][0]["artifact_id"] == order


PLACES = ("folder", "umask", "zone", "locale", "order", "seed", "user")


@pytest.mark.parametrize("difference", PLACES)
def test_the_plain_hash_is_the_same_elsewhere(unordered, difference, tmp_path):
    other = copied(unordered, tmp_path / "deep" / "other place")
    unordered.doit()
    env = {"zone": {"TZ": "Asia/Kathmandu"}, "locale": {"LC_ALL": "tr_TR.UTF-8"},
           "seed": {"PYTHONHASHSEED": "99"}}.get(difference, {})  # fmt: skip
    before = os.umask(0o077 if difference == "umask" else 0o022)
    try:
        if difference == "order":
            for path in sorted((other.root / "docs").iterdir(), reverse=True):
                data = path.read_bytes()
                path.unlink()
                path.write_bytes(data)
        if difference == "user" and os.geteuid() == 0:
            for path in [other.root, *other.root.rglob("*")]:
                os.lchown(path, 12345, 12345)
        done = other.doit(**env)
    finally:
        os.umask(before)
    assert done.code == 0, done.said
    assert (
        other.manifests[0]["archive_plain_sha256"]
        == (unordered.manifests[0]["archive_plain_sha256"])
    )


def test_an_export_without_a_work_order_stops(ordered):
    """The registry is lost, and a new one has only what is older than a work order."""
    shutil.rmtree(ordered.root / ".adam_os")
    shutil.rmtree(ordered.root / ".sealwright")
    assert ordered.doit("artifact_ingest").code == 0
    done = ordered.doit("run", "-s", "snapshot_export")
    assert done.code == 1
    assert "work_order-main-{id} is missing" in done.said
    assert ordered.snapshots == []


def test_no_work_order_in_the_registry_no_export(ordered, reader, tmp_path):
    lines = ordered.registry.read_bytes().splitlines(keepends=True)
    ordered.registry.write_bytes(b"".join(lines[:8]))
    public = ordered.root / "config/snapshots.asc"
    wish = exporting.Wish((reader.fingerprint,), public)
    with pytest.raises(Refused, match="expected a work order, found none"):
        exporting.export(Registry(ordered.root), wish, Instant(0), 9, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_snapshot_never_overwrites_what_has_its_name(unordered, tmp_path):
    other = copied(unordered, tmp_path / "other")
    other.doit()
    name = other.snapshots[0].name  # the same instant, the same content, the same line
    there = unordered.write(f"{ARTIFACTS}/snapshots/{name}/snapshot.enc", "somebody's")
    done = unordered.doit()
    assert done.code == 1 and "exists already with other bytes" in done.said
    assert there.read_text() == "somebody's" and unordered.of_type("snapshot") == []
    assert [p.name for p in there.parent.parent.iterdir()] == [name]


def test_an_export_for_nobody_says_what_to_configure(unordered, reader):
    path = unordered.root / "config/work_orders.yaml"
    path.write_text(CONFIG)
    done = unordered.doit()
    assert done.code == 1 and "snapshots.recipients" in done.said and "gpg --export" in done.said
    path.write_text(with_readers(CONFIG, "F" * 40))
    done = unordered.doit()
    assert done.code == 1 and "F" * 40 in done.said
    assert unordered.of_type("snapshot") == []


def test_a_missing_root_stops_the_export_and_a_present_one_is_in_it(ordered, reader):
    configure(ordered, "snapshots:\n", "snapshots:\n  extra_roots: [data, db.duckdb]\n")
    done = ordered.doit()
    assert done.code != 0 and "data" in done.said
    assert len(ordered.snapshots) == 1
    ordered.write("data/deep/a.txt", "a")
    ordered.write("db.duckdb", b"\0" * 1000)
    assert ordered.doit().code == 0
    manifest = ordered.manifests[-1]
    assert manifest["included_roots"][2:] == ["data", "db.duckdb"]
    plain = reader.decrypt(ordered.snapshots[-1] / "snapshot.enc")
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        assert {"data/deep/a.txt", "db.duckdb"} <= set(archive.getnames())
    ordered.write("data/deep/a.txt", "b")
    assert "snapshot_export" in executed(ordered)


def test_an_extra_root_with_a_link_in_it_is_refused(ordered):
    configure(ordered, "snapshots:\n", "snapshots:\n  extra_roots: [data]\n")
    ordered.write("data/a.txt", "a")
    (ordered.root / "data/link").symlink_to("/etc/passwd")
    done = ordered.doit()
    assert done.code == 1 and "data/link: expected a regular file" in done.said
    assert len(ordered.snapshots) == 1


def test_an_export_leaves_no_process_and_no_folder_behind(ordered):
    before = {p for p in os.listdir("/tmp") if p.startswith("sw-")}
    ordered.doit("-a", "snapshot_export")
    assert processes_in(ordered.root) == []
    assert {p for p in os.listdir("/tmp") if p.startswith("sw-")} <= before
    left = [p.name for p in (ordered.root / ARTIFACTS / "snapshots").iterdir()]
    assert sorted(left) == sorted(s.name for s in ordered.snapshots)


def test_a_snapshot_that_was_changed_is_damage(ordered):
    place = ordered.snapshots[0] / "snapshot.enc"
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(data)
    assert ordered.doit().code == 2
    assert ordered.sealwright("verify", ordered.snapshots[0]).code == 2


def test_verification_needs_no_key_and_sees_what_differs(ordered):
    (folder,) = ordered.snapshots
    done = ordered.sealwright("verify", folder)
    assert done.code == 0 and "is a snapshot, and holds" in done.out
    raw = ordered.root / ordered.of_type("raw")[0]["relpath"]
    raw.write_bytes(raw.read_bytes().replace(b"walls", b"halls"))
    done = ordered.sealwright("verify", folder)
    assert done.code == 2 and "cannot be made again" in done.out and raw.name in done.out


ODD = (None, "", "x", -1, 1, 1 << 50, [], ["../x"], [1], {}, {"a": 1}, [{"artifact_id": "x"}], True)


def test_a_manifest_that_somebody_else_wrote_is_damage_and_never_a_traceback(ordered):
    (folder,), (manifest,) = ordered.snapshots, ordered.manifests
    place, refused = folder / "snapshot_manifest.json", 0
    registry = Registry(ordered.root)
    odd = [(field, value) for field in manifest for value in ODD if value != manifest[field]]
    for field, value in odd:
        place.write_bytes(canonical.line({**manifest, field: value}))
        try:
            refused += not verification.inside(registry, folder).holds
        except Damaged:
            refused += 1
    assert refused == len(odd) > 200


def test_every_flipped_bit_of_a_manifest_is_found(ordered):
    place = ordered.snapshots[0] / "snapshot_manifest.json"
    data, registry, found = place.read_bytes(), Registry(ordered.root), 0
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        place.write_bytes(changed)
        try:
            about = snapshot.read(place.parent)
        except Damaged:
            found += 1
            continue
        found += any(verification.unregistered(registry, place.parent, about))
    print(found, "bits")
    assert found == 8 * len(data)


@pytest.mark.parametrize("kind", ["a link", "a pipe", "too large"])
def test_a_manifest_that_is_no_small_file_is_damage(ordered, kind):
    place = ordered.snapshots[0] / "snapshot_manifest.json"
    data = place.read_bytes()
    place.unlink()
    if kind == "a link":
        place.symlink_to(ordered.write("elsewhere", data))
    elif kind == "a pipe":
        os.mkfifo(place)
    else:
        place.write_bytes(b" " * (2 << 20))
    with pytest.raises(Damaged, match="expected the manifest of a snapshot"):
        snapshot.read(place.parent)


def test_an_old_snapshot_verifies_after_the_chain_has_gone_on(ordered):
    ordered.write("docs/plan.md", "another plan\n")
    ordered.doit()
    ordered.doit("-a", "artifact_ingest")
    for folder in ordered.snapshots:
        assert ordered.sealwright("verify", folder).code == 0
    done = ordered.sealwright("verify", ordered.registry)
    assert done.code == 0, done.said


# restore


def restore(repo, reader, target, *more: str):
    name = repo.snapshots[-1].name
    return repo.run("inv", "snapshot.restore", name, target, "--homedir", reader.home, *more)


def test_restore_gives_back_every_file_and_the_registry_in_it_holds(ordered, reader, tmp_path):
    done = restore(ordered, reader, tmp_path / "new")
    assert done.code == 0, done.said
    files = [p for p in (tmp_path / "new").rglob("*") if p.is_file()]
    assert len(files) == ordered.manifests[-1]["file_count"]
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o644 for p in files)
    registry = tmp_path / "new" / ARTIFACTS / "artifact_registry.jsonl"
    assert ordered.sealwright("verify", registry).code == 0


def test_restore_never_writes_over_anything(ordered, reader, tmp_path):
    (target := tmp_path / "there").mkdir()
    done = restore(ordered, reader, target)
    assert done.code == 1 and "expected a new folder" in done.said
    assert list(target.iterdir()) == []


def test_restore_of_damaged_bytes_leaves_nothing(ordered, reader, tmp_path):
    place = ordered.snapshots[0] / "snapshot.enc"
    place.write_bytes(place.read_bytes()[:-100])
    done = restore(ordered, reader, tmp_path / "new")
    assert done.code == 2
    assert not (tmp_path / "new").exists() and not (tmp_path / ".new.restoring").exists()


def test_restore_with_a_stranger_s_keys_is_refused_and_leaves_nothing(ordered, tmp_path):
    (home := tmp_path / "h").mkdir(mode=0o700)
    name = ordered.snapshots[0].name
    done = ordered.run("inv", "snapshot.restore", name, tmp_path / "new", "--homedir", home)
    assert done.code in (1, 2) and not (tmp_path / "new").exists()
    assert not (tmp_path / ".new.restoring").exists()


def test_decryption_into_a_hash_agrees_with_the_manifest(ordered, reader):
    name = ordered.snapshots[0].name
    done = ordered.run("inv", "snapshot.decrypt", name, "--homedir", reader.home)
    assert done.code == 0 and ordered.manifests[0]["archive_plain_sha256"] in done.out


def test_a_passphrase_comes_by_a_descriptor_and_a_wrong_or_empty_one_is_refused(ordered):
    with keys.short_folder() as folder:
        (home := folder / "home").mkdir(mode=0o700)
        gpg = ["gpg", "--homedir", home, "--batch", "--pinentry-mode", "loopback"]
        make = [*gpg, "--passphrase", "open sesame", "--quick-generate-key", "Locked"]
        subprocess.run([*make, "future-default", "default", "never"], check=True)
        listed = subprocess.run([*gpg, "--with-colons", "-k"], check=True, capture_output=True)
        fingerprint = re.search(r"(?m)^fpr:+([0-9A-F]{40}):", listed.stdout.decode())[1]
        public = subprocess.run([*gpg, "--export"], check=True, capture_output=True).stdout
        ordered.write("config/snapshots.asc", public)
        ordered.write("config/work_orders.yaml", with_readers(CONFIG, fingerprint))
        assert ordered.doit().code == 0
        for said, code in ((b"open sesame\n", 0), (b"wrong\n", 1), (b"\n", 1)):
            subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True)
            done = decrypting(ordered, home, said)
            assert done.returncode == code, (said, done.stdout, done.stderr)
            assert b"sesame" not in done.stdout + done.stderr


def decrypting(repo, home, passphrase: bytes) -> subprocess.CompletedProcess:
    """Run ``inv snapshot.decrypt`` with a passphrase in a pipe."""
    read, write = os.pipe()
    os.write(write, passphrase)
    os.close(write)
    words = ["snapshot.decrypt", repo.snapshots[-1].name, "--homedir", home]
    argv = [BIN / "inv", *words, "--passphrase-fd", str(read)]
    env = repo.environment
    try:
        return subprocess.run(argv, cwd=repo.root, env=env, pass_fds=[read], capture_output=True)
    finally:
        os.close(read)


HOSTILE = {
    "a link": {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
    "a way out": {"name": "../escaped"},
    "an absolute path": {"name": "/tmp/escaped"},
    "a device": {"type": tarfile.CHRTYPE},
    "a time": {"mtime": 1},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused_and_nothing_of_it_is_left(ordered, reader, tmp_path, kind):
    folder, manifest = ordered.snapshots[0], dict(ordered.manifests[0])
    member = tarfile.TarInfo("a.txt")
    for name, value in HOSTILE[kind].items():
        setattr(member, name, value)
    with tarfile.open(fileobj=(plain := io.BytesIO()), mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(member)
    argv = ["gpg", "--homedir", reader.home, "--batch", "--trust-model", "always", "-z", "0"]
    argv += ["--encrypt", "--recipient", reader.fingerprint]
    done = subprocess.run(argv, input=plain.getvalue(), check=True, capture_output=True)
    (folder / "snapshot.enc").write_bytes(done.stdout)
    manifest |= {"archive_plain_sha256": hashlib.sha256(plain.getvalue()).hexdigest()}
    manifest |= {"archive_enc_sha256": hashlib.sha256(done.stdout).hexdigest()}
    manifest |= {"archive_enc_bytes": len(done.stdout), "file_count": 1}
    manifest |= {"total_plain_bytes": len(plain.getvalue())}
    (folder / "snapshot_manifest.json").write_bytes(canonical.line(manifest))
    done = restore(ordered, reader, tmp_path / "new")
    assert done.code == 2, done.said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ordered"]
    assert not os.path.lexists("/tmp/escaped")


def test_what_is_restored_names_earlier_snapshots_that_are_elsewhere(ordered, reader, tmp_path):
    ordered.write("docs/plan.md", "another plan\n")
    ordered.doit()
    assert restore(ordered, reader, tmp_path / "new").code == 0
    registry = tmp_path / "new" / ARTIFACTS / "artifact_registry.jsonl"
    done = ordered.sealwright("verify", registry)
    assert done.code == 2 and "snapshot.enc: expected a regular file, found none" in done.out
    done = ordered.sealwright("verify", "--restored", registry)
    assert done.code == 0 and "elsewhere: 4" in done.out
    (raw,) = [p for p in (registry.parent / "raw").iterdir() if "house" in p.name]
    raw.unlink()
    assert ordered.sealwright("verify", "--restored", registry).code == 2


# the guard and the proofs


def test_lineage_is_asked_by_its_name_and_by_verify(ordered):
    assert ordered.doit("lineage").code == 0
    assert "1 guards: everything holds" in ordered.doit("verify").out
    ordered.write(f"{ARTIFACTS}/raw/stray.txt", "x")
    for words in (("lineage",), ("verify",)):
        done = ordered.doit(*words)
        assert done.code != 0 and "stray.txt" in done.said and "named by no record" in done.said


PROOFS = sorted((PROJECT / "scripts/proofs").glob("step_*.py"))


def test_there_is_a_proof_for_each_tool():
    assert [re.sub(r"step_\d\d_", "", path.stem) for path in PROOFS] == list(TOOLS)


@pytest.mark.parametrize("script", PROOFS, ids=[path.stem for path in PROOFS])
def test_a_proof_holds_in_a_repository_that_never_ran(unordered, script):
    done = unordered.run(sys.executable, script)
    assert done.code == 0 and done.out.endswith(": proved\n"), done.said
    assert "FAILS" not in done.out and unordered.status == ""


def test_a_proof_fails_where_something_does_not_hold(ordered):
    ordered.write("broken.py", "def (:\n")
    ordered.commit()
    ordered.write("untracked.txt", "x")
    done = ordered.run(sys.executable, PROOFS[0])
    assert done.code == 1
    assert "FAILS   every tracked Python file compiles" in done.out
    assert "FAILS   git status --porcelain says nothing" in done.out
    assert done.out.endswith("2 points do not hold\n")


# a second copy


def test_a_second_copy_is_a_step_of_its_own_and_never_overwrites(ordered, tmp_path):
    place = tmp_path / "elsewhere"
    configure(ordered, "snapshots:\n", f"snapshots:\n  copy_to: {place}\n")
    assert executed(ordered) == {"snapshot_copy"}
    (folder,) = ordered.snapshots
    for name in ("snapshot.enc", "snapshot_manifest.json"):
        assert sha256(place / folder.name / name) == sha256(folder / name)
    assert ordered.doit("-a", "snapshot_copy").code == 0
    (place / folder.name / "snapshot.enc").write_bytes(b"other")
    done = ordered.doit("-a", "snapshot_copy")
    assert done.code == 1 and "is not overwritten" in done.said
    assert (place / folder.name / "snapshot.enc").read_bytes() == b"other"


def test_a_second_copy_may_go_to_a_url(ordered, tmp_path):
    place = tmp_path / "remote"
    configure(ordered, "snapshots:\n", f"snapshots:\n  copy_to: file://{place}\n")
    done = ordered.doit("snapshot_copy")
    assert done.code == 0, done.said
    (folder,) = ordered.snapshots
    assert sha256(place / folder.name / "snapshot.enc") == sha256(folder / "snapshot.enc")
    configure(ordered, "file://", "nosuchprotocol://")
    done = ordered.doit("snapshot_copy")
    assert done.code == 3 and "fsspec" in done.said


# configuration


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("plan: docs/plan.md", "Plan X: docs/plan.md", "expected a name of a-z"),
        ("plan: docs/plan.md", "plan: docs/plan.odt", "expected a file of .txt"),
        ("plan: docs/plan.md", "plan: .adam_os/x.md", "lies among the artifacts"),
        ("[plan, house]", "[plan, hose]", "names among plan, house"),
        ("intent: ", "intend: ", "did you mean 'intent'"),
        ("recipients: [", "recipients: [abc, ", "full fingerprints"),
        ("  public: config/snapshots.asc\n", "", "the file that holds the public keys"),
        ("snapshots:\n", "snapshots:\n  extra_roots: [.adam_os/runs]\n", "apart from .adam_os"),
    ],
)
def test_a_wrong_configuration_is_one_line_that_points_at_its_place(unordered, old, new, said):
    configure(unordered, old, new)
    done = unordered.doit("list")
    assert done.code == 3
    assert re.search(r"config/work_orders.yaml:\d+:\d+: ", done.said) and said in done.said


def test_no_child_of_an_export_sees_the_network(ordered):
    strace = needed("strace")
    doit = shutil.which("doit", path=ordered.environment["PATH"])
    argv = [
        strace,
        "-f",
        "-e",
        "trace=connect,sendto",
        "-o",
        "calls",
        doit,
        "-a",
        "snapshot_export",
    ]
    assert ordered.run(*argv).code == 0
    calls = (ordered.root / "calls").read_text()
    assert "sin_port" not in calls and "sin6_port" not in calls
