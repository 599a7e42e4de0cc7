"""Amendments apply at anchors that fit exactly once, in the order of their ids, or not at all."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright import digest
from sealwright.contracts.coo import amendment_engine as engine
from sealwright.contracts.coo.amendment_engine import (
    AFTER,
    BEFORE,
    REPLACE,
    Amendment,
    AmendmentHaltException,
    Anchor,
    apply,
)
from sealwright.errors import Refused
from sealwright.paths import RelPath
from sealwright.runtime import canonical

PACK, OTHER = RelPath("docs/pack.md"), RelPath("docs/other.md")
ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C",
}
DOCUMENT = b"""\
# Pack

## Scope

[S-1] One,
two.

- [S-2] Three.
- Four.

## End
"""


def heading(name: str, text: str, action: str, new: str, target: RelPath = PACK) -> Amendment:
    return Amendment(name, target, Anchor("heading", text), action, new)


def clause(name: str, text: str, action: str, new: str, target: RelPath = PACK) -> Amendment:
    return Amendment(name, target, Anchor("clause", text), action, new)


def amended(data: bytes, *amendments: Amendment) -> bytes:
    return apply(amendments, {PACK: data}).documents[PACK]


def halt(data: bytes, *amendments: Amendment) -> AmendmentHaltException:
    with pytest.raises(AmendmentHaltException) as caught:
        apply(amendments, {PACK: data})
    return caught.value


@pytest.mark.parametrize(
    ("action", "new", "expected"),
    [
        (REPLACE, "[S-1] New.\n", b"[S-1] New.\n\n- [S-2]"),
        (REPLACE, "[S-1] New.", b"[S-1] New.\n\n- [S-2]"),
        (REPLACE, "", b"## Scope\n\n\n- [S-2]"),
        (BEFORE, "Text.\n\n", b"## Scope\n\nText.\n\n[S-1] One,\ntwo.\n\n- [S-2]"),
        (AFTER, "\nText.", b"[S-1] One,\ntwo.\n\nText.\n\n- [S-2]"),
    ],
)
def test_a_clause_is_changed_and_nothing_else(action, new, expected):
    found = amended(DOCUMENT, clause("A", "[S-1]", action, new))
    assert expected in found
    assert found.startswith(b"# Pack\n\n## Scope\n\n")
    assert found.endswith(b"- [S-2] Three.\n- Four.\n\n## End\n")


@pytest.mark.parametrize(
    ("action", "new", "expected"),
    [
        (REPLACE, "## Scope\n\nNew.\n\n", b"# Pack\n\n## Scope\n\nNew.\n\n## End\n"),
        (REPLACE, "", b"# Pack\n\n## End\n"),
        (BEFORE, "Text.\n\n", DOCUMENT.replace(b"## Scope", b"Text.\n\n## Scope")),
        (AFTER, "Text.\n\n", DOCUMENT.replace(b"## End", b"Text.\n\n## End")),
    ],
)
def test_a_heading_stands_for_its_section(action, new, expected):
    assert amended(DOCUMENT, heading("A", "## Scope", action, new)) == expected


def test_one_item_of_a_list_is_changed_without_the_others():
    found = amended(DOCUMENT, clause("A", "[S-2]", REPLACE, "- [S-2] Changed.\n"))
    assert found == DOCUMENT.replace(b"Three", b"Changed")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"# A\r\n\r\nb\r\n", b"# A\r\n\r\nb\r\nx\r\n\r\ny\r\n"),
        (b"# A\n\nb\r\n", b"# A\n\nb\r\nx\n\ny\n"),
        (b"# A\r\n\nb\n", b"# A\r\n\nb\nx\r\n\r\ny\r\n"),
        (b"# A", b"# A\nx\n\ny\n"),
        (b"# A\r\nb", b"# A\r\nb\r\nx\r\n\r\ny\r\n"),
        (b"b\r\n\r\n# A", b"b\r\n\r\n# A\r\nx\r\n\r\ny\r\n"),
    ],
)
@pytest.mark.parametrize("new", ["x\n\ny", "x\r\n\r\ny\r\n", "x\r\ry\n"])
def test_text_takes_the_line_ending_of_its_anchor(mark, data, expected, new):
    assert amended(mark + data, heading("A", "# A", AFTER, new)) == mark + expected


@pytest.mark.parametrize(
    ("action", "new", "expected"),
    [
        (REPLACE, "# C\nd", b"# A\n\n# C\nd\n"),
        (REPLACE, "", b"# A\n\n"),
        (BEFORE, "x", b"# A\n\nx\n# B\nb"),
        (AFTER, "x", b"# A\n\n# B\nb\nx\n"),
    ],
)
def test_a_document_without_a_newline_at_its_end_gets_one_with_what_is_put_there(
    action, new, expected
):
    assert amended(b"# A\n\n# B\nb", heading("A", "# B", action, new)) == expected


def test_text_before_the_first_line_stands_after_the_byte_order_mark():
    found = amended(b"\xef\xbb\xbf# A\n", heading("A", "# A", BEFORE, "x\n\n"))
    assert found == b"\xef\xbb\xbfx\n\n# A\n"


def test_amendments_apply_in_the_order_of_their_ids_whatever_order_they_come_in():
    amendments = [
        heading("A-10", "## Scope", REPLACE, "## Range\n\n"),
        heading("A-9", "## Range", AFTER, "[R-1] Late.\n\n"),
        clause("a", "[R-1]", REPLACE, "[R-1] Last.\n"),
        heading("Z", "## End", BEFORE, "[Z-1]\n\n"),
    ]
    expected = apply(amendments, {PACK: DOCUMENT})
    assert expected.documents[PACK] == b"# Pack\n\n## Range\n\n[R-1] Last.\n\n[Z-1]\n\n## End\n"
    for _ in range(5):
        random.Random(7).shuffle(amendments)
        assert apply(amendments, {PACK: DOCUMENT}) == expected


def test_no_anchor_halts_and_says_so():
    stopped = halt(DOCUMENT, heading("A-1", "## Scope ##", REPLACE, "x"))
    assert (stopped.type, stopped.amendment_id) == ("MissingAnchor", "A-1")
    assert stopped.name == "escalation_A-1.json"
    assert stopped.artefact == (
        b'{"amendment_id":"A-1","candidates_found":[],'
        b'"searched_anchor":{"heading":"## Scope ##"},'
        b'"target":"docs/pack.md","type":"MissingAnchor"}\n'
    )
    assert str(stopped) == (
        "docs/pack.md: amendment A-1: MissingAnchor: expected one heading '## Scope ##', "
        "found none; nothing is applied until that is mended"
    )
    assert isinstance(stopped, Refused)


def test_several_anchors_halt_and_are_told():
    stopped = halt(b"- **[S-1]** a\r\n\r\n\r\n[S-1]  b\r\n", clause("A", "[S-1]", REPLACE, "x"))
    assert stopped.type == "AmbiguousAnchor"
    assert canonical.decode_line(stopped.artefact)["candidates_found"] == [
        {"line": 1, "text": "- **[S-1]** a"},
        {"line": 4, "text": "[S-1]  b"},
    ]
    assert "found 2, on lines 1, 4; " in str(stopped)


def test_a_message_names_a_bounded_number_of_lines():
    stopped = halt(b"# A\n" * 1000, heading("A", "# A", REPLACE, "x"))
    assert len(str(stopped)) < 300
    assert len(canonical.decode_line(stopped.artefact)["candidates_found"]) == 1000


def test_what_an_amendment_puts_in_can_make_a_later_anchor_ambiguous():
    amendments = [
        clause("1", "[S-1]", AFTER, "[S-2] Again.\n"),
        clause("2", "[S-2]", REPLACE, "x\n"),
    ]
    stopped = halt(DOCUMENT, *amendments)
    assert (stopped.amendment_id, stopped.type) == ("2", "AmbiguousAnchor")
    lines = [place["line"] for place in json.loads(stopped.artefact)["candidates_found"]]
    assert lines == [7, 9]


def test_what_an_amendment_takes_away_is_missing_later():
    amendments = [
        heading("1", "## Scope", REPLACE, "```\n"),
        heading("2", "## End", REPLACE, ""),
    ]
    assert halt(DOCUMENT, *amendments).type == "MissingAnchor"


def test_nothing_is_looked_at_after_a_halt():
    amendments = [
        heading("2", "## Nowhere", REPLACE, "x"),
        heading("3", "## Nowhere either", REPLACE, "x"),
        heading("1", "## Scope", REPLACE, "x"),
    ]
    documents = {PACK: DOCUMENT}
    with pytest.raises(AmendmentHaltException, match="amendment 2"):
        apply(amendments, documents)
    assert documents == {PACK: DOCUMENT}


def test_the_log_says_what_was_done_in_order():
    amendments = [
        clause("B", "[S-1]", REPLACE, "[S-1] New.\n"),
        heading("A", "# Other", BEFORE, "\n", target=OTHER),
        clause("C", "[S-2]", AFTER, "- [S-3] x\n"),
    ]
    applied = apply(amendments, {PACK: DOCUMENT, OTHER: b"# Other\n"})
    middle = DOCUMENT.replace(b"One,\ntwo.", b"New.")
    assert applied.log == canonical.line(
        {
            "format": engine.FORMAT,
            "amendments": [
                {
                    "id": "A",
                    "target": OTHER,
                    "action": "insert_before",
                    "anchor": {"heading": "# Other"},
                    "line": 1,
                    "sha256_before": digest.sha256(b"# Other\n"),
                    "sha256_after": digest.sha256(b"\n# Other\n"),
                },
                {
                    "id": "B",
                    "target": PACK,
                    "action": "replace",
                    "anchor": {"clause": "[S-1]"},
                    "line": 5,
                    "sha256_before": digest.sha256(DOCUMENT),
                    "sha256_after": digest.sha256(middle),
                },
                {
                    "id": "C",
                    "target": PACK,
                    "action": "insert_after",
                    "anchor": {"clause": "[S-2]"},
                    "line": 7,
                    "sha256_before": digest.sha256(middle),
                    "sha256_after": digest.sha256(applied.documents[PACK]),
                },
            ],
        }
    )


def test_the_patch_holds_every_target_that_changed_in_the_order_of_names():
    names = [RelPath(name) for name in ("b.md", "a.md", "Z.md", "same.md", "ä.md")]
    amendments = [heading(f"A{n}", "# A", AFTER, "x", name) for n, name in enumerate(names)]
    amendments[3] = heading("A3", "# A", REPLACE, "# A\n", names[3])
    applied = apply(amendments, dict.fromkeys([*names, PACK], b"# A\n"))
    headers = [line for line in applied.patch.decode().splitlines() if line.startswith("diff")]
    assert headers == [
        "diff --git a/Z.md b/Z.md",
        "diff --git a/a.md b/a.md",
        "diff --git a/b.md b/b.md",
        'diff --git "a/\\303\\244.md" "b/\\303\\244.md"',
    ]
    assert applied.documents[PACK] == applied.documents[names[3]] == b"# A\n"


def test_no_amendments_make_an_empty_log_and_an_empty_patch():
    applied = apply([], {PACK: b"\xff"})
    assert applied.documents == {PACK: b"\xff"}
    assert applied.log == b'{"amendments":[],"format":"sealwright/amendment-log/1"}\n'
    assert applied.patch == b""


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"# A\n\xff", "expected UTF-8, found 0xff at byte 4"),
        ("# A\n".encode("utf-16"), "expected UTF-8, found 0xff at byte 0"),
        (b"# A\n\xed\xa0\x80", "expected UTF-8, found 0xed at byte 4"),
        (b"# A\n\xc0\xaf", "expected UTF-8, found 0xc0 at byte 4"),
        (b"# A\nb\rc\n", r"found '\\r' on line 2"),
        (b"# A\nb\r", r"found '\\r' on line 2"),
        (b"# A\n\n\0", r"found '\\x00' on line 3"),
    ],
)
def test_what_is_no_text_is_refused(data, found):
    with pytest.raises(Refused, match=found):
        amended(data, heading("A", "# A", AFTER, "x"))


def test_all_that_stands_in_the_way_is_told_before_anything_is_done():
    amendments = [
        heading("A", "# A", AFTER, "x", RelPath("missing.md")),
        heading("B", "# Nowhere", AFTER, "x"),
        heading("B", "# A", AFTER, "x", OTHER),
    ]
    with pytest.raises(Refused) as caught:
        apply(amendments, {PACK: b"# A\n", OTHER: b"\0"})
    assert not isinstance(caught.value, AmendmentHaltException)
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "amendment B",
        "docs/other.md",
        "missing.md",
    ]


def test_a_document_that_becomes_too_deep_to_be_read_is_refused():
    with pytest.raises(Refused, match=r"docs/pack.md:2: expected fewer"):
        amended(b"# A\n", heading("A", "# A", AFTER, "> " * 40 + "x"))


BLOCKS = st.sampled_from(
    [
        *("# A\n", "## B\n", "## C\n", "\n", "\n", "\n", "[S-1] one\n", "[S-2] two\n", "text\n"),
        *("- [S-3] item\n", "- item\n", "  more\n", "```\n", "~~~\n", "<!--\n", "-->\n", "> q\n"),
        *("Title\n===\n", "    code\n", "tab\t\n", "\u00a0\n", "\x0cfeed\n", "a\u2028b\n", "`x\n"),
        *("# A \n", "##\tB\n", "- ```\n", "<div>\n", "</div>\n", "> ```\n", "[x]: y\n", "[y\n"),
        *("# end", "text", "1. a\n", "   ## C\n", "***\n", "- a\n\n  # A\n", "'t\n", "<pre>\n"),
    ]
)
TEXTS = st.builds(
    lambda mark, blocks, crlf: mark + "".join(blocks).replace("\n", "\r\n" if crlf else "\n"),
    st.sampled_from(["", "", "\ufeff"]),
    st.lists(BLOCKS, max_size=25),
    st.booleans(),
)
MIXED = st.lists(TEXTS, max_size=3).map("".join)
ANCHORS = st.sampled_from(
    [
        *(Anchor("heading", text) for text in ("# A", "## B", "## C", "## Nowhere")),
        *(Anchor("clause", f"[S-{number}]") for number in range(1, 5)),
    ]
)
AMENDMENTS = st.lists(
    st.builds(
        Amendment,
        id=st.text("ABab019-", min_size=1, max_size=5),
        target=st.sampled_from([PACK, OTHER]),
        anchor=ANCHORS,
        action=st.sampled_from(engine.ACTIONS),
        text=MIXED,
    ),
    max_size=5,
    unique_by=lambda amendment: amendment.id,
)


@settings(max_examples=150, deadline=None)
@given(AMENDMENTS, MIXED, MIXED)
def test_amendments_apply_all_or_leave_every_document_as_it_was(amendments, pack, other):
    documents = {PACK: pack.encode(), OTHER: other.encode()}
    given_ = dict(documents)
    try:
        applied = apply(amendments, documents)
    except AmendmentHaltException as stopped:
        found = canonical.decode_line(stopped.artefact)
        assert (len(found["candidates_found"]) == 0) == (found["type"] == "MissingAnchor")
    else:
        assert applied == apply(amendments[::-1], documents)
        entries = canonical.decode_line(applied.log)["amendments"]
        assert [entry["id"] for entry in entries] == sorted(one.id for one in amendments)
        last = {entry["target"]: entry["sha256_after"] for entry in entries}
        assert all(last[path] == digest.sha256(applied.documents[path]) for path in last)
    assert documents == given_


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q"], cwd=folder, env=ENV, check=True)
    (folder / "docs").mkdir()
    return folder


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_git_applies_the_patch_and_takes_it_back(repository, data):
    texts = {
        PACK: data.draw(MIXED) + "\n\n# A\n[S-1] x\n\n## B\n" + data.draw(MIXED),
        OTHER: "# A\n\n## B\n\n- [S-1] x\n" + data.draw(MIXED),
    }
    documents = {path: text.encode() for path, text in texts.items()}
    try:
        applied = apply(data.draw(AMENDMENTS), documents)
    except AmendmentHaltException:
        return
    for path, content in documents.items():
        (repository / path).write_bytes(content)
    for way, expected in (((), applied.documents), (("-R",), documents)):
        if applied.patch:
            command = ["git", "apply", "--whitespace=nowarn", *way, "-"]
            subprocess.run(command, cwd=repository, env=ENV, input=applied.patch, check=True)
        assert {path: (repository / path).read_bytes() for path in documents} == expected


def test_a_document_of_ten_megabytes_is_amended():
    section = "## Section {}\n\n[S-{}] A clause.\n\n" + ("long line " * 50 + "\n") * 20 + "\n"
    data = "".join(section.replace("{}", str(n)) for n in range(1050)).encode()
    assert len(data) > 10 << 20
    amendments = [
        clause(f"A{n}", f"[S-{n}]", REPLACE, f"[S-{n}] Changed.\n") for n in range(0, 1000, 100)
    ]
    applied = apply(amendments, {PACK: data})
    assert applied.documents[PACK].count(b"Changed.") == 10
    assert applied.patch.count(b"\n@@ ") == 10
