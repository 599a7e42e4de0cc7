"""Every program of the chain is told by its bytes, and a missing one is named with what to do."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from sealwright import process
from sealwright.contracts.coo.manifests import cyclonedx, toolchain, tools
from sealwright.contracts.coo.manifests.places import Places
from sealwright.contracts.coo.manifests.tools import Tool
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.runtime import canonical


def program(place: Path, script: str, mode: int = 0o755) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(mode)
    return place


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "plans"
    program(root / "bin/teller", 'echo "$0: hello"; echo "teller 1.2.3 in $0"; echo 4.5')
    (root / "bin/linked").symlink_to("teller")
    (root / "links").symlink_to("bin")
    (root / "bin/absolute").symlink_to(root / "links/linked")
    return root


def told(root: Path, *names: str | Tool, env: dict[str, str] | None = None) -> list[Any]:
    given = [name if isinstance(name, Tool) else Tool(name) for name in names]
    read = tools.read(given, Places(root, root / ".venv"), env or process.allow_listed())
    rows: list[Any] = canonical.decode_line(read)["executables"]
    return rows


def test_a_program_is_told_by_its_bytes_and_what_it_says(repository: Path) -> None:
    data = (repository / "bin/teller").read_bytes()
    assert told(repository, "bin/teller") == [
        {
            "asked": ["--version"],
            "links": [],
            "name": "bin/teller",
            "path": "{repo}/bin/teller",
            "resolved": "{repo}/bin/teller",
            "said": "teller 1.2.3 in {repo}/bin/teller",
            "sha256": f"sha256:{hashlib.sha256(data).hexdigest()}",
            "size": len(data),
            "version": "1.2.3",
        }
    ]


def test_every_link_on_the_way_is_told_with_its_text(repository: Path) -> None:
    (row,) = told(repository, "links/absolute")
    assert row["path"] == "{repo}/links/absolute"
    assert row["resolved"] == "{repo}/bin/teller"
    assert row["links"] == [
        {"path": "{repo}/links", "text": "bin"},
        {"path": "{repo}/bin/absolute", "text": "{repo}/links/linked"},
        {"path": "{repo}/links", "text": "bin"},
        {"path": "{repo}/bin/linked", "text": "teller"},
    ]


def test_a_link_that_leads_upwards_is_told_from_where_it_leads(repository: Path) -> None:
    (repository / "deep").mkdir()
    (repository / "deep/up").symlink_to("../bin/linked")
    (row,) = told(repository, "deep/up")
    assert row["links"] == [
        {"path": "{repo}/deep/up", "text": "../bin/linked"},
        {"path": "{repo}/bin/linked", "text": "teller"},
    ]


def test_a_program_is_found_on_the_path_of_children(repository: Path) -> None:
    env = process.allow_listed(extra={"PATH": f"{repository}/bin:/usr/bin:/bin"})
    assert told(repository, "teller", env=env)[0]["path"] == "{repo}/bin/teller"
    with pytest.raises(Refused, match="teller: expected an executable file, found none on PATH"):
        told(repository, "teller")


def test_all_missing_programs_are_named_at_once(repository: Path) -> None:
    program(repository / "bin/plain", "", mode=0o644)
    names = [Tool(name) for name in ("bin/gone", "no-such-program", "bin/plain", "bin", "git")]
    verdict = tools.check(names, Places(repository), process.allow_listed())
    missing = [each.where for each in verdict.findings]
    assert missing == ["bin", "bin/gone", "bin/plain", "no-such-program"]
    assert all("install it" in each.remedy for each in verdict.findings)


def test_a_missing_program_has_every_field_in_the_facts(repository: Path) -> None:
    found = tools.facts([Tool("bin/gone")], Places(repository), process.allow_listed())
    (row,) = found["executables"]
    assert row.pop("asked") == ["--version"]
    assert row.pop("name") == "bin/gone"
    assert set(row.values()) == {"unavailable"}
    assert set(row) >= {"path", "sha256", "version"}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("exit 0", id="says nothing"),
        pytest.param("echo no number", id="says no version"),
        pytest.param("echo 1.2.3; exit 1", id="fails"),
        pytest.param("kill -9 $$", id="is killed"),
        pytest.param("sleep 60", id="does not answer"),
        pytest.param("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done", id="no end"),
    ],
)
def test_a_program_that_says_no_version_has_none(script: str, repository: Path) -> None:
    program(repository / "bin/mute", script)
    (row,) = told(repository, Tool("bin/mute", patience=1))
    assert (row["version"], row["said"]) == ("unavailable", "unavailable")
    assert row["sha256"].startswith("sha256:")


def test_a_program_is_asked_in_its_own_words_or_not_at_all(repository: Path) -> None:
    program(repository / "bin/words", 'echo "$1 2.0" >&2')
    asked, silent = Tool("bin/words", ("-V",)), Tool("bin/teller", ())
    found = {row["name"]: row for row in told(repository, asked, silent)}
    assert found["bin/words"]["said"] == "-V 2.0"
    assert found["bin/teller"]["version"] == "unavailable"


def test_a_program_is_asked_in_the_environment_of_children(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_THE_SHELL", "9.9")
    program(repository / "bin/env", 'echo "$PWD ${FROM_THE_SHELL:-1.0} $GIVEN"')
    env = process.allow_listed(extra={"GIVEN": "x"})
    assert told(repository, "bin/env", env=env)[0]["said"] == "/ 1.0 x"


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("git version 2.39.5\n", "2.39.5"),
        ("gpg (GnuPG) 2.2.40\nlibgcrypt 1.10.1\n", "2.2.40"),
        ("Python 3.13.0rc1+\n", "3.13.0rc1+"),
        ("go version go1.22.1 linux/amd64\n", "unavailable"),
        ("tool v1.2-beta.3, build e6534b4\n", "1.2-beta.3"),
        ("a.1.2\n", "unavailable"),
        ("\x1b[1mtool\x1b[0m 1.2\n", "1.2"),
    ],
)
def test_the_version_is_the_first_that_stands_by_itself(said: str, version: str) -> None:
    found, line = tools._version(said)
    assert found == version
    assert line.isprintable()


def test_the_name_of_a_program_is_a_name() -> None:
    for name in ("", "a\nb", "\udcff"):
        with pytest.raises(Misconfigured, match="name of a program"):
            Tool(name)


def test_the_order_and_number_of_questions_do_not_show(repository: Path) -> None:
    places, env = Places(repository), process.allow_listed()
    given = [Tool("git"), Tool("bin/teller"), Tool(sys.executable)]
    once = tools.read(given, places, env)
    assert once == tools.read(reversed(given), places, env)
    assert once == tools.read(given * 2, places, env)


def test_two_repositories_with_the_same_programs_are_told_alike(
    repository: Path, tmp_path: Path
) -> None:
    other = tmp_path / "elsewhere" / "plans"
    program(other / "bin/teller", (repository / "bin/teller").read_text().split("\n", 1)[1].strip())
    assert told(repository, "bin/teller") == told(other, "bin/teller")


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (["python", "-m", "pytest"], ["/v/bin/python", "git", "gpg", "make"]),
        (["scripts/test", "-q"], ["/v/bin/python", "git", "gpg", "make", "scripts/test"]),
        ([], ["/v/bin/python", "git", "gpg", "make"]),
    ],
)
def test_a_chain_uses_the_interpreter_git_gpg_and_what_tests_and_configuration_name(
    command: list[str], names: list[str]
) -> None:
    added = [Tool("make"), Tool("git", ("version",))]
    found = tools.of_chain("/v/bin/python", command, added)
    assert [tool.name for tool in found] == names
    assert Tool("git", ("version",)) in found


# paths


def test_a_path_is_told_from_the_innermost_folder_that_has_a_name(tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(tmp_path / "plans")
    (tmp_path / "plans").mkdir()
    places = Places(tmp_path / "linked", tmp_path / "linked/.venv")
    for top in ("linked", "plans"):
        assert places.spell(f"{tmp_path}/{top}/.venv/bin/doit") == "{venv}/bin/doit"
        assert places.spell(f"{tmp_path}/{top}") == "{repo}"
        assert places.spell(f"{tmp_path}/{top}s/a") == f"{tmp_path}/{top}s/a"


SPELL = """
import sys
from pathlib import Path
from sealwright.contracts.coo.manifests.places import Places
print(Places(Path("/srv/plans")).spell(sys.prefix + "/bin/git"))
"""


def test_an_interpreter_of_the_system_is_no_virtual_environment() -> None:
    lib = Path(tools.__file__).parents[4]

    def told(interpreter: str) -> str:
        argv = [interpreter, "-c", SPELL]
        env = {"PYTHONPATH": str(lib), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(argv, env=env, capture_output=True, check=True).stdout.decode()

    assert told(sys.executable) == "{venv}/bin/git\n"
    assert told(os.path.realpath(sys.executable)) == f"{sys.base_prefix}/bin/git\n"


# the toolchain


def test_packages_are_told_by_their_records(tmp_path: Path) -> None:
    for name, record in (("b-2.0", b"b,,\r\n"), ("A_a.x-1.0", b"a,,\n"), ("c", None)):
        (tmp_path / f"{name}.dist-info").mkdir()
        if record is not None:
            (tmp_path / f"{name}.dist-info/RECORD").write_bytes(record)
    assert toolchain.packages([tmp_path]) == [
        {
            "name": "a-a-x",
            "record": "sha256:" + hashlib.sha256(b"a,,\n").hexdigest(),
            "version": "1.0",
        },
        {
            "name": "b",
            "record": "sha256:" + hashlib.sha256(b"b,,\r\n").hexdigest(),
            "version": "2.0",
        },
        {"name": "c", "record": "unavailable", "version": "unavailable"},
    ]


def test_what_the_chain_itself_is_made_of_is_there() -> None:
    names = {row["name"] for row in toolchain.packages()}
    assert {"doit", "invoke", "pytest", "sealwright"} <= names
    found = toolchain.python(Places(Path("/nowhere")))
    assert found["version"] == ".".join(map(str, sys.version_info[:3]))
    assert set(found["flags"]) >= {"CC", "CFLAGS", "CONFIG_ARGS"}


# CycloneDX


def bill(root: Path) -> dict[str, Any]:
    read = tools.read([Tool("bin/teller"), Tool("git")], Places(root), process.allow_listed())
    found: dict[str, Any] = canonical.decode_line(cyclonedx.render(read))
    return found


def test_the_bill_of_materials_has_every_program_and_package(repository: Path) -> None:
    found = bill(repository)
    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.6", 1)
    parts = {each["bom-ref"]: each for each in found["components"]}
    assert len(parts) == len(found["components"])
    data = (repository / "bin/teller").read_bytes()
    assert parts["executable:bin/teller"]["hashes"] == [
        {"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}
    ]
    assert parts["executable:git"]["type"] == "application"
    (doit,) = (each for each in found["components"] if each["name"] == "doit")
    assert doit["purl"] == f"pkg:pypi/doit@{doit['version']}"


def test_the_bill_is_of_the_form_that_the_specification_says(repository: Path) -> None:
    found = bill(repository)
    assert set(found) == {
        "$schema",
        "bomFormat",
        "components",
        "serialNumber",
        "specVersion",
        "version",
    }
    assert re.fullmatch(
        r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found["serialNumber"]
    )
    allowed = {"bom-ref", "hashes", "name", "properties", "purl", "type", "version"}
    for each in found["components"]:
        assert {"type", "name"} <= set(each) <= allowed
        assert all(set(part) == {"name", "value"} for part in each["properties"])
        assert all(re.fullmatch("[0-9a-f]{64}", h["content"]) for h in each.get("hashes", ()))


def test_the_serial_number_follows_from_the_content(repository: Path) -> None:
    once = bill(repository)
    assert uuid.UUID(once["serialNumber"]).version == 5
    assert once == bill(repository)
    program(repository / "bin/teller", "echo 1.2.4")
    assert bill(repository)["serialNumber"] != once["serialNumber"]


def test_a_bill_of_what_is_no_manifest_is_refused() -> None:
    with pytest.raises(Damaged, match=r"tools_manifest\.json"):
        cyclonedx.render(b"{}")
