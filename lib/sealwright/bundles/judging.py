"""The audit gate as a process of its own, as a stranger would ask it.

Its exit code decides: 0 PASS, 2 FAIL, 3 BLOCKED.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sealwright import process
from sealwright.bundles.layout import GATE, PHASE2
from sealwright.process import Finished

TIME = 1800.0  # seconds


def judged(place: Path, folder: Path, *options: str, layout: str = PHASE2) -> Finished:
    """Let the gate judge the bundle at ``place``, in ``folder``, and return how it ended."""
    argv = [sys.executable, "-I", "-B", str(GATE), "--zip", str(place), "--layout", layout]
    env = process.allow_listed()
    return process.run([*argv, *options], cwd=folder, env=env, timeout=TIME, check=False)
