"""The migration bundle is one zip that the audit gate takes, and that nobody changes unseen."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sealwright import document, durable
from sealwright.bundles import audit_gate_build_loop_phase2 as gate
from sealwright.bundles import judging
from sealwright.contracts.coo.gates import junit
from sealwright.contracts.coo.outputs import (
    bundle_contents,
    bundle_verification,
    documents,
    migration_bundle,
)
from sealwright.contracts.coo.outputs.bundle_contents import FACTS, JUNIT, RESULTS, SPECIFICATION
from sealwright.contracts.coo.outputs.documents import Documents
from sealwright.errors import Misconfigured, Refused
from sealwright.paths import RelPath
from tests.coo.outputs import migrations

TOP = Path(__file__).resolve().parents[3]
SCRIPT = TOP / "scripts/audit_gate_build_loop_phase2.py"


def written(folder: Path, own=None, **changes) -> Path:
    """Return a bundle of a small migration; ``own`` is as of `migration_bundle.write`."""
    contents = dataclasses.replace(migrations.contents(folder / "given"), **changes)
    (folder / "work").mkdir()
    place = folder / "bundle.zip"
    migration_bundle.write(contents, place, folder / "work", own)
    return place


def members(place: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(place) as file:
        return {name: file.read(name) for name in file.namelist()}


def rebuilt(place: Path, change) -> Path:
    """Return a bundle whose members were changed, with a manifest that lists what is there."""
    found = members(place)
    del found[gate.MANIFEST]
    change(found)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}
    found[gate.MANIFEST] = gate.render_manifest(sums)
    other = place.with_name("changed.zip")
    other.write_bytes(gate.encode(found))
    return other


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    return written(tmp_path_factory.mktemp("migration") / "here")


def test_the_audit_gate_passes_it(whole, tmp_path):
    argv = [sys.executable, str(SCRIPT), "--zip", str(whole)]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "RESULT: PASS"
    assert judging.judged(whole, tmp_path).code == 0


def test_its_own_bytes_say_that_it_is_whole(whole):
    verdict = bundle_verification.check(whole)
    assert verdict.holds, str(verdict)
    assert verdict.evidence["layout"] == "phase2"


def test_it_holds_everything_and_the_document_byte_for_byte(whole):
    found = members(whole)
    assert found["docs/implementation_pack.md"] == migrations.PACK
    mine = {name for name in found if name.startswith("migration/")}
    assert mine == {
        "migration/about.json",
        "migration/diffs/imports/plan.patch",
        "migration/gates/gate_results.json",
        "migration/gates/gates.junit.xml",
        "migration/gates/gates.sarif",
        "migration/logs/coo.jsonl",
        "migration/manifests/sandbox_digest.txt",
        "migration/manifests/tools_manifest.json",
        "migration/replay/replay.json",
        "migration/specification/RUNTIME_SPECIFICATION.md",
        "migration/specification/facts.json",
        "migration/specification/template.md",
    }
    assert found["migration/about.json"].decode() == (
        '{"format":"sealwright/migration-bundle/1","gates":"PASS",'
        f'"implementation_pack":"sha256:{hashlib.sha256(migrations.PACK).hexdigest()}",'
        '"parts":{"diffs":["imports/plan.patch"],"logs":["coo.jsonl"],'
        '"manifests":["sandbox_digest.txt","tools_manifest.json"],"replay":["replay.json"]},'
        f'"specification":"sha256:{hashlib.sha256(found[SPECIFICATION]).hexdigest()}",'
        '"waived":["C"]}\n'
    )


def test_other_peoples_tools_check_it(whole, tmp_path):
    with zipfile.ZipFile(whole) as file:
        file.extractall(tmp_path)
    argv = ["sha256sum", "-c", "--strict", "--quiet", "manifest.txt"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


MAKE = """
import os, sys
from pathlib import Path
os.umask(int(sys.argv[2], 8))
from tests.coo.outputs.test_migration_bundle import written
written(Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("name", "umask", "variables"),
    [
        ("an other/folder", "077", {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"}),
        ("x", "000", {"TZ": "America/New_York", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "2"}),
        ("déjà", "022", {"LC_ALL": "C", "PYTHONUTF8": "0", "HOME": "/", "PYTHONHASHSEED": "3"}),
    ],
)
def test_it_has_the_same_bytes_wherever_and_whoever_makes_it(
    whole, tmp_path, name, umask, variables
):
    folder = tmp_path / name
    folder.mkdir(parents=True)
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{TOP}:{TOP}/lib", **variables}
    argv = [sys.executable, "-c", MAKE, os.fsencode(folder / "here"), umask]
    subprocess.run(argv, cwd=tmp_path, env=env, check=True)
    assert (folder / "here/bundle.zip").read_bytes() == whole.read_bytes()


def test_the_order_of_its_files_and_their_times_and_modes_are_none(whole, tmp_path):
    contents = migrations.contents(tmp_path / "given")
    for place in (tmp_path / "given").iterdir():
        os.utime(place, (1, 1))
        place.chmod(0o600)
    turned = dict(reversed(contents.manifests.items()))
    (tmp_path / "work").mkdir()
    turned_contents = dataclasses.replace(contents, manifests=turned)
    migration_bundle.write(turned_contents, tmp_path / "b.zip", tmp_path / "work")
    assert (tmp_path / "b.zip").read_bytes() == whole.read_bytes()


def test_every_byte_counts(tmp_path):
    place = written(tmp_path / "here", own={})
    data = place.read_bytes()
    assert bundle_verification.check(place).holds
    other = tmp_path / "tampered.zip"
    unseen = []
    for at in range(len(data)):
        other.write_bytes(data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :])
        if bundle_verification.check(other).holds:
            unseen.append(at)
    assert unseen == []


def test_every_beginning_of_it_is_no_bundle(tmp_path):
    place = written(tmp_path / "here", own={})
    data = place.read_bytes()
    for size in range(0, len(data), 37):
        place.write_bytes(data[:size])
        assert not bundle_verification.check(place).holds
    place.write_bytes(data + b"\n")
    assert not bundle_verification.check(place).holds


def edit(name: str, old: bytes, new: bytes):
    def change(found: dict[str, bytes]) -> None:
        assert old in found[name]
        found[name] = found[name].replace(old, new)

    return change


def add(name: str, data: bytes = b"x"):
    return lambda found: found.update({name: data})


def drop(*names: str):
    return lambda found: [found.pop(name) for name in names]


def failing(found: dict[str, bytes]) -> None:
    """Say everywhere that gate D failed."""
    gates = migrations.gates(D="no")
    contents = dataclasses.replace(_CONTENTS, gates=gates)
    found |= {name: data for name, data in contents.made().items() if name in found}
    sums = {f"{name}": f"sha256:{hashlib.sha256(data).hexdigest()}" for name, data in found.items()}
    found[bundle_contents.ABOUT] = bundle_contents.about(sums, gates)


_CONTENTS = bundle_contents.Contents(
    {}, {}, {}, {}, migrations.gates(), migrations.facts(), Path("/nowhere")
)


@pytest.mark.parametrize(
    ("change", "said"),
    {
        "a file too many": (add("migration/x"), "migration/x: has no place"),
        "a file beside": (add("docs/other.md"), "docs/other.md: has no place"),
        "a log too many": (add("migration/logs/z"), "about.json: expected"),
        "no log": (drop("migration/logs/coo.jsonl"), "migration/logs: expected at least one"),
        "no document": (
            drop("docs/implementation_pack.md"),
            "implementation_pack.md: is not there",
        ),
        "another document": (edit("docs/implementation_pack.md", b"not", b"now"), "about.json"),
        "another specification": (edit(SPECIFICATION, b"COMPLETE", b"ERROR"), SPECIFICATION),
        "other facts": (edit(FACTS, b"COMPLETE", b"ERROR"), SPECIFICATION),
        "facts that are none": (edit(FACTS, b"facts/1", b"facts/2"), FACTS),
        "another manifest": (
            edit("migration/manifests/tools_manifest.json", b"[]", b"[1]"),
            "expected the manifests of the bundle",
        ),
        "other results": (edit(RESULTS, b"J. Doe", b"K. Doe"), JUNIT),
        "results that are none": (edit(RESULTS, b'"PASS"', b'"FINE"'), RESULTS),
        "another JUnit": (edit(JUNIT, b"WAIVED", b"PASSED"), JUNIT),
        "another SARIF": (edit("migration/gates/gates.sarif", b"2.1.0", b"2.2.0"), "gates.sarif"),
        "a failed gate": (failing, "expected PASS, found FAIL"),
        "a template that is none": (
            edit("migration/specification/template.md", b"{{ gates }}", b"{{ doors }}"),
            "template.md:30:1: unknown placeholder",
        ),
    }.values(),
)
def test_a_bundle_with_a_manifest_that_fits_must_say_what_it_holds(tmp_path, change, said):
    place = rebuilt(written(tmp_path / "here", own={}), change)
    verdict = bundle_verification.check(place)
    assert said in str(verdict)


@pytest.mark.parametrize("part", ["logs", "diffs", "manifests", "replay"])
def test_a_bundle_without_one_of_its_kinds_is_not_made(tmp_path, part):
    with pytest.raises(Refused, match=f"migration/{part}: expected at least one file"):
        written(tmp_path / "here", **{part: {}})
    assert not (tmp_path / "here/bundle.zip").exists()


def test_a_bundle_of_gates_that_failed_is_not_made_and_the_rollback_is_named(tmp_path):
    with pytest.raises(Refused, match="found FAIL; doit rollback"):
        written(tmp_path / "here", gates=migrations.gates(E="no"))


def test_a_bundle_without_the_document_or_of_a_link_is_not_made(tmp_path):
    contents = migrations.contents(tmp_path / "given")
    contents.implementation_pack.unlink()
    contents.logs["coo.jsonl"].unlink()
    contents.logs["coo.jsonl"].symlink_to("plan.patch")
    told = str(migration_bundle.check(contents))
    assert "docs/implementation_pack.md: expected a regular file, found none; name it" in told
    assert "migration/logs/coo.jsonl: expected a regular file" in told
    with pytest.raises(Refused):
        migration_bundle.write(contents, tmp_path / "b.zip", tmp_path)


def test_a_bundle_with_a_manifest_that_the_facts_do_not_name_is_not_made(tmp_path):
    contents = migrations.contents(tmp_path / "given")
    contents.manifests["sandbox_digest.txt"].write_bytes(b"WAIVED else\n")
    told = str(migration_bundle.check(contents))
    assert told.startswith("migration/manifests/sandbox_digest.txt: expected sha256:")


def test_what_stands_at_the_place_of_a_bundle_stays(tmp_path):
    contents = migrations.contents(tmp_path / "given")
    place = tmp_path / "bundle.zip"
    place.write_bytes(b"mine")
    with pytest.raises(Refused, match="expected nothing"):
        migration_bundle.write(contents, place, tmp_path)
    assert place.read_bytes() == b"mine"


def test_names_that_some_file_system_does_not_take_are_refused(tmp_path):
    logs = {"CON": tmp_path / "here/given/coo.jsonl"}
    with pytest.raises(Refused, match="Z05-device"):
        written(tmp_path / "here", logs=logs)
    assert not (tmp_path / "here/bundle.zip").exists()


@pytest.mark.parametrize("call", ["open", "write", "chmod", "mkdir"])
def test_after_a_fault_at_any_call_there_is_no_bundle_or_a_whole_one(tmp_path, monkeypatch, call):
    """The n-th call of each kind fails, for all n, until a run has no n-th one."""
    real = getattr(durable.system, call)
    for number in range(200):
        folder = tmp_path / str(number)
        count = iter(range(1000))

        def faulty(*args, number=number, count=count):
            if next(count) == number:
                raise OSError(28, "No space left on device")
            return real(*args)

        contents = migrations.contents(folder / "given")
        (folder / "work").mkdir()
        with monkeypatch.context() as patch:
            patch.setattr(durable.System, call, staticmethod(faulty))
            try:
                migration_bundle.write(contents, folder / "b.zip", folder / "work", {})
            except OSError:
                assert not (folder / "b.zip").exists()
                shutil.rmtree(folder)
                continue
        assert bundle_verification.check(folder / "b.zip").holds
        assert number > 0
        return
    pytest.fail("no run came to its end")


def test_a_file_that_changes_while_it_is_packed_is_refused(tmp_path, monkeypatch):
    contents = migrations.contents(tmp_path / "given")
    (tmp_path / "work").mkdir()
    real = migration_bundle.writing.pack

    def pack(found, listed, place):
        found["migration/logs/coo.jsonl"].write_bytes(b'{"event":"ROLL"}\n')
        real(found, listed, place)

    monkeypatch.setattr(migration_bundle.writing, "pack", pack)
    with pytest.raises(Refused, match="expected sha256:"):
        migration_bundle.write(contents, tmp_path / "b.zip", tmp_path / "work")
    assert not (tmp_path / "b.zip").exists()


def read(text: str) -> Documents:
    with document.parse(text.encode(), "config/coo.yaml") as table:
        return documents.read(table)


def test_the_configuration_names_the_documents():
    text = "migration_bundle: {implementation_pack: docs/packet.md, plan: docs/plan.md}"
    assert read(text) == Documents(RelPath("docs/packet.md"), RelPath("docs/plan.md"))
    assert read("{}") == Documents()
    with pytest.raises(Misconfigured, match="unknown key"):
        read("migration_bundle: {packet: x}")


def test_junit_of_the_bundle_is_that_of_the_gates(whole):
    assert members(whole)[JUNIT] == junit.report(migrations.gates())
