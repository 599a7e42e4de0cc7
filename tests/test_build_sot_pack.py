"""Document 000: the eight points of its Definition of Done, and what stands in their way."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from sealwright.contracts.sot_pack import verification
from sealwright.example import repository
from tests.support.example import (
    FEED,
    PACKS,
    PROJECT,
    SNAPSHOTS,
    Repository,
    copied,
    make,
    sha256,
)
from tests.support.programs import needed, processes_in

pytest_plugins = ("tests.support.repositories",)

FORBIDDEN = "3a74eb58101dbfe3235ee82e751741b820c044b0dd75dc7c9f49c3d493de2d55"
SECRET = "quillpress"  # stands for a product whose name may appear nowhere
DIGEST = hashlib.sha256(SECRET.encode()).hexdigest()
HOLDER = """
import sys; from pathlib import Path; from sealwright import lock
owner = lock.current("holder", "2025-01-01T00:00:00Z")
with lock.exclusive(Path(sys.argv[1]), owner=owner, remedy="none"):
    print("held", flush=True); sys.stdin.read()
"""


@contextmanager
def holder(repo: Repository):
    """Another process that holds the build lock until it is killed."""
    repo.write(f"{PACKS}/.gitignore", "*\n")
    command = [sys.executable, "-c", HOLDER, str(repo.packs / ".build_lock")]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "lib")}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        try:
            assert process.stdout.readline() == b"held\n"
            yield process
        finally:
            process.kill()


def configure(repo: Repository, old: str, new: str) -> None:
    """Replace something in config/sot_pack.yaml."""
    path = repo.root / "config/sot_pack.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def nothing_packed(repo: Repository) -> bool:
    left = [p.name for p in repo.packs.iterdir()] if repo.packs.exists() else []
    return not repo.names and repo.latest is None and set(left) <= {".gitignore", ".build_lock"}


# The Definition of Done, point by point


def test_1_a_valid_pack_is_made_and_latest_leads_to_it(sealed):
    assert sealed.names == [f"20250101T090100Z_{sealed.head[:7]}"]
    assert sealed.latest == sealed.names[0]
    left = sorted(path.name for path in sealed.packs.iterdir())
    assert left == [".gitignore", sealed.names[0], "latest"]  # no staging, no lock
    assert sealed.sealwright("verify", sealed.packs / "latest").code == 0


def test_2_the_pack_contains_documents_last_snapshot_manifest_and_checksums(example):
    files = sorted(str(p.relative_to(example.pack)) for p in example.pack.rglob("*") if p.is_file())
    documents = ["0luka.md", "docs/plan.md", "tools/catalog_lookup.zsh"]
    snapshot = f"{SNAPSHOTS}/250122_090000_snapshot.md"
    own = ["manifest.json", "sha256sums.txt", "walkthrough.md"]
    assert files == sorted([*documents, snapshot, *own])
    for path in [*documents, snapshot]:
        assert (example.pack / path).read_bytes() == (example.root / path).read_bytes()


def test_3_the_feed_contains_the_seal_of_the_pack(sealed):
    seal = sealed.events[-1]
    assert sealed.actions == ["started", "completed", "verified", "sot_seal"]
    assert seal["pack"] == sealed.names[0]
    assert seal["git_head"] == sealed.head
    assert seal["sums_sha256"] == f"sha256:{sha256(sealed.pack / 'sha256sums.txt')}"
    assert seal["sot_sha256"] == sha256(sealed.root / "0luka.md")


def test_4_the_linter_passes(sealed):
    done = sealed.run(sys.executable, PROJECT / "scripts/activity_feed_linter.py", "--json")
    assert done.code == 0
    assert done.json() == {
        "ok": True,
        "counts": {"total_lines": 4, "proof_events": 4, "ignored_events": 0, "violations": 0},
        "violations": [],
    }


def test_5_the_builder_aborts_if_the_tree_is_dirty_or_head_is_not_the_verified_commit(sealed):
    before = sealed.evidence
    sealed.write("docs/plan.md", "# Another plan\n")
    dirty = sealed.build()
    assert dirty.code == 1 and "docs/plan.md: is changed and not committed" in dirty.said
    verified, head = sealed.head, sealed.commit()
    other = sealed.build()
    assert other.code == 1
    assert f"HEAD: is not the verified commit, expected {verified}, found {head}" in other.said
    assert "doit sot_pack:verify_head" in other.said
    assert sealed.evidence == before


def test_6_a_build_lock_keeps_others_out(bare):
    with holder(bare) as process:
        done = bare.doit()
        assert done.code == 1 and nothing_packed(bare)
        said = rf"{PACKS}/\.build_lock: is held by pid {process.pid} on .*; wait for it to end"
        assert re.search(said, done.said)
        assert re.search(said, bare.build().said)


def test_7_git_status_is_clean_after_the_run(example):
    assert example.status == ""
    assert example.git("diff", "HEAD") == ""


def test_8_the_forbidden_name_is_nowhere_in_this_codebase():
    tops = [p for p in PROJECT.iterdir() if p.name[0] != "." and p.name not in ("build", "dist")]
    files = [f for top in tops for f in ([top] if top.is_file() else top.rglob("*"))]
    own = [f for f in files if f.is_file() and "__pycache__" not in f.parts]
    found = {str(f) for f in own for word in words_of(f) if hexdigest(word) == FORBIDDEN}
    assert len(own) > 100 and not found


def words_of(file: Path) -> set[str]:
    text = file.read_bytes().decode("utf-8", "replace")
    return set(verification.words(f"{file.relative_to(PROJECT)}\n{text}"))


def hexdigest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


# What is refused, and how


def dirty_by_submodule(repo: Repository) -> None:
    inner = repo.root / "inner"
    inner.mkdir()
    repository.run_git(inner, "init", "--quiet")
    (inner / "file").write_text("one\n")
    repository.run_git(inner, "add", "file")
    repository.run_git(inner, "commit", "--quiet", "--message", "Begin")
    repo.commit("Take it in")
    (inner / "file").write_text("two\n")


DIRT = {
    "modified": (
        lambda repo: repo.write("0luka.md", "other\n"),
        "0luka.md: is changed and not committed; git commit -- 0luka.md, or git restore",
    ),
    "staged": (
        lambda repo: (repo.write("0luka.md", "other\n"), repo.git("add", "0luka.md")),
        "0luka.md: is staged and not committed",
    ),
    "untracked": (
        lambda repo: repo.write("notes.md", "mine\n"),
        "notes.md: is not tracked; git add -- notes.md, or name it in .gitignore",
    ),
    "deleted": (
        lambda repo: (repo.root / "docs/plan.md").unlink(),
        "docs/plan.md: is changed and not committed",
    ),
    "submodule": (dirty_by_submodule, "inner: is a submodule with changes"),
    "hidden": (
        lambda repo: repo.git("update-index", "--assume-unchanged", "0luka.md"),
        "0luka.md: is marked assume-unchanged",
    ),
}


@pytest.mark.parametrize("dirt", DIRT)
def test_a_dirty_tree_is_neither_verified_nor_packed(bare, dirt):
    make_dirty, said = DIRT[dirt]
    make_dirty(bare)
    done = bare.doit()
    assert done.code == 1 and said in done.said
    assert bare.events == [] and nothing_packed(bare)


def test_plain_doit_verifies_a_new_commit_before_it_packs(sealed):
    sealed.write("docs/plan.md", "# Another plan\n")
    head = sealed.commit()
    assert sealed.doit("sot_pack").code == 0
    assert [event.get("git_head") for event in sealed.events[4:]] == [head] * 4
    assert sealed.latest == sealed.names[-1] and head[:7] in sealed.latest


def test_without_a_feed_the_builder_refuses(bare):
    done = bare.build()
    assert done.code == 1 and nothing_packed(bare)
    assert f"{FEED}: there is no activity feed; doit sot_pack:verify_head begins one" in done.said


FEEDS = {
    "JSON is broken": (lambda data: data.replace(b'"started"', b'"started', 1), ":1: expected"),
    "chain is broken": (lambda data: data.replace(b'"started"', b'"starred"', 1), ":2: prev:"),
    "not canonical": (lambda data: data.replace(b",", b", ", 1), ":1: expected"),
    "torn tail": (lambda data: data[:-9], ":4: torn tail"),
    "a line more": (lambda data: data + b"{}\n", ":5: "),
    "a line less": (lambda data: b"".join(data.splitlines(True)[1:]), ":1: "),
    "lines moved": (lambda data: b"".join(data.splitlines(True)[::-1]), ":1: "),
    "empty": (lambda data: b"", "says of no commit that it is verified"),
}


@pytest.mark.parametrize("fault", FEEDS)
def test_a_malformed_feed_stops_the_builder(sealed, fault):
    spoil, said = FEEDS[fault]
    sealed.feed.write_bytes(spoil(sealed.feed.read_bytes()))
    sealed.write("docs/plan.md", "# Another plan\n")
    sealed.commit()
    before = sealed.evidence
    done = sealed.build()
    assert done.code != 0 and FEED in done.said and said in done.said
    assert sealed.doit().code != 0
    assert sealed.names == [sealed.latest] and sealed.evidence[FEED] == before[FEED]


def test_a_dead_lock_is_named_with_the_command_that_removes_it(bare):
    with holder(bare) as process:
        process.kill()
        process.wait()
    command = f"sealwright unlock {PACKS}/.build_lock"
    done = bare.doit()
    assert done.code == 1 and nothing_packed(bare)
    assert f"which is dead; {command}" in done.said
    assert bare.sealwright(*command.split()[1:]).code == 0
    assert bare.doit().code == 0 and bare.latest == bare.names[0]


def test_a_verification_that_fails_leaves_no_word_in_the_feed(bare):
    bare.write("0luka.md", "WRONG\n")
    head = bare.commit()
    done = bare.doit()
    assert done.code == 1
    assert f"commit {head[:7]} is not verified: expected `python -I check.py` to end" in done.said
    log = re.search(r"its output: (\S+)", done.said)
    assert "the plan is wrong" in Path(log[1]).read_text()
    assert bare.events == [] and nothing_packed(bare)


def test_a_verification_that_dirties_the_tree_verifies_nothing(bare):
    bare.write("check.py", 'open("left.txt", "w").write("behind")\n')
    bare.commit()
    done = bare.doit()
    assert done.code == 1 and "left.txt: is not tracked" in done.said
    assert bare.events == [] and nothing_packed(bare)


def test_a_tracked_file_with_a_forbidden_word_is_not_verified(bare):
    configure(bare, "[]", f"[{DIGEST}]")
    bare.write("docs/plan.md", f"# Plan\n\nPublish with {SECRET.title()}.\n")
    bare.commit()
    done = bare.doit()
    assert done.code == 1
    assert "docs/plan.md:3: has a word that is forbidden by its digest; take it out" in done.said
    assert SECRET not in done.said.lower()
    assert bare.events == [] and nothing_packed(bare)


WORDS = {
    "in capitals": ("a.md", b"See QUILLPRESS."),
    "between underscores": ("a.py", b"from my_quillpress_client import x"),
    "in a name": ("docs/quillpress-notes.md", b"nothing"),
    "in a folder's name": ("QuillPress/a.md", b"nothing"),
    "beside other letters": ("a.md", "日quillpress本".encode()),
    "in full width": ("a.md", "ＱｕｉｌｌＰｒｅｓｓ".encode()),
    "in UTF-16": ("a.txt", "about quillpress".encode("utf-16")),
    "in a binary file": ("a.bin", b"\0\xff\xfequillpress\0"),
}


@pytest.mark.parametrize("case", WORDS)
def test_a_forbidden_word_is_found(bare, case):
    name, text = WORDS[case]
    bare.write(name, text)
    bare.git("add", "--all")
    found = verification.forbidden_words(bare.root, (DIGEST,)).findings
    assert [finding.where.partition(":")[0] for finding in found] == [name]


def test_a_forbidden_word_is_found_in_the_text_of_a_link(bare):
    (bare.root / "link").symlink_to("/opt/quillpress/bin")
    bare.git("add", "link")
    found = verification.forbidden_words(bare.root, (DIGEST,)).findings
    assert [finding.where for finding in found] == ["link"]


def test_words_that_only_contain_a_forbidden_one_are_allowed(bare):
    bare.write("a.md", "quillpresses, aquillpress, quill press")
    bare.git("add", "--all")
    assert verification.forbidden_words(bare.root, (DIGEST,)).holds


def test_without_a_snapshot_nothing_is_packed(bare):
    shutil.rmtree(bare.root / SNAPSHOTS)
    bare.write(f"{SNAPSHOTS}/notes.md", "no snapshot\n")
    bare.commit()
    done = bare.doit()
    assert done.code == 1 and nothing_packed(bare)
    said = "expected a file YYMMDD_HHMMSS_snapshot.md, found none; put one there"
    assert f"{SNAPSHOTS}: {said}" in done.said


def test_the_last_snapshot_is_the_one_of_the_latest_name_whatever_the_times_say(bare):
    names = ["250103_080000_snapshot.md", "250103_075959_snapshot.md", "250102_235959_snapshot.md"]
    others = ["990101_000000_snapshot.md.bak", "99_snapshot.md", "x250104_080000_snapshot.md"]
    for age, name in enumerate([*names, *others]):
        path = bare.write(f"{SNAPSHOTS}/{name}", name)
        os.utime(path, (2_000_000_000 + age, 2_000_000_000 + age))
    bare.commit()
    assert bare.doit().code == 0
    assert [path.name for path in (bare.pack / SNAPSHOTS).iterdir()] == names[:1]


def link(target: str):
    def change(repo: Repository) -> None:
        (repo.root / "docs/plan.md").unlink()
        (repo.root / "docs/plan.md").symlink_to(target)

    return change


def folder(repo: Repository) -> None:
    (repo.root / "docs/plan.md").unlink()
    repo.write("docs/plan.md/part.md", "a part\n")


def ignored(repo: Repository) -> None:
    repo.git("rm", "--quiet", "--cached", "docs/plan.md")
    repo.write(".gitignore", "__pycache__/\n/docs/plan.md\n")


DOCUMENTS = {
    "missing": (lambda repo: (repo.root / "docs/plan.md").unlink(), "docs/plan.md is missing"),
    "a link to nothing": (link("nowhere.md"), "docs/plan.md: expected a file, found nothing"),
    "a link out": (link("/etc/hostname"), "docs/plan.md: leads out of the repository by a symb"),
    "a folder": (folder, "docs/plan.md: expected a file, found something else"),
    "ignored by git": (ignored, "git, so that no commit says what it is; git add --force -- docs"),
}


@pytest.mark.parametrize("fault", DOCUMENTS)
def test_a_document_that_is_no_file_of_the_commit_is_not_packed(bare, fault):
    change, said = DOCUMENTS[fault]
    change(bare)
    bare.commit()
    done = bare.doit()
    assert done.code == 1 and said in done.said
    assert bare.actions == ["started", "completed", "verified"] and nothing_packed(bare)


def test_all_that_is_wrong_is_told_at_once(bare):
    folder(bare)
    shutil.rmtree(bare.root / SNAPSHOTS)
    said = bare.build().said
    wrong = [
        "docs/plan.md/part.md: is not tracked",
        "docs/plan.md: expected a file",
        f"{SNAPSHOTS}: expected a file",
        f"{FEED}: there is no activity feed",
    ]
    assert [line for line in wrong if line not in said] == []


def test_a_document_may_be_a_link_inside_and_is_packed_as_what_it_leads_to(bare):
    link("../0luka.md")(bare)
    bare.commit()
    done = bare.doit()
    assert done.code == 0, done.said
    packed = bare.pack / "docs/plan.md"
    assert packed.is_file() and not packed.is_symlink()
    assert packed.read_bytes() == (bare.root / "0luka.md").read_bytes()


def test_two_packs_of_one_commit_and_second_are_refused_by_name(bare):
    bare.write(".gitignore", f"__pycache__/\n/{SNAPSHOTS}/\n")
    bare.git("rm", "--quiet", "--cached", "-r", SNAPSHOTS)
    bare.commit()
    assert bare.doit().code == 0
    bare.write(f"{SNAPSHOTS}/250102_090000_snapshot.md", "# Another\n")
    before, epoch = bare.evidence, str(bare.now)
    done = bare.doit(SOURCE_DATE_EPOCH=epoch)
    assert done.code == 1 and bare.evidence.items() >= {FEED: before[FEED]}.items()
    assert f"{PACKS}/{bare.names[0]}: expected a free name, found another pack" in done.said
    assert bare.doit().code == 0 and len(bare.names) == 2


# What a build does to the world


@pytest.fixture(scope="module")
def traced(_bare, tmp_path_factory):
    """A build under strace: the repository, and the calls that were made."""
    repo = copied(_bare, tmp_path_factory.mktemp("traced") / "repository")
    log = repo.root.parent / "strace.log"
    calls = "trace=connect,socket,sendto,rename,renameat,renameat2,mkdir,mkdirat,openat,unlink"
    done = repo.run(needed("strace"), "-f", "-qq", "-s", "400", "-e", calls, "-o", log, "doit")
    assert done.code == 0, done.said
    return repo, log.read_text().splitlines()


def test_the_pack_gets_its_name_by_one_rename_under_the_lock(traced):
    repo, calls = traced
    made = [n for n, call in enumerate(calls) if f'/{repo.names[0]}"' in call and ") = 0" in call]
    locked, unlocked = (
        [n for n, call in enumerate(calls) if "/.build_lock" in call and word in call]
        for word in ("O_EXCL", "unlink")
    )
    assert len(made) == 1 and "rename" in calls[made[0]]
    assert locked[0] < made[0] < unlocked[0]


def test_no_connection_is_attempted_during_a_build(traced):
    _, calls = traced
    assert calls and not [call for call in calls if "AF_INET" in call]


def test_no_process_is_left_behind(traced):
    repo, _ = traced
    assert processes_in(repo.root) == []


def test_coreutils_accept_the_checksums_inside_the_pack(example):
    done = example.run("sha256sum", "-c", "--strict", "sha256sums.txt", cwd=example.pack)
    assert done.code == 0, done.said
    listed = {line.split("  ")[1] for line in (example.pack / "sha256sums.txt").open()}
    files = {str(p.relative_to(example.pack)) for p in example.pack.rglob("*") if p.is_file()}
    assert {name.strip() for name in listed} == files - {"sha256sums.txt"}


def test_every_command_of_the_walkthrough_works_as_it_says(example):
    text = (example.pack / "walkthrough.md").read_text()
    commands = [line[4:] for line in text.splitlines() if line.startswith("    ")]
    for command in commands:
        where = example.pack if "-c --strict" in command else example.root
        if command.startswith(("sha256sum", "git", "grep")):
            done = example.run("bash", "-c", command, cwd=where)
            assert done.code == 0, command
            if command.startswith("git"):
                assert done.out.split()[0] in text
            if command.startswith("grep"):
                assert re.search('pack_sha256":"(sha256:[0-9a-f]{64})', done.out)[1] in text


def test_a_pack_that_is_not_sealed_is_never_the_latest(bare):
    assert bare.doit("sot_pack:verify_head").code == 0
    assert bare.doit("run", "--single", "sot_pack:pack").code == 0  # and then the power failed
    assert len(bare.names) == 1 and bare.latest is None and "sot_seal" not in bare.actions
    assert bare.doit().code == 0
    assert bare.latest == bare.names[0] and bare.actions.count("sot_seal") == 1


def test_a_crash_before_the_second_seal_leaves_the_first_pack_the_latest(sealed):
    first = sealed.latest
    sealed.write("docs/plan.md", "# Another plan\n")
    sealed.commit()
    assert sealed.doit("sot_pack:pack").code == 0
    assert len(sealed.names) == 2 and sealed.latest == first


# A second run, and what makes another pack


def test_a_second_run_executes_nothing_and_changes_no_byte(sealed):
    before = sealed.evidence
    done = sealed.doit()
    assert done.code == 0 and "5 up to date, nothing executed" in done.said
    assert sealed.build().code == 0
    assert sealed.evidence == before


CHANGES = {
    "a document": lambda repo: repo.write("docs/plan.md", "# Another plan\n"),
    "a snapshot": lambda repo: repo.write(f"{SNAPSHOTS}/250102_090000_snapshot.md", "# Next\n"),
    "the last snapshot's text": lambda repo: repo.write(
        f"{SNAPSHOTS}/250101_090000_snapshot.md", "# Another\n"
    ),
    "another file": lambda repo: repo.write("README.md", "# Read\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_gives_a_new_pack_and_keeps_the_old_one(sealed, change):
    before = sealed.evidence
    CHANGES[change](sealed)
    head = sealed.commit()
    assert sealed.doit().code == 0
    first, second = sealed.names
    assert second.endswith(head[:7]) and sealed.latest == second
    kept = {name: d for name, d in before.items() if first in name}
    assert kept and kept.items() <= sealed.evidence.items()


def test_going_back_to_an_older_commit_seals_it_again(sealed):
    old = sealed.head
    sealed.write("docs/plan.md", "# Another plan\n")
    sealed.commit()
    assert sealed.doit().code == 0
    sealed.git("checkout", "--quiet", old)
    refused = sealed.build()
    assert refused.code == 1 and "HEAD: is not the verified commit" in refused.said
    assert sealed.doit().code == 0
    assert [name[-7:] for name in sealed.names][::2] == [old[:7]] * 2
    assert sealed.latest == sealed.names[-1] and sealed.events[-1]["git_head"] == old


# The same bytes everywhere


PLACES = {
    "another folder": {},
    "another umask": {"umask": "077"},
    "another time zone": {"TZ": "Pacific/Kiritimati"},
    "another locale": {"LANG": "tr_TR.UTF-8", "LC_ALL": "C.UTF-8"},
    "another hash seed": {"PYTHONHASHSEED": "4711"},
}


@pytest.mark.parametrize("place", PLACES)
def test_a_pack_has_the_same_bytes_in(bare, sealed, place):
    environment = dict(PLACES[place])
    umask = environment.pop("umask", "022")
    bare.now += 60
    done = bare.run("bash", "-c", f"umask {umask}; exec doit", **environment)
    assert done.code == 0, done.said
    assert listing(bare.pack) == listing(sealed.pack)
    assert bare.feed.read_bytes() == sealed.feed.read_bytes()


def test_a_pack_has_the_same_bytes_whatever_order_files_were_made_in(sealed, tmp_path):
    files = {name: (sealed.root / name).read_text() for name in sealed.git("ls-files").split()}
    made = make(tmp_path / "reversed", dict(reversed(files.items())))
    assert made.head == sealed.head
    assert made.doit().code == 0
    assert listing(made.pack) == listing(sealed.pack)


def listing(pack: Path) -> dict[str, tuple[int, bytes | None]]:
    """Names, modes and bytes of everything in a pack, its own name included."""
    return {
        str(path.relative_to(pack.parent)): (
            path.stat().st_mode,
            path.read_bytes() if path.is_file() else None,
        )
        for path in (pack, *pack.rglob("*"))
    }
