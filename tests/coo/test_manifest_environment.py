"""The environment is the one that children get: the same from a terminal, make and CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sealwright import process
from sealwright.contracts.coo.manifests import environment
from sealwright.contracts.coo.manifests.places import Places, written
from sealwright.runtime import canonical

RELEASE = """\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME='Debian GNU/Linux'
VERSION_ID=12
VERSION="12 \\"bookworm\\""
# ID=other
id=lower
ID=debian
BUILD_ID=
broken
VARIANT_ID="unfinished
"""
CALLER = {"PATH": "bin:/home/me/plans/.venv/bin:/usr/bin", "HOME": "/home/me", "EDITOR": "ed"}


def facts(root: Path, **variables: str) -> dict[str, Any]:
    places = Places(Path("/home/me/plans"), Path("/home/me/plans/.venv"))
    env = process.allow_listed(extra=variables, source=CALLER)
    found: dict[str, Any] = canonical.decode_line(environment.read(places, env, root))
    return found


def variable(name: str, value: str, root: Path) -> dict[str, Any]:
    (row,) = (row for row in facts(root, **{name: value})["variables"] if row["name"] == name)
    return dict(row)


def test_what_children_get_is_told_and_nothing_of_the_caller(tmp_path: Path) -> None:
    found = facts(tmp_path, PLAN="/home/me/plans/plan.md")
    assert found["path"] == ["{venv}/bin", "/usr/bin"]
    assert found["locale"] == {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    assert found["tz"] == "UTC"
    assert found["variables"] == [
        {"name": "HOME", "value": "/home/me"},
        {"name": "PLAN", "value": "{repo}/plan.md"},
    ]
    assert found["kernel"]["release"] == os.uname().release
    assert os.uname().nodename not in found["kernel"].values()
    assert found["python"]["version"].split(".")[0] == "3"


def test_the_system_is_told_by_its_release_file_as_a_shell_reads_it(tmp_path: Path) -> None:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/os-release").write_text(RELEASE)
    assert facts(tmp_path)["os"] == {
        "build_id": "unavailable",
        "id": "debian",
        "name": "Debian GNU/Linux",
        "pretty_name": "Debian GNU/Linux 12 (bookworm)",
        "variant_id": "unavailable",
        "version": '12 "bookworm"',
        "version_id": "12",
    }


def test_a_system_that_says_nothing_has_every_field(tmp_path: Path) -> None:
    found = facts(tmp_path)
    assert set(found["os"].values()) == {"unavailable"}
    assert found["umask"] == "unavailable"


def test_the_umask_is_the_one_in_force(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/status").write_text("Name:\tpython\nUmask:\t0027\nState:\tR\n")
    assert facts(tmp_path)["umask"] == "0027"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_TOKEN", "hunter2"),
        ("DATABASE_PASSWORD", "x"),
        ("REGISTRY_AUTH", "x"),
        ("INDEX", "https://me:hunter22@example.org/simple"),
        ("AWS", "AKIAIOSFODNN7EXAMPLE"),
        ("KEY", "-----BEGIN OPENSSH PRIVATE KEY-----"),
    ],
)
def test_what_looks_like_a_secret_is_told_by_its_digest_alone(
    name: str, value: str, tmp_path: Path
) -> None:
    row = variable(name, value, tmp_path)
    assert set(row) == {"looks_like", "name", "sha256"}
    assert row["looks_like"]
    found = subprocess.run(["sha256sum"], input=value.encode(), capture_output=True).stdout
    assert row["sha256"] == f"sha256:{found.decode().split()[0]}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PYTHONHASHSEED", "0"), ("API_TOKEN", ""), ("MODE", "strict"), ("SSH_AUTH_SOCK", "/run/a")],
)
def test_what_does_not_is_told_as_it_is(name: str, value: str, tmp_path: Path) -> None:
    assert variable(name, value, tmp_path) == {"name": name, "value": value}


def test_a_value_that_is_not_utf_8_is_told_in_escapes(tmp_path: Path) -> None:
    assert variable("ODD", os.fsdecode(b"\xff"), tmp_path)["value"] == "\\xff"
    assert written("\udcff") == "\\xff"


PROGRAM = """
import os, sys
from pathlib import Path
from sealwright import process
from sealwright.contracts.coo.manifests import environment
from sealwright.contracts.coo.manifests.places import Places
env = process.allow_listed(["PLANS"])
sys.stdout.buffer.write(environment.read(Places(Path("/srv/plans")), env))
"""


@pytest.mark.parametrize(
    "shell",
    [
        {"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Kolkata"},
        {"MAKEFLAGS": "-j2", "MAKELEVEL": "1", "CI": "true", "PYTHONHASHSEED": "7"},
        {"LANG": "tr_TR", "USER": "somebody", "PWD": "/tmp", "SHLVL": "9", "TERM": "dumb"},
    ],
)
def test_the_callers_own_variables_change_nothing(shell: dict[str, str]) -> None:
    common = {"PATH": os.environ["PATH"], "HOME": "/root"}

    def told(extra: dict[str, str]) -> bytes:
        argv = [sys.executable, "-c", PROGRAM]
        return subprocess.run(argv, env=common | extra, capture_output=True, check=True).stdout

    assert told({}) == told(shell)
