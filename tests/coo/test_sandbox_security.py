"""Gate C: the sandbox is the recorded one, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.contracts.coo.gates import record, sandbox
from sealwright.contracts.coo.manifests import sandbox as manifest
from sealwright.contracts.coo.manifests.sandbox import Sandbox, Waived
from tests.test_oci import Layout, written


@pytest.fixture
def image(tmp_path) -> Sandbox:
    written(tmp_path / "image")
    return Sandbox(tmp_path / "image")


def result(declared, recorded: bytes) -> record.Result:
    earlier = (record.Result("A", "PASS"), record.Result("B", "PASS"))
    return record.judge("C", earlier, lambda: sandbox.judge(declared, recorded))


def test_the_recorded_image_passes_with_its_digest_and_program(image):
    recorded = manifest.read(image)
    found = result(image, recorded)
    assert found.status == "PASS", found.findings
    assert found.evidence["digest"] == recorded.decode().strip()
    assert found.evidence["program"]


def test_a_waiver_shows_with_its_reason():
    found = result(Waived("no foreign code"), b"WAIVED no foreign code\n")
    assert found.status == "WAIVED" and found.findings == ()
    assert found.waiver == record.Waiver("C", "no foreign code", "sandbox_digest.txt")


@pytest.mark.parametrize(
    "recorded",
    [b"", b"WAIVED another reason\n", b"WAIVED no foreign code", b"sha256:" + b"0" * 64 + b"\n"],
)
def test_a_waiver_that_was_not_recorded_fails(recorded):
    found = result(Waived("no foreign code"), recorded)
    assert found.status == "FAIL" and "found WAIVED no foreign code" in str(found.findings[0])


def test_a_sandbox_that_was_built_anew_fails(image, tmp_path):
    recorded = manifest.read(image)
    layout = Layout()
    layout.add(layout.image(config={"Entrypoint": ["/bin/sh"], "Env": ["A=1"]}))
    other = tmp_path / "rebuilt"
    layout.write(other)
    found = result(Sandbox(other), recorded)
    assert found.status == "FAIL"
    assert [each.where for each in found.findings] == ["sandbox_digest.txt"]
    assert "none is rebuilt under a freeze" in found.findings[0].remedy


def test_a_waiver_in_the_record_does_not_cover_an_image(image):
    assert result(image, b"WAIVED no foreign code\n").status == "FAIL"


def test_every_blob_is_read(image):
    recorded = manifest.read(image)
    for blob in sorted((image.place / "blobs/sha256").iterdir()):
        whole = blob.read_bytes()
        blob.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        found = result(image, recorded)
        assert found.status == "FAIL"
        assert not any(str(image.place) in str(each) for each in found.findings)
        blob.write_bytes(whole)
    assert result(image, recorded).status == "PASS"


def test_another_entry_point_fails(image):
    recorded = manifest.read(image)
    assert result(Sandbox(image.place, entrypoint=("/bin/other",)), recorded).status == "FAIL"


def test_a_sandbox_that_is_gone_fails():
    found = result(Sandbox(Path("/nowhere")), b"sha256:" + b"0" * 64 + b"\n")
    assert found.status == "FAIL" and found.findings[0].where == "sandbox"
