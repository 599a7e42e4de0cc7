"""The result of a replay: a file, and a verdict.

``replay_result.json``, canonical JSON and LF::

    {"artefacts": [{"differences": [], "differences_count": 0, "masked": ["/gates/0/pid"],
      "masked_count": 1, "name": "gate_results", "replay": 1, "status": "PASS"}, …],
     "format": "sealwright/replay-result/1", "layers": {"clock": "libfaketime", …},
     "mission": "phase3", "mission_sha256": "sha256:…",
     "normalized": {"gate_results": "sha256:…", …},
     "replays": [{}, {"folder": "another place (1)", "umask": "077", …}],
     "status": "PASS", "tree": null}

``artefacts``   each artefact of each replay after the first, against that of the first
``differences`` ``{"first": …, "pointer": …, "second": …}``; the values as text
``masked``      pointers of masked fields that differ: counted, and no failure
``normalized``  of the first replay
``replays``     what was otherwise than usual in each
``tree``        the first path of the tree that changed meanwhile, which is a failure

Nothing in it is of this machine or of this day, as long as the replays agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sealwright import digest
from sealwright.contracts.coo.replay import normalisation
from sealwright.contracts.coo.replay.comparison import Compared, Difference
from sealwright.contracts.coo.replay.mission import Mission
from sealwright.contracts.coo.replay.normalisation import normalize_artefact
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict

FORMAT = "sealwright/replay-result/1"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of the replays of a mission."""

    mission: Mission
    layers: Mapping[str, str]
    artefacts: tuple[Mapping[str, bytes], ...]  # of each replay
    around: tuple[Mapping[str, str], ...]  # of each replay: what was otherwise
    compared: tuple[tuple[int, Compared], ...]  # with the first, by the number of the replay
    changed: str | None = None

    @property
    def holds(self) -> bool:
        """Whether all replays put out the same, and the tree is what it was."""
        return self.changed is None and all(each.equal for _, each in self.compared)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON has it."""
        return {
            "artefacts": [_row(number, each) for number, each in self.compared],
            "format": FORMAT,
            "layers": dict(self.layers),
            "mission": self.mission.name,
            "mission_sha256": self.mission.sha256,
            "normalized": dict(self._digests()),
            "replays": [dict(each) for each in self.around],
            "status": "PASS" if self.holds else "FAIL",
            "tree": self.changed,
        }

    def result_bytes(self) -> bytes:
        """Return ``replay_result.json``."""
        return canonical.line(self.to_dict())

    def verdict(self) -> Verdict:
        """Return the result as a verdict: a finding for each place that differs."""
        return verdict(self.to_dict())

    def _digests(self) -> Iterator[tuple[str, str]]:
        for name in sorted(self.artefacts[0]):
            value = normalisation.read(self.artefacts[0][name], name)
            yield name, digest.sha256(normalize_artefact(value).encode())


def verdict(told: Mapping[str, Any]) -> Verdict:
    """Return a result, as its file tells it, as a verdict: a finding for each difference."""
    findings = [found for row in told["artefacts"] for found in _findings(row)]
    if told["tree"] is not None:
        findings.append(Finding(told["tree"], "expected no change of the tree, found one"))
    masked = sum(row["masked_count"] for row in told["artefacts"])
    evidence = {"layers": told["layers"], "masked_differences": masked}
    return Verdict(tuple(findings), {**evidence, "replays": len(told["replays"])})


def _findings(row: Mapping[str, Any]) -> Iterator[Finding]:
    where, differ = f"{row['name']}.json", f"replay 0 and {row['replay']} differ at"
    for each in row["differences"]:
        yield Finding(where, f"{differ} {Difference(**each)}")
    if more := row["differences_count"] - len(row["differences"]):
        yield Finding(where, f"{differ} {more} other places")


def _row(number: int, each: Compared) -> dict[str, Any]:
    return {
        "differences": [
            {"first": d.first, "pointer": d.pointer, "second": d.second} for d in each.differences
        ],
        "differences_count": each.count,
        "masked": list(each.masked),
        "masked_count": each.masked_count,
        "name": each.name,
        "replay": number,
        "status": "PASS" if each.equal else "FAIL",
    }
