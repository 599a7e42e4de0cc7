"""A sandbox is one line: the digest of an image that was read to its end, or why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.contracts.coo.manifests import sandbox
from sealwright.contracts.coo.manifests.sandbox import Sandbox, Waived
from sealwright.digest import Digest
from sealwright.errors import Misconfigured, Refused
from tests.test_oci import Layout, written


def test_the_line_is_the_digest_of_the_images_manifest(tmp_path: Path) -> None:
    layout = Layout()
    wanted = layout.add(layout.image(), "plans")["digest"]
    layout.write(tmp_path)
    declared = Sandbox(tmp_path, "plans", digest=Digest(wanted), entrypoint=("/bin/sh",))
    assert sandbox.read(declared) == f"{wanted}\n".encode()
    assert sandbox.check(declared).evidence["digest"] == wanted


def test_a_waiver_shows_its_reason() -> None:
    assert sandbox.read(Waived("no foreign code")) == b"WAIVED no foreign code\n"
    assert sandbox.check(Waived("no foreign code")).evidence == {"waived": "no foreign code"}


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "a\x1b[2J"])
def test_a_waiver_without_a_reason_is_none(reason: str) -> None:
    with pytest.raises(Misconfigured, match="expected the reason"):
        Waived(reason)


def test_an_image_that_is_another_one_is_refused_with_all_that_is_wrong(tmp_path: Path) -> None:
    written(tmp_path)
    declared = Sandbox(tmp_path, digest=Digest("sha256:" + "0" * 64), entrypoint=("/bin/other",))
    with pytest.raises(Refused, match=r"the digest[^\n]*\n[^\n]*the entry point"):
        sandbox.read(declared)


def test_an_image_that_was_changed_is_refused(tmp_path: Path) -> None:
    written(tmp_path)
    for blob in (tmp_path / "blobs/sha256").iterdir():
        whole = blob.read_bytes()
        blob.write_bytes(whole + b"\n")
        with pytest.raises(Refused, match="expected"):
            sandbox.read(Sandbox(tmp_path))
        blob.write_bytes(whole)
    assert sandbox.read(Sandbox(tmp_path)).startswith(b"sha256:")
