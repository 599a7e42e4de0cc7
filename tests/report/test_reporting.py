"""`inv report`, as a person types it: one file, nothing else, the same bytes everywhere."""

from __future__ import annotations

import hashlib
import os
import shutil

import pytest

from tests.report.reading import read
from tests.support.doit import fingerprint
from tests.support.example import copied

pytest_plugins = ("tests.support.repositories",)

PAGE = ".sealwright/report.html"


@pytest.fixture(params=["new", "clean", "stale", "killed"])
def repo(request, bare, sealed):
    if request.param == "new":
        return bare
    if request.param == "stale":
        sealed.write("0luka.md", "# Other\n")
    if request.param == "killed":  # a log of the index that was not folded back
        state = sealed.root / ".sealwright"
        shutil.copy(state / "state.db", state / "state.db-wal")
    return sealed


def test_it_is_a_task_of_inv_with_its_options(sealed):
    listed = sealed.run("inv", "--list").out
    assert "report" in listed and "Write everything that there is to see on one page" in listed
    asked = sealed.run("inv", "--help", "report").out
    assert "--json" in asked and "--out" in asked


def state(repo):
    for cache in list(repo.root.rglob("__pycache__")):
        shutil.rmtree(cache)
    return fingerprint(repo.root)


def inv(repo, *words, **env):
    done = repo.run("inv", "report", *words, PYTHONDONTWRITEBYTECODE="1", **env)
    assert done.code == 0, done.said
    return done.out


def test_a_report_elsewhere_changes_no_byte_of_the_repository(repo, tmp_path):
    before = state(repo)
    said = inv(repo, "--out", str(tmp_path / "report.html"))
    assert said.startswith(f"{tmp_path}/report.html: ")
    inv(repo, "--json", "--out", str(tmp_path / "report.json"))
    inv(repo, "--json")
    assert fingerprint(repo.root) == before


def test_without_a_place_it_is_the_only_thing_that_is_new(repo):
    before = state(repo)
    inv(repo)
    new = set(fingerprint(repo.root)) - set(before)
    folder = {".sealwright", ".sealwright/.gitignore"} - before.keys()
    assert new == {PAGE} | folder
    assert PAGE not in repo.status


def test_the_json_on_the_terminal_is_that_of_the_file_and_of_the_page(sealed, tmp_path):
    printed = sealed.run("inv", "report", "--json").out
    inv(sealed, "--json", "--out", str(tmp_path / "it.json"))
    assert (tmp_path / "it.json").read_text() == printed
    inv(sealed)
    digest = hashlib.sha256(printed.encode()).hexdigest()
    assert digest in (sealed.root / PAGE).read_text()


def test_the_same_state_has_the_same_bytes_whatever_the_circumstances(sealed, tmp_path):
    other = copied(sealed, tmp_path / "another folder" / "it")
    other.now += 86400
    here = inv(sealed, "--json", PYTHONHASHSEED="1", TZ="Asia/Tokyo", LC_ALL="C")
    there = inv(other, "--json", PYTHONHASHSEED="2", TZ="America/Lima", LC_ALL="C.UTF-8")
    assert here == there
    old = os.umask(0o077)
    try:
        inv(sealed)
    finally:
        os.umask(old)
    inv(other)
    assert (sealed.root / PAGE).read_bytes() == (other.root / PAGE).read_bytes()
    assert (sealed.root / PAGE).stat().st_mode == (other.root / PAGE).stat().st_mode


def test_a_second_report_takes_the_place_of_the_first(sealed):
    inv(sealed)
    first = (sealed.root / PAGE).read_bytes()
    inv(sealed)
    assert (sealed.root / PAGE).read_bytes() == first


def test_the_page_of_a_real_repository_can_be_read(sealed):
    inv(sealed)
    top = read((sealed.root / PAGE).read_text())
    assert "sot_pack:seal" in top.at("steps").text
    assert sealed.head in top.all("header")[0].text
    assert f"sot_packs/{sealed.latest}" in top.at("evidence").text


def test_the_commands_on_the_page_hold_in_a_real_repository(sealed):
    report = sealed.run("inv", "report", "--json").json()
    for proof in report["proofs"]:
        done = sealed.run("bash", "-c", proof["command"])
        assert proof["command"] and done.code == 0, done.said
    lines = "".join(f"{each['sha256']}  {each['path']}\n" for each in report["checksums"])
    done = sealed.run("bash", "-c", f"sha256sum -c --strict --quiet <<'EOF'\n{lines}EOF")
    assert done.code == 0, done.said


def refused(repo, out):
    before = state(repo)
    done = repo.run("inv", "report", "--out", out, PYTHONDONTWRITEBYTECODE="1")
    assert done.code == 1 and out in done.err
    assert fingerprint(repo.root) == before
    return done.err


def test_a_file_that_is_no_report_is_never_replaced(sealed):
    assert "found another file" in refused(sealed, "config/sot_pack.yaml")
    (sealed.root / "link").symlink_to("check.py")
    assert "found something else" in refused(sealed, "link")


def test_nothing_is_written_where_the_engine_git_or_a_step_would_see_it(sealed):
    assert "the engine's own folder" in refused(sealed, ".sealwright/receipts/report.html")
    assert "git's own folder" in refused(sealed, ".git/report.html")
    pack = f"observability/artifacts/sot_packs/{sealed.latest}/report.html"
    assert "read or made by step" in refused(sealed, pack)
    os.symlink(sealed.root / ".sealwright", sealed.root / "way")
    assert "the engine's own folder" in refused(sealed, "way/other.html")


def test_a_folder_that_is_not_there_is_not_made(sealed):
    assert "found none" in refused(sealed, "nowhere/report.html")


def test_a_place_is_told_from_where_the_person_is(sealed):
    done = sealed.run("inv", "report", "--out", "here.html", cwd=sealed.root / "docs")
    assert done.code == 0, done.said
    assert (sealed.root / "docs/here.html").is_file()
    again = sealed.run("inv", "report", "--json").json()
    assert again["repository"]["changed"] == 1, "a file in the tree is a change like any other"
    sealed.run("inv", "report", "--json", "--out", "docs/here.html")
    assert '"changed":0' in (sealed.root / "docs/here.html").read_text(), "but not of itself"
