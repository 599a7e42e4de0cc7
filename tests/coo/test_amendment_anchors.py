"""An anchor is found where Markdown says that it is text, byte for byte, and nowhere else."""

from __future__ import annotations

import pytest

from sealwright.contracts.coo.amendments import anchor as anchors
from sealwright.contracts.coo.amendments.anchor import Anchor, Page
from sealwright.contracts.coo.amendments.outline import DEEPEST
from sealwright.errors import Refused

FENCES = {
    "backticks": "```\n{}\n```\n",
    "tildes": "~~~ text\n{}\n~~~\n",
    "longer, with shorter within": "````\n```\n{}\n```\n````\n",
    "one kind within the other": "~~~\n```\n~~~~ not the end\n{}\n",
    "never closed": "```\n\n{}\n",
    "in a list": "- item\n\n  ```\n  {}\n  ```\n",
    "in a quote": "> ```\n> {}\n> ```\n",
    "by indentation": "text\n\n    {}\n",
    "a comment": "<!--\n\n{}\n\n-->\n",
    "HTML": "<div>\n{}\n</div>\n",
    "HTML that is not read": "<pre>\n\n{}\n\n</pre>\n",
    "a quote": "> {}\n",
    "a quote that goes on lazily": "> so\n{}\n",
}
OPEN = ("one kind within the other", "never closed")


def lines(text: str, kind: str, anchor: str) -> list[int]:
    return [span.line for span in Page(text).find(Anchor(kind, anchor))]


def spanned(text: str, kind: str, anchor: str) -> str:
    page = Page(text)
    (place,) = page.find(Anchor(kind, anchor))
    start, end = page.span(kind, place.line)
    return text[start:end]


@pytest.mark.parametrize("name", FENCES)
def test_a_clause_in_code_html_or_a_quote_is_none(name):
    text = FENCES[name].format("[S-1] Text.")
    assert lines(text, "clause", "[S-1]") == []
    after = lines(f"{text}\n# End\n\n[S-1] Text.\n", "clause", "[S-1]")
    assert len(after) == (0 if name in OPEN else 1)


@pytest.mark.parametrize("name", sorted(set(FENCES) - {"a quote that goes on lazily"}))
def test_a_heading_in_code_html_or_a_quote_is_none(name):
    assert lines(FENCES[name].format("## S"), "heading", "## S") == []


@pytest.mark.parametrize(
    "text",
    ["- ## S\n", "1. a\n\n   ## S\n", "> ## S\n", "- > ## S\n"],
    ids=["list item", "later in a list item", "quote", "quote in a list item"],
)
def test_a_heading_inside_another_block_is_neither_an_anchor_nor_an_end(text):
    assert lines(text, "heading", "## S") == []
    assert spanned(f"## A\n\n{text}", "heading", "## A") == f"## A\n\n{text}"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("## S", True),
        ("## S  \t", True),
        ("##\tS", True),
        ("##  \t S", True),
        (" ## S", False),
        ("## S ##", False),
        ("# S", False),
        ("### S", False),
        ("## s", False),
        ("##\u00a0S", False),
        ("## S\u00a0", False),
        ("## S\u200b", False),
        ("##S", False),
        ("\\## S", False),
        ("## S <!-- -->", False),
    ],
)
def test_headings_are_compared_byte_for_byte_but_for_blanks(line, found):
    assert lines(f"{line}\n", "heading", "## S") == ([1] if found else [])


def test_no_unicode_spelling_is_made_equal_to_another():
    assert lines("## Caf\u00e9\n", "heading", "## Cafe\u0301") == []
    assert lines("## Caf\u00e9\n", "heading", "## Caf\u00e9") == [1]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_endings_and_a_byte_order_mark_are_no_part_of_a_line(mark, ending):
    text = f"{mark}## S{ending}{ending}[S-1] Text.{ending}"
    (heading,) = Page(text).find(Anchor("heading", "## S"))
    assert (heading.line, heading.text) == (1, "## S")
    assert text[: Page(text).span("heading", 1)[0]] == mark
    assert spanned(text, "clause", "[S-1]") == f"[S-1] Text.{ending}"


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_lf_ends_a_line(sign):
    text = f"a{sign}## S\n\nb{sign}[S-1] no\n\n## S\n\n[S-1] yes\n"
    assert lines(text, "heading", "## S") == [5]
    assert lines(text, "clause", "[S-1]") == [7]


def test_a_section_ends_at_the_next_heading_of_its_level_or_a_higher_one():
    text = "# A\n\n## B\n\nb\n\n### C\n\nc\n\n## D\n\nd\n\n# E\n"
    assert spanned(text, "heading", "## B") == "## B\n\nb\n\n### C\n\nc\n\n"
    assert spanned(text, "heading", "### C") == "### C\n\nc\n\n"
    assert spanned(text, "heading", "## D") == "## D\n\nd\n\n"
    assert spanned(text, "heading", "# A") == text.removesuffix("# E\n")
    assert spanned(text, "heading", "# E") == "# E\n"


def test_an_underlined_heading_ends_sections_but_is_no_anchor():
    text = "## A\n\na\n\nTitle\ngoes on\n===\n\n## B\n"
    assert spanned(text, "heading", "## A") == "## A\n\na\n\n"
    assert lines(text, "heading", "# Title") == []
    assert spanned("## A\n\nb\n---\n", "heading", "## A") == "## A\n\n"


def test_what_looks_like_a_heading_in_code_ends_no_section():
    text = "## A\n\n```\n## B\n```\n\n<!--\n# C\n-->\n"
    assert spanned(text, "heading", "## A") == text


@pytest.mark.parametrize(
    "before",
    [
        *("", " ", "   ", "- ", "* ", "+   ", "1. ", "12) ", "- - ", "# ", "###   ", "- ## "),
        *("*", "**", "***", "_", "__", "- **", "## __"),
    ],
)
def test_a_clause_begins_after_the_marks_of_lists_headings_and_emphasis(before):
    text = f"x\n\n{before}[S-1]{before.strip(' -#')} Text.\n\ny\n"
    assert spanned(text, "clause", "[S-1]").startswith(before)
    assert lines(text, "clause", "[S-1]") == [3]


@pytest.mark.parametrize(
    "line",
    [
        "as in [S-1]",
        "([S-1])",
        "`[S-1]` text",
        "\\[S-1] text",
        "![S-1] text",
        "[[S-1]] text",
        "[S-1](#s-1) text",
        "[S-1][other] text",
        "[S-1]: #s-1",
        "[S-1]: Immutable",
        "[s-1] text",
        "[S-1 ] text",
        "[S\u20111] text",
        "[S-11] text",
        "\u00a0[S-1] text",
        "\ufeff[S-1] text",
        "| [S-1] | text |",
    ],
)
def test_a_mention_and_a_link_are_no_clause(line):
    assert lines(f"x\n\n{line}\n", "clause", "[S-1]") == []


def test_marks_of_lists_count_only_where_markdown_sees_a_list():
    assert lines("The year was\n1986. [S-1] text\n", "clause", "[S-1]") == []
    assert lines("The year was\n\n1986. [S-1] text\n", "clause", "[S-1]") == [3]


@pytest.mark.parametrize(
    "text",
    [
        "A `code\n[S-1] span` here\n",
        "A <!-- comment\n[S-1] goes on --> here\n",
        "A <a title='\n[S-1] tag'> here\n",
        "A [link](there 'title\n[S-1] goes on') here\n",
        "A ![picture\n[S-1] alt](there) here\n",
    ],
    ids=["code", "comment", "tag", "title", "picture"],
)
def test_a_line_that_begins_within_code_html_or_an_address_is_no_clause(text):
    assert lines(text, "clause", "[S-1]") == []


def test_a_clause_may_begin_on_a_later_line_of_a_paragraph():
    text = "[S-1] One\nmore.\n**[S-2]** Two `a`\n[S-3] Three\n"
    assert spanned(text, "clause", "[S-1]") == "[S-1] One\nmore.\n"
    assert spanned(text, "clause", "[S-2]") == "**[S-2]** Two `a`\n"
    assert spanned(text, "clause", "[S-3]") == "[S-3] Three\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[S-1] a\nb\n\nc\n", "[S-1] a\nb\n"),
        ("[S-1] a\n \t\nc\n", "[S-1] a\n"),
        ("[S-1] a\n\u00a0\nc\n", "[S-1] a\n\u00a0\nc\n"),
        ("[S-1] a\n# B\n", "[S-1] a\n"),
        ("[S-1] a\n- [S-2] b\n", "[S-1] a\n"),
        ("[S-1] a\n- b\n- c\n\nd\n", "[S-1] a\n- b\n- c\n"),
        ("- [S-1] a\n  b\n- c\n", "- [S-1] a\n  b\n"),
        ("- [S-1] a\n  - b\n- c\n", "- [S-1] a\n  - b\n"),
        ("- a\n  - [S-1] b\n  c\n- d\n", "  - [S-1] b\n  c\n"),
        ("### [S-1] A\nb\n", "### [S-1] A\nb\n"),
        ("[S-1] A\n===\nb\n\nc\n", "[S-1] A\n===\nb\n"),
        (
            "[S-1] a\n```\nb\n\n# c\n[S-2] d\n```\ne\n\nf\n",
            "[S-1] a\n```\nb\n\n# c\n[S-2] d\n```\ne\n",
        ),
        ("[S-1] a\n<!--\n\nb\n-->\n\nc\n", "[S-1] a\n<!--\n\nb\n-->\n"),
        ("- [S-1] a\n  ```\n  b\n\n  c\n  ```\n- d\n", "- [S-1] a\n  ```\n  b\n\n  c\n  ```\n"),
        ("[S-1] a\n> [S-2] b\n\nc\n", "[S-1] a\n> [S-2] b\n"),
        ("[S-1] a", "[S-1] a"),
    ],
)
def test_a_clause_ends_where_it_is_said_to(text, expected):
    assert spanned(text, "clause", "[S-1]") == expected


def test_all_places_are_told_in_order():
    text = "[S-1] a\n\n- [S-1] b\n[S-1](x)\n\n## [S-1] c\n"
    assert [(it.line, it.text) for it in Page(text).find(Anchor("clause", "[S-1]"))] == [
        (1, "[S-1] a"),
        (3, "- [S-1] b"),
        (6, "## [S-1] c"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "ending"),
    [
        ("a\r\nb\n", 1, "\r\n"),
        ("a\r\nb\n", 2, "\n"),
        ("a\r\nb", 2, "\r\n"),
        ("a\nb", 2, "\n"),
        ("a", 1, "\n"),
        ("\ufeffa\r\n", 1, "\r\n"),
    ],
)
def test_a_line_without_ending_has_that_of_the_line_before(text, line, ending):
    assert Page(text).ending(line) == ending


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        ("clause", "[SPEC-1.2.3]", "[SPEC-1.2.3]"),
        ("clause", "[SPEC-1.2.3] \t", "[SPEC-1.2.3]"),
        ("heading", "##\t Section   Title ", "## Section Title"),
        ("heading", " ###### x", " ###### x"),
    ],
)
def test_an_anchor_is_normal(kind, written, expected):
    assert anchors.anchor(kind, written) == Anchor(kind, expected)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        *(("clause", text) for text in ("", "SPEC-1", "[SPEC]", "[]", "[^1]", "[a 1]", "[1]x")),
        *(("clause", text) for text in ("[a\n1]", "[ä1]", "[[a1]]", " [a1]", "[a1]\n")),
        *(("heading", text) for text in ("", "##", "Title", "####### x", "##x", "## a\nb")),
        *(("heading", text) for text in ("#\u00a0x", "## ")),
    ],
)
def test_what_can_be_no_anchor_is_none(kind, written):
    assert anchors.anchor(kind, written) is None


@pytest.mark.parametrize("deep", [">" * (DEEPEST + 5) + " a\n", "- " * (DEEPEST + 5) + "a\n"])
def test_a_document_too_deep_to_be_read_whole_is_refused(deep):
    with pytest.raises(Refused, match=r"a.md:3: .* found more"):
        Page(f"a\n\n{deep}", "a.md")


def test_a_document_as_deep_as_can_be_is_read_whole():
    assert lines("- " * 9 + "[S-1] a\n", "clause", "[S-1]") == [1]
