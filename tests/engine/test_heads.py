"""A signed head shows what a chain does not: lines cut from the end, a journal written anew."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sealwright.gpg import EXAMPLE
from tests.support.doit import BIN, Said, doit, generic


def keyed(home: Path, name: str) -> tuple[str, bytes]:
    """Make a key in the GnuPG home ``home``; return its fingerprint and its public part."""
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet"]
    make = ["--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never"]
    subprocess.run([*gpg, *make], check=True, capture_output=True)
    listed = subprocess.run([*gpg, "--with-colons", "--list-keys"], check=True, capture_output=True)
    lines = [line.split(":") for line in listed.stdout.decode().splitlines()]
    public = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
    return next(line[9] for line in lines if line[0] == "fpr"), public.stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> dict[str, tuple[Path, str, bytes]]:
    top = Path(os.path.realpath(f"/tmp/sw-keys-{os.getpid()}"))
    top.mkdir(mode=0o700)
    names = {"person": "Keeper of the journal", "other": "Somebody else", "example": EXAMPLE}
    yield {n: (top / n, *keyed(top / n, uid)) for n, uid in names.items()}
    shutil.rmtree(top)


def configured(repo: Path, key: tuple[Path, str, bytes]) -> None:
    (repo / "config").mkdir(exist_ok=True)
    text = f"signing:\n  keys: ['{key[1]}']\n  public: config/keys.asc\n"
    (repo / "config/sealwright.yaml").write_text(text)
    (repo / "config/keys.asc").write_bytes(key[2])


def signed(repo: Path, key: tuple[Path, str, bytes], answer: str = "yes") -> str:
    """Run ``sealwright sign`` on a terminal and give an answer; return what it showed."""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - this is the child
        os.chdir(repo)
        os.environ["GNUPGHOME"] = str(key[0])
        program = str(BIN / "sealwright")
        os.execv(sys.executable, [sys.executable, program, "sign", "--key", key[1]])
    shown = b""
    while b"Type yes: " not in shown:
        shown += os.read(terminal, 4096)
    os.write(terminal, answer.encode() + b"\n")
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.waitpid(pid, 0)
    os.close(terminal)
    return shown.decode()


@pytest.fixture
def repo(tmp_path, keys) -> Path:
    repo = generic(tmp_path / "repo")
    configured(repo, keys["person"])
    assert doit(repo).code == 0
    return repo


def verified(repo: Path, *words: str) -> Said:
    return doit(repo, "verify", *words)


def test_an_unsigned_journal_is_labelled_and_refused_where_a_signature_is_required(repo):
    assert "signed: UNSIGNED: everything holds" in verified(repo).out
    said = verified(repo, "--require-signed")
    assert said.code == 1 and "journal: is UNSIGNED; sealwright sign --key" in said.out


def test_a_signed_head_holds_and_what_follows_is_told(repo, keys):
    assert "signed; keep copies" in signed(repo, keys["person"])
    assert f"signed: 4 of 4 lines by {keys['person'][1]}" in verified(repo, "--require-signed").out
    (repo / "a.txt").write_text("more")
    assert doit(repo).code == 0
    said = verified(repo)
    assert said.code == 0 and "signed: 4 of 8 lines by" in said.out
    signed(repo, keys["person"])
    assert "signed: 8 of 8 lines by" in verified(repo).out


def test_lines_taken_from_the_end_are_found_although_the_index_is_gone(repo, keys):
    signed(repo, keys["person"])
    journal = repo / ".sealwright/journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:2]))
    (repo / ".sealwright/state.db").unlink()
    said = verified(repo)
    assert said.code == 2 and "expected the signed line 4" in said.out


def test_a_journal_written_anew_is_found(repo, keys):
    signed(repo, keys["person"])
    for name in ("journal.jsonl", "state.db"):
        (repo / ".sealwright" / name).unlink()
    shutil.rmtree(repo / "out")
    assert doit(repo, env={"SOURCE_DATE_EPOCH": "1"}).code == 0
    said = verified(repo)
    assert said.code == 2 and "found another journal" in said.out


@pytest.mark.parametrize("name", ["head.json", "head.json.asc"])
def test_a_changed_head_or_signature_is_damage(repo, keys, name):
    signed(repo, keys["person"])
    place = repo / ".sealwright/head" / name
    data = place.read_bytes()
    for position in range(3, len(data), max(1, len(data) // 6)):
        flipped = bytes([data[position] ^ 1])
        place.write_bytes(data[:position] + flipped + data[position + 1 :])
        said = verified(repo)
        # OpenPGP leaves some bytes of a signature unsigned; they change nothing that is said
        harmless = name.endswith(".asc") and f"4 of 4 lines by {keys['person'][1]}" in said.out
        assert said.code == 2 or harmless, (position, said)
        assert "Traceback" not in said.err
    place.unlink()
    assert verified(repo).code == 2


def test_a_key_that_is_not_pinned_does_not_count(repo, keys):
    signed(repo, keys["other"])
    said = verified(repo)
    assert said.code == 2 and "expected a key of this ring, found none for it" in said.out


def test_an_examples_key_is_nobodys_where_a_signature_is_required(repo, keys):
    configured(repo, keys["example"])
    signed(repo, keys["example"])
    assert verified(repo).code == 0
    said = verified(repo, "--require-signed")
    assert said.code == 2 and "expected a key of somebody" in said.out


def test_nothing_is_signed_without_a_person_and_a_yes(repo, keys):
    said = doit(repo, "sign", "--key", keys["person"][1], program="sealwright")
    assert said.code == 1 and "expected a person at a terminal" in said.err
    assert "nothing is signed" in signed(repo, keys["person"], "no")
    assert not (repo / ".sealwright/head").exists()
