"""A manifest means to us exactly what it means to sha256sum, and nothing else is a manifest."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from sealwright import digest, manifest
from sealwright.errors import Damaged, Refused
from sealwright.manifest import Entry
from sealwright.paths import RelPath

FILES = {
    "a.txt": b"",
    "a-b.txt": b"dash sorts before slash\n",
    "a/b.txt": b"nested\n",
    "B": b"upper case before lower\n",
    " leading": b"space\n",
    "*star": b"binary mark\n",
    "-dash": b"like an option\n",
    "#hash": b"like a comment\n",
    "SHA256 (x) = y": b"like the BSD form\n",
    "é/ü.txt": b"not ASCII\n",
    "\U0001f512": b"astral, after U+E000\n",
    "\ue000": b"private use\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name, data in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def sha256sum(root: Path, data: bytes) -> int:
    argv = ["sha256sum", "-c", "--strict", "--quiet", "-"]
    return subprocess.run(argv, cwd=root, input=data, capture_output=True).returncode


def shell_manifest(root: Path) -> bytes:
    line = r"find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum --"
    return subprocess.run(["bash", "-c", line], cwd=root, capture_output=True, check=True).stdout


def test_sha256sum_accepts_what_is_rendered_for_every_kind_of_name(tree: Path) -> None:
    assert sha256sum(tree, manifest.render(manifest.of_tree(tree))) == 0


def test_the_shell_line_of_the_docstring_prints_the_same_bytes(tree: Path) -> None:
    assert shell_manifest(tree) == manifest.render(manifest.of_tree(tree))


def test_its_digest_is_the_directory_hash_of_go_modules(tree: Path) -> None:
    lines = sorted((os.fsencode(n), hashlib.sha256(d).hexdigest()) for n, d in FILES.items())
    outer = hashlib.sha256()  # as golang.org/x/mod/sumdb/dirhash, Hash1, defines it
    for name, inner in lines:
        outer.update(f"{inner}  {name.decode()}\n".encode())
    ours = digest.hexadecimal(digest.sha256(manifest.render(manifest.of_tree(tree))))
    assert base64.b64encode(bytes.fromhex(ours)) == base64.b64encode(outer.digest())


def test_reading_gives_back_what_was_written(tree: Path) -> None:
    entries = manifest.of_tree(tree)
    assert manifest.parse(manifest.render(entries), "manifest.txt") == entries


def test_the_order_of_creation_does_not_show(tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for name in reversed(FILES):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_bytes(FILES[name])
    once = manifest.render(manifest.of_tree(tree))
    assert once == manifest.render(manifest.of_tree(other))
    assert once == manifest.render(reversed(manifest.of_tree(tree)))


def test_files_and_folders_can_be_left_out(tree: Path) -> None:
    entries = manifest.of_tree(tree, omit=(RelPath("a"), RelPath("B")))
    assert {entry.path for entry in entries} == set(FILES) - {"a/b.txt", "B"}


DIGITS = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("entries", "itself"),
    [
        pytest.param([Entry(RelPath("a\nb"), DIGITS)], None, id="a line feed in a name"),
        pytest.param([Entry(RelPath("a\rb"), DIGITS)], None, id="a carriage return in a name"),
        pytest.param([Entry(RelPath("a\\b"), DIGITS)], None, id="a backslash in a name"),
        pytest.param([Entry(RelPath("a\0b"), DIGITS)], None, id="a NUL in a name"),
        pytest.param([Entry(RelPath("a\udce9"), DIGITS)], None, id="a name that is not UTF-8"),
        pytest.param([Entry(RelPath("-"), DIGITS)], None, id="the name of standard input"),
        pytest.param([Entry(RelPath("/etc/passwd"), DIGITS)], None, id="an absolute path"),
        pytest.param([Entry(RelPath("../a"), DIGITS)], None, id="a path that leads out"),
        pytest.param([Entry(RelPath("./a"), DIGITS)], None, id="a path in another spelling"),
        pytest.param([Entry(RelPath("a"), DIGITS.upper())], None, id="upper-case digits"),
        pytest.param([Entry(RelPath("a"), DIGITS[:-1])], None, id="a digit too few"),
        pytest.param([Entry(RelPath("a"), DIGITS)] * 2, None, id="a path twice"),
        pytest.param([Entry(RelPath("m"), DIGITS)], RelPath("m"), id="the manifest itself"),
        pytest.param([], None, id="no file at all"),
    ],
)
def test_what_the_format_cannot_say_is_refused(
    entries: list[Entry], itself: RelPath | None
) -> None:
    with pytest.raises(Refused, match="manifest: "):
        manifest.render(entries, itself=itself)


A, B = f"{DIGITS}  a\n".encode(), f"{DIGITS}  b\n".encode()


@pytest.mark.parametrize(
    ("data", "where"),
    [
        pytest.param(b"", "m:1", id="nothing"),
        pytest.param(A[:-1], "m:1", id="no LF at the end"),
        pytest.param(A + B[:-1], "m:2", id="no LF at the end of the second line"),
        pytest.param(A + b"\n", "m:2", id="an empty line"),
        pytest.param(A.replace(b"\n", b"\r\n"), "m:1", id="CRLF"),
        pytest.param(b"\xef\xbb\xbf" + A, "m:1", id="a byte order mark"),
        pytest.param(B + A, "m:2", id="another order"),
        pytest.param(A + A, "m:2", id="a duplicate"),
        pytest.param(A.upper(), "m:1", id="upper-case digits"),
        pytest.param(A.replace(b"  ", b" *"), "m:1", id="the binary mark"),
        pytest.param(A.replace(b"  ", b" "), "m:1", id="one space"),
        pytest.param(b"\\" + A, "m:1", id="an escaped line"),
        pytest.param(b"# comment\n" + A, "m:1", id="a comment"),
        pytest.param(A.replace(b"  a", b"  ./a"), "m:1", id="another spelling"),
        pytest.param(A.replace(b"  a", b"  ../a"), "m:1", id="a path that leads out"),
        pytest.param(A.replace(b"  a", b"  /a"), "m:1", id="an absolute path"),
        pytest.param(A.replace(b"  a", b"  a\0b"), "m:1", id="a NUL"),
        pytest.param(A.replace(b"  a", b"  \xff"), "m:1", id="not UTF-8"),
        pytest.param(A.replace(b"  a", b"  -"), "m:1", id="the name of standard input"),
    ],
)
def test_what_render_would_not_write_is_damaged_and_says_where(data: bytes, where: str) -> None:
    with pytest.raises(Damaged, match=f"^{where}: expected|^{where}: .*cannot be"):
        manifest.parse(data, "m")


def test_a_manifest_that_lists_itself_is_damaged() -> None:
    with pytest.raises(Damaged, match="itself"):
        manifest.parse(A, "m", itself=RelPath("a"))


def held(root: Path, data: bytes) -> bool:
    try:
        return manifest.check(root, manifest.parse(data, "m")).holds
    except Damaged:
        return False


def test_every_flipped_bit_of_a_manifest_is_seen(tmp_path: Path) -> None:
    for name in ("a", "b/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    data = manifest.render(manifest.of_tree(tmp_path))
    assert held(tmp_path, data)
    for offset in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[offset] ^= 1 << bit
            assert not held(tmp_path, bytes(changed)), (offset, bit)


def test_every_truncation_and_every_missing_doubled_or_moved_line_is_seen(tree: Path) -> None:
    data = manifest.render(manifest.of_tree(tree))
    lines = data.splitlines(keepends=True)
    forms = [data[:length] for length in range(len(data))]
    for index, line in enumerate(lines):
        without = lines[:index] + lines[index + 1 :]
        forms.append(b"".join(without))
        forms += [b"".join([*without[:at], line, *without[at:]]) for at in range(len(lines))]
        forms.append(b"".join([*lines[:index], line, *lines[index:]]))
    assert [form for form in forms if form != data and held(tree, form)] == []


def test_every_change_of_a_tree_is_found_at_once(tree: Path) -> None:
    entries = manifest.of_tree(tree)
    (tree / "a.txt").write_text("changed")
    (tree / "B").unlink()
    (tree / "-dash").unlink()
    (tree / "-dash").symlink_to("a.txt")
    (tree / "*star").unlink()
    (tree / "*star").mkdir()
    (tree / "a/new.txt").touch()
    os.mkfifo(tree / "pipe")
    verdict = manifest.check(tree, entries)
    assert [(finding.where, finding.what) for finding in verdict.findings] == [
        ("*star", "expected a regular file at *star, found a folder"),
        ("-dash", "expected a regular file at -dash, found a symbolic link"),
        ("B", "is missing, expected a regular file"),
        ("a.txt", f"expected sha256:{DIGITS}, found {digest.sha256(b'changed')}"),
        ("a/new.txt", "is not listed, found a regular file"),
        ("pipe", "is not listed, found a named pipe"),
    ]


def test_a_listed_file_behind_a_linked_folder_is_not_taken_for_it(tree: Path) -> None:
    entries = manifest.of_tree(tree)
    (tree / "a").rename(tree.parent / "elsewhere")
    (tree / "a").symlink_to(tree.parent / "elsewhere")
    found = manifest.check(tree, entries, exact=False).findings
    assert [finding.where for finding in found] == ["a/b.txt"]
    assert "symbolic link" in found[0].what


def test_unlisted_files_count_only_when_the_question_is_exact(tree: Path) -> None:
    entries = manifest.of_tree(tree)
    (tree / "manifest.txt").write_bytes(manifest.render(entries))
    assert not manifest.check(tree, entries).holds
    assert manifest.check(tree, entries, itself=RelPath("manifest.txt")).holds
    assert manifest.check(tree, entries, exact=False).holds


@pytest.mark.parametrize("kind", ["link", "broken link", "linked folder", "pipe", "socket"])
def test_a_tree_with_anything_but_files_is_refused_by_name(tree: Path, kind: str) -> None:
    place = tree / "a" / "strange"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        os.mknod(place, 0o140600)
    else:
        place.symlink_to({"link": "b.txt", "broken link": "none", "linked folder": ".."}[kind])
    with pytest.raises(Refused, match=r"a/strange: expected a regular file, found a \w+"):
        manifest.of_tree(tree)


def test_a_name_that_is_not_utf8_is_refused_and_not_skipped(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9")).touch()
    with pytest.raises(Refused, match="surrogate"):
        manifest.render(manifest.of_tree(tmp_path))
    assert not manifest.check(tmp_path, ()).holds


def test_entries_in_order_and_out_of_order_give_the_same_bytes():
    names = ["a", "a-b/c", "a/b", "a.b", "a0", "b/c.d/e_f", "x" * 64, "1/2/3/4/5/6/7/8"]
    entries = [Entry(RelPath(name), f"{number:064x}") for number, name in enumerate(sorted(names))]
    assert manifest.render(entries) == manifest.render(entries[::-1])
    assert manifest.parse(manifest.render(entries), "m") == tuple(entries)


@pytest.mark.parametrize("path", ["a/", "a//b", "./a", "a/../b", "/a", "-", "a\nb", "a\\b", ""])
def test_no_way_of_writing_a_path_gets_past_because_others_are_plain(path):
    entries = [Entry(RelPath("a"), "0" * 64), Entry(RelPath(path), "0" * 64)]
    for given in (entries, sorted(entries)):
        with pytest.raises(Refused):
            manifest.render(given)
