"""Sealwright: by content, inputs and outputs, and each step that runs leaves its proof."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from benchmarks.peers.peer import Peer, total
from sealwright import __version__, setup

DODO = """
from sealwright.engine import doorway
from sealwright.paths import parse
from sealwright.step import Command, Contract, File, Step, Tree


def copies(world):
    steps = []
    for n in range({steps}):
        source, target = File(parse(f"in/{{n}}")), File(parse(f"out/{{n}}"))
        act = Command(("cp", source, target))
        step = Step(name=f"copy:{{n}}", doc="Copy.", act=act, inputs=(source,), outputs=(target,))
        steps.append(step)
    return Contract(steps=tuple(steps), groups={{"copy": "Copies."}}, chain=("copy",))


globals().update(doorway.tasks(__file__, copies))
"""
TREE = """
from sealwright.engine import doorway
from sealwright.paths import parse
from sealwright.step import Command, Contract, File, Step, Tree


def copies(world):
    source, target = Tree(parse("in")), File(parse("out/0"))
    act = Command(("cp", "{first}", target))
    step = Step(name="copy:0", doc="Copy.", act=act, inputs=(source,), outputs=(target,))
    return Contract(steps=(step,), groups={{"copy": "Copies."}}, chain=("copy",))


globals().update(doorway.tasks(__file__, copies))
"""


def graph(steps: int) -> Mapping[str, str]:
    return {"dodo.py": DODO.format(steps=steps), "doit.cfg": setup.plugin_lines()}


def tree(files: Sequence[str]) -> Mapping[str, str]:
    return {"dodo.py": TREE.format(first=files[0]), "doit.cfg": setup.plugin_lines()}


PEER = Peer(
    name="Sealwright",
    argv=(sys.executable, "-m", "doit"),
    number=__version__,
    graph=graph,
    tree=tree,
    ran=total(r"(\d+) (?:run|restored)\b(?=.*\([\d.]+ s\))"),
)
