"""A repository with a dodo.py of its own, and doit run in it as a person would."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import setup

BIN = Path(sys.executable).parent

GENERIC = '''
"""Steps of a repository's own, and a plain task beside them."""

from sealwright import durable
from sealwright.engine import doorway
from sealwright.paths import parse
from sealwright.step import Command, Contract, File, Guard, Step
from sealwright.verdict import Verdict, refusal

A, B, C = (File(parse(name)) for name in ("a.txt", "out/b.txt", "out/c.txt"))


def upper(run):
    durable.create(run.path(B), run.path(A).read_bytes().upper())


def tidy(world):
    there = (world.root / "dirty").exists()
    return refusal("dirty", "is there", "rm dirty") if there else Verdict()


def approved(world):
    return Verdict() if (world.root / "yes").exists() else refusal("yes", "is missing", "touch yes")


TIDY = Guard("text:tidy", "Ask whether it is tidy.", tidy)
STEPS = (
    Step(name="text:upper", doc="Upper-case the text.", act=upper, inputs=(A,), outputs=(B,),
         guards=(TIDY,)),
    Step(name="text:copy", doc="Copy it.", act=Command(("cp", B, C)), inputs=(B,), outputs=(C,)),
    Step(name="sign:off", doc="Needs an approval.", act=Command(("cp", A, File(parse("signed")))),
         inputs=(A,), outputs=(File(parse("signed")),),
         guards=(Guard("sign:approval", "Ask for it.", approved, waits=True),)),
)


def contract(world):
    return Contract(steps=STEPS, groups={"text": "Text, upper-cased."}, chain=("text",))


globals().update(doorway.tasks(__file__, contract))


def task_plain():
    """A task of the repository's own."""
    return {"actions": ["cat a.txt > plain.txt"], "file_dep": ["a.txt"], "targets": ["plain.txt"]}
'''


@dataclass
class Said:
    """What a command ended with and printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def doit(
    folder: Path, *argv: str, env: dict[str, str] | None = None, program: str = "doit"
) -> Said:
    """Run doit (or inv, or sealwright) in ``folder`` the way a shell would."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DOIT")}
    environment |= {"PATH": f"{BIN}:{os.environ['PATH']}", **(env or {})}
    done = subprocess.run(
        [str(BIN / program), *argv],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def generic(root: Path) -> Path:
    """Make a repository with steps of its own at ``root``."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "dodo.py").write_text(GENERIC)
    (root / "doit.cfg").write_text(setup.plugin_lines())
    (root / "a.txt").write_text("hello")
    return root


def fingerprint(folder: Path) -> dict[str, str]:
    """Return a digest of every file below ``folder``, with its times and mode."""
    found = {}
    for place in sorted(folder.rglob("*")):
        info = place.lstat()
        data = place.read_bytes() if place.is_file() else b""
        stamp = f"{info.st_mtime_ns} {info.st_mode} {hashlib.sha256(data).hexdigest()}"
        found[str(place.relative_to(folder))] = stamp
    return found
