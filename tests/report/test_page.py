"""The page as a file: whole without a script, in order, and nothing in it but what we put there."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import pairwise

import pytest

from sealwright.report import markup, page, style, wording
from sealwright.runtime import canonical
from tests.report import scenes
from tests.report.reading import read

HOSTILE = (
    "<script>alert(1)</script>",
    "'\"><img src=x onerror=alert(1)>",
    "</style></pre></code><b>",
    "&lt;i&gt; ]]> <!-- -->",
    "evil\u202etxt.exe\u2066\u200f",
    "bell\x07 escape\x1b[2J nul\x00 delete\x7f c1\x9b",
    "caf\udce9",
    "שלום.txt",
    "x" * 10_000,
    "line\nbreak",
)


@pytest.fixture(scope="module")
def sixty(tmp_path_factory):
    return scenes.sixty(tmp_path_factory.mktemp("sixty")).report()


@pytest.fixture(scope="module")
def pages(sixty, tmp_path_factory):
    every = scenes.every_status(tmp_path_factory.mktemp("every")).report()
    reports = {"sixty": sixty, "every": every, "large": scenes.large(500), "hostile": hostile()}
    return {name: read(page.page(report).decode()) for name, report in reports.items()}


def hostile():
    """A report in which every word is somebody's attack."""
    report = scenes.large(len(HOSTILE) * 2)
    report["summary"] = {"refused": len(report["steps"])}
    words = iter(HOSTILE * 50)
    for step in report["steps"]:
        said = next(words)
        step |= {"name": said, "doc": said, "status": "refused", "message": said, "contract": said}
        step["reasons"] = [{"code": "input", "sentence": said}]
        step["outputs"][0] |= {"spot": said, "is": said}
    for number, said in enumerate(HOSTILE):
        told = {"step": said, "guard": said, "where": said, "what": said, "command": said}
        report["approvals"].append({**told, "text": said, "by_hand": said})
        report["waivers"].append({"where": said, "reason": said})
        report["notices"].append(said)
        report["unknown"].append(said)
        report["signatures"].append({"path": said, "command": said})
        report["checksums"].append({"sha256": "0" * 64, "path": said})
        report["replays"].append({"what": said, "command": said, "path": said})
        report["ways_back"].append({"what": said, "command": said})
        report["contracts"].append({"name": said, "sentence": said, "steps": 1, "chain": [said]})
        proof = {"step": said, "spot": said, "kind": "evidence", "is": said, "sha256": said}
        report["proofs"].append({**proof, "receipt": said, "command": said})
        run = {"run": said, "path": said, "report": [[said, said]], "surface": [[said, said]]}
        run["told"] = [[said, said]]
        report["workflows"].append({**run, "problems": [said], "files": [said], "command": said})
        row = {"run": said, "step": said, "outcome": "failed", "at": said, "milliseconds": number}
        report["history"]["rows"].append({**row, "reason": said, "receipt": said})
        finding = {"where": said, "what": said, "remedy": said}
        gate = {"gate": said, "title": said, "status": "FAIL", "findings": [finding]}
        gate["evidence"] = [[said, said]]
        report["gates"]["gates"].append({**gate, "waiver": {"name": said, "reason": said}})
        report["gates"]["problems"].append(said)
    report["gates"]["path"] = report["history"]["problem"] = HOSTILE[0]
    report["repository"]["problem"] = HOSTILE[1]
    return wording.settled(report, "/nowhere")


# nothing but ours


@pytest.mark.parametrize("name", ["sixty", "every", "large", "hostile"])
def test_the_only_script_and_style_are_ours_and_nothing_is_asked_for(pages, name):
    top = pages[name]
    assert len(top.all("script")) == len(top.all("style")) == 1
    assert not top.all("img", "link", "iframe", "object", "embed", "form", "base", "video", "use")
    for node in top:
        assert not [key for key in node.attributes if key.startswith("on") or key == "style"]
        assert node.get("href").startswith("#") or "href" not in node.attributes
        assert "src" not in node.attributes
    assert {node.get("http-equiv") for node in top.all("meta")} <= {"", "Content-Security-Policy"}


def test_the_policy_allows_nothing_but_the_style_and_the_script_of_the_page(pages):
    top = pages["sixty"]
    (policy,) = [m.get("content") for m in top.all("meta") if m.get("http-equiv")]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules.pop("default-src") == rules.pop("form-action") == rules.pop("base-uri") == "'none'"
    for tag in ("style", "script"):
        (node,) = top.all(tag)
        digest = base64.b64encode(hashlib.sha256(node.text.encode()).digest()).decode()
        assert rules.pop(f"{tag}-src") == f"'sha256-{digest}'"
    assert not rules
    head = top.all("head")[0]
    assert head.text.strip().startswith("Sealwright") and head.all("meta")[1].get("http-equiv")


def test_what_cannot_be_seen_is_shown_by_its_number(pages):
    said = pages["hostile"].text
    assert "evil⟨U+202E⟩txt.exe⟨U+2066⟩⟨U+200F⟩" in said
    assert "escape⟨U+001B⟩[2J nul⟨U+0000⟩ delete⟨U+007F⟩ c1⟨U+009B⟩" in said
    assert "caf\\udce9" in said
    assert not [c for c in said if not (c.isprintable() or c in "\n\t")]


def test_hostile_words_are_read_as_they_were_written(pages):
    said = pages["hostile"].text
    for words in HOSTILE[:4]:
        assert words in said
    assert HOSTILE[7] in said


def test_a_very_long_name_is_cut_where_it_is_not_asked_for(pages):
    long = HOSTILE[8]
    whole = [node for node in pages["hostile"].all("code") if long in node.text]
    assert whole, "somewhere it can be read whole"
    for node in pages["hostile"].all("summary", "caption", "h3", "text", "title", "tspan"):
        assert len(node.text) < 2000


def test_a_name_that_is_no_text_can_be_told():
    told = wording.settled({"path": ["caf\udce9", "é"]}, "/nowhere")
    assert told == {"path": ["caf\\udce9", "é"]}
    assert canonical.line(told)


# whole without a script


def test_every_step_is_told_with_status_and_reasons(pages, sixty):
    rows = pages["sixty"].at("steps").all("tr")
    for number, step in enumerate(sixty["steps"]):
        (row,) = [row for row in rows if row.get("id") == f"s{number}"]
        assert step["name"] in row.text and step["status"] in row.text
        assert all(reason["sentence"] in row.text for reason in step["reasons"])


def test_every_step_is_in_the_picture_with_a_word_for_its_status(pages, sixty):
    labels = [node.text for node in pages["sixty"].at("graph").all("text")]
    assert len(labels) == 60
    for step, label in zip(sixty["steps"], labels, strict=True):
        assert label.startswith(f"{step['name']}  {step['status']}")


def test_a_large_graph_has_a_picture_of_its_parts_and_one_of_each(pages):
    graph = pages["large"].at("graph")
    overview, *pictures = graph.all("svg")
    assert len(overview.all("text")) == len(pictures) == 10
    assert sum(len(picture.all("text")) for picture in pictures) == 500
    assert all("open" not in part.attributes for part in graph.all("details"))


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("refused", "dirty: expected a clean tree, found it; rm dirty"),
        ("approvals", '{"format":"sealwright/approval/1","sentence":"I approve the freeze."'),
        ("approvals", "gpg --armor --detach-sign --local-user FINGERPRINT"),
        ("stale", "site-3.src changed"),
        ("gates", "expected an image, found none"),
        ("gates", "doit rollback"),
        ("gates", "NOT RUN"),
        ("waivers", "no image is built here"),
        ("evidence", "sha256sum -c"),
        ("evidence", "doit verify"),
        ("history", "completed"),
        ("replays", "doit replay"),
        ("contracts", "work_orders"),
    ],
)
def test_a_section_tells_what_it_is_for(pages, section, words):
    assert words in pages["sixty"].at(section).text


def test_there_is_no_section_about_nothing(tmp_path):
    top = read(page.page(scenes.Scene(tmp_path).report()).decode())
    headings = [node.text for node in top.all("h2")]
    assert headings == [
        "Steps",
        "Contracts in force",
        "About this page",
    ]


def test_the_digest_on_the_page_is_that_of_the_json(sixty, pages):
    digest = hashlib.sha256(canonical.line(sixty)).hexdigest()
    assert f"inv report --json | sha256sum\n{digest}  -" in pages["sixty"].text


def test_the_same_report_makes_the_same_bytes(sixty):
    assert page.page(sixty) == page.page(canonical.decode_line(canonical.line(sixty)))


# fit for everybody


@pytest.mark.parametrize("name", ["sixty", "every", "large", "hostile"])
def test_headings_go_down_one_at_a_time_and_landmarks_are_there(pages, name):
    top = pages[name]
    levels = [int(node.tag[1]) for node in top.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for landmark in ("header", "nav", "main", "footer"):
        assert len(top.all(landmark)) == 1
    assert top.all("html")[0].get("lang") == "en"


@pytest.mark.parametrize("name", ["sixty", "every", "large", "hostile"])
def test_tables_have_captions_and_scopes_and_controls_have_labels(pages, name):
    for table in pages[name].all("table"):
        assert table.all("caption")[0].text
        assert all(cell.get("scope") in ("row", "col") for cell in table.all("th"))
    labelled = [n for label in pages[name].all("label") for n in label.all("input", "select")]
    assert labelled == pages[name].all("input", "select")
    for picture in pages[name].all("svg"):
        assert picture.get("aria-hidden") or picture.get("aria-label")
    for frame in pages[name]:
        if frame.get("class") == "picture":
            assert "step" in frame.get("aria-label") and frame.get("role") == "group"


@pytest.mark.parametrize("name", ["sixty", "every", "large", "hostile"])
def test_ids_are_there_once_and_every_link_leads_to_one(pages, name):
    ids = [node.get("id") for node in pages[name] if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    missing = {n.get("href")[1:] for n in pages[name].all("a")} - set(ids)
    assert missing == set()
    labels = {n.get("aria-labelledby") for n in pages[name]} - {""}
    assert labels <= set(ids)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [style._LIGHT, style._DARK], ids=["light", "dark"])
def test_all_words_have_a_contrast_of_four_and_a_half(palette):
    colours = dict(re.findall(r"--(\w+):(#\w+);", palette))
    words = ["fg", "soft", "link", *(f"s{n}" for n in range(7))]
    for ground in ("bg", "card", "code"):
        for word in words:
            assert contrast(colours[word], colours[ground]) >= 4.5, (word, ground)
        assert contrast(colours["edge"], colours[ground]) >= 3


def test_contrast_is_that_of_the_guidelines():
    assert round(contrast("#777777", "#fff"), 2) == 4.48
    assert round(contrast("#000", "#fff"), 2) == 21


@pytest.mark.parametrize("name", ["sixty", "every", "large", "hostile"])
def test_in_a_paragraph_or_heading_there_are_only_words(pages, name):
    for node in pages[name].all("p", "h1", "h2", "h3", "caption", "summary"):
        assert {inner.tag for inner in node} <= {node.tag, *PHRASES}


PHRASES = {"a", "b", "button", "code", "path", "span", "svg"}


# parts


def test_text_that_is_no_markup_is_never_put_in_as_it_is():
    assert markup.joined(["<", markup.Markup("<br>")]) == "&lt;<br>"
    assert markup.element("p", None, "&", title='"') == '<p title="&quot;">&amp;</p>'
