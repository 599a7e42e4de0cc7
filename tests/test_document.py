"""Configuration that is wrong says where, what was expected, and what was found."""

from __future__ import annotations

import os
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sealwright import document
from sealwright.document import Table
from sealwright.errors import Misconfigured

PLACE = re.compile(r"\Aconfig/coo\.yaml:\d+:\d+: ")


def parsed(text: str) -> Table:
    return document.parse(text.encode(), "config/coo.yaml")


def complaint(text: str, read=lambda table: None) -> str:
    """Return what is said of a document after its name."""
    with pytest.raises(Misconfigured) as raised:
        read(parsed(text))
    return str(raised.value).removeprefix("config/coo.yaml:")


def meant(kind: str, text: str) -> str:
    return f'found {kind}; if text is meant, write "{text}" in quotes'


DIGITS = "expected a whole number in at most 18 decimal digits, found"
ALIAS = "expected no anchor or alias, found one; write the value out where it is used"
GOOD = """\
legacy: project_builder
rewrite: [project_builder, ./tests//unit, scripts]
test_command: [python, -m, pytest]
limit: 12
strict: true
source_root: .
mission: coo/mission.json
database: null
level: high
sandbox: {waived: "none here"}
packs:
  - {name: a}
  - {name: b}
anything: [1, {x: "yes", y: false}, null]
"""


def test_each_kind_is_read_as_what_it_is():
    with parsed(GOOD) as coo:
        assert coo.string("legacy") == "project_builder"
        assert coo.paths("rewrite") == ("project_builder", "tests/unit", "scripts")
        assert coo.strings("test_command") == ("python", "-m", "pytest")
        assert coo.integer("limit") == 12
        assert coo.flag("strict") is True
        assert coo.folder("source_root") == "."
        assert coo.path("mission") == "coo/mission.json"
        assert coo.path("database", default=None) is None
        assert coo.one_of("level", ("low", "high")) == "high"
        assert coo.table("sandbox").either("waived", "oci_layout") == "waived"
        assert [pack.string("name") for pack in coo.tables("packs")] == ["a", "b"]
        assert coo.raw("anything") == [1, {"x": "yes", "y": False}, None]
        coo.table("sandbox").string("waived")


def test_a_default_is_returned_as_it_is_for_a_key_that_is_absent_or_null():
    default = object()
    table = parsed("null_key: null\nempty_key:\n")
    for key in ("absent", "null_key", "empty_key"):
        readers = [table.string, table.integer, table.flag, table.strings, table.path, table.raw]
        readers += [table.paths, table.folder, table.table, table.tables]
        assert all(read(key, default) is default for read in readers)
        assert table.one_of(key, ("a",), default) is default
        assert table.kind(key) == "null"


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "null", "\ufeff", "{}"])
def test_an_empty_document_is_an_empty_table(text):
    if text == "null":
        assert complaint(text) == "1:1: coo: expected a mapping, found null"
    elif text == "---\n":
        assert complaint(text) == "2:1: coo: expected a mapping, found null"
    else:
        assert parsed(text).keys() == ()


WRONG = [
    (
        "rewrite: tests",
        lambda t: t.paths("rewrite"),
        "1:10: coo.rewrite: expected a list of paths, found str",
    ),
    (
        "a:\n  - x\n  - 3",
        lambda t: t.paths("a"),
        "3:5: coo.a[1]: expected a path, " + meant("int", "3"),
    ),
    ("a: [/etc]", lambda t: t.paths("a"), None),
    ("a: ..", lambda t: t.path("a"), None),
    ("a: yes", lambda t: t.string("a"), "1:4: coo.a: expected a string, " + meant("bool", "yes")),
    (
        "a: 2025-01-01",
        lambda t: t.string("a"),
        "1:4: coo.a: expected a string, " + meant("timestamp", "2025-01-01"),
    ),
    (
        "a: 1.10",
        lambda t: t.string("a"),
        "1:4: coo.a: expected a string, " + meant("float", "1.10"),
    ),
    ("a: =", lambda t: t.string("a"), "1:4: coo.a: expected a string, " + meant("value", "=")),
    ("a: [x]", lambda t: t.string("a"), "1:4: coo.a: expected a string, found list"),
    ("a: null", lambda t: t.string("a"), "1:4: coo.a: expected a string, found null"),
    ("b: 1", lambda t: t.string("a"), "1:1: coo.a: is missing; expected a string"),
    ("", lambda t: t.paths("a"), "1:1: coo.a: is missing; expected a list of paths"),
    ("a: true", lambda t: t.integer("a"), "1:4: coo.a: expected a whole number, found bool"),
    ("a: '1'", lambda t: t.integer("a"), "1:4: coo.a: expected a whole number, found str"),
    ("a: 010", lambda t: t.integer("a"), f"1:4: coo.a: {DIGITS} '010'"),
    ("a: 1:30", lambda t: t.integer("a"), f"1:4: coo.a: {DIGITS} '1:30'"),
    ("a: 1_0", lambda t: t.integer("a"), f"1:4: coo.a: {DIGITS} '1_0'"),
    ("a: " + "9" * 5000, lambda t: t.integer("a"), f"1:4: coo.a: {DIGITS} int"),
    ("a: 1", lambda t: t.flag("a"), "1:4: coo.a: expected true or false, found int"),
    ("a: on", lambda t: t.flag("a"), "1:4: coo.a: expected true or false, found 'on'"),
    ("a: x", lambda t: t.strings("a"), "1:4: coo.a: expected a list of strings, found str"),
    (
        "a: [x, no]",
        lambda t: t.strings("a"),
        "1:8: coo.a[1]: expected a string, " + meant("bool", "no"),
    ),
    ("a: [x]", lambda t: t.table("a"), "1:4: coo.a: expected a mapping, found list"),
    (
        "a: {x: 1}",
        lambda t: t.tables("a"),
        "1:4: coo.a: expected a list of mappings, found mapping",
    ),
    ("a: [{n: 1}, 2]", lambda t: t.tables("a"), "1:13: coo.a[1]: expected a mapping, found int"),
    (
        "a:\n- n: 1",
        lambda t: t.tables("a")[0].string("m"),
        "2:3: coo.a[0].m: is missing; expected a string",
    ),
    (
        "a: mid",
        lambda t: t.one_of("a", ("low", "high")),
        "1:4: coo.a: expected one of low, high, found 'mid'",
    ),
    (
        "a: [1.5]",
        lambda t: t.raw("a"),
        "1:5: coo.a[0]: expected a string, " + meant("float", "1.5"),
    ),
    ("a: {b: off}", lambda t: t.raw("a"), "1:8: coo.a.b: expected true or false, found 'off'"),
    (
        "s: {}",
        lambda t: t.table("s").either("x", "y"),
        "1:4: coo.s: expected exactly one of the keys x, y, found none of them",
    ),
    (
        "s: {y: 1, x: 1}",
        lambda t: t.table("s").either("x", "y"),
        "1:4: coo.s: expected exactly one of the keys x, y, found x and y",
    ),
    ("'a b': [x]", lambda t: t.string("a b"), "1:8: coo.'a b': expected a string, found list"),
    (
        "é: ü\nö: [ä, {}]",
        lambda t: t.strings("ö"),
        "2:8: coo.ö[1]: expected a string, found mapping",
    ),
]


@pytest.mark.parametrize(("text", "read", "said"), WRONG, ids=[text[:20] for text, _, _ in WRONG])
def test_a_wrong_value_is_told_with_its_place(text, read, said):
    found = complaint(text, read)
    if said is None:
        assert re.match(r"1:\d: coo\.a(\[0\])?: expected a path inside the repository, ", found)
    else:
        assert found == said


REFUSED = [
    ("a: [1,", "2:1: is not YAML: while parsing a flow node, did not find expected node content"),
    (
        "\ta: 1",
        "1:1: is not YAML: while scanning for the next token, found character "
        "that cannot start any token",
    ),
    ("a: b: c", "1:5: is not YAML: mapping values are not allowed in this context"),
    ("a: 1\nb: 2\na: 3", "3:1: coo.a: is written twice; the first is on line 1"),
    ("{a: 1, a: 2}", "1:8: coo.a: is written twice; the first is on line 1"),
    ("x:\n- {a: 1, 'a': 2}", "2:10: coo.x[0].a: is written twice; the first is on line 2"),
    ("a: &x 1\nb: *x", f"1:4: {ALIAS}"),
    ("b: *x", f"1:4: {ALIAS}"),
    ("a: !!python/object:os.system x", "1:4: expected no tag, found one; remove it"),
    ("a: !!str 1", "1:4: expected no tag, found one; remove it"),
    ("a: ! 1", "1:4: expected no tag, found one; remove it"),
    ("! {}", "1:1: expected no tag, found one; remove it"),
    ("a: 1\n---\nb: 2", "2:1: expected one document, found a second one"),
    ("[a]", "1:1: coo: expected a mapping, found list"),
    ("text", "1:1: coo: expected a mapping, found str"),
    ("on: 1", "1:1: coo: expected a string as key, " + meant("bool", "on")),
    ("a: {1: x}", "1:5: coo.a: expected a string as key, " + meant("int", "1")),
    ("<<: {a: 1}", "1:1: coo: expected a string as key, " + meant("merge", "<<")),
    ("? [a]\n: 1", "1:3: coo: expected a string as key, found list"),
    ("~: 1", "1:1: coo: expected a string as key, found null"),
    ('a: "\\0"', "1:4: expected text without control characters, found '\\x00'"),
    ('"\\e[2J": 1', "1:1: expected text without control characters, found '\\x1b'"),
    ("a: 1\nb: \x1b", "2:4: expected text, found '\\x1b'"),
    ("a: 1\rb: 2", "1:5: expected text, found '\\r'"),
    ("a: " + "[" * 40, "1:35: expected at most 32 levels, found more"),
    ("[" * 500_000, "1:33: expected at most 32 levels, found more"),
    ("- " * 500_000, "1:65: expected at most 32 levels, found more"),
    ("#" * (1 << 20) + "\n", " expected at most 1048576 bytes, found more"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[text[:20] for text, _ in REFUSED])
def test_what_is_not_read_is_refused_with_its_place(text, said):
    assert complaint(text) == said


def test_bytes_that_are_no_text_are_refused_with_their_place():
    with pytest.raises(Misconfigured, match=r"\Ax\.yaml:2:5: expected UTF-8, found other bytes\Z"):
        document.parse("a: é\nb: é".encode() + b"\xff", "x.yaml")


def test_lines_may_end_as_they_do_elsewhere():
    assert parsed("a: 1\r\nb: 2\r\n").keys() == ("a", "b")


class TestUnknownKeys:
    def test_a_key_that_nobody_asked_for_is_an_error_at_the_key(self):
        def read(table):
            with table as coo:
                coo.strings("rewrites", default=())

        said = "2:1: coo.rewrite: unknown key; did you mean 'rewrites'?"
        assert complaint("# comment\nrewrite: [a]", read) == said

    def test_without_a_likeness_the_known_keys_are_listed(self):
        def read(table):
            table.string("legacy", default="")
            table.string("canonical", default="")
            table.close()

        assert (
            complaint("x: 1", read) == "1:1: coo.x: unknown key; known keys are canonical, legacy"
        )

    def test_a_key_that_is_there_already_is_not_suggested(self):
        def read(table):
            table.strings("rewrites")
            table.close()

        said = "1:17: coo.rewrite: unknown key; known keys are rewrites"
        assert complaint("{rewrites: [a], rewrite: b}", read) == said

    def test_all_are_told_at_once_also_in_tables_below(self):
        def read(table):
            table.table("s").string("a")
            for pack in table.tables("packs"):
                pack.string("name")
            table.close()

        text = "z: 1\ns: {a: x, b: 1}\npacks:\n- name: n\n- {name: m, nam: 1}"
        assert complaint(text, read).splitlines() == [
            "1:1: coo.z: unknown key; known keys are packs, s",
            "config/coo.yaml:2:11: coo.s.b: unknown key; known keys are a",
            "config/coo.yaml:5:13: coo.packs[1].nam: unknown key; known keys are name",
        ]

    def test_an_exception_on_its_way_is_not_covered_up(self):
        with pytest.raises(ZeroDivisionError), parsed("x: 1"):
            raise ZeroDivisionError

    def test_seeing_the_keys_is_not_asking_for_them(self):
        table = parsed("ci: [a]\nrelease: [b]")
        assert {name: table.strings(name) for name in table.keys()[:1]} == {"ci": ("a",)}
        with pytest.raises(Misconfigured, match=r"coo\.release: unknown key"):
            table.close()


class TestComplaintsOfTheCaller:
    def test_where_is_the_place_of_the_value_or_of_the_table(self):
        table = parsed("s:\n  a: 1").table("s")
        assert table.where("a") == "config/coo.yaml:2:6: coo.s.a"
        assert table.where("b") == "config/coo.yaml:2:3: coo.s.b"

    @pytest.mark.parametrize(
        ("key", "said"),
        [
            ("a", "config/coo.yaml:1:4: coo.a: expected a package name, found 'x y'"),
            ("b", "config/coo.yaml:2:4: coo.b: expected a package name, found list"),
            ("c", "config/coo.yaml:1:1: coo.c: is missing; expected a package name"),
        ],
    )
    def test_wrong_shows_the_value(self, key, said):
        assert str(parsed("a: x y\nb: [1]").wrong(key, "a package name")) == said


class TestLoading:
    def test_a_file_is_called_by_its_path_or_by_a_name(self, tmp_path):
        file = tmp_path / "sealwright.yaml"
        file.write_text("state: 1\n")
        assert document.load(file).where("state") == f"{file}:1:8: sealwright.state"
        named = document.load(file, name="config/sealwright.yaml")
        assert named.where("state") == "config/sealwright.yaml:1:8: sealwright.state"

    def test_a_missing_file_is_one_sentence(self, tmp_path):
        with pytest.raises(Misconfigured, match=r"\Aconfig/x\.yaml: does not exist; create it"):
            document.load(tmp_path / "x.yaml", name="config/x.yaml")

    @pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["folder", "fifo"])
    def test_what_is_no_file_is_not_read(self, make, tmp_path):
        make(tmp_path / "x.yaml")
        with pytest.raises(Misconfigured, match="x: expected a file, found something else"):
            document.load(tmp_path / "x.yaml", name="x")

    def test_a_file_below_a_file_cannot_be_read(self, tmp_path):
        (tmp_path / "x").write_text("")
        with pytest.raises(Misconfigured, match="x: cannot be read: Not a directory"):
            document.load(tmp_path / "x" / "y.yaml", name="x")

    def test_an_endless_file_is_read_to_the_limit_only(self, tmp_path):
        with open(tmp_path / "x.yaml", "wb") as file:
            file.truncate(1 << 40)
        with pytest.raises(Misconfigured, match="x: expected at most 1048576 bytes, found more"):
            document.load(tmp_path / "x.yaml", name="x")


BRACKETS = list("[]{}!~=#'\"\n\\\x85\u2028\ufeffé")
TOKENS = ["a", "b: ", "? ", "- ", "  ", ", ", ": ", "|\n", ">-\n", "&x ", "*x", "!!int ", "<<"]
SCALARS = ["yes", "1", "010", "1.5", "2025-01-01", "\\x00", "\\ud800"]
DOCUMENTS = ["---\n", "...\n", "%YAML 1.1\n"]
SCRAPS = st.lists(st.sampled_from(BRACKETS + TOKENS + SCALARS + DOCUMENTS), max_size=30)
READERS = (Table.string, Table.integer, Table.flag, Table.strings, Table.paths, Table.path)
READERS += (Table.folder, Table.table, Table.tables, Table.raw, Table.kind, Table.where)


def read_everything(data: bytes) -> None:
    table = document.parse(data, "config/coo.yaml")
    for key in (*table.keys(), "absent"):
        for read in READERS:
            try:
                read(table, key)
            except Misconfigured as error:
                assert PLACE.match(str(error))


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@given(data=st.binary(max_size=64) | SCRAPS.map(lambda scraps: "".join(scraps).encode()))
def test_no_bytes_raise_anything_but_misconfigured(loader, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "_LOADER", getattr(yaml, loader))
        try:
            read_everything(data)
        except Misconfigured as error:
            assert str(error).startswith("config/coo.yaml")
            assert str(error).isprintable()


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text("aä 1:-#'\"{yesno~.", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc:"), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_what_yaml_writes_is_what_raw_reads(value):
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data):
            return True

    written = yaml.dump({"key": value}, Dumper=Plain, allow_unicode=True)
    assert parsed(written).raw("key", None) == value
