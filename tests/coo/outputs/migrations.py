"""What a small migration leaves behind."""

from __future__ import annotations

from pathlib import Path

from sealwright.contracts.coo.gates import record
from sealwright.contracts.coo.gates.results import GateResults
from sealwright.contracts.coo.gates.waivers import GATES, Waiver
from sealwright.contracts.coo.outputs.bundle_contents import Contents
from sealwright.contracts.coo.outputs.facts import Facts
from sealwright.digest import sha256
from sealwright.verdict import Verdict, refusal

WAIVER = Waiver("C", "no foreign code | none", "J. Doe")
MANIFESTS = {"tools_manifest.json": b'{"tools":[]}\n', "sandbox_digest.txt": b"WAIVED none\n"}
PACK = b"IMPLEMENTATION PACKET\r\n\xff not even text\n"


def gates(**failing: str) -> GateResults:
    def ask(gate: str) -> Verdict:
        return refusal("coo/a.py:1:1", failing[gate]) if gate in failing else Verdict((), {"n": 1})

    asks = {gate: lambda gate=gate: ask(gate) for gate in GATES}
    return GateResults(record.judge_all(asks, [WAIVER]))


def facts() -> Facts:
    return Facts(
        legacy="project_builder",
        canonical="coo",
        amu0="0123456789abcdef",
        configuration="sha256:" + "c" * 64,
        entry_points=("python -m coo", "console_scripts: plan = coo.cli:main"),
        states=("INIT", "GATES", "COMPLETE"),
        modules=(("coo/b.py", "sha256:" + "b" * 64), ("coo/a|b.py", "sha256:" + "a" * 64)),
        manifests=tuple((name, str(sha256(data))) for name, data in MANIFESTS.items()),
        rules=(("import-from", 12), ("attribute", 3)),
    )


def contents(folder: Path) -> Contents:
    """Write what is needed into ``folder``, and say what is where."""
    given = {
        "coo.jsonl": b'{"event":"AMU0"}\n',
        "plan.patch": b"--- a\n+++ b\n",
        "replay.json": b'{"equal":true}\n',
        "packet.txt": PACK,
        **MANIFESTS,
    }
    folder.mkdir(parents=True)
    for name, data in given.items():
        (folder / name).write_bytes(data)
    return Contents(
        logs={"coo.jsonl": folder / "coo.jsonl"},
        diffs={"imports/plan.patch": folder / "plan.patch"},
        manifests={name: folder / name for name in MANIFESTS},
        replay={"replay.json": folder / "replay.json"},
        gates=gates(),
        facts=facts(),
        implementation_pack=folder / "packet.txt",
    )
