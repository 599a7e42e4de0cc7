"""Stock doit, under the same interpreter as ours, with each of two of its databases."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata

from benchmarks.peers.peer import Peer, count

DODO = """
def task_copy():
    for n in range({steps}):
        yield {{"name": str(n), "actions": [f"cp in/{{n}} out/{{n}}"],
               "file_dep": [f"in/{{n}}"], "targets": [f"out/{{n}}"]}}
"""
TREE = """
import glob


def task_copy():
    yield {{"name": "0", "actions": ["cp {first} out/0"],
           "file_dep": glob.glob("in/*/*"), "targets": ["out/0"]}}
"""


def _graph(configuration: str) -> Callable[[int], Mapping[str, str]]:
    return lambda steps: {"dodo.py": DODO.format(steps=steps), "doit.cfg": configuration}


def _tree(configuration: str) -> Callable[[Sequence[str]], Mapping[str, str]]:
    return lambda files: {"dodo.py": TREE.format(first=files[0]), "doit.cfg": configuration}


def _with(backend: str) -> Peer:
    configuration = f"[GLOBAL]\nbackend = {backend}\n"
    return Peer(
        name=f"doit ({backend})",
        argv=(sys.executable, "-m", "doit"),
        number=metadata.version("doit"),
        graph=_graph(configuration),
        tree=_tree(configuration),
        ran=count(r"\.  copy:"),
    )


PEERS = (_with("sqlite3"), _with("dbm"))
