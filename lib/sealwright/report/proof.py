"""The sections on what is proved and what happened, and how other tools check it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from sealwright.report.findings import listing
from sealwright.report.markup import Markup, block, brief, code, cut, element, joined
from sealwright.report.workflows import REPORT, SURFACE

Report = Mapping[str, Any]
_MOST = 200  # rows of proofs; all digests are in the list for sha256sum


def evidence(report: Report) -> Markup | None:
    """Return what is evidence, and the commands that check it."""
    found = report["proofs"]
    if not (found or report["checksums"] or report["signatures"] or report["history"]["total"]):
        return None
    rows = [_proof(each) for each in found[:_MOST]]
    heads = ("Evidence", "Made by", "Digest", "Check")
    more = f"{len(found) - _MOST} more are in the report as JSON." if len(found) > _MOST else ""
    return joined(
        (
            listing("What may not change any more", heads, rows) if rows else None,
            element("p", more) if more else None,
            _checksums(report["checksums"]),
            _signatures(report["signatures"]),
            _journal(report) if report["history"]["total"] else None,
        )
    )


def _journal(report: Report) -> Markup:
    state = shlex.quote(report["repository"]["state"])
    return joined(
        (
            element("h3", "The run journal, and everything else"),
            element("p", "Each line of the journal proves the one before it. The whole of it:"),
            block(f"sealwright verify {state}\ndoit verify"),
        )
    )


def _proof(found: Mapping[str, str]) -> Markup:
    return element(
        "tr",
        element("th", code(found["spot"]), scope="row"),
        element("td", code(found["step"]), data_label="Made by"),
        element("td", code(found["sha256"] or found["is"]), data_label="Digest"),
        element("td", _command(found["command"]), data_label="Check"),
    )


def _command(words: str) -> Markup | None:
    if not words:
        return None
    return element("details", element("summary", "Command"), block(words))


def _checksums(found: list[Mapping[str, str]]) -> Markup | None:
    if not found:
        return None
    lines = "".join(f"{each['sha256']}  {each['path']}\n" for each in found)
    return joined(
        (
            element("h3", f"All {len(found)} receipts and files, for sha256sum"),
            element("p", "Receipts are named by their own digests. In the repository's top:"),
            element(
                "details",
                element("summary", "The command, and all lines"),
                block(f"sha256sum -c --quiet <<'EOF' && echo all hold\n{lines}EOF"),
            ),
        )
    )


def _signatures(found: list[Mapping[str, str]]) -> Markup | None:
    if not found:
        return None
    commands = block("\n".join(each["command"] for each in found))
    return joined((element("h3", "Signatures, for gpg"), commands))


def workflows(report: Report) -> Markup | None:
    """Return what governed runs left."""
    return joined(map(_run, report["workflows"])) if report["workflows"] else None


def _run(run: Mapping[str, Any]) -> Markup:
    summary = element("summary", f"All of {REPORT} and {SURFACE}, and the files")
    files = element("p", ", ".join(run["files"]), class_="soft")
    facts = _pairs([*run["report"], *run["surface"]])
    return element(
        "article",
        element("h3", brief(run["run"])),
        *(element("p", words) for words in run["problems"]),
        _pairs(run["told"]),
        element("details", summary, facts, files),
        block(run["command"]),
        class_="card",
    )


def _pairs(facts: list[list[str]]) -> Markup | None:
    pairs = [joined((element("dt", cut(k)), element("dd", cut(v, 2000)))) for k, v in facts]
    return element("dl", *pairs) if pairs else None


def history(report: Report) -> Markup | None:
    """Return the last rows of the run journal, newest first."""
    found = report["history"]
    rows = [_event(row) for row in reversed(found["rows"])]
    if not rows and not found["problem"]:
        return None
    caption = f"The last {len(rows)} of {found['total']} entries of the run journal, newest first"
    heads = ("Run", "Step", "Outcome", "Duration", "Reason")
    made = listing(caption, heads, rows)
    folded = element("details", element("summary", caption), made, class_="part")
    problem = element("p", found["problem"]) if found["problem"] else None
    return joined((problem, folded if len(rows) > 40 else made))


def _event(row: Mapping[str, Any]) -> Markup:
    taken = "" if row["milliseconds"] is None else f"{row['milliseconds']:,} ms"
    bad = row["outcome"] not in ("completed", "noted")
    outcome = element("b", row["outcome"], class_="s4") if bad else row["outcome"]
    run = joined((element("code", row["run"]), element("p", row["at"], class_="soft")))
    return element(
        "tr",
        element("th", run, scope="row"),
        element("td", code(row["step"]), data_label="Step"),
        element("td", outcome, data_label="Outcome"),
        element("td", taken, data_label="Duration", class_="tight"),
        element("td", cut(row["reason"], 1000), data_label="Reason"),
    )


def replays(report: Report) -> Markup | None:
    """Return what can be played again."""
    rows = [
        element(
            "tr",
            element("th", each["what"], scope="row"),
            element("td", code(each["path"]) if each["path"] else None, data_label="Path"),
            element("td", code(each["command"]), data_label="Command"),
        )
        for each in report["replays"]
    ]
    return listing("Replay paths", ("What", "Path", "Command"), rows) if rows else None


def ways_back(report: Report) -> Markup | None:
    """Return the commands that undo something; nothing on the page runs them."""
    rows = [
        element(
            "tr",
            element("th", each["what"], scope="row"),
            element("td", code(each["command"]), data_label="Command"),
        )
        for each in report["ways_back"]
    ]
    caption = "Steps in no chain: each runs only when its name is typed"
    return listing(caption, ("What it does", "Command"), rows) if rows else None
