"""What a person types: doit, gpg, git and other programs, each printed as ``operator: …``.

They are run from outside, in processes of their own, as anybody would run them.  Texts are signed
with the throw-away key of `keys`; the library itself signs nothing by itself.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sealwright import durable, process
from sealwright.example import keys, repository

APPROVALS = "config/approvals"
DONE = ("run", "restored")  # how a step ends that did something
NO_GATE: Mapping[str, str] = {}
_TEXT = re.compile(r'\{"format":"sealwright/approval/1",.*\}$', re.MULTILINE)


class Said(NamedTuple):
    """What doit said: its exit code, and each step with how it ended."""

    code: int
    steps: Sequence[Mapping[str, Any]]

    @property
    def executed(self) -> set[str]:
        """The names of the steps that did something."""
        return {step["name"] for step in self.steps if step["status"] in DONE}

    @property
    def asked(self) -> Iterator[tuple[str, list[str]]]:
        """What is waited for: the name of an approval, and the texts of which one may be signed."""
        for step in self.steps:
            texts = _TEXT.findall(step["message"])
            if step["status"] == "waiting" and texts:
                yield Path(step["message"].partition(".json: ")[0]).name, texts


class Passed(NamedTuple):
    """How something that took several runs ended, and the steps that did something in it."""

    code: int
    executed: set[str]


def doit(folder: Path, *words: str, gate: Mapping[str, str] = NO_GATE) -> Said:
    """Run doit in a folder, with the variables of a gate if there are any, and show it."""
    exported = "".join(f"{name}={shlex.quote(value)} \\\n    " for name, value in gate.items())
    print(f"operator: cd {shown(folder)} && {exported}doit {shlex.join(words)}\n")
    argv = (sys.executable, "-m", "doit", *words)
    environment = process.allow_listed(("SOURCE_DATE_EPOCH",), extra=gate)
    done = process.run(argv, cwd=folder, env=environment, timeout=1800, check=False)
    try:
        said = json.loads(done.out)
    except ValueError:
        print((done.out + done.err).decode(errors="replace"), end="")
        return Said(done.code or 2, ())
    _show(said)
    return Said(done.code, said["steps"])


def _show(said: Mapping[str, Any]) -> None:
    """Print what doit did, a line for each step."""
    for step in said["steps"]:
        reasons = step["reasons"]
        why = _why(reasons[0]) if reasons else ""
        print(f"{step['status']:<11} {step['name']:<31} {why}".rstrip())
        print("".join(f"  {line}\n" for line in step["message"].splitlines()), end="")
    for notice in said["notices"]:
        print(f"note: {notice}")
    print()


def _why(reason: Mapping[str, str]) -> str:
    subject = f"{reason['subject']} " if reason["subject"] else ""
    return f"{subject}{reason['detail'] or reason['code']}"


def sign(example: Path, name: str, text: str) -> None:
    """Write the text of an approval, and sign it with plain gpg."""
    place = example / APPROVALS / f"{name}.json"
    durable.mkdir(place.parent)
    durable.write(place, f"{text}\n".encode())
    print(f"operator: printf '%s\\n' {shlex.quote(text)} > {APPROVALS}/{name}.json")
    with tempfile.TemporaryDirectory(prefix="sw-") as folder:
        home, key = Path(folder), str(keys.secret(example))
        keys.run(home, "gpg", "--batch", "--quiet", "--import", key)
        argv = ("gpg", "--batch", "--yes", "--armor", "--detach-sign", str(place))
        print(f"operator: gpg --armor --detach-sign {APPROVALS}/{name}.json")
        keys.run(home, *argv)
        keys.run(home, "gpgconf", "--kill", "all")


def commit(folder: Path, message: str) -> None:
    """Commit everything in a repository, with plain git."""
    print(f"operator: git add --all && git commit --message {shlex.quote(message)}\n")
    repository.commit(folder, message, repository.FIRST)


def call(folder: Path, *argv: str) -> str:
    """Run a program in a folder, and return what it prints; it has to end well."""
    environment = process.allow_listed(("SOURCE_DATE_EPOCH",))
    return process.run(argv, cwd=folder, env=environment).out.decode()


def shown(folder: Path) -> str:
    """Return a folder as one types it from here."""
    here = Path.cwd()
    told = folder.relative_to(here) if folder.is_relative_to(here) else folder
    return shlex.quote(str(told))
