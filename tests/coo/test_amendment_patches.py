"""What a patch says is what git does, forwards and backwards, byte for byte."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.contracts.coo.amendments.draft import Draft
from sealwright.contracts.coo.amendments.patch import patch

ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C",
}
PIECES = st.sampled_from(
    [
        *(
            "\n",
            "\r\n",
            "\r",
            "a",
            "b",
            "c\n",
            "d\r\n",
            "\t",
            "\u00a0",
            "\x0c\n",
            "\u2028",
            "\ufeff",
        ),
        *(" ", "\\ No newline\n", "-x\n", "+x\n", "@@ -1 +1 @@\n", "é\n", "a\n", "a\n", "a\n"),
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)
SPLICES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12), TEXTS), max_size=5)
NAMES = [
    *("a.md", "docs/a.md", "two words.md", "a/b b/c d.md", 'quote".md', "naïve/日本.md", "-a.md"),
    *("'a'.md", "a\u00a0b.md", "a;b#c.md", "b/a.md", "[a]{b}.md", "ends .md"),
]


def git(folder: Path, *argv: str, data: bytes = b"") -> bytes:
    done = subprocess.run(
        ["git", *argv], cwd=folder, env=ENV, input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stderr, data)
    return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q")
    return folder


def there_and_back(repository: Path, name: str, draft: Draft) -> None:
    place = repository / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(draft.first.encode())
    made = patch(name, draft).encode()
    git(repository, "apply", "--whitespace=nowarn", "-", data=made)
    assert place.read_bytes() == draft.text.encode()
    git(repository, "apply", "--whitespace=nowarn", "-R", "-", data=made)
    assert place.read_bytes() == draft.first.encode()


def edited(text: str, splices: list[tuple[int, int, str]]) -> Draft:
    draft = Draft.of(text)
    for start, length, new in splices:
        start = min(start, len(draft.text))
        draft = draft.splice(start, min(start + length, len(draft.text)), new)
    return draft


@given(TEXTS, SPLICES)
def test_a_draft_knows_what_was_kept(text, splices):
    draft, expected = edited(text, splices), text
    for start, length, new in splices:
        expected = expected[:start] + new + expected[start + length :]
    assert draft.text == expected
    for old, new, length in draft.kept:
        assert draft.first[old : old + length] == draft.text[new : new + length]
        assert length > 0 or not text
    assert list(draft.kept) == sorted(draft.kept)


@settings(max_examples=150, deadline=None)
@given(TEXTS, SPLICES)
def test_git_applies_a_patch_and_takes_it_back(repository, text, splices):
    draft = edited(text, splices)
    if draft.text != draft.first:
        there_and_back(repository, "a.md", draft)
    else:
        assert patch("a.md", draft) == ""


@pytest.mark.parametrize("name", NAMES)
def test_names_are_written_as_git_writes_them(repository, name):
    draft = Draft.of("one\ntwo\n").splice(4, 7, "2")
    there_and_back(repository, name, draft)
    (repository / name).write_bytes(b"one\ntwo\n")
    git(repository, "add", "--", f":(literal){name}")
    (repository / name).write_bytes(draft.text.encode())
    shown = git(repository, "diff", "--", f":(literal){name}").decode().splitlines(keepends=True)
    assert "".join(line for line in shown if not line.startswith("index ")) == patch(name, draft)


@pytest.mark.parametrize(
    ("first", "text"),
    [
        ("", "a\n"),
        ("a\n", ""),
        ("", "a"),
        ("a", ""),
        ("a", "a\n"),
        ("a\n", "a"),
        ("a\nb", "a\nb\nc"),
        ("\ufeff", "\ufeff\n"),
    ],
)
def test_empty_texts_and_missing_newlines_go_there_and_back(repository, first, text):
    there_and_back(repository, "a.md", Draft.of(first).splice(0, len(first), text))


def test_hunks_have_three_lines_of_context_and_meet_when_these_touch():
    text = "".join(f"{number}\n" for number in range(40))
    draft = Draft.of(text)
    for line in (30, 12, 5):
        start = draft.text.index(f"\n{line}\n") + 1
        draft = draft.splice(start, start, "new\n")
    headers = [line for line in patch("a.md", draft).splitlines() if line.startswith("@@")]
    assert headers == ["@@ -3,6 +3,7 @@", "@@ -10,6 +11,7 @@", "@@ -28,6 +30,7 @@"]
    draft = draft.splice(draft.text.index("\n8\n") + 1, draft.text.index("\n9\n") + 1, "")
    headers = [line for line in patch("a.md", draft).splitlines() if line.startswith("@@")]
    assert headers == ["@@ -3,13 +3,14 @@", "@@ -28,6 +29,7 @@"]


def test_same_lines_in_what_was_replaced_are_context():
    draft = Draft.of("a\nb\nc\nd\n").splice(0, 8, "a\nb\nx\nd\n")
    assert patch("a.md", draft).splitlines()[3:] == [
        "@@ -1,4 +1,4 @@", " a", " b", "-c", "+x", " d"
    ]  # fmt: skip


def test_what_ends_as_it_began_has_no_patch():
    assert patch("a.md", Draft.of("a\na\n").splice(0, 2, "").splice(2, 2, "a\n")) == ""


def test_a_large_text_of_many_lines_is_patched_by_its_edits(repository):
    text = "a line of a large document\n" * 400_000
    draft = Draft.of(text)
    for start in (10_000_008, 5_000_022, 27):
        draft = draft.splice(start, start + 27, "").splice(start // 2, start // 2, "new")
    assert len(patch("large.md", draft)) < 4000
    there_and_back(repository, "large.md", draft)
