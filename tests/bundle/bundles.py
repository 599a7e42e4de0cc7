"""Bundles for tests: small whole ones, and zips with anything in them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

from sealwright.bundles import audit_gate_build_loop_phase2 as gate

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "audit_gate_build_loop_phase2.py"
INI = b"[pytest]\ntestpaths = runtime/tests\n"
TEST = (
    b"from runtime.orchestration import operations\n\n\ndef test_it():\n    assert operations.A\n"
)


def files(**more: bytes | str) -> dict[str, bytes]:
    """Return a small bundle without its manifest; ``__`` in a name stands for ``/``."""
    found = dict.fromkeys(gate.REQUIRED[:-1], b"")
    found |= {"pytest.ini": INI, "runtime/orchestration/operations.py": b"A = 1\n"}
    found["runtime/tests/test_operations.py"] = TEST
    return found | {name: as_bytes(data) for name, data in more.items()}


def having(source: str, name: str = "runtime/tests/test_operations.py") -> dict[str, bytes]:
    return files() | {name: source.encode()}


def as_bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


def listing(given: dict[str, bytes]) -> bytes:
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in given.items()}
    return gate.render_manifest(digests)


def listed(given: dict[str, bytes]) -> dict[str, bytes]:
    return given | {gate.MANIFEST: listing(given)}


def build(given: dict[str, bytes]) -> bytes:
    return gate.encode(listed(given))


def code(data: bytes, folder: Path, layout: str = "any") -> str:
    """Return the code with which G1 to G5 refuse a zip, or nothing."""
    bundle = io.BytesIO(data)
    try:
        found = gate.examine(bundle)
        paths = gate.check_names([member.name for member in found.members])
        manifest = gate.find_manifest(found)
        entries = gate.parse_manifest(manifest)
        gate.check_complete(paths, entries, layout)
        digests = entries | {gate.MANIFEST: hashlib.sha256(manifest).hexdigest()}
        gate.extract(found, digests, folder)
    except gate.Refused as refused:
        return refused.code
    return ""


class Ran:
    """What the gate answered about a bundle, as a process of its own."""

    def __init__(self, data: bytes, folder: Path, *options: str, python: str = "-I") -> None:
        self.folder = folder
        (folder / "bundle.zip").write_bytes(data)
        argv = [sys.executable, python, str(SCRIPT), "--zip", "bundle.zip", *options]
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        env = {"PATH": os.environ["PATH"], "TMPDIR": str(temporary), "PYTHONPATH": "/nowhere"}
        done = subprocess.run(
            argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
        self.exit, self.out, self.err = done.returncode, done.stdout.decode(), done.stderr.decode()
        self.left = os.listdir(temporary)

    @property
    def code(self) -> str:
        """Return the first code among the lines."""
        wrong = [line for line in self.out.splitlines() if line.startswith(("[X]", "[?]"))]
        return wrong[0].partition(": ")[2].split()[1] if wrong else ""

    @property
    def answer(self) -> dict[str, object]:
        return dict(json.loads(self.out))
