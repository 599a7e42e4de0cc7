"""A document that is read in parts is what it is as a whole, before and after a change."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.contracts.coo.amendments import outline as outlines
from sealwright.contracts.coo.amendments.draft import lines
from sealwright.contracts.coo.amendments.outline import Part, outline

ROWS = st.lists(
    st.sampled_from(
        [
            *("", "", "", "", "# A", "## B", "#", "###\tC", " # D", "  # E", "   # F", "    # G"),
            *("text", "[S-1] one", "- item", "  more", "    more", "1. one", "   two", "> quote"),
            *("> # Q", ">", "- # I", "- > x", "```", "~~~", "````", "  ```", "- ```", "> ~~~"),
            *("<!--", "-->", "<div>", "</div>", "<pre>", "</pre>", "<?", "?>", "<![CDATA[", "]]>"),
            *(
                "===",
                "---",
                "***",
                "[x]: y",
                "[x]:",
                "'title",
                "title'",
                "[y",
                "]: z",
                "[x]: <",
                ">",
            ),
            *("\tcode", "-\tx", "-", "\u00a0", "\x0c", "\\", "`", "- - x", "      y", "<script>"),
        ]
    ),
    max_size=40,
)
TEXTS = st.builds(lambda rows, end: "\n".join(rows) + end, ROWS, st.sampled_from(["", "\n"]))


Said = tuple[dict, dict, dict]


def merged(parts: list[Part]) -> Said:
    """Return the headings, what is whole and the text of all parts, by lines of the document."""
    headings, whole, text = {}, {}, {}
    start = 0
    for part in parts:
        headings |= {start + line: heading for line, heading in part.headings.items()}
        whole |= {start + line: start + end for line, end in part.whole.items()}
        text |= {start + n: (start + it.first, start + it.last) for n, it in part.text.items()}
        assert all(it.last <= it.limit <= part.length for it in part.text.values())
        start += part.length
    return headings, whole, text


def read(text: str, known: dict | None = None) -> tuple[Said, dict]:
    kept: dict = {}
    parts = list(outline(text, known or {}, kept))
    assert sum(part.length for part in parts) == len(lines(text))
    return merged(parts), kept


def whole(text: str) -> Said:
    part = outlines._part(text, True)
    assert part is not None
    return merged([part])


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_parts_say_what_the_whole_says(text):
    assert read(text)[0] == whole(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS, max_size=6), TEXTS, st.integers(0, 5))
def test_what_is_known_is_what_would_be_read(texts, new, at):
    before = "\n\n".join(texts)
    after = "\n\n".join([*texts[:at], new, *texts[at:]])
    _, known = read(before)
    assert read(after, known)[0] == whole(after)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is given to the parser."""
    given_, parse = [], outlines._tokens
    monkeypatch.setattr(outlines, "_tokens", lambda text: given_.append(text) or parse(text))
    return given_


def test_a_change_leads_to_reading_its_own_part_alone(parsed):
    text = "".join(f"# {n}\n\ntext\n\n" for n in range(100))
    _, known = read(text)
    parsed.clear()
    read(text.replace("# 50\n\ntext", "# 50\n\nchanged"), known)
    assert parsed == ["# 50\n\nchanged\n\n#\n"]


def test_code_that_is_never_closed_is_read_few_times(parsed):
    (headings, *_), _ = read("```\n" + "\n# 1\n" * 1000)
    assert (headings, len(parsed)) == ({}, 11)


@pytest.mark.parametrize("text", ["", "\n", "#", "\n\n# A", "# A\n\n# A\n\n# A", "\n# A\r\n \r\n#"])
def test_small_documents_are_read(text):
    assert read(text)[0] == whole(text)
