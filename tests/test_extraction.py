"""What is read out of an input, how it is split, and what each sentence is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.contracts.work_orders import extraction, sentences
from sealwright.errors import Refused
from tests.support.workbench import Workbench, acts, file

MARKDOWN = """# The *house*

It has `two` doors
and [a roof](http://example.invalid).

| week | what |
|---|---|
| 1 | **walls** |

- a point

```sh
make house
# no heading
```
"""


def texts(data: bytes, media_type: str) -> list[tuple[str, str]]:
    return list(extraction.texts(data, media_type, None))


def test_plain_text_is_its_lines():
    assert texts("one\r\n\ntwö".encode(), "text/plain") == [
        *(("line 1", "one"), ("line 2", ""), ("line 3", "twö")),
    ]


def test_markdown_is_what_a_reader_sees_and_a_heading_in_a_fence_is_code():
    assert texts(MARKDOWN.encode(), "text/markdown") == [
        ("line 1", "The house"),
        ("line 3", "It has two doors and a roof."),
        *(("line 6", "week"), ("line 6", "what"), ("line 8", "1"), ("line 8", "walls")),
        ("line 10", "a point"),
        *(("line 13", "make house"), ("line 14", "# no heading")),
    ]


def test_json_is_its_values_with_their_keys_and_pointers():
    data = b'{"tasks": [{"name": "Survey", "days": 1, "done": false, "no": null}], "a/b~c": 1.50}'
    assert texts(data, "application/json") == [
        ("/tasks/0/name", "name: Survey"),
        ("/tasks/0/days", "days: 1"),
        ("/tasks/0/done", "done: false"),
        ("/a~1b~0c", "a/b~c: 1.5"),
    ]


@pytest.mark.parametrize(
    ("data", "media_type", "said"),
    [
        (b"\xff", "text/plain", "expected UTF-8, found other bytes at 0"),
        (b'{"a": 1, "a": 2}', "application/json", "a key twice in one object"),
        (b'{"a": NaN}', "application/json", "NaN, which is no number"),
        (b"{", "application/json", "expected JSON"),
        (b"[" * 100_000, "application/json", "expected JSON"),
    ],
)
def test_what_is_not_what_it_should_be_is_refused(data, media_type, said):
    with pytest.raises(Refused, match=said):
        texts(data, media_type)


# PDF, in a process of its own


def pdf(*pages: str, trailer: str = "") -> bytes:
    """Return a PDF with a line of text on each page, as small as there can be."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for n, text in enumerate(pages):
        font = "/Resources<</Font<</F1 3 0 R>>>>"
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]{font}/Contents {5 + 2 * n} 0 R>>"
        )
        content = f"BT /F1 12 Tf 9 9 Td ({text}) Tj ET"
        objects.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
    out, offsets = "%PDF-1.4\n", []
    for n, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{n} 0 obj{body}endobj\n"
    rows = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    table = f"xref\n0 {size}\n0000000000 65535 f \n{rows}"
    end = f"trailer<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{len(out)}\n%%EOF\n"
    return (out + table + end).encode("latin-1")


def read_pdf(bench: Workbench, data: bytes) -> list[list[str]]:
    """Read a PDF the way the step does, in an act."""

    def act(run):
        found = list(extraction.texts(data, "application/pdf", run))
        run.path(file("out")).write_text(json.dumps(found))

    bench.steps = [acts("read", act, file("out"))]
    outcome = bench.run()["read"]
    if outcome.code:
        raise Refused(outcome.message)
    return json.loads(bench.read("out"))


@pytest.fixture
def bench(tmp_path):
    return Workbench(tmp_path / "repository", [])


def test_a_pdf_is_the_lines_of_its_pages(bench):
    found = read_pdf(bench, pdf("Raise the walls.", "Who lays the floor?"))
    assert found == [["page 1", "Raise the walls."], ["page 2", "Who lays the floor?"]]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no PDF at all",
        pdf("text")[:120],
        pdf("text", trailer="/Encrypt<</Filter/Standard/V 9>>"),
    ],
    ids=["empty", "something else", "cut off", "encrypted"],
)
def test_what_is_no_pdf_that_can_be_read_is_refused(bench, data):
    with pytest.raises(Refused, match="expected a PDF that can be read"):
        read_pdf(bench, data)


# sentences


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Raise the walls.", "SOURCE-BASED"),
        ("Is it dry", "QUESTION"),
        ("It is dry?", "QUESTION"),
        ("what", "SOURCE-BASED"),
        ("We assumed it.", "ASSUMPTION"),
        ("Seemingly so.", "SOURCE-BASED"),
        ("Roughly ten.", "ASSUMPTION"),
        ("The might of stone.", "ASSUMPTION"),  # by its words alone
    ],
)
def test_a_sentence_is_classed_by_its_words(text, kind):
    assert sentences.kind(text) == kind


def test_what_nobody_sees_is_removed():
    hidden = "pay\u200b \u202emoney\u202c\x1b[2J \ufeffnow\x00\r\nthen\ttab"
    assert sentences.printable(hidden) == "pay money[2J now\nthen\ttab"


@given(st.text())
def test_no_text_is_lost_but_white_space_and_what_nobody_sees(text):
    plain = sentences.printable(text)
    assert "".join("".join(sentences.split(plain)).split()) == "".join(plain.split())
    assert sentences.printable(plain) == plain
