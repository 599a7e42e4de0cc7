"""Pytask: by content, with a lock file that holds what it saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.peers.peer import Peer, total

CONFIGURATION = '[tool.pytask.ini_options]\npaths = ["."]\n'
TASKS = """
import subprocess
from pathlib import Path

from pytask import task

for n in range({steps}):

    @task(id=str(n))
    def task_copy(source: Path = Path(f"in/{{n}}"), produces: Path = Path(f"out/{{n}}")) -> None:
        subprocess.run(["cp", source, produces], check=True)
"""
TREE = """
import subprocess
from pathlib import Path

FILES = sorted(Path("in").glob("*/*"))


def task_copy(sources: list[Path] = FILES, produces: Path = Path("out/0")) -> None:
    subprocess.run(["cp", "{first}", produces], check=True)
"""


def graph(steps: int) -> Mapping[str, str]:
    return {"pyproject.toml": CONFIGURATION, "task_copy.py": TASKS.format(steps=steps)}


def tree(files: Sequence[str]) -> Mapping[str, str]:
    return {"pyproject.toml": CONFIGURATION, "task_copy.py": TREE.format(first=files[0])}


PEER = Peer(
    name="pytask",
    argv=("pytask",),
    graph=graph,
    tree=tree,
    ran=total(r"(\d+) +Succeeded +\("),
)
