"""The steps on the page: the picture of the graph, and the tables that tell all of it.

Up to `parts.WHOLE` steps are one picture.  More are a picture of their parts, and each part has
its own, which the browser lays out when somebody opens it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealwright.report import parts
from sealwright.report.drawing import Spot, chip, draw, legend
from sealwright.report.markup import Markup, code, cut, element, joined
from sealwright.report.parts import Part, Step
from sealwright.report.status import STATUSES, counted, numbered

_FEW = 20  # steps before one that are linked
_OPEN = 150  # with no more steps than this, what is not up to date stands open

Report = Mapping[str, Any]
Links = Mapping[str, int]


def graph(report: Report) -> Markup | None:
    """Return the picture of all steps, or of their parts with a picture of each."""
    steps: Sequence[Step] = report["steps"]
    if not steps:
        return None
    used = {step["status"] for step in steps}
    note = element(
        "p",
        "Each step stands below those that come before it. An arrow that follows from others is "
        "left out.",
        class_="soft",
    )
    if len(steps) <= parts.WHOLE:
        return joined((note, legend(used), _picture(list(enumerate(steps)), "The graph")))
    found = parts.parts(steps)
    summary = element("summary", "A picture of each part")
    pictures = element("details", summary, *map(_opened, found))
    return joined((note, legend(used), _overview(found), pictures))


def _overview(found: Sequence[Part]) -> Markup:
    spots = [Spot.of(part.name, part.told, f"#s{part.steps[0][0]}") for part in found]
    number = sum(len(part.steps) for part in found)
    return draw(spots, parts.between(found), f"The graph of {number} steps in {len(found)} parts")


def _opened(part: Part) -> Markup:
    picture = _picture(part.steps, part.name)
    return element("details", element("summary", _summary(part)), picture, class_="part")


def _picture(members: Sequence[tuple[int, Step]], what: str) -> Markup:
    arrows, outside = parts.within(members)
    spots = [
        Spot(step["name"], step["status"], step["status"], f"#s{number}", outside[row])
        for row, (number, step) in enumerate(members)
    ]
    told = ", ".join(f"{n} {s}" for s, n in counted([step for _, step in members]).items())
    sentence = f"{what}: {numbered(len(spots))}, {told}; the table of steps tells the same"
    return draw(spots, arrows, sentence)


def _summary(part: Part) -> str:
    told = ", ".join(f"{number} {status}" for status, number in counted(part.told).items())
    return f"{cut(part.name)} – {numbered(len(part.steps))}: {told}"


def table(report: Report) -> Markup | None:
    """Return the tables of all steps, with what searches them where scripts run."""
    steps: Sequence[Step] = report["steps"]
    if not steps:
        return element("p", "No contract in force has steps.")
    links = {step["name"]: number for number, step in enumerate(steps)}
    few = len(steps) <= _OPEN
    tables = [_part(part, links, few) for part in parts.parts(steps)]
    unknown = report["unknown"]
    told = f"Receipts of steps that no contract in force has: {cut(', '.join(unknown), 2000)}."
    return joined((_tools(), *tables, element("p", told) if unknown else None))


def _tools() -> Markup:
    options = [element("option", "any", value="")]
    options += [element("option", status, value=status) for status in STATUSES]
    words = element("input", id="words", type="search", autocomplete="off", spellcheck="false")
    return element(
        "div",
        element("label", "Find in steps", words),
        element("label", "Status", element("select", *options, id="only")),
        element("span", id="told", role="status", class_="soft"),
        class_="tools",
        role="search",
        aria_label="Steps",
        hidden=True,
    )


def _part(part: Part, links: Links, few: bool) -> Markup:
    heads = [element("th", name, scope="col") for name in ("Step", "Status", "Why", "Receipt")]
    opened = few and any(step["status"] != "up to date" for step in part.told)
    made = element(
        "table",
        element("caption", f"{cut(part.name)}: steps in running order"),
        element("thead", element("tr", *heads)),
        element("tbody", *(_row(number, step, links) for number, step in part.steps)),
    )
    return element("details", element("summary", _summary(part)), made, class_="part", open=opened)


def _row(number: int, step: Step, links: Links) -> Markup:
    return element(
        "tr",
        element("th", code(step["name"]), element("p", step["doc"], class_="soft"), scope="row"),
        element("td", chip(step["status"]), data_label="Status", class_="tight"),
        element("td", why(step), data_label="Why"),
        element("td", _proof(step, links)),
        id=f"s{number}",
        data_status=step["status"],
    )


def why(step: Step) -> Markup:
    """Return why a step is not up to date: the reasons, and what was said of it."""
    reasons = [element("li", cut(reason["sentence"], 1000)) for reason in step["reasons"]]
    last = step["last"] or {}
    ended = last.get("reason") if step["status"] == "failed" else ""
    said = f"last run {last['outcome']}: {ended}" if ended else ""
    if step["status"] == "refused" and not follows(step):
        said = step["message"]
    link = element("a", "what is waited for", href="#approvals")
    return joined(
        (
            element("ul", *reasons) if reasons else None,
            element("p", cut(said, 2000), class_="said") if said else None,
            element("p", link) if step["status"] == "waiting" and not follows(step) else None,
        )
    )


def follows(step: Step) -> bool:
    """Return whether a step is stopped by nothing but steps before it."""
    return {reason["code"] for reason in step["reasons"]} == {"upstream"}


def _proof(step: Step, links: Links) -> Markup:
    lines = "\n".join(_lines(step))
    before = _before(step, links)
    body = element("pre", lines, tabindex=0) if lines else element("p", "no receipt")
    return element("details", element("summary", "Proof"), before, body)


def _before(step: Step, links: Links) -> Markup | None:
    if not step["before"]:
        return None
    named = [
        element("a", cut(name), href=f"#s{links[name]}") if name in links else cut(name)
        for name in step["before"][:_FEW]
    ]
    more = step["befores"] - len(named)
    return element("p", "after ", joined(named, ", "), f" and {more} more" if more else None)


def _lines(step: Step) -> Iterator[str]:
    if step["receipt"]:
        yield f"receipt {step['receipt']['digest']}"
        yield f"of run {step['receipt']['run']}, {step['receipt']['at']}"
    for side, word in (("inputs", "read"), ("outputs", "made")):
        for seen in step[side]:
            yield f"{word} {cut(seen['spot'])}\n  {seen['is']}"
            if seen["sha256"]:
                yield f"  {seen['sha256']}"
