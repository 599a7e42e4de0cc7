"""The scanner finds every forbidden phrase, leaves every permitted one, and nothing in between."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from sealwright.contracts.coo import governance_leak_scanner as scanner
from tests.coo.scans import DOCUMENT, LEAKS, MODULE, found, scanned

FORBIDDEN = {
    "must approve": "MustApprove",
    "approves": "Approves",
    "authorizes": "Authorizes",
    "validates": "Validates",
    "confirms": "Confirms",
    "requires approval": "RequiresApproval",
    "requires confirmation": "RequiresConfirmation",
}
VERBS = {
    "AgentReview": ("review", "reviews", "reviewed", "reviewing"),
    "AgentDecide": ("decide", "decides", "decided", "deciding"),
    "AgentDesignate": ("designate", "designates", "designated", "designating"),
    "AgentGovern": ("govern", "governs", "governed", "governing"),
}
FORMS = [(form, name) for name, forms in VERBS.items() for form in forms]


@pytest.mark.parametrize("path", [DOCUMENT, MODULE])
@pytest.mark.parametrize(("phrase", "name"), FORBIDDEN.items())
def test_a_forbidden_phrase_is_found_in_any_case(tmp_path, path, phrase, name):
    lines = [f"It {phrase} it.", phrase.upper(), phrase.title(), phrase.swapcase(), "It is done."]
    report = scanned(tmp_path, {path: "\n".join(lines)})
    assert [(v.line, v.pattern) for v in report.violations] == [(n, name) for n in (1, 2, 3, 4)]
    assert report.violations[0].excerpt == f"It {phrase} it."


@pytest.mark.parametrize("phrase", [phrase for phrase in FORBIDDEN if " " in phrase])
@pytest.mark.parametrize(
    "between",
    [
        *("  ", "\t", "\n", "\r\n", "\r", " \n ", "\n# ", "\n    # ", "\n> ", " \\\n", "_", "-"),
        *(" **", " `", "\u00a0", '"\n    "', "\u2003"),
    ],
)
def test_a_phrase_goes_on_over_blanks_marks_and_one_line_end(tmp_path, phrase, between):
    assert found(tmp_path, f"x {phrase.replace(' ', between)} y") == [FORBIDDEN[phrase]]


@pytest.mark.parametrize("between", ["\n\n", "\r\n\r\n", "\n \n", " the ", ", ", "; ", "", "."])
def test_a_phrase_does_not_go_on_over_anything_else(tmp_path, between):
    assert found(tmp_path, f"It must{between}approve") == []


@pytest.mark.parametrize(
    "word", ["disapproves", "approve", "approved", "approver", "revalidates", "validate", "confirm"]
)
def test_a_part_of_a_word_and_another_form_are_no_violation(tmp_path, word):
    assert found(tmp_path, f"It {word} it.") == []


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("def validates_plan(): ...", "Validates"),
        ("def plan_validates(): ...", "Validates"),
        ("def planValidates(): ...", "Validates"),
        ("validatesPlan = 1", "Validates"),
        ("__confirms__", "Confirms"),
        ("REQUIRES_APPROVAL = 1", "RequiresApproval"),
        ("requiresApproval = 1", "RequiresApproval"),
        ("must-approve", "MustApprove"),
        ("validates2", "Validates"),
        ("council.decide()", "AgentDecide"),
        ("def council_decides(): ...", "AgentDecide"),
        ("councilDecides()", "AgentDecide"),
    ],
)
def test_words_in_identifiers_count(tmp_path, name, pattern):
    assert found(tmp_path, f"{name}\n", MODULE) == [pattern]


@pytest.mark.parametrize("phrase", ["CEO approves", "CEO authorizes", "ceo approves"])
@pytest.mark.parametrize("blank", [" ", "\n", "\n# "])
def test_what_the_ceo_does_is_permitted(tmp_path, phrase, blank):
    assert found(tmp_path, f"The {phrase.replace(' ', blank)} it.") == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The CEO must approve.", ["MustApprove"]),
        ("The CEO confirms.", ["Confirms"]),
        ("The non-CEO approves.", ["Approves"]),
        ("The vice-CEO authorizes.", ["Authorizes"]),
        ("The CEO approves what the council approves.", ["Approves"]),
        ("The CEO, who approves it.", ["Approves"]),
        ("SCEO approves", ["Approves"]),
    ],
)
def test_nothing_but_the_permitted_phrase_is_permitted(tmp_path, text, names):
    assert found(tmp_path, text) == names


@pytest.mark.parametrize(("form", "name"), FORMS)
def test_a_role_verb_needs_an_agent(tmp_path, form, name):
    assert found(tmp_path, f"The council {form} the plan.") == [name]
    assert found(tmp_path, f"The COUNCIL {form.upper()} the plan.") == [name]
    assert found(tmp_path, f"The CEO {form} the plan.") == []
    assert found(tmp_path, f"They {form} the plan.") == []
    assert found(tmp_path, f"The {form}er and x{form} of the council.") == []


@pytest.mark.parametrize(
    "text",
    [
        "Antigravity quickly and quietly reviews it",
        "The runtime, which decides",
        "The **runtime**\ndecides",
        "# The agent\n# decides",
        "The CEO asks, the agent decides",
        "the agent or the CEO decides",
        "the CEO or the agent decides",
        "the CEO and agents decide",
        "the non-CEO decides",
        "a vice-CEO decides",
        "The Alignment Layer governs",
        "It is decided by the council",
        "It is decided quickly by the whole council",
        "It is decided by the CEO and the council",
        "The agent does not decide",
        "The CEO reviews it by the runtime",
        "What is governed by (the COO) is this",
    ],
)
def test_an_agent_in_the_same_clause_is_the_subject(tmp_path, text):
    assert len(found(tmp_path, text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "The agent waits until the CEO decides",
        "The agent waits; it decides",
        "The agent waits. It decides",
        "The agent waits: decide",
        "The agent waits\n\ndecide",
        "The agent waits\r\n\r\ndecide",
        "# The agent waits\n#\n# decide",
        "- the agent\n- decide",
        "1. the agent\n2. decide",
        "agent = 1\nreview = 2",
        "run(agent)\nreview(it)",
        "Decide what the agent does",
        "It is decided by the CEO",
        "It is decided by the CEO; the council",
        "Governance, decision, reviewer, designation",
        "The agents' governance",
    ],
)
def test_no_agent_in_the_same_clause_is_no_violation(tmp_path, text):
    assert found(tmp_path, text) == []


def test_two_patterns_in_one_place_are_both_found(tmp_path):
    text = "The council must approve, reviews and validates."
    assert found(tmp_path, text) == ["MustApprove", "AgentReview", "Validates"]


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u202e", "\ufe0f", "\u3164"]
)
def test_what_nobody_sees_hides_no_word(tmp_path, hidden):
    report = scanned(tmp_path, {DOCUMENT: f"é\nIt app{hidden}roves"})
    assert [(v.line, v.column, v.pattern) for v in report.violations] == [(2, 4, "Approves")]


def test_letters_of_other_alphabets_are_letters(tmp_path):
    assert found(tmp_path, "éapproves approvesé Éapproves") == []
    assert found(tmp_path, "é approves é") == ["Approves"]


TOP = Path(scanner.__file__).parent
OURS = sorted(str(path.relative_to(TOP)) for path in TOP.rglob("*.py"))


def test_what_the_runtime_is_made_of_leaks_nothing():
    report = scanner.scan(TOP, LEAKS, ["**/*.py"])
    assert (report.violations, report.files) == ((), len(OURS))


@pytest.mark.parametrize("name", OURS)
def test_what_a_docstring_shows_is_so(name):
    dotted = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    module = scanner.__package__ if dotted == "__init__" else f"{scanner.__package__}.{dotted}"
    assert doctest.testmod(importlib.import_module(module)).failed == 0
