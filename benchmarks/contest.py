"""One graph, stated to each tool in a folder of its own: runs without work, and after one edit.

A no-op counts only if the tool says to have run nothing and every output is the same file
as before, to the nanosecond.  A change counts only if the tool says to have run one step,
exactly one output differs, and it holds what was edited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.measure import Figure, Sample, Wrong
from benchmarks.peers import OURS, Peer

Row = dict[str, Any]
State = dict[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Ground:
    """A tool's own copy of the files: pairs of an input that is edited and its output."""

    peer: Peer
    folder: Path
    pairs: Sequence[tuple[str, str]]

    def first(self) -> Sample:
        """Run everything once, and see that each output is its input."""
        sample = self._run()
        steps = self.peer.ran(sample.printed)
        if steps != len(self.pairs):
            raise Wrong(f"{self.peer.name}: {steps} steps ran first, expected {len(self.pairs)}")
        self.verify()
        return sample

    def no_op(self, turn: int) -> Sample:
        before = self._state()
        sample = self._run()
        if (ran := self.peer.ran(sample.printed)) or self._state() != before:
            raise Wrong(f"{self.peer.name}: turn {turn} of a no-op: {ran} steps ran")
        return sample

    def change(self, turn: int) -> Sample:
        source, output = self.pairs[turn * 7 % len(self.pairs)]
        self.folder.joinpath(source).write_text(f"edited in turn {turn}\n")
        before = self._state()
        sample = self._run()
        after = self._state()
        ran = self.peer.ran(sample.printed)
        if ran != 1 or [name for name in after if after[name] != before[name]] != [output]:
            raise Wrong(f"{self.peer.name}: {source} was edited: {ran} steps ran")
        self._same(source, output)
        return sample

    def verify(self) -> None:
        for source, output in self.pairs:
            self._same(source, output)

    def _same(self, source: str, output: str) -> None:
        if self.folder.joinpath(source).read_bytes() != self.folder.joinpath(output).read_bytes():
            raise Wrong(f"{self.peer.name}: {output} is not {source}")

    def _run(self) -> Sample:
        return measure.once(self.peer.command() or (), self.folder)

    def _state(self) -> State:
        stats = {output: (self.folder / output).stat() for _, output in self.pairs}
        return {name: (s.st_ino, s.st_mtime_ns, s.st_ctime_ns) for name, s in stats.items()}


def write(folder: Path, files: Iterable[tuple[str, str]]) -> None:
    """Write files with their folders."""
    made: set[Path] = set()
    for name, text in files:
        path = folder / name
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        path.write_text(text)


def run(grounds: Sequence[Ground], runs: int) -> dict[str, dict[str, Figure]]:
    """Return the figures of each tool for both questions; all outputs are looked at again."""
    no_op = {ground.peer.name: ground.no_op for ground in grounds}
    change = {ground.peer.name: ground.change for ground in grounds}
    found = {
        "no-op": measure.interleaved(no_op, runs),
        "one change": measure.interleaved(change, runs),
    }
    for ground in grounds:
        ground.verify()
    return found


def rows(what: str, size: int, figures: Mapping[str, Figure], ours: str = OURS.name) -> list[Row]:
    """Return the figures as rows, each with its ratio to ours: 2 is twice as long as we take."""
    unit = figures[ours].seconds
    return [
        {"what": what, "size": size, "tool": tool, **asdict(figure), "ratio": figure.seconds / unit}
        for tool, figure in figures.items()
    ]


def missing(what: str, size: int, tool: str, reason: str) -> Row:
    """Return the row of a tool that was not run."""
    return {"what": what, "size": size, "tool": tool, "not run": reason}
