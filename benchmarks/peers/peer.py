"""What a tool that is measured must say of itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OWN = Path(__file__).resolve().parents[2] / "build" / "bench" / "peers" / "bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One tool: the files that state a graph or a tree to it, and how it is run.

    ``graph`` states N steps, each of which runs ``cp in/n out/n``.  ``tree`` states one step
    whose input is all files given, and which runs ``cp`` of the first of them to ``out/0``.
    ``ran`` reads from what the tool printed how many steps it says to have run.
    """

    name: str
    argv: tuple[str, ...]
    graph: Callable[[int], Mapping[str, str]]
    tree: Callable[[Sequence[str]], Mapping[str, str]]
    ran: Callable[[str], int]
    number: str = ""  # its version, where that is known without asking

    def command(self) -> tuple[str, ...] | None:
        """Return how it is run, or None where it is not installed."""
        program = find(self.argv[0])
        return (program, *self.argv[1:]) if program else None

    def version(self) -> str:
        """Return the number that it says to be its version."""
        if self.number:
            return self.number
        return said({self.argv[0]: "--version"}).get(self.argv[0], "unknown")


def said(asked: Mapping[str, str]) -> dict[str, str]:
    """Return what programs that are there call their versions, when asked with a word each."""
    found = {}
    for name, word in asked.items():
        if program := find(name):
            done = subprocess.run([program, word], capture_output=True, text=True, check=True)
            number = re.search(r"\d+(\.\d+)+", done.stdout)
            found[name] = number[0] if number else "unknown"
    return found


def find(program: str) -> str | None:
    """Return the path of a program: the bench's own before the system's."""
    own = OWN / program
    return str(own) if own.exists() else shutil.which(program)


def count(pattern: str) -> Callable[[str], int]:
    """Return a reader that counts the lines which begin with ``pattern``."""
    return lambda printed: len(re.findall(f"^{pattern}", printed, re.MULTILINE))


def total(pattern: str) -> Callable[[str], int]:
    """Return a reader that adds up the numbers which ``pattern`` finds."""
    return lambda printed: sum(map(int, re.findall(pattern, printed)))
