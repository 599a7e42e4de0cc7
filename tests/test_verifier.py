"""`sealwright verify`: what each kind of evidence is, and what tampering with it is called."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sealwright import document, verifier
from sealwright.clock import Instant
from sealwright.contracts.sot_pack import seal
from sealwright.contracts.sot_pack.settings import Settings
from sealwright.errors import Refused
from sealwright.ledger import Ledger
from sealwright.runtime import canonical
from sealwright.step import World
from tests.support.example import FEED, PACKS, SNAPSHOTS, Repository, sha256

pytest_plugins = ("tests.support.repositories",)

STATE = ".sealwright"
AT = "2025-01-01T00:00:00Z"


# A pack


FILES = [
    "0luka.md",
    "docs/plan.md",
    f"{SNAPSHOTS}/250101_090000_snapshot.md",
    "manifest.json",
    "sha256sums.txt",
    "walkthrough.md",
]


def test_these_are_all_files_of_a_pack(sealed):
    paths = (path for path in sealed.pack.rglob("*") if path.is_file())
    assert sorted(str(path.relative_to(sealed.pack)) for path in paths) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
def test_every_flipped_byte_is_found_in(sealed, name):
    path, unseen = sealed.pack / name, []
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        if seal.check(sealed.pack).holds:
            unseen.append(at)
    assert data and unseen == []
    path.write_bytes(data)
    assert seal.check(sealed.pack).holds


def forge(pack: Path) -> None:
    """Change a document, and everything in the pack that speaks of it."""
    (pack / "docs/plan.md").write_bytes(b"# Flan\n")
    about = json.loads((pack / "manifest.json").read_bytes())
    about["documents"][1]["sha256"] = sha256(pack / "docs/plan.md")
    about["pack_sha256"] = seal.pack_sha256(about["documents"])
    (pack / "manifest.json").write_bytes(canonical.line(about))
    sum_again(pack)


def sum_again(pack: Path) -> None:
    files = sorted(str(p.relative_to(pack)) for p in pack.rglob("*") if p.is_file())
    names = [name for name in files if name != "sha256sums.txt"]
    lines = [f"{sha256(pack / name)}  {name}\n" for name in names]
    (pack / "sha256sums.txt").write_text("".join(lines))


def lie(**said: object) -> Callable[[Path], None]:
    """Let the manifest say something else, with checksums that fit."""

    def change(pack: Path) -> None:
        about = json.loads((pack / "manifest.json").read_bytes())
        (pack / "manifest.json").write_bytes(canonical.line({**about, **said}))
        sum_again(pack)

    return change


def linked(pack: Path) -> None:
    (pack / "sha256sums.txt").rename(pack.parent / "elsewhere.txt")
    (pack / "sha256sums.txt").symlink_to("../elsewhere.txt")


SEEN = {
    "a byte": (lambda pack: (pack / "0luka.md").write_bytes(b"x"), "/0luka.md: expected sha256:"),
    "a file added": (lambda pack: (pack / "new").write_bytes(b""), "/new: is not listed"),
    "a file removed": (lambda pack: (pack / "0luka.md").unlink(), "/0luka.md: is missing"),
    "a file renamed": (
        lambda pack: (pack / "0luka.md").rename(pack / "1luka.md"),
        "/1luka.md: is not listed",
    ),
    "a link": (
        lambda pack: ((pack / "0luka.md").unlink(), (pack / "0luka.md").symlink_to("docs/plan.md")),
        "/0luka.md: expected a regular file",
    ),
    "checksums gone": (lambda pack: (pack / "sha256sums.txt").unlink(), "expected a file sha256su"),
    "checksums linked": (linked, "expected a file sha256sums.txt"),
    "manifest gone": (lambda pack: (pack / "manifest.json").unlink(), "/manifest.json: is missing"),
    "a document that the manifest lacks": (
        lambda pack: ((pack / "more").write_bytes(b""), sum_again(pack)),
        "/more: is no document of manifest.json",
    ),
    "another source of truth": (lie(sot_sha256="0" * 64), "manifest.json: sot_sha256: expected"),
    "another digest": (lie(pack_sha256="sha256:0"), "manifest.json: pack_sha256: expected"),
    "a short commit": (lie(git_head="abcdef0"), "manifest.json: git_head: expected a commit"),
    "another format": (lie(format="sealwright/sot-pack/9"), "expected sealwright/sot-pack/1"),
    "documents of no kind": (lie(documents="0luka.md"), "documents: expected a list"),
    "no documents": (lie(documents=[]), "is no document of manifest.json"),
    "a document elsewhere": (
        lie(documents=[{"path": "../0luka.md", "bytes": 1, "sha256": ""}]),
        "expected a path inside",
    ),
    "no manifest of a pack": (lie(git_head=None), "git_head: expected a str"),
}
UNSEEN = {  # a pack that is whole by itself is told by its seal, and by the engine's receipt
    "a forged pack": forge,
    "an empty folder": lambda pack: (pack / "empty").mkdir(),
    "an x bit": lambda pack: (pack / "0luka.md").chmod(0o755),
}


@pytest.mark.parametrize("fault", SEEN)
def test_what_is_wrong_with_a_pack_is_named(sealed, fault):
    tamper, said = SEEN[fault]
    tamper(sealed.pack)
    told = str(seal.check(sealed.pack))
    assert said in told and sealed.pack.name in told


@pytest.mark.parametrize("fault", ["a byte", "a file added", "a file removed", "a file renamed"])
def test_sealwright_verify_names_what_was_done_to_a_pack(sealed, fault):
    tamper, said = SEEN[fault]
    tamper(sealed.pack)
    done = sealed.sealwright("verify", sealed.packs / "latest")
    assert done.code == 2 and f"{sealed.pack.name}{said}" in done.out
    assert done.out.endswith("latest: is a sot pack, and is damaged\n")


@pytest.mark.parametrize("words", [("verify",), ("sot_pack:verify",)], ids=" ".join)
@pytest.mark.parametrize("fault", ["a byte", "a file added", "a file removed", *UNSEEN])
def test_doit_names_a_pack_that_was_tampered_with(sealed, fault, words):
    tamper = UNSEEN[fault] if fault in UNSEEN else SEEN[fault][0]
    tamper(sealed.pack)
    done = sealed.doit(*words)
    assert done.code == 2, done.said
    assert f"sot_pack:pack: {PACKS}/" in done.said and "not what was recorded" in done.said


def test_a_tampered_pack_can_be_set_aside_and_is_made_anew(sealed):
    first = sealed.names[0]
    SEEN["a byte"][0](sealed.pack)
    done = sealed.doit("set-aside", "--reason", "somebody wrote to it", "sot_pack:pack")
    assert done.code == 0, done.said
    assert sealed.doit().code == 0 and sealed.doit("verify").code == 0
    assert sealed.names == [sealed.latest] and sealed.latest != first


# Seal and latest, without the engine


@pytest.fixture
def asked(sealed) -> Callable[[], str]:
    """What `seal.verify` finds in the repository."""
    root = sealed.root
    world = World(root=root, state=root / STATE, now=Instant(0), environment={})
    with document.load(root / "config/sot_pack.yaml", name="sot_pack.yaml") as table:
        settings = Settings.read(world, table)
    return lambda: str(seal.verify(settings, world, sealed.pack))


def reseal(repo: Repository, **said: str) -> None:
    """Write the feed again, with another seal at its end and a whole chain."""
    events = [{k: v for k, v in e.items() if k not in ("v", "seq", "prev")} for e in repo.events]
    repo.feed.unlink()
    Ledger(repo.feed).append([*events[:-1], {**events[-1], **said}])


def test_a_sealed_pack_holds(asked):
    assert asked() == "holds"


@pytest.mark.parametrize("key", ["pack", "git_head", "pack_sha256", "sot_sha256", "sums_sha256"])
def test_a_seal_that_says_something_else_is_named(sealed, asked, key):
    reseal(sealed, **{key: "a" * 40})
    assert asked().startswith(f"{FEED}: the last seal: {key}: expected ")
    done = sealed.doit("verify")
    assert done.code == 2 and f"sot_pack:seal: {FEED}#sot_seal is evidence" in done.said


def test_a_forged_pack_is_named_by_its_seal(sealed, asked):
    forge(sealed.pack)
    assert seal.check(sealed.pack).holds
    assert "the last seal: sums_sha256: expected" in asked()


@pytest.mark.parametrize("target", ["20250101T000000Z_0000000", ".", "", None], ids=repr)
def test_a_latest_that_leads_elsewhere_is_named(sealed, asked, target):
    latest = sealed.packs / "latest"
    latest.unlink()
    if target:
        latest.symlink_to(target)
    elif target == "":
        latest.mkdir()
    assert f"{PACKS}/latest: expected a link to {sealed.pack.name}, found" in asked()
    done = sealed.doit("verify")
    assert done.code == 2 and f"sot_pack:seal: {PACKS}/latest" in done.said


def test_a_latest_that_leads_elsewhere_is_put_back_by_sealing_again(sealed):
    (sealed.packs / "latest").unlink()
    (sealed.packs / "latest").symlink_to("elsewhere")
    assert sealed.doit().code == 0
    assert sealed.latest == sealed.names[0]
    assert sealed.actions[-2:] == ["sot_seal", "sot_seal"]  # the same, which the linter allows
    assert sealed.doit("verify").code == 0
    assert "nothing executed" in sealed.doit().said


def test_a_feed_without_seals_is_named(sealed, asked):
    sealed.feed.unlink()
    assert asked() == f"{FEED}: seals no pack; doit sot_pack:seal"


@pytest.mark.parametrize("word", ["PHASE_14", "sealwright", "2025-01-01T09"])
def test_the_engine_names_a_changed_last_line_which_no_chain_proves(sealed, word):
    data = sealed.feed.read_bytes()
    cut = data.rindex(b"\n", 0, -1) + 1
    other = word[:-1].encode() + b"0"
    sealed.feed.write_bytes(data[:cut] + data[cut:].replace(word.encode(), other, 1))
    assert sealed.sealwright("verify", FEED).code == 0
    for words in (("verify",), ("sot_pack:verify",), ()):
        done = sealed.doit(*words)
        assert done.code == 2 and f"sot_pack:seal: {FEED}#sot_seal is evidence" in done.said


# The other kinds


def test_each_kind_of_evidence_is_recognised(sealed):
    kinds = {
        f"{PACKS}/latest": "a sot pack",
        STATE: "the state of an engine",
        f"{STATE}/journal.jsonl": "a run journal",
        FEED: "an activity feed",
    }
    for path, what in kinds.items():
        found = verifier.recognise(sealed.root / path)
        assert found.what == what and found.verify().holds


def test_a_ledger_of_another_kind_is_recognised(tmp_path):
    path = tmp_path / "some.jsonl"
    Ledger(path).append([{"event": "began"}])
    assert verifier.recognise(path).what == "a ledger"


def test_the_feed_tells_what_its_last_seal_says(sealed):
    evidence = verifier.recognise(sealed.feed).verify().evidence
    assert evidence["seals"] == 1 and evidence["last_pack"] == sealed.latest
    assert evidence["last_sums_sha256"] == f"sha256:{sha256(sealed.pack / 'sha256sums.txt')}"


NONSENSE = {
    "nothing": lambda path: None,
    "an empty folder": lambda path: path.mkdir(),
    "an empty file": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("hello\n"),
    "JSON": lambda path: path.write_text('{"a":1}\n'),
    "a list": lambda path: path.write_text("[]\n"),
    "bytes": lambda path: path.write_bytes(bytes(range(256))),
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_is_refused_and_never_waited_for(tmp_path, kind):
    path = tmp_path / "it"
    NONSENSE[kind](path)
    with pytest.raises(
        Refused, match="expected a sot pack, a snapshot, a bundle, an artifact registry"
    ):
        verifier.recognise(path)
    with pytest.raises(Refused, match="expected a ledger or a run journal, found"):
        verifier.recover(path, "why not", AT)


def receipt(state: Path, suffix: str) -> Path:
    return sorted(state.glob(f"receipts/*/*.{suffix}"))[0]


def rewrite(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


STATES = {
    "a receipt": (lambda s: rewrite(receipt(s, "json"), b"ok", b"OK"), "is not what its name says"),
    "a receipt gone": (lambda s: receipt(s, "json").unlink(), "is gone"),
    "all receipts gone": (lambda s: shutil.rmtree(s / "receipts"), "is gone"),
    "a listing": (lambda s: receipt(s, "tree").write_bytes(b""), "is not what its name says"),
    "a line": (lambda s: rewrite(s / "journal.jsonl", b"started", b"stirred"), "journal.jsonl:1:"),
    "a torn line": (
        lambda s: (s / "journal.jsonl").write_bytes((s / "journal.jsonl").read_bytes()[:-2]),
        "journal.jsonl:10: torn tail",
    ),
    "no line left": (
        lambda s: (s / "journal.jsonl").write_bytes(b""),
        "is named by no line of the journal",
    ),
}


@pytest.mark.parametrize("fault", STATES)
def test_what_is_wrong_with_a_state_folder_is_named(sealed, fault):
    change, said = STATES[fault]
    change(sealed.root / STATE)
    verdict = verifier.recognise(sealed.root / STATE).verify()
    assert verdict.findings and said in str(verdict)


# Recovery


def test_a_torn_feed_is_recovered_and_the_chain_goes_on(sealed):
    data = sealed.feed.read_bytes()
    sealed.feed.write_bytes(data[:-20])
    said = verifier.recover(sealed.feed, "the disk was full", AT)
    kept = sealed.feed.parent / "quarantine"
    assert "kept 3 lines" in said and [p.read_bytes() for p in kept.iterdir()] == [data[:-20]]
    last = sealed.events[-1]
    assert (last["event"], last["reason"], last["at"]) == ("recovered", "the disk was full", AT)
    assert verifier.recognise(sealed.feed).verify().holds
    assert sealed.status == ""


def test_after_a_recovery_and_setting_aside_the_build_goes_on(sealed):
    rewrite(sealed.feed, b'"completed"', b'"complated"')
    assert sealed.sealwright("recover", FEED, "--reason", "somebody wrote to it").code == 0
    for name in ("sot_pack:verify_head", "sot_pack:seal"):
        assert sealed.doit().code == 2
        done = sealed.doit("set-aside", "--reason", "cut by the recovery", name)
        assert done.code == 0, done.said
    done = sealed.doit()
    assert done.code == 0, done.said
    assert sealed.doit("verify").code == 0 and sealed.latest == sealed.names[-1]


def test_a_torn_journal_is_recovered(sealed):
    STATES["a torn line"][0](sealed.root / STATE)
    said = verifier.recover(sealed.root / STATE / "journal.jsonl", "the disk was full", AT)
    assert "kept 9 lines" in said
    assert verifier.recognise(sealed.root / STATE).verify().holds


def test_a_whole_ledger_and_a_missing_reason_are_refused(sealed):
    before = sealed.feed.read_bytes()
    with pytest.raises(Refused, match="expected a broken ledger, found a whole one"):
        verifier.recover(sealed.feed, "why not", AT)
    with pytest.raises(Refused, match="expected a reason"):
        verifier.recover(sealed.feed, "  ", AT)
    assert sealed.feed.read_bytes() == before


def test_a_copy_of_a_pack_alone_can_be_verified(sealed, tmp_path):
    copy = shutil.copytree(sealed.pack, tmp_path / "handed over")
    verdict = verifier.recognise(copy).verify()
    assert verdict.holds and verdict.evidence["git_head"] == sealed.head
