"""The runtime specification, regenerated from a template (003, section 14.1).

The template is text with placeholders; the configuration names it, or `default_template` is it::

    specification: {template: config/runtime_spec.md}

=========================  ====================================================================
placeholder                what takes its place
=========================  ====================================================================
``legacy`` ``canonical``   the import names; ``source_root``: the folder that holds the package
``amu0``                   the id of the capture that a rollback restores
``configuration``          the digest of the configuration
``modules``                a table of the package's modules with digests; ``module_count``
``entry_points``           a list of how the package is called from outside
``states``                 a list of the states of the attempt
``gates``                  a table of the gates; ``gate_status``; ``waivers``: a list
``manifests``              a table of the manifests with digests
``rules``                  a table of how often each rule rewrote; ``rewritten``: the sum
``braces``                 ``{{``
=========================  ====================================================================

A placeholder is ``{{ name }}``.  What begins with ``{{`` and is none is refused with its place, and
so is an unknown name.  What takes a place is never looked at for placeholders.

>>> render(b"# {{ canonical }}\\n", "spec.md", Facts("old", "coo"), GateResults(()))
b'# coo\\n'
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from sealwright.contracts.coo.gates.record import WAIVED
from sealwright.contracts.coo.gates.results import GateResults
from sealwright.contracts.coo.outputs.default_template import TEMPLATE
from sealwright.contracts.coo.outputs.facts import Facts
from sealwright.contracts.coo.scanning.scanned_text import Lines, NotText, decode
from sealwright.errors import Refused
from sealwright.verdict import legible, spelled

DEFAULT = TEMPLATE.encode()
NONE = "none"
_PLACEHOLDER = re.compile(r"\{\{(?:[ \t]*([A-Za-z0-9_.-]+)[ \t]*\}\})?")


def render(template: bytes, name: str, facts: Facts, gates: GateResults) -> bytes:
    """Return the specification; `Refused` with every place of the template that makes no sense."""
    try:
        text = decode(template)
    except NotText as problem:
        raise Refused(f"{name}:{problem.line}: {problem}; write the template as text") from None
    values = fields(facts, gates)
    if wrong := list(_wrong(text, name, values)):
        raise Refused("\n".join(wrong))
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text).encode("utf-8")


def _wrong(text: str, name: str, values: Mapping[str, str]) -> Iterable[str]:
    lines = Lines(text)
    for match in _PLACEHOLDER.finditer(text):
        place = ":".join(map(str, (name, *lines.place(match.start()))))
        if match[1] is None:
            yield f"{place}: expected a placeholder such as {{{{ gates }}}}, found another"
        elif match[1] not in values:
            close = difflib.get_close_matches(match[1], sorted(values), 1)
            known = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(values)}"
            yield f"{place}: unknown placeholder {match[1]!r}; {known}"


def fields(facts: Facts, gates: GateResults) -> dict[str, str]:
    """Return what takes the place of each placeholder."""
    return {
        "amu0": _cell(facts.amu0) or NONE,
        "braces": "{{",
        "canonical": facts.canonical,
        "configuration": facts.configuration or NONE,
        "entry_points": _list(facts.entry_points),
        "gate_status": gates.status,
        "gates": _gates(gates),
        "legacy": facts.legacy,
        "manifests": _table(("manifest", "digest"), facts.manifests),
        "module_count": str(len(facts.modules)),
        "modules": _table(("module", "digest"), facts.modules),
        "rewritten": str(sum(count for _, count in facts.rules)),
        "rules": _table(("rule", "references rewritten"), facts.rules),
        "source_root": _cell(facts.source_root),
        "states": _list(facts.states, lambda number: f"{number}."),
        "waivers": _list(_waivers(gates)),
    }


def _gates(gates: GateResults) -> str:
    rows = [(r.gate, r.title, r.status, len(r.findings)) for r in gates.results]
    return _table(("gate", "what", "status", "findings"), rows)


def _waivers(gates: GateResults) -> list[str]:
    return [
        f"gate {result.gate} is {WAIVED}: {result.waiver.reason} ({result.waiver.name})"
        for result in gates.results
        if result.waiver
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    told = [_row(map(str, row)) for row in rows]
    return "\n".join([_row(head), _row("---" for _ in head), *told]) if told else NONE


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _list(rows: Sequence[str], mark: Callable[[int], str] = lambda _: "-") -> str:
    return "\n".join(f"{mark(n)} {_cell(row)}" for n, row in enumerate(rows, 1)) or NONE


def _cell(text: str) -> str:
    """Return a text as one line of Markdown that ends no cell."""
    return legible(spelled(text)).replace("\\", "\\\\").replace("|", "\\|").replace("`", "\\`")
