"""Every line of a packet becomes data, or is a complaint that says where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright import digest
from sealwright.contracts.workflow import packet
from sealwright.contracts.workflow.terms import EVIDENCE, FORBIDDEN_ACTIONS
from sealwright.errors import Misconfigured
from tests.workflow.packets import ADMISSION, ID, NAME, SENTENCE, TARGET, TEXT, line_of, parsed


def complaint(*edits: tuple[str, str]) -> str:
    with pytest.raises(Misconfigured) as told:
        parsed(*edits)
    return str(told.value)


def test_every_section_becomes_data():
    made = parsed()
    assert (made.id, made.sha256) == (ID, digest.sha256(TEXT.encode()))
    assert (made.title, made.status) == ("A first packet", "validated as an approval packet only")
    assert made.front.core_promotion_status == "not-promoted"
    assert made.front.created == "2000-01-01"
    assert (made.target.repository, made.target.admission_source) == (TARGET, ADMISSION)
    assert (made.target.owner, made.target.risk) == ("jp", "low_risk_noncritical")
    assert made.target.observed == "clean `main` branch"
    assert made.task.text == "align the slugs of `src/strings.py` with those of `strings.py`."
    assert made.task.allowed_paths == ("src/strings.py", "test_strings.py")
    assert made.task.forbidden_actions == FORBIDDEN_ACTIONS
    assert made.task.forbidden_paths[:3] == (".env", ".env.*", "secrets/")
    assert made.task.validation_argv == ("python3", "-m", "pytest", "-q")
    assert made.task.rollback and made.task.success_criteria[-1].endswith("remains false.")
    assert (made.approver, made.sentence, made.stage) == ("JP", SENTENCE, 5)
    assert made.evidence == tuple(EVIDENCE.values())
    assert made.placeholders() == ()


def test_without_blank_lines_and_with_lines_above_it_says_the_same():
    dense = "\n".join(line for line in TEXT.split("\n") if line and not line.startswith("<!--"))
    headed = f"docs/packet.md\n2026-06-01\n\n124 lines\n\n{dense}\n"
    made, same = packet.parse(headed.encode(), NAME), parsed()
    for part in ("id", "status", "front", "target", "task", "sentence", "gate", "evidence"):
        assert getattr(made, part) == getattr(same, part)


def test_the_template_parses_and_names_what_a_person_has_to_decide():
    made = packet.parse(packet.template("CTO-WORK-7"), NAME)
    assert made.id == "CTO-WORK-7" and made.task.forbidden_actions == FORBIDDEN_ACTIONS
    assert {"target.repository", "sentence", "task.allowed_paths"} <= set(made.placeholders())


def test_a_template_is_for_an_id():
    with pytest.raises(Misconfigured, match="expected an id"):
        packet.template("../x")


SECTION = "## Non-Authority Notice\n\nThis packet is planning."


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        # sections
        ("## Execution Gate", "## Gate", "section 'Execution Gate' is missing"),
        ("## Execution Gate", "## Status", "section 'Status': expected once, found twice"),
        (SECTION, f"## Budget\n\nNone.\n\n{SECTION}", "section 'Budget': expected one of"),
        ("# A first packet", "### A first packet", "expected a heading `# …` first"),
        ("## Status", "### Status", "expected a heading `## …`, found one of level 3"),
        # labels
        ("Task: align", "Duty: align", "Duty: unknown label"),
        ("Task: align", "Task: a\n\nTask: align", "Task: is written twice; the first is on line"),
        ("Rollback expectation:", "", "'Rollback expectation' is missing"),
        ("- Repository owner: `jp`\n", "", "'Repository owner' is missing"),
        ("- Repository owner: `jp`", "- Repository owner: jp", "expected one value in backticks"),
        # paths
        ("- `test_strings.py`", "- `/etc/passwd`", "is absolute"),
        ("- `test_strings.py`", "- `../test_strings.py`", "has a component . or .."),
        ("- `test_strings.py`", "- `a/./b`", "expected the path 'a/b' in its one spelling"),
        ("- `test_strings.py`", "- `*.py`", "expected the path of one file, found the pattern"),
        ("- `test_strings.py`", "- the tests", "expected one value in backticks"),
        ("- `test_strings.py`", "- `a` and `b`", "expected one value in backticks"),
        ("- `test_strings.py`", "- `src/strings.py`", "expected each entry once"),
        ("- `test_strings.py`", "- `a/.ENV`", "expected paths that are not forbidden"),
        ("- `.env`\n", "- `/root/`\n", "Forbidden paths: expected a path"),
        ("- `src/strings.py`\n- `test_strings.py`\n", "", "expected a list of bullets, found none"),
        (f"`{TARGET}`", "`targets/../x`", "Target Repository: expected a path"),
        (f"`{ADMISSION}`", "`/a.json`", "Admission source: expected a path"),
        # lists
        ("- push\n", "- push\n  - more\n", "expected a bullet of one paragraph"),
        ("- push\n", "- pull\n", "Forbidden actions: expected one of push, merge"),
        ("- push\n", "- push\n- push\n", "expected each entry once, found push twice"),
        ("- Runtime default activation remains false.", "- Done.", "Success criteria: expected"),
        # the command
        ("python3 -m pytest -q\n```", "true\n```\n\n```bash\nfalse\n```", "one fenced block"),
        ("python3 -m pytest -q", "true\nfalse", "expected one line in a fenced block"),
        ("python3 -m pytest -q", "true && false", "expected one command without"),
        ("python3 -m pytest -q", "true; false", "expected one command without"),
        ("python3 -m pytest -q", "echo $HOME", "that no shell expands"),
        ("python3 -m pytest -q", "echo 'a", "No closing quotation"),
        ("python3 -m pytest -q\n", "", "expected one line in a fenced block"),
        # the sentence
        (SENTENCE, f"{SENTENCE}\n{SENTENCE}", "Required Approval: expected 'I approve ID"),
        (SENTENCE, f"{SENTENCE}\n```\n\n```text\n{SENTENCE}", "found a second one"),
        (SENTENCE, SENTENCE.replace("049", "050"), "expected the id 'CTO-WORK-049'"),
        (SENTENCE, SENTENCE.replace("strings", "other"), "the repository 'targets/strings'"),
        (SENTENCE, SENTENCE.replace(" for", "\u00a0for"), "expected 'I approve ID against"),
        (SENTENCE, f"{SENTENCE} ", "expected 'I approve ID against"),
        ("execution remains blocked", "it may run", "Required Approval: expected `Before"),
        # status and what never gives leave
        ("status: validated ", "status: approved  ", "expected one of draft, validated"),
        ("not-promoted", "promoted", "expected one of not-promoted"),
        ("tier: local", "tier: core", "expected one of local"),
        ("Status: validated as", "Status: draft as", "expected 'validated' as in the front"),
        ("does not authorize execution. `", "authorizes execution. `", "expected `Status"),
        (
            "`CTO-WORK-049` remains",
            "`CTO-WORK-1` or `CTO-WORK-049` remains",
            "Status: expected `Status",
        ),
        ("It does not authorize mutation", "It allows mutation", "does not authorize anything"),
        ("owner: jp", "owner: jp\nowner: jo", "is written twice"),
        ("owner: jp", "owner: jp\nrank: high", "unknown key"),
        ("created: 2000-01-01", "created: 2000-13-01", "expected a date"),
        # gate and evidence
        ("CASE=1`", "CASE=0`", "CTO_HARNESS_ALLOW_CASE: expected 1, found '0'"),
        ("STAGE=5`", "STAGE=7`", "expected [1-6], found '7'"),
        ("- `CTO_HARNESS_CASE_STAGE=5`\n", "", "CTO_HARNESS_CASE_STAGE is missing"),
        ("`CTO_HARNESS_CASE_STAGE=5`", "`PATH=5`", "expected one of CTO_HARNESS_ALLOW_CASE"),
        ("authority, approval,", "authority,", "Execution Gate: expected 'Execution"),
        ("- `report.md`\n", "", "expected 'report.md' once, found it 0 times"),
        ("- `report.md`\n", "- `report.md`\n- `report.md`\n", "once, found it 2 times"),
        ("- backend logs", "- my word", "Evidence: expected one of"),
        # what is no part of the format
        (SECTION, f"{SECTION}\n\n> quoted\n\nSo.", "found blockquote"),
        (SECTION, f"{SECTION}\n\n1. one", "found ordered list"),
        (SECTION, f"{SECTION}\n\n[a]: https://example.org\n\nSo.", "found a definition"),
        (SECTION, f"{SECTION}\n\n<div>\n\nSo.", "found html block"),
        ("Task: align", "Task: <!-- push it --> align", "found html inline"),
        ("Task: align", "Task: [align](https://example.org)", "found link"),
        ("- Revert", "- ![x](y) Revert", "found image"),
        ("Local planning", "Local\u200b planning", "characters that are seen, found U+200B"),
        ("Local planning", "Local\u202e planning", "characters that are seen, found U+202E"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(before, after, said):
    told = complaint((before, after))
    assert said in told
    assert all(line.startswith(f"{NAME}:") for line in told.split("\n"))


def test_all_complaints_are_told_at_once_in_their_order():
    edits = [("- push\n", "- pull\n"), ("- `report.md`\n", ""), ("CASE=1`", "CASE=0`")]
    told = complaint(*edits).split("\n")
    assert len(told) >= 3 and told == sorted(told, key=lambda line: int(line.split(":")[1]))


def test_a_complaint_about_a_bullet_names_its_line_and_column():
    edit = ("- `test_strings.py`", "- `/etc/passwd`")
    assert complaint(edit).startswith(f"{NAME}:{line_of('/etc/passwd', edit)}:3: Allowed paths: ")


def test_a_complaint_about_the_front_matter_names_its_line():
    assert f"{NAME}:{line_of('core_promotion_status')}:" in complaint(("not-promoted", "promoted"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "expected YAML between two lines ---"),
        (b"---\nname: x\n", "expected YAML between two lines ---, found 1"),
        (TEXT.encode().replace(b"\n", b"\r\n"), "expected lines that end in LF"),
        (TEXT.encode() + b"\xff", "expected UTF-8"),
        (TEXT.encode() + b"\n" * (1 << 18), "bytes, found more"),
    ],
)
def test_what_is_no_packet_at_all_is_refused(data, said):
    with pytest.raises(Misconfigured, match=said):
        packet.parse(data, NAME)


def differs(one: packet.Packet, other: packet.Packet) -> bool:
    names = [name for name in packet.Packet.__slots__ if name != "sha256"]
    return any(getattr(one, name) != getattr(other, name) for name in names)


def test_no_line_can_go_without_being_missed():
    lines, whole = TEXT.split("\n"), parsed()
    for number, line in enumerate(lines):
        if not line or line.startswith(("<!--", "Local planning", "This packet is planning")):
            continue
        try:
            made = packet.parse("\n".join(lines[:number] + lines[number + 1 :]).encode(), NAME)
        except Misconfigured:
            continue
        assert differs(made, whole), f"line {number + 1}: {line}"


def test_no_line_can_be_there_twice_without_being_noticed():
    lines, whole = TEXT.split("\n"), parsed()
    for number, line in enumerate(lines):
        if not line or line.startswith(("<!--", "Local planning", "This packet is planning")):
            continue
        twice = lines[: number + 1] + lines[number:]
        try:
            made = packet.parse("\n".join(twice).encode(), NAME)
        except Misconfigured:
            continue
        assert differs(made, whole), f"line {number + 1}: {line}"


@given(st.data())
def test_whatever_is_done_to_it_is_read_or_refused_and_nothing_else(data):
    at = data.draw(st.integers(0, len(TEXT)))
    cut = data.draw(st.integers(0, 40))
    put = data.draw(st.text(max_size=12) | st.sampled_from(["\n", "- ", "`", "#", "> ", "```\n"]))
    spoiled = (TEXT[:at] + put + TEXT[at + cut :]).encode("utf-8", "surrogatepass")
    try:
        packet.parse(spoiled, NAME)
    except Misconfigured as told:
        assert str(told).startswith(NAME)
