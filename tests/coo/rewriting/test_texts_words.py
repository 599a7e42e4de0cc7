"""Where the name stands, and in what form."""

from __future__ import annotations

import pytest

from sealwright.contracts.coo.rewriting.texts_words import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("old", [("BARE", "old")]),
        ("'old'", [("BARE", "old")]),
        ("old.", [("BARE", "old")]),
        ("old, old; (old)", [("BARE", "old")] * 3),
        ("old.mod.func", [("DOTTED", "old.mod.func")]),
        ("old.mod.", [("DOTTED", "old.mod")]),
        (r"old\.mod", [("DOTTED", r"old\.mod")]),
        (r"\bold\b", [("BARE", "old")]),
        (r"^old\.mod$", [("DOTTED", r"old\.mod")]),
        ("~old.mod", [("DOTTED", "old.mod")]),
        ("old.mod:func", [("OBJECT", "old.mod:func")]),
        ("old:main", [("OBJECT", "old:main")]),
        ("old: main", [("BARE", "old")]),
        ("old.*", [("PATTERN", "old.*")]),
        ("old*", [("PATTERN", "old*")]),
        ("src/old/x.py", [("PATH", "src/old/x.py")]),
        ("./old", [("PATH", "./old")]),
        ("old/", [("PATH", "old/")]),
        ("old.py", [("PATH", "old.py")]),
        ("src/old.py", [("PATH", "src/old.py")]),
        ("(src/old/x)", [("PATH", "src/old/x")]),
        ("$(SRC)/old/x", [("PATH", "$(SRC)/old/x")]),
        ("{toxinidir}/old", [("PATH", "{toxinidir}/old")]),
        ("old/**/*.py", [("PATH", "old/**/*.py")]),
        ("old/x.py::test", [("PATH", "old/x.py")]),
        ("a.old", [("OTHER", "a.old")]),
        ("a.old.mod", [("OTHER", "a.old")]),
        ("old-tools", [("OTHER", "old-tools")]),
        ("my-old", [("OTHER", "my-old")]),
        ("--old", [("OTHER", "--old")]),
        ("$old", [("OTHER", "$old")]),
        ("{old}", [("OTHER", "{old")]),
        ("me@old.org", [("OTHER", "me@old")]),
        ("https://old.org/old/mod", [("OTHER", "old"), ("OTHER", "old")]),
        ("src/old.egg-info", [("OTHER", "src/old.egg-info")]),
        ("o/old.git", [("OTHER", "o/old.git")]),
        ("old>=1.2", [("OTHER", "old")]),
        ("old[all]>=1.2", [("OTHER", "old")]),
        ("old_thing threshold Old oldest", []),
        ("öold", []),
    ],
)
def test_the_form_of_a_word_is_told_by_what_stands_around_it(text, expected):
    assert [(word.kind, word.text) for word in words(text, "old")] == expected
