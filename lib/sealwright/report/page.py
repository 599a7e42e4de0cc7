"""The page: one file of HTML that needs nothing else and can do nothing.

It works from a ``file:`` URL.  Its policy (``Content-Security-Policy``) allows no request at all,
no form, no frame, and no style or script but the two whose digests it names.  It is whole without
the script.  At its end stands the digest of the same report in JSON, so that anybody can see that
both tell the same: ``inv report --json | sha256sum``.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sealwright import digest
from sealwright.report import findings, proof, steps
from sealwright.report.drawing import chip
from sealwright.report.markup import Markup, block, code, element, joined
from sealwright.report.script import SCRIPT
from sealwright.report.status import WORST
from sealwright.report.style import STYLE
from sealwright.runtime import canonical

MARK = "<!doctype html>\n<!-- sealwright/report/1 -->\n"  # how a page of ours begins

Report = Mapping[str, Any]
_SECTIONS = (
    ("refused", "What is refused, and why", findings.refused),
    ("approvals", "Approvals that are waited for", findings.approvals),
    ("stale", "What would run, and why", findings.stale),
    ("graph", "The graph of steps", steps.graph),
    ("steps", "Steps", steps.table),
    ("contracts", "Contracts in force", findings.contracts),
    ("gates", "Gates", findings.gates),
    ("waivers", "Waivers", findings.waivers),
    ("evidence", "Evidence, and how to check it", proof.evidence),
    ("workflows", "Governed runs", proof.workflows),
    ("history", "Run history", proof.history),
    ("replays", "What can be played again", proof.replays),
    ("back", "Ways back, and steps in no chain", proof.ways_back),
)


def page(report: Report) -> bytes:
    """Return the page of a report, the same bytes for the same report."""
    made = [(key, title, body) for key, title, make in _SECTIONS if (body := make(report))]
    parts = (
        element("a", "Skip to the report", href="#main", class_="skip"),
        element("header", _head(report), _contents([(key, title) for key, title, _ in made])),
        element("main", *(_section(*each) for each in made), id="main", tabindex=-1),
        element("footer", _about(report)),
        element("script", Markup(SCRIPT)),
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy()),
        element("meta", name="viewport", content="width=device-width,initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", _title(report)),
        element("style", Markup(STYLE)),
    )
    whole = element("html", head, element("body", *parts), lang="en")
    return f"{MARK}{whole}\n".encode()


def _policy() -> str:
    style, script = (_hash(words) for words in (STYLE, SCRIPT))
    return (
        f"default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(words: str) -> str:
    digits = digest.hexadecimal(digest.sha256(words.encode()))
    return f"'sha256-{base64.b64encode(bytes.fromhex(digits)).decode()}'"


def _title(report: Report) -> str:
    counts = report["summary"]
    told = ", ".join(f"{counts[s]} {s}" for s in WORST if s in counts) or "no steps"
    commit = report["repository"]["commit"][:12]
    return f"Sealwright: {told}{f' at {commit}' if commit else ''}"


def _head(report: Report) -> Markup:
    counts = report["summary"]
    attempt = report["attempt"]
    frozen = "FREEZE is TRUE" if attempt and attempt["frozen"] else "FREEZE is FALSE"
    facts = {
        "Commit": _commit(report["repository"]),
        "Contracts": ", ".join(contract["name"] for contract in report["contracts"]) or "none",
        "Attempt": attempt and f"{attempt['number']}, in state {attempt['state']}; {frozen}",
        "Notes": "; ".join(report["notices"]),
    }
    listed = [
        joined((element("dt", name), element("dd", value)))
        for name, value in facts.items()
        if value
    ]
    return joined(
        (
            element("h1", "Sealwright report"),
            element("dl", *listed),
            element("ul", *(_count(s, counts[s]) for s in WORST if s in counts), class_="counts"),
        )
    )


def _count(status: str, number: int) -> Markup:
    link = {"refused": "#refused", "waiting": "#approvals", "failed": "#stale"}
    words = joined((element("b", str(number)), chip(status)))
    return element(
        "li",
        element("a", words, href="#stale" if status == "will run" else link.get(status, "#steps")),
    )


def _commit(repository: Mapping[str, Any]) -> Markup:
    if repository["problem"]:
        return element("span", repository["problem"])
    changed = repository["changed"]
    differ = "1 path differs" if changed == 1 else f"{changed} paths differ"
    tree = f"{differ} from it" if changed else "the tree is clean"
    return joined((code(repository["commit"]), f" of {repository['at']}; {tree}"))


def _contents(sections: list[tuple[str, str]]) -> Markup:
    links = [element("li", element("a", title, href=f"#{key}")) for key, title in sections]
    return element("nav", element("ul", *links), aria_label="Sections")


def _section(key: str, title: str, body: Markup) -> Markup:
    heading = element("h2", title, id=f"h-{key}")
    return element("section", heading, body, id=key, aria_labelledby=f"h-{key}")


def _about(report: Report) -> Markup:
    sum_of = digest.hexadecimal(digest.sha256(canonical.line(report)))
    theme = element("button", "Switch light and dark", type="button", id="theme")
    return joined(
        (
            element("h2", "About this page"),
            element(
                "p",
                "It shows, and can trigger nothing: no request leaves it, and no command on it "
                "runs before somebody types it. It tells what the engine's plan, the run journal "
                "and the receipts say, and holds no clock of its own. Commands are typed in the "
                "repository's top. The same report as JSON has this digest:",
            ),
            block(f"inv report --json | sha256sum\n{sum_of}  -"),
            element("p", "To believe nothing of it, and have everything hashed in full:"),
            block("doit verify"),
            element("p", theme, class_="tools", hidden=True),
        )
    )
