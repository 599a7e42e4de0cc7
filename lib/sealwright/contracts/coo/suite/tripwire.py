"""Who looked for the legacy package while it could not be found.

Each process of a suite writes one line of JSON for each look, into a file of its own; here they
become one list without repetitions, in an order that is the same whichever process was first::

    {"file":"{tree}/coo/run.py","line":7,"module":"project_builder.run","near":"{tree}/coo/run.py:7",
     "test":"tests/test_a.py::test_run (call)"}

``file`` and ``line`` are of the first caller outside the import system; ``near`` is the first one
in the tree, or the ``-m`` that started the process; ``test`` is empty where none was running.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from sealwright.contracts.coo.suite.spelling import Spelling
from sealwright.errors import Damaged
from sealwright.verdict import Finding, Verdict


@dataclass(frozen=True, slots=True, order=True)
class Look:
    """One look for the legacy package."""

    module: str
    file: str
    line: int
    near: str
    test: str

    @property
    def where(self) -> str:
        """Return the line that is worth looking at."""
        return self.near or f"{self.file}:{self.line}"


def read(folder: Path, spell: Spelling) -> tuple[Look, ...]:
    """Return what the processes of a suite wrote; `Damaged` if something else did."""
    found = set()
    for place in folder.glob("tripwire-*.jsonl"):
        for line in place.read_bytes().splitlines():
            try:
                found.add(_look(json.loads(line), spell))
            except (ValueError, KeyError, TypeError):
                what = "expected a line about an import, found something else"
                raise Damaged(f"tripwire: {what}; run the suite again") from None
    return tuple(sorted(found))


def _look(said: Any, spell: Spelling) -> Look:
    words = {key: str(said[key]) for key in ("module", "file", "near", "test")}
    told = {
        key: spell(word.encode("utf-8", "backslashreplace").decode()) for key, word in words.items()
    }
    return Look(line=int(said["line"]), **told)


def untouched(looks: Iterable[Look]) -> Verdict:
    """Answer whether nobody looked for the legacy package."""
    seen = [
        Finding(look.where, f"looks for {look.module}{_during(look)}", "rename it, or rule on it")
        for look in looks
    ]
    return Verdict(tuple(dict.fromkeys(seen)), {"looks": len(seen)})


def _during(look: Look) -> str:
    return f" in {look.test}" if look.test else ""


def as_record(look: Look) -> dict[str, Any]:
    """Return a look as a JSON object."""
    module, file, line, near, test = astuple(look)
    return {"file": file, "line": line, "module": module, "near": near, "test": test}
