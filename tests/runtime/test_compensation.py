"""A compensation is one of a few commands, as words, and never a line for a shell."""

from __future__ import annotations

import pytest

from sealwright.runtime.orchestration.compensation import (
    NONE,
    TYPES,
    Compensation,
    permit,
    validate,
)

PATHS = ("src/a", "src/b")
COMMIT = 40 * "a"
LITERAL = ("git", "--literal-pathspecs")


def test_the_types_are_these():
    assert sorted(TYPES) == [
        "custom",
        "fs_delete",
        "fs_restore",
        "git_checkout",
        "git_clean",
        "git_reset_hard",
        "git_reset_head",
        "git_reset_soft",
        "none",
    ]
    assert Compensation("none", ()) == NONE


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("none", ()),
        ("git_checkout", (*LITERAL, "checkout", "HEAD", "--", "src/a")),
        ("git_checkout", (*LITERAL, "checkout", COMMIT, "--", "src/b", "src/a")),
        ("git_checkout", (*LITERAL, "checkout", 64 * "0", "--", "src/a")),
        ("git_reset_head", (*LITERAL, "reset", "HEAD", "--", "src/a")),
        ("git_reset_soft", ("git", "reset", "--soft", COMMIT)),
        ("git_reset_hard", ("git", "reset", "--hard", "HEAD")),
        ("git_clean", (*LITERAL, "clean", "-f", "-d", "--", "src/a")),
        ("fs_delete", ("fs_delete", "src/a", "src/b")),
        ("fs_restore", ("fs_restore", "src/a")),
        ("custom", ("anything", "at all")),
    ],
)
def test_a_command_of_its_form_is_taken(kind, command):
    validate(Compensation(kind, command), PATHS)


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("none", ("x",)),
        ("none", ("none",)),
        ("custom", ()),
        ("fs_delete", ()),
        ("fs_delete", ("fs_delete",)),
        ("fs_delete", ("fs_restore", "src/a")),
        ("fs_delete", ("rm", "src/a")),
        ("fs_delete", ("fs_delete", "src/c")),
        ("fs_delete", ("fs_delete", "src/A")),
        ("fs_delete", ("fs_delete", "src/a", "/")),
        ("fs_delete", ("fs_delete", "src/a/b")),
        ("fs_delete", ("fs_delete", "src")),
        ("fs_restore", ("fs_restore", "../a")),
        ("git_checkout", ("git", "checkout", "HEAD", "--", "src/a")),
        ("git_checkout", (*LITERAL, "checkout", "HEAD", "--")),
        ("git_checkout", (*LITERAL, "checkout", "HEAD", "src/a")),
        ("git_checkout", (*LITERAL, "checkout", "main", "--", "src/a")),
        ("git_checkout", (*LITERAL, "checkout", "HEAD~1", "--", "src/a")),
        ("git_checkout", (*LITERAL, "checkout", "--orphan", "--", "src/a")),
        ("git_checkout", (*LITERAL, "checkout", 39 * "a", "--", "src/a")),
        ("git_checkout", (*LITERAL, "checkout", 40 * "A", "--", "src/a")),
        ("git_checkout", (*LITERAL, "checkout", f"HEAD {COMMIT}", "--", "src/a")),
        ("git_checkout", ("GIT", "--literal-pathspecs", "checkout", "HEAD", "--", "src/a")),
        ("git_checkout", ("/tmp/git", "--literal-pathspecs", "checkout", "HEAD", "--", "src/a")),
        ("git_reset_head", (*LITERAL, "reset", COMMIT, "--", "src/a")),
        ("git_reset_head", (*LITERAL, "reset", "HEAD")),
        ("git_reset_soft", ("git", "reset", "--soft", COMMIT, "src/a")),
        ("git_reset_soft", ("git", "reset", "--hard", COMMIT)),
        ("git_reset_hard", ("git", "reset", "--hard")),
        ("git_reset_hard", ("git", "reset", "--hard", "HEAD; rm -rf /")),
        ("git_reset_hard", ("git reset --hard HEAD",)),
        ("git_reset_hard", ("git", "-c", "core.fsmonitor=x", "reset", "--hard", "HEAD")),
        ("git_clean", (*LITERAL, "clean", "-f", "-d")),
        ("git_clean", (*LITERAL, "clean", "-f", "-d", "--")),
        ("git_clean", (*LITERAL, "clean", "-f", "-d", "-x", "--", "src/a")),
        ("git_clean", (*LITERAL, "clean", "-f", "-d", "--", ":/")),
    ],
)
def test_a_command_of_another_form_is_refused(kind, command):
    with pytest.raises(ValueError, match=rf"^compensation {kind}: expected "):
        validate(Compensation(kind, command), PATHS)


@pytest.mark.parametrize("kind", ["", "None", "shell", "git_push", "rm", "fs_move"])
def test_a_type_that_is_not_listed_is_none(kind):
    with pytest.raises(ValueError, match="expected one of"):
        Compensation(kind)


@pytest.mark.parametrize(
    "command",
    [
        "git reset --hard",
        ["git"],
        ("a\0",),
        ("a\nb",),
        ("",),
        (7,),
        ("\udcff",),
        None,
        ("\x1b[2J",),
    ],
    ids=ascii,
)
def test_a_command_is_a_tuple_of_words(command):
    with pytest.raises(ValueError, match="tuple of words"):
        Compensation("custom", command)


def test_only_a_custom_command_has_to_be_pinned():
    permit(Compensation("custom", ("a", "b")), {("a", "b")})
    permit(Compensation("fs_delete", ("fs_delete", "src/a")), ())
    for command in (("a",), ("a", "b", "c"), ("a b",)):
        with pytest.raises(ValueError, match="one of the pinned commands"):
            permit(Compensation("custom", command), {("a", "b")})
