"""What became of the runs of a packet, as the ledger of approvals has it.

Beside the line of each approval that was used (see `approval`) the ledger has::

    {"event":"run.finished","packet":…,"run":…,"status":…,"commit":…,"parent":…,"branch":…,
     "evidence":…,"about":…,"cut_off":…}
    {"event":"outcome.recorded","packet":…,"run":…,"outcome":…,"commit":…,"evidence":…}

``evidence`` is the anchor of the evidence; ``about`` the digest of what stood in the way of a run
that did not begin, so that the same is not told twice; ``cut_off`` says that the run was killed,
and ended by a later one.  A run whose approval was used and that has no line is *unsettled*; one
whose commit landed, and of which nobody has said anything, is *open*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sealwright.contracts.workflow.approval import EVENT as CONSUMED
from sealwright.digest import Digest
from sealwright.ledger import Ledger

FINISHED, RECORDED = "run.finished", "outcome.recorded"
UNSAID = ".unsaid"  # ends the folder of a word that counts for nothing; no line names it


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended; ``commit`` is empty where none landed."""

    packet: str
    run: str
    status: str
    commit: str
    parent: str
    branch: str
    evidence: str
    about: str
    cut_off: bool

    def line(self) -> dict[str, Any]:
        """Return the line of the ledger."""
        return {"event": FINISHED, **asdict(self)}

    def __str__(self) -> str:
        how = "was cut off" if self.cut_off else f"ended with {self.status}"
        came = "its commit has landed" if self.commit else "nothing has landed"
        return f"the run {self.run} {how}, and {came}"


@dataclass(frozen=True, slots=True)
class Story:
    """The lines of one packet: what was used, how runs ended, and what was said of them."""

    used: tuple[dict[str, Any], ...]
    ended: tuple[Ended, ...]
    said: dict[str, str]

    @property
    def unsettled(self) -> str:
        """The run that used an approval and has not ended, or nothing."""
        run = str(self.used[-1]["run"]) if self.used else ""
        return "" if run in {each.run for each in self.ended} else run

    @property
    def open(self) -> Ended | None:
        """The run whose commit landed and of which nobody has said anything."""
        landed = [each for each in self.ended if each.commit and each.run not in self.said]
        return landed[-1] if landed else None

    @property
    def last(self) -> Ended | None:
        """The last run, unless a person has said what becomes of it."""
        return next((each for each in self.ended[-1:] if each.run not in self.said), None)

    @property
    def cut_off(self) -> str:
        """The last run that was cut off, whether it was ended since or not."""
        cut = [each.run for each in self.ended if each.cut_off]
        return self.unsettled or (cut[-1] if cut else "")

    def approval(self, run: str) -> str:
        """Return the digest of the approval that a run used."""
        return next((str(u["approval_sha256"]) for u in self.used if u["run"] == run), "")


def read(used: Ledger, packet: str) -> Story:
    """Return the story of a packet; `Damaged` if the ledger is."""
    lines = list(_of(used, packet))
    names = Ended.__dataclass_fields__
    return Story(
        tuple(line for line in lines if line["event"] == CONSUMED),
        tuple(Ended(**{n: line[n] for n in names}) for line in lines if line["event"] == FINISHED),
        {line["run"]: line["outcome"] for line in lines if line["event"] == RECORDED},
    )


def _of(used: Ledger, packet: str) -> Iterator[dict[str, Any]]:
    for entry in used.entries():
        if entry.record.get("packet") == packet:
            yield entry.record


def anchor(used: Ledger, folder: str) -> Digest | None:
    """Return the anchor of the evidence in a folder, as the ledger has it, or None."""
    for entry in used.entries():
        line = entry.record
        name = {FINISHED: "{run}", RECORDED: "{run}.{outcome}"}.get(str(line.get("event")), "")
        if name.format_map(line) == folder:
            return Digest(line["evidence"])
    return None
