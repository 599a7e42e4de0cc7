"""A forbidden path is forbidden in every spelling that some disk takes for the same file."""

from __future__ import annotations

import pytest

from sealwright.contracts.workflow import envelope
from sealwright.errors import Misconfigured


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (".env", ".env"),
        (".env", "deep/er/.ENV"),
        (".env.*", ".env.local"),
        ("secrets/", "secrets/a/b"),
        ("secrets/", "a/Secrets"),
        (".github/workflows/", ".github/workflows/ci.yml"),
        (".github/workflows/", ".GitHub/Workflows"),
        (".github/workflows/", "a/.github/workflows/x"),
        (".git/", ".g\u200cit/config"),
        ("café", "a/cafe\u0301"),
        ("?.key", "a.key/inside"),
    ],
)
def test_what_is_forbidden(pattern, path):
    assert envelope.forbids(pattern, path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (".env", ".envrc"),
        (".env.*", ".env"),
        ("?.key", "ab.key"),
        ("a.b", "axb"),
        (".github/workflows/", ".github/x/workflows"),
        (".github/workflows/", ".github/workflows2"),
        ("a*b/", "a/b"),
    ],
)
def test_what_is_not(pattern, path):
    assert not envelope.forbids(pattern, path)


@pytest.mark.parametrize("text", ["/a", "../a", "a//b", "", "/", "a/[b]", "!a", "a/../b", "a\nb"])
def test_what_is_no_pattern(text):
    with pytest.raises(Misconfigured):
        envelope.pattern(text)
