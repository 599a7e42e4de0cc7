"""Files of amendments are read as what somebody else wrote; every complaint has its place."""

from __future__ import annotations

import json

import pytest

from sealwright.contracts.coo.amendments.anchor import Anchor
from sealwright.contracts.coo.amendments.file import LONGEST, Amendment, read
from sealwright.errors import Misconfigured

GOOD = {
    "id": "A-1",
    "target": "docs/pack.md",
    "anchor": {"clause": "[SPEC-1.2.3]"},
    "action": "replace",
    "text": "new\n",
}
YAML = b"""\
amendments:
  - id: A-1
    target: ./docs//pack.md
    anchor: {clause: "[SPEC-1.2.3] "}
    action: replace
    text: |
      new
"""


def file(*changes: dict) -> bytes:
    return json.dumps({"amendments": [GOOD | change for change in changes]}).encode()


def complaint(data: bytes, name: str = "a.yaml") -> str:
    with pytest.raises(Misconfigured) as caught:
        read({name: data})
    return str(caught.value)


def test_yaml_and_json_say_the_same():
    expected = Amendment(
        "A-1", "docs/pack.md", Anchor("clause", "[SPEC-1.2.3]"), "replace", "new\n"
    )
    assert read({"a.yaml": YAML}) == (expected,)
    assert read({"a.json": file({})}) == (expected,)
    assert read({"a.json": json.dumps({"amendments": [GOOD]}, indent="\t").encode()}) == (expected,)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a/b",
            "\U0001f600",
            "\u2028 \u2029",
            "\u00a0x ",
            "  a\n\n b\n",
            "\ta",
            '"\\"',
            "\\u0041",
        ),
        *("#: - [x] {y}", "%", "'", "é", "\ufeff"),
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_says_what_json_says(text, ascii_only):
    data = json.dumps({"amendments": [GOOD | {"text": text}]}, ensure_ascii=ascii_only).encode()
    assert read({"a.json": data.replace(b"a/b", b"a\\/b")})[0].text == text


@pytest.mark.parametrize(
    "data",
    [b"", b"[1,]", b"a: 1", b"\xff", b'{"amendments": [NaN]}', b"[" * 100_000, b"{}{}", b"'x'"],
)
def test_what_is_no_json_is_refused(data):
    assert complaint(data, "a.json").startswith("a.json: expected JSON in UTF-8, found ")


def test_a_file_too_large_is_refused_in_either_format():
    assert "expected at most 1048576 bytes" in complaint(b" " * (1 << 21), "a.json")
    assert "expected at most 1048576 bytes" in complaint(b" " * (1 << 21))


def test_amendments_of_all_files_are_sorted_by_id_code_point_by_code_point():
    files = {
        "1.json": file({"id": "A-9"}, {"id": "a"}),
        "2.json": file({"id": "Z"}, {"id": "A-10"}, {"id": "0"}),
    }
    expected = ["0", "A-10", "A-9", "Z", "a"]
    assert [amendment.id for amendment in read(files)] == expected
    assert read(dict(reversed(files.items()))) == read(files)


def test_no_files_and_no_amendments_are_none():
    assert read({}) == ()
    assert read({"a.yaml": b"amendments: []"}) == ()


@pytest.mark.parametrize(
    "name",
    ["", "../x", "a/b", ".x", "-x", "a b", "a\\b", "ä", "a\n", "x" * (LONGEST + 1), "a:b", "\0"],
)
def test_an_id_that_is_no_safe_file_name_is_refused(name):
    assert "amendments[0].id: expected" in complaint(file({"id": name}), "a.json") or name == "\0"


@pytest.mark.parametrize(
    "target",
    [
        "../x.md",
        "/etc/x.md",
        "a/../../x.md",
        "~/x.md",
        "C:/x.md",
        "a\\x.md",
        "",
        ".",
        "x.txt",
        "md",
    ],
)
def test_a_target_that_is_no_markdown_file_of_the_repository_is_refused(target):
    assert "amendments[0].target: expected" in complaint(file({"target": target}), "a.json")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"anchor": {"clause": "SPEC-1"}}, "anchor.clause: expected a clause such as"),
        ({"anchor": {"heading": "Title"}}, "anchor.heading: expected a heading such as"),
        ({"anchor": {}}, "anchor: expected exactly one of the keys clause, heading"),
        ({"anchor": {"clause": "[S-1]", "heading": "# A"}}, "found clause and heading"),
        ({"anchor": "[S-1]"}, "anchor: expected a mapping"),
        ({"action": "delete"}, "action: expected one of replace, insert_before, insert_after"),
        ({"action": "insert_after", "text": ""}, "text: expected something to insert"),
        ({"text": None}, "text: expected a string"),
        ({"id": 7}, 'id: expected a string, found int; if text is meant, write "7" in quotes'),
        ({"reason": "x"}, "amendments[0].reason: unknown key"),
        ({"text": "a\rb"}, "expected text without control characters"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(change, expected):
    assert expected in complaint(file(change), "a.json")


@pytest.mark.parametrize("sign", ["\u2028", "\u2029"])
def test_a_separator_that_yaml_would_take_for_a_line_end_is_written_out(sign):
    data = YAML.replace(b"new", f"new  {sign}      more".encode())
    assert complaint(data).startswith("a.yaml:7: expected no separator")
    escaped = YAML.replace(b"|\n      new", f'"new  \\u{ord(sign):04x}  more"'.encode())
    assert read({"a.yaml": escaped})[0].text == f"new  {sign}  more"


def test_the_place_of_a_complaint_is_line_and_column():
    assert complaint(YAML.replace(b"replace", b"remove")).startswith(
        "a.yaml:5:13: a.amendments[0].action: expected one of"
    )
    data = json.dumps({"amendments": [GOOD | {"action": "remove"}]}, indent=2).encode()
    assert complaint(data, "a.json").startswith("a.json:9:17: a.amendments[0].action: expected")


def test_an_id_given_twice_is_refused_in_whichever_file():
    with pytest.raises(Misconfigured, match=r"^b.json.*an id that no other amendment has.*'A-1'"):
        read({"b.json": file({}), "a.yaml": YAML})


def test_all_complaints_are_told_at_once():
    with pytest.raises(Misconfigured) as caught:
        read({"b.json": file({"id": "/"}, {"action": "x"}), "a.json": b"{", "c.yaml": b"more: 1"})
    places = [line.partition(": ")[0] for line in str(caught.value).splitlines()]
    assert [place.partition(":")[0] for place in places] == ["a.json", "b.json", "b.json", "c.yaml"]


def test_a_file_has_no_other_key():
    assert "unknown key" in complaint(YAML + b"version: 1\n")
    assert "a list" in complaint(b"amendments: {}")
