"""A path stays inside: its text, and where the disk leads it."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.runtime import containment
from sealwright.runtime.containment import (
    Escape,
    collision_key,
    contained,
    normalize,
    portable,
    resolved,
)

FINE = [
    "a",
    "a/b/c",
    ".hidden",
    "...",
    "..a",
    "a..",
    "a/..b/c..d",
    "a b",
    "-",
    "-rf",
    "é",
    "日本/語",
    "\U0001f600",
    "a~",
    "a/~b",
    "ab:c",
    "a*b",
    "%2e%2e/a",
    "$HOME",
    "c" * containment.COMPONENT,
    "é" * 127,
    "/".join(["d" * 63] * 15) + "/" + "d" * 64,
]

REFUSED = [
    ("", "is empty"),
    ("/", "is absolute"),
    ("/etc/passwd", "is absolute"),
    ("//server/share", "is a UNC path"),
    ("\\\\server\\share", "is a UNC path"),
    ("\\\\?\\C:\\a", "is a UNC path"),
    ("C:", "starts with a drive letter"),
    ("C:/a", "starts with a drive letter"),
    ("c:a", "starts with a drive letter"),
    ("z:..", "starts with a drive letter"),
    ("C:\\a", "has a backslash"),
    ("a\\b", "has a backslash"),
    ("a\\..\\b", "has a backslash"),
    ("\\a", "has a backslash"),
    ("a/", "ends in a slash"),
    ("a//", "ends in a slash"),
    ("a//b", "has an empty component"),
    (".", "has a component . or .."),
    ("..", "has a component . or .."),
    ("./a", "has a component . or .."),
    ("a/.", "has a component . or .."),
    ("a/./b", "has a component . or .."),
    ("../a", "has a component . or .."),
    ("a/..", "has a component . or .."),
    ("a/../b", "has a component . or .."),
    ("a/../../b", "has a component . or .."),
    ("../", "ends in a slash"),
    ("~", "starts with ~"),
    ("~/a", "starts with ~"),
    ("~root/a", "starts with ~"),
    ("a\0", "has a control character"),
    ("a.txt\0.exe", "has a control character"),
    ("a\nb", "has a control character"),
    ("a\rb", "has a control character"),
    ("a\tb", "has a control character"),
    ("a\x1b[2J", "has a control character"),
    ("a\x7f", "has a control character"),
    ("a\x85b", "has a control character"),
    ("a\ud800", "has a lone surrogate"),
    ("a/\udcff", "has a lone surrogate"),
    ("c" * (containment.COMPONENT + 1), "has a component of more than 255 bytes"),
    ("a/" + "é" * 128, "has a component of more than 255 bytes"),
    ("/".join(["d" * 63] * 16) + "/e", "is longer than 1024 bytes"),
]

UNPORTABLE = [
    *[(name, "device") for name in ("CON", "con", "Prn", "AUX", "nul", "COM0", "com9", "LPT1")],
    *[(name, "device") for name in ("COM¹", "lpt³", "CONIN$", "conout$", "a/NUL", "nul/a")],
    *[(name, "device") for name in ("CON.txt", "aux.tar.gz", "NUL .txt")],
    *[(name, "ends in a dot or a space") for name in ("a.", "a ", "a./b", "a /b", "...", "b/..c.")],
    *[(f"ab{mark}c", "has one of") for mark in '<>:"|?*'],
    ("file::$DATA", "has one of"),
    ("a\ufeff", "not a character"),
    ("\ufdd0", "not a character"),
    ("a\uffff", "not a character"),
    ("\U0010fffe", "not a character"),
]

PORTABLE = ["a", "a/b.c", "console", "com", "com10", "nul_", "a.con", " a", ".a", "é/日本", "CONIN"]


@pytest.mark.parametrize("text", FINE, ids=ascii)
def test_a_relative_path_in_minimal_form_stays_as_it_is(text):
    assert normalize(text) == text


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=ascii)
def test_any_other_path_is_refused_with_the_reason(text, reason):
    for ask in (normalize, portable, lambda path: contained("root", path)):
        with pytest.raises(Escape) as refused:
            ask(text)
        assert (refused.value.path, refused.value.reason) == (text, reason)
        assert str(refused.value) == f"path {text!r} {reason}"


@pytest.mark.parametrize(("text", "reason"), UNPORTABLE, ids=ascii)
def test_a_path_that_some_file_system_cannot_hold_is_not_portable(text, reason):
    assert normalize(text) == text
    with pytest.raises(Escape, match=reason):
        portable(text)


@pytest.mark.parametrize("text", PORTABLE)
def test_a_path_that_only_resembles_a_device_is_portable(text):
    assert portable(text) == text


def test_every_control_character_is_refused():
    for code in [*range(32), *range(127, 160)]:
        with pytest.raises(Escape, match="control character"):
            normalize(f"a{chr(code)}b")


@given(st.text(st.sampled_from("ab./\\~:\0\n é\ud800"), max_size=12))
def test_what_is_accepted_says_the_same_to_the_system(text):
    try:
        normalize(text)
    except Escape:
        return
    joined = os.path.normpath(os.path.join("/root", text))
    assert joined == f"/root/{text}"


@pytest.mark.parametrize("again", [copy.copy, lambda it: pickle.loads(pickle.dumps(it))])
def test_an_escape_survives_a_copy(again):
    assert str(again(Escape("../a", "is bad"))) == "path '../a' is bad"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("README", "readme"),
        ("caf\u00e9", "cafe\u0301"),
        ("CAF\u00c9", "cafe\u0301"),
        ("stra\u00dfe", "STRASSE"),
        ("\u1e9e", "ss"),
        ("\u212a", "k"),
        ("a/\u03a3", "A/\u03c2"),
        ("\u1f80", "\u1f88"),
        ("a\u200cb", "ab"),
        (".g\u200dit", ".git"),
    ],
    ids=ascii,
)
def test_names_that_some_file_system_merges_collide(one, other):
    assert collision_key(one) == collision_key(other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("a/b", "ab"), ("e", "é"), ("i", "ı")])
def test_names_that_differ_do_not_collide(one, other):
    assert collision_key(one) != collision_key(other)


@given(st.text())
def test_a_collision_key_is_the_key_of_itself(text):
    assert collision_key(collision_key(text)) == collision_key(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with files, links of every kind, and a secret beside it."""
    root = tmp_path / "root"
    (root / "inside/deep").mkdir(parents=True)
    (root / "inside/file").write_text("file")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    (tmp_path / "outside/back").symlink_to(root / "inside")
    (tmp_path / "root-too").mkdir()
    return root


def _link(root: Path, name: str, target: str | Path) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).symlink_to(target)


@pytest.mark.parametrize(
    "text", ["inside", "inside/file", "inside/deep/new", "new", "new/newer/newest", "inside/file/x"]
)
@pytest.mark.parametrize("links", [True, False])
def test_a_path_without_links_is_itself_whether_or_not_it_exists(root, text, links):
    assert contained(root, text, links=links) == root / text
    assert resolved(root, text, links=links) == text


INSIDE = [
    pytest.param("link", "inside", "link", "inside", id="folder"),
    pytest.param("link", "inside", "link/file", "inside/file", id="through a folder"),
    pytest.param("link", "inside", "link/new/er", "inside/new/er", id="to what is not there yet"),
    pytest.param("link", "inside/file", "link", "inside/file", id="file"),
    pytest.param("inside/up", "../inside/deep", "inside/up/x", "inside/deep/x", id="up and down"),
    pytest.param("link", ".", "link/inside", "inside", id="to the root"),
    pytest.param("link", ".", "link", ".", id="to the root itself"),
    pytest.param("inside/link", "..", "inside/link", ".", id="up to the root itself"),
    pytest.param("link", "./inside//deep/", "link", "inside/deep", id="target not minimal"),
    pytest.param("link", "nowhere/at/all", "link", "nowhere/at/all", id="dangling inside"),
]


@pytest.mark.parametrize(("name", "target", "text", "end"), INSIDE)
def test_a_link_that_stays_inside_is_followed_and_the_literal_path_returned(
    root, name, target, text, end
):
    _link(root, name, target)
    assert contained(root, text) == root / text
    assert resolved(root, text) == end


@pytest.mark.parametrize(("name", "target", "text", "end"), INSIDE)
def test_without_links_even_a_link_inside_is_refused(root, name, target, text, end):
    _link(root, name, target)
    with pytest.raises(Escape, match="more than 0 symbolic links"):
        contained(root, text, links=False)


def test_an_absolute_link_to_the_inside_is_followed(root):
    _link(root, "link", root / "inside")
    assert resolved(root, "link/file") == "inside/file"


def test_a_chain_of_links_inside_is_followed(root):
    _link(root, "one", "two")
    _link(root, "two", "inside/three")
    _link(root, "inside/three", root / "inside/deep/../file")
    assert resolved(root, "one") == "inside/file"


@pytest.mark.parametrize(
    ("target", "text"),
    [
        pytest.param("../outside", "link", id="folder"),
        pytest.param("../outside", "link/secret", id="through a folder"),
        pytest.param("../outside", "link/new", id="to what is not there yet"),
        pytest.param("../outside/secret", "link", id="file"),
        pytest.param("../nowhere", "link", id="dangling"),
        pytest.param("..", "link", id="parent"),
        pytest.param("..", "link/root/inside/file", id="out and back by name"),
        pytest.param("../outside/back", "link/file", id="out and back by a link outside"),
        pytest.param("../root-too", "link", id="a neighbour whose name begins alike"),
        pytest.param("inside/../../outside", "link/secret", id="down, up and out"),
        pytest.param("nowhere/../../outside", "link/secret", id="out by what is not there"),
        pytest.param("/", "link", id="top"),
        pytest.param("/proc/self/root", "link", id="magic"),
    ],
)
def test_a_link_out_is_refused(root, target, text):
    _link(root, "link", target)
    for ask in (contained, resolved):
        with pytest.raises(Escape, match="leads out of its root") as refused:
            ask(root, text)
        assert refused.value.path == text


@pytest.mark.parametrize("target", ["outside", "outside/secret", "outside/back", "root-too"])
def test_an_absolute_link_out_is_refused(root, target):
    _link(root, "inside/link", root.parent / target)
    with pytest.raises(Escape, match="leads out of its root"):
        contained(root, "inside/link")


def test_an_absolute_link_that_climbs_out_of_the_root_is_refused(root):
    _link(root, "link", f"{root}/../outside/secret")
    with pytest.raises(Escape, match="leads out of its root"):
        contained(root, "link")


def test_a_chain_whose_last_link_leads_out_is_refused(root):
    _link(root, "one", "inside/two")
    _link(root, "inside/two", "../three")
    _link(root, "three", "../outside/secret")
    with pytest.raises(Escape, match="leads out of its root"):
        contained(root, "one")


@pytest.mark.parametrize("target", ["link", "./link/x", "other"])
def test_a_circle_of_links_is_refused(root, target):
    _link(root, "link", target)
    _link(root, "other", "link")
    with pytest.raises(Escape, match="more than 40 symbolic links"):
        contained(root, "link/a")


def test_the_longest_allowed_chain_of_links_is_followed(root):
    _link(root, "link0", "inside")
    for number in range(1, containment.HOPS):
        _link(root, f"link{number}", f"link{number - 1}")
    assert resolved(root, f"link{containment.HOPS - 1}") == "inside"
    _link(root, "more", f"link{containment.HOPS - 1}")
    with pytest.raises(Escape, match="more than 40"):
        resolved(root, "more")


def test_the_root_may_be_a_link_and_is_known_by_both_its_names(root, tmp_path):
    (tmp_path / "alias").symlink_to(root)
    _link(root, "by-alias", tmp_path / "alias/inside")
    _link(root, "by-name", root / "inside")
    for name in ("by-alias", "by-name"):
        assert resolved(tmp_path / "alias", f"{name}/file") == "inside/file"
    assert contained(tmp_path / "alias", "inside/file", links=False) == (
        tmp_path / "alias/inside/file"
    )


def test_a_root_may_be_relative(root, monkeypatch):
    monkeypatch.chdir(root)
    assert contained(".", "inside/file") == Path("inside/file")


def test_the_top_of_the_file_system_may_be_the_root(root):
    _link(root, "link", "../outside")
    text = str(root / "link/secret").lstrip("/")
    assert resolved("/", text) == str(root.parent.resolve() / "outside/secret").lstrip("/")


def test_a_name_that_the_disk_cannot_hold_is_refused_as_unseen(root):
    deep = "/".join(["d" * 200] * 5)
    with pytest.raises(Escape, match="cannot be examined"):
        contained(root / ("x/" * 2000), deep)
