"""Gates are judged in their order, and what became of each is told the same everywhere."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright import document
from sealwright.contracts.coo.gates import findings_sarif, junit, record, results, waivers
from sealwright.contracts.coo.gates.record import FAIL, NOT_RUN, PASS, WAIVED, Result
from sealwright.contracts.coo.gates.results import GateResults
from sealwright.contracts.coo.gates.waivers import GATES, Waiver
from sealwright.errors import Damaged, Misconfigured, ProgramFailed, Refused
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict, refusal

WAIVER = Waiver("B", "it reads a clock", "J. Doe")
BAD = Finding("coo/a.py:3:8", "imports old", "import the canonical package")


def holding() -> Verdict:
    return Verdict((), {"seen": 1})


def failing() -> Verdict:
    return Verdict((BAD,), {"seen": 2})


def asks(**others):
    return dict.fromkeys(reversed(GATES), holding) | others


def statuses(judged) -> str:
    return " ".join(result.status for result in judged)


def test_six_gates_that_hold_pass_in_their_order():
    judged = record.judge_all(asks())
    assert [result.gate for result in judged] == list("ABCDEF")
    assert statuses(judged) == "PASS PASS PASS PASS PASS PASS"
    assert GateResults(judged).status == PASS and GateResults(judged).advice == ""


@pytest.mark.parametrize("gate", GATES)
def test_a_failing_gate_stops_the_rest_and_asks_for_a_rollback(gate):
    asked = []
    judged = record.judge_all(
        {each: lambda each=each: asked.append(each) or holding() for each in GATES}
        | {gate: failing}
    )
    place = GATES.index(gate)
    assert asked == list(GATES[:place])
    assert [r.status for r in judged] == [PASS] * place + [FAIL] + [NOT_RUN] * (5 - place)
    told = GateResults(judged)
    assert (told.status, told.advice) == (FAIL, "doit rollback")
    assert f"gate {gate}: coo/a.py:3:8" in str(told.verdict())


def test_a_waived_gate_is_judged_and_its_findings_stay():
    judged = record.judge_all(asks(B=failing), [WAIVER])
    assert statuses(judged) == "PASS WAIVED PASS PASS PASS PASS"
    assert judged[1].findings == (BAD,) and judged[1].waiver == WAIVER
    assert GateResults(judged).waived == ("B",)
    assert statuses(record.judge_all(asks(), [WAIVER])) == "PASS WAIVED PASS PASS PASS PASS"


def test_gates_are_not_judged_out_of_their_order():
    with pytest.raises(ValueError, match="expected the results of A"):
        record.judge("B", (), holding)
    with pytest.raises(ValueError, match="expected the gates"):
        record.judge_all({"A": holding})


@pytest.mark.parametrize("kind", [Refused, Damaged, ProgramFailed, OSError])
def test_what_a_gate_cannot_deal_with_fails_it(kind):
    def ask():
        raise kind(2, "one\ntwo") if kind is OSError else kind("one\ntwo")

    assert record.judge("A", (), ask).status == FAIL


def test_a_wrong_configuration_is_no_finding():
    def ask():
        raise Misconfigured("x")

    with pytest.raises(Misconfigured):
        record.judge("A", (), ask)


def test_no_absolute_path_and_nothing_unwritable_is_told(tmp_path):
    def ask():
        evidence = {"at": [str(tmp_path / "x")], "other": f"{tmp_path}2"}
        return Verdict((Finding(f"{tmp_path}/a\udcff", "\x1b[2J", f"{tmp_path}: no"),), evidence)

    result = record.judge("A", (), ask, names={Path(tmp_path): "{repo}"})
    assert result.findings == (Finding("{repo}/a\\udcff", "?[2J", "{repo}: no"),)
    assert result.evidence == {"at": ["{repo}/x"], "other": f"{tmp_path}2"}
    assert results.parse(GateResults((result,)).to_bytes()).results == (result,)


def test_results_that_were_judged_alone_come_into_their_order():
    alone = {gate: record.judge_alone(gate, holding) for gate in "ABEF"}
    alone |= {"C": record.judge_alone("C", failing), "D": record.judge_alone("D", holding)}
    assert statuses(record.in_order(alone)) == "PASS PASS FAIL NOT_RUN NOT_RUN NOT_RUN"
    assert record.in_order(alone)[2].findings == (BAD,)
    waived = alone | {"C": record.judge_alone("C", failing, [Waiver("C", "r", "n")])}
    assert statuses(record.in_order(waived)) == "PASS PASS WAIVED PASS PASS PASS"


def test_a_gate_that_nobody_asked_is_no_pass():
    alone = {gate: record.judge_alone(gate, holding) for gate in "ABCEF"}
    told = GateResults(record.in_order(alone))
    assert (told.status, told.advice) == (NOT_RUN, "")
    assert [each.where for each in told.verdict().findings] == ["gate D", "gate E", "gate F"]
    assert not GateResults(()).verdict().holds
    assert results.parse(told.to_bytes()) == told


def test_one_result_is_a_file_of_its_own():
    result = record.judge_alone("B", failing, [WAIVER])
    assert results.parse_one(results.one(result), "B.json") == result
    for old, new in ((b"WAIVED", b"PASS"), (b'"B"', b'"C"'), (b"{", b"{ "), (b'"name"', b'"nom"')):
        with pytest.raises(Damaged, match=r"B\.json"):
            results.parse_one(results.one(result).replace(old, new, 1), "B.json")


def test_the_file_is_this():
    judged = record.judge_all(asks(B=failing, D=failing), [WAIVER])
    row = '"evidence":{"seen":1},"findings":[]'
    bad = '[{"remedy":"import the canonical package","what":"imports old","where":"coo/a.py:3:8"}]'
    none = '"evidence":{},"findings":[]'
    expected = (
        '{"advice":"doit rollback","format":"sealwright/gate-results/1","gates":['
        f'{{{row},"gate":"A","status":"PASS","title":"Repo Unification Integrity","waiver":null}},'
        f'{{"evidence":{{"seen":2}},"findings":{bad},"gate":"B","status":"WAIVED",'
        '"title":"Deterministic Modules","waiver":{"name":"J. Doe","reason":"it reads a clock"}},'
        f'{{{row},"gate":"C","status":"PASS","title":"Sandbox Security","waiver":null}},'
        f'{{"evidence":{{"seen":2}},"findings":{bad},"gate":"D","status":"FAIL",'
        '"title":"Test Suite Integrity","waiver":null},'
        f'{{{none},"gate":"E","status":"NOT_RUN","title":"Governance Integrity","waiver":null}},'
        f'{{{none},"gate":"F","status":"NOT_RUN","title":"Deterministic Replay","waiver":null}}'
        '],"status":"FAIL"}\n'
    )
    assert GateResults(judged).to_bytes().decode() == expected
    assert results.parse(expected.encode()).results == judged


def test_junit_tells_failures_waivers_and_what_was_not_run():
    judged = record.judge_all(asks(B=failing, D=failing), [WAIVER])
    suite = ElementTree.fromstring(junit.report(GateResults(judged)))
    assert suite.attrib == {
        "name": "gates",
        "tests": "6",
        "failures": "1",
        "errors": "0",
        "skipped": "3",
    }
    told = {
        case.get("classname"): [(e.tag, e.get("message"), e.text) for e in case] for case in suite
    }
    assert told["gates.A"] == told["gates.C"] == []
    assert told["gates.B"] == [
        ("skipped", "WAIVED: it reads a clock (J. Doe)", None),
        ("system-out", None, str(BAD)),
    ]
    assert told["gates.D"] == [("failure", "1 found; doit rollback", str(BAD))]
    assert [tag for tag, _, _ in told["gates.F"]] == ["skipped"]


def test_junit_is_xml_whatever_was_found():
    def ask():
        return refusal('\x00<&">]]>\ufffe\ud800', "\x1b")

    made = junit.report(GateResults((record.judge("A", (), ask),)))
    ElementTree.fromstring(made)


def test_sarif_names_places_and_suppresses_what_is_waived():
    judged = record.judge_all(asks(B=failing, D=lambda: refusal("module x", "differs")), [WAIVER])
    (run,) = canonical.decode_line(findings_sarif.log(GateResults(judged)))["runs"]
    first, second = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "coo/a.py"
    assert place["region"] == {"startLine": 3, "startColumn": 8}
    assert first["suppressions"][0]["justification"] == "it reads a clock (J. Doe)"
    assert second["ruleId"] == "gate-D" and second["suppressions"] == []
    uri = second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "gate_results.json"


def changed(old: bytes, new: bytes) -> bytes:
    whole = GateResults(record.judge_all(asks(B=failing), [WAIVER])).to_bytes()
    assert old in whole
    return whole.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new"),
    {
        "a gate too many": (b'"gate":"B"', b'"gate":"A"'),
        "an unknown gate": (b'"gate":"F"', b'"gate":"G"'),
        "another title": (b"Sandbox Security", b"Sandbox Safety"),
        "a failure that is called a pass": (b'"status":"WAIVED"', b'"status":"PASS"'),
        "an unknown status": (b'"status":"WAIVED"', b'"status":"FINE"'),
        "a pass after what was not run": (
            b'"status":"PASS","title":"R',
            b'"status":"NOT_RUN","title":"R',
        ),
        "a waiver without a name": (b'"name":"J. Doe",', b""),
        "an empty reason": (b"it reads a clock", b" "),
        "another format": (b"gate-results/1", b"gate-results/2"),
        "advice without a failure": (b'"advice":""', b'"advice":"doit rollback"'),
        "a finding that is no text": (b'"what":"imports old"', b'"what":7'),
        "evidence that is none": (b'"evidence":{"seen":2}', b'"evidence":[]'),
        "a space": (b'"advice":""', b'"advice": ""'),
    }.values(),
)
def test_a_file_that_cannot_be_is_damage(old, new):
    with pytest.raises(Damaged, match=r"gate_results\.json"):
        results.parse(changed(old, new))


@given(st.binary(max_size=60))
def test_anything_else_is_damage(data):
    with pytest.raises(Damaged):
        results.parse(data)


@pytest.mark.parametrize(
    "row",
    [
        Result("A", PASS),
        pytest.param(("A", PASS, (BAD,)), id="a pass with findings"),
        pytest.param(("A", FAIL), id="a failure without"),
        pytest.param(("A", WAIVED, (BAD,)), id="a waiver that is none"),
        pytest.param(("A", NOT_RUN, (), {"x": 1}), id="evidence of nothing"),
        pytest.param(("A", WAIVED, (), {}, WAIVER), id="the waiver of another gate"),
        pytest.param(("Z", PASS), id="an unknown gate"),
    ],
)
def test_a_result_cannot_contradict_itself(row):
    if isinstance(row, tuple):
        with pytest.raises(ValueError, match="gate"):
            Result(*row)


def read(text: str):
    with document.parse(text.encode(), "config/coo.yaml") as table:
        return waivers.read(table)


def test_waivers_are_read_in_the_order_of_the_gates():
    text = "waivers: [{gate: F, reason: r, name: n}, {gate: C, reason: 'a b', name: m}]"
    assert read(text) == (Waiver("C", "a b", "m"), Waiver("F", "r", "n"))
    assert read("{}") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("waivers: [{gate: G, reason: r, name: n}]", "expected one of A, B, C, D, E, F"),
        ("waivers: [{gate: C, name: n}]", "reason: is missing"),
        ("waivers: [{gate: C, reason: ' ', name: n}]", "the reason, in one line"),
        ("waivers: [{gate: C, reason: r, name: 'a\\nb'}]", None),
        ('waivers: [{gate: C, reason: r, name: "a\\nb"}]', "the name, in one line"),
        ("waivers: [{gate: C, reason: r, name: n, until: x}]", "unknown key"),
        (
            "waivers: [{gate: C, reason: r, name: n}, {gate: C, reason: s, name: n}]",
            "at most one waiver of gate C",
        ),
    ],
)
def test_a_wrong_waiver_is_refused_by_its_place(text, said):
    if said is None:
        assert read(text)[0].name == "a\\nb"
        return
    with pytest.raises(Misconfigured, match=said) as refused:
        read(text)
    assert str(refused.value).startswith("config/coo.yaml:1:")
