"""The sections that say what stands in the way, and by which rules: refusals, approvals, gates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealwright.report.markup import Markup, block, brief, code, cut, element, joined
from sealwright.report.steps import follows, why

Report = Mapping[str, Any]
Step = Mapping[str, Any]
_KEY = "By hand, with the full fingerprint of a key that counts:"
_MOST = 30  # rows that a section tells; the table of steps has all
_FEW = 8  # steps that a row names
_RESULT = {"PASS": 0, "WAIVED": 2, "FAIL": 4, "NOT_RUN": 3}  # the colours of results


def refused(report: Report) -> Markup | None:
    """Return the steps that are refused, with why, and how many only come after them."""
    found = _numbered(report, "refused")
    own = [(number, step, _said(step["message"])) for number, step in found if not follows(step)]
    made = _rows("Refused by a guard, by evidence or for want of an input", own)
    return _together(made, _following(len(found) - len(own)))


def stale(report: Report) -> Markup | None:
    """Return the steps that would run, or did fail, with why."""
    found = _numbered(report, "failed") + _numbered(report, "will run")
    return _together(_rows("What a run would execute", [(n, s, why(s)) for n, s in found]))


def _rows(caption: str, found: Sequence[tuple[int, Step, Markup]]) -> list[Markup]:
    """Return a table of steps, those of which the same is said in one row."""
    same: dict[str, list[tuple[int, Step]]] = {}
    for number, step, said in found:
        same.setdefault(said, []).append((number, step))
    rows = [
        element("tr", element("th", _links(steps), scope="row"), element("td", Markup(said)))
        for said, steps in list(same.items())[:_MOST]
    ]
    left = sum(map(len, list(same.values())[_MOST:]))
    more = [element("p", f"{left} more are in the table of steps.")] if left else []
    return [listing(caption, ("Step", "Why"), rows), *more] if rows else []


def _links(steps: Sequence[tuple[int, Step]]) -> Markup:
    more = f" and {len(steps) - _FEW} more" if len(steps) > _FEW else None
    return joined((joined((_link(*each) for each in steps[:_FEW]), ", "), more))


def _said(message: str) -> Markup:
    return element("p", cut(message, 20000), class_="said")


def _following(number: int) -> str:
    """Return in words how many steps come after those that were named."""
    if not number:
        return ""
    steps = "One more step comes" if number == 1 else f"{number} more steps come"
    return f"{steps} after these, and cannot run before them."


def _numbered(report: Report, status: str) -> list[tuple[int, Step]]:
    return [(n, step) for n, step in enumerate(report["steps"]) if step["status"] == status]


def _link(number: int, step: Step) -> Markup:
    return element("a", brief(step["name"]), href=f"#s{number}")


def _together(cards: Sequence[Markup], *notes: str) -> Markup | None:
    return joined((*cards, *map(_note, notes))) if cards or any(notes) else None


def _note(words: str) -> Markup | None:
    return element("p", words) if words else None


def approvals(report: Report) -> Markup | None:
    """Return what waits for somebody, with the exact text and the command."""
    cards = [_approval(each) for each in report["approvals"]]
    waiting = [step for _, step in _numbered(report, "waiting")]
    if waiting and not cards:
        return element("p", "It is there by now; make this page again.")
    return _together(cards, _following(sum(map(follows, waiting))))


def _approval(found: Mapping[str, str]) -> Markup:
    told = [element("h3", "For ", brief(found["step"])), element("p", _where(found))]
    signed = "gpg " in found["by_hand"]
    for words, key in (
        ("The command, on a terminal:", "command"),
        ("The exact text that is signed:" if signed else "The exact text:", "text"),
        (_KEY if signed else "By hand:", "by_hand"),
    ):
        told += [element("p", words, class_="soft"), block(found[key])] if found[key] else []
    return element("article", *told, class_="card s3")


def _where(found: Mapping[str, str]) -> Markup:
    return joined(
        (brief(found["where"]), f": {found['what']} (asked by ", brief(found["guard"]), ")")
    )


def contracts(report: Report) -> Markup | None:
    """Return the contracts in force."""
    rows = [
        element(
            "tr",
            element("th", code(each["name"]), scope="row"),
            element("td", each["sentence"]),
            element("td", str(each["steps"]), data_label="Steps"),
            element("td", ", ".join(each["chain"]), data_label="In chain all"),
        )
        for each in report["contracts"]
    ]
    heads = ("Contract", "What it does", "Steps", "In chain all")
    return listing("What this repository is held to", heads, rows) if rows else None


def gates(report: Report) -> Markup | None:
    """Return gates A to F with their results, findings and waivers."""
    found = report["gates"]
    problems = [element("p", words) for words in found["problems"]]
    rows = [_gate(gate, report) for gate in found["gates"]]
    if not rows and not problems:
        return None
    heads = ("Gate", "Result", "Findings")
    made = listing(f"Results as recorded in {found['path']}", heads, rows) if rows else None
    advice = joined((element("p", "After a failure:"), block(found["advice"])))
    return joined((*problems, made, advice if found["advice"] else None))


def _gate(gate: Mapping[str, Any], report: Report) -> Markup:
    colour = f"s{_RESULT[gate['status']]}"
    return element(
        "tr",
        element("th", element("b", gate["gate"]), f" {gate['title']}", scope="row"),
        element("td", element("b", gate["status"].replace("_", " "), class_=colour)),
        element("td", *_results(gate, report)),
    )


def _results(gate: Mapping[str, Any], report: Report) -> Iterator[Markup]:
    found = gate["findings"]
    if found:
        told = ("; ".join(filter(None, (f"{f['where']}: {f['what']}", f["remedy"]))) for f in found)
        lines = [element("li", cut(words, 1000)) for words in list(told)[:_MOST]]
        more = [element("li", f"and {len(found) - _MOST} more")] if len(found) > _MOST else []
        yield element("ul", *lines, *more)
    if waiver := gate["waiver"]:
        yield element("p", f"waived by {waiver['name'] or 'somebody'}: {waiver['reason']}")
    if kept := [f"{name}: {words}" for name, words in gate["evidence"]]:
        summary = element("summary", "Evidence")
        yield element("details", summary, block("\n".join(kept)))
    name = f"gates:{gate['gate']}"
    for number, step in enumerate(report["steps"]):
        if step["name"] == name and step["status"] != "up to date":
            yield element("p", "its step is ", step["status"], ": ", _link(number, step))


def waivers(report: Report) -> Markup | None:
    """Return what was let go, and why."""
    rows = [
        element("tr", element("th", each["where"], scope="row"), element("td", each["reason"]))
        for each in report["waivers"]
    ]
    return listing("What is not asked for, and why", ("Where", "Reason"), rows) if rows else None


def listing(caption: str, heads: Sequence[str], rows: Sequence[Markup]) -> Markup:
    """Return a table."""
    named = [element("th", name, scope="col") for name in heads]
    head = element("thead", element("tr", *named))
    return element("table", element("caption", caption), head, element("tbody", *rows))
