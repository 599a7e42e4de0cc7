"""``tools_manifest.json``: every executable that the chain uses, and what it was made with.

============  ==============================================================================
executables   by name: where it was found, where its links lead and what they say, size,
              SHA-256, the version that it says itself and the question that it was asked
python        compiler, build and flags of the interpreter that runs this
packages      each distribution installed with it: version, SHA-256 of its ``RECORD``
============  ==============================================================================

A program is looked for on the ``PATH`` that children have, or is a path from the repository.
It is asked in that environment, from ``/``, without a network; the version is taken from the
first line that has one.  A program that does not answer in time, or that ends with an error,
has the version ``unavailable``; one that is missing is a finding.  A process asks a program once,
as long as its file and the link that leads to it are the same (see `settled_files`).

>>> _version("git version 2.39.5\\n")
('2.39.5', 'git version 2.39.5')
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import digest, process
from sealwright.contracts.coo.manifests import settled_files, toolchain
from sealwright.contracts.coo.manifests.places import UNAVAILABLE, Places
from sealwright.errors import Misconfigured, ProgramFailed
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict, legible

_LINKS = 40  # as many as Linux follows
_SAID = 200  # characters of what a program says
_VERSION = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+)+[\w.+~-]*)")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program by its name or path, the words that make it say its version, and the seconds."""

    name: str
    asked: tuple[str, ...] = ("--version",)
    patience: float = 10

    def __post_init__(self) -> None:
        if not self.name.isprintable() or not self.name:
            raise Misconfigured(f"tools: expected the name of a program, found {self.name!r}")


def of_chain(
    interpreter: str, test_command: Sequence[str], added: Iterable[Tool] = ()
) -> tuple[Tool, ...]:
    """Return what every chain uses, and what the configuration adds.

    A test command that begins with ``python`` begins with the interpreter.
    """
    usual = {interpreter, "git", "gpg", *test_command[:1]}
    if "python" in test_command[:1]:
        usual.discard("python")
    named = {name: Tool(name) for name in usual} | {tool.name: tool for tool in added}
    return tuple(named[name] for name in sorted(named))


def read(tools: Iterable[Tool], places: Places, env: Mapping[str, str]) -> bytes:
    """Return the manifest of ``tools``; `Refused`, naming all that are missing."""
    given = tuple(tools)
    check(given, places, env).enforce()
    return canonical.line(facts(given, places, env))


def check(tools: Iterable[Tool], places: Places, env: Mapping[str, str]) -> Verdict:
    """Answer whether each program is there."""
    expected = "expected an executable file, found none"
    remedy = "install it, or name the path at which it lies"
    missing = sorted({tool.name for tool in tools if located(tool, places, env) is None})
    where = f"on PATH {env.get('PATH', '')}"
    return Verdict(
        tuple(
            Finding(name, expected if "/" in name else f"{expected} {where}", remedy)
            for name in missing
        )
    )


def facts(tools: Iterable[Tool], places: Places, env: Mapping[str, str]) -> dict[str, Any]:
    """Return what the manifest says."""
    named = {tool.name: tool for tool in tools}
    return {
        "executables": [_told(named[name], places, env) for name in sorted(named)],
        "manifest": "tools",
        "packages": toolchain.packages(),
        "python": toolchain.python(places),
    }


def located(tool: Tool, places: Places, env: Mapping[str, str]) -> Path | None:
    """Return where a program lies, or None."""
    if "/" not in tool.name:
        return process.find(tool.name, env)
    place = places.repository / tool.name
    return place if place.is_file() and os.access(place, os.X_OK) else None


def _told(tool: Tool, places: Places, env: Mapping[str, str]) -> dict[str, Any]:
    place = located(tool, places, env)
    row: dict[str, Any] = {"asked": list(tool.asked), "name": places.spell(tool.name)}
    if place is None:
        fields = ("links", "path", "resolved", "said", "sha256", "size", "version")
        return row | dict.fromkeys(fields, UNAVAILABLE)
    resolved = os.path.realpath(place)
    version, said = _answer(tool, place, env)
    return (
        row
        | {
            "links": [
                {"path": places.spell(at), "text": places.spell(to)}
                for at, to in _links(str(place))
            ],
            "path": places.spell(os.path.abspath(place)),
            "resolved": places.spell(resolved),
            "said": places.spell_all(said),
            "version": version,
        }
        | _content(resolved)
    )


def _content(path: str) -> dict[str, Any]:
    try:
        sums = settled_files.answer(("sums", path), [Path(path)], lambda: digest.of_file(path))
    except OSError:  # it may be executed and not be read
        return {"sha256": UNAVAILABLE, "size": UNAVAILABLE}
    return {"sha256": sums.sha256, "size": sums.size}


def _links(path: str) -> Iterator[tuple[str, str]]:
    """Yield each symbolic link on the way to what ``path`` means, and what it says."""
    done, rest = "", os.path.abspath(path).split("/")[::-1]
    for _ in range(_LINKS * len(rest)):
        if not rest:
            return
        part = rest.pop()
        if part in ("", "."):
            continue
        done = os.path.dirname(done) if part == ".." else f"{done.rstrip('/')}/{part}"
        if os.path.islink(done):
            said = os.readlink(done)
            yield done, said
            done = "" if said.startswith("/") else os.path.dirname(done)
            rest += said.split("/")[::-1]


def _answer(tool: Tool, place: Path, env: Mapping[str, str]) -> tuple[str, str]:
    """Return the version that a program says, and the line that says it."""
    if not tool.asked:
        return UNAVAILABLE, UNAVAILABLE
    argv = (str(place), *tool.asked)

    def ask() -> tuple[str, str]:
        done = process.run(argv, cwd=Path("/"), env=env, timeout=tool.patience, limit=1 << 20)
        return _version((done.out + b"\n" + done.err).decode("utf-8", "replace"))

    question = argv, tuple(sorted(env.items()))
    try:
        return settled_files.answer(question, [place, place.resolve()], ask)
    except ProgramFailed:
        return UNAVAILABLE, UNAVAILABLE


def _version(said: str) -> tuple[str, str]:
    for line in said.split("\n"):
        if match := _VERSION.search(line):
            return match[1], legible(line.strip())[:_SAID]
    return UNAVAILABLE, UNAVAILABLE
