"""What is proved, by digests, and the commands with which somebody else checks it.

``proofs``      what is evidence among the outputs of steps: files, members, records of ledgers
``checksums``   lines for ``sha256sum -c``: each receipt, and each file that one names
``signatures``  what somebody signed, with a command for ``gpg``

The commands are typed in the repository's top.  Nothing is hashed here: a digest is what a
receipt says, and whoever does not believe it runs the command.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sealwright import snapshot
from sealwright.engine import heads
from sealwright.errors import SealwrightError
from sealwright.paths import parse, relative
from sealwright.step import World

SUMS = ("sha256sums.txt", "artifact_digests.sha256")  # what a folder is checked with
_KINDS = ("evidence", "member", "record")

Row = dict[str, Any]
Steps = Iterable[Mapping[str, Any]]


def proofs(steps: Steps, world: World) -> list[Row]:
    """Return every output that is evidence."""
    return [
        {
            "step": step["name"],
            "spot": output["spot"],
            "kind": output["kind"],
            "is": output["is"],
            "sha256": output["sha256"],
            "receipt": step["receipt"]["digest"],
            "command": _command(step["name"], output, world),
        }
        for step in steps
        for output in step["outputs"]
        if output["kind"] in _KINDS
    ]


def _command(step: str, output: Mapping[str, str], world: World) -> str:
    path = where(output)
    if output["sha256"]:
        return checked(path, output["sha256"])
    verified = f"sealwright verify {shlex.quote(path)}"
    if output["kind"] == "record":
        return verified
    try:
        place = world.place(parse(path))
    except SealwrightError:
        return f"doit verify {step}"
    known = verified if (place / snapshot.MANIFEST).is_file() else f"doit verify {step}"
    return sums_command(path, place) or known


def where(output: Mapping[str, str]) -> str:
    """Return the path of an output: of a member its own, of a record that of its ledger.

    >>> where({"kind": "member", "spot": "packs/{ts}", "is": "member 2025 tree blake3:00"})
    'packs/2025'
    """
    spot = output["spot"]
    if output["kind"] == "member":
        return f"{spot.rpartition('/')[0]}/{output['is'].removeprefix('member ').rsplit(' ', 2)[0]}"
    return spot.partition("#")[0] if output["kind"] == "record" else spot


def sums_command(path: str, place: Path) -> str:
    """Return the command that checks a folder with the checksums in it, if it has some."""
    for name in SUMS:
        if (place / name).is_file():
            return f"(cd {shlex.quote(path)} && sha256sum -c --strict {name})"
    return ""


def checked(path: str, digest: str) -> str:
    """Return the command that compares a file with its digest.

    >>> checked("a b.txt", "sha256:e3b0")
    "echo 'e3b0  a b.txt' | sha256sum -c"
    """
    return f"echo {shlex.quote(f'{_digits(digest)}  {path}')} | sha256sum -c"


def _digits(digest: str) -> str:
    return digest.partition(":")[2]


def checksums(steps: Steps, world: World) -> list[dict[str, str]]:
    """Return a digest and a path for each receipt, and for each file that one says was made."""
    found = []
    for step in steps:
        if step["receipt"]:
            path = relative(world.root, Path(step["receipt"]["path"]))
            found.append({"sha256": _digits(step["receipt"]["digest"]), "path": str(path)})
            found += list(_files(step["outputs"]))
    return found


def _files(outputs: Iterable[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    for output in outputs:
        if output["sha256"] and output["kind"] in ("evidence", "derived", "member"):
            yield {"sha256": _digits(output["sha256"]), "path": where(output)}


def signatures(world: World, folders: Iterable[str]) -> list[dict[str, str]]:
    """Return what is signed: the head of the run journal, and what lies in ``folders``."""
    state = relative(world.root, world.state)
    signed = [f"{state}/{heads.FOLDER}/{heads.HEAD}"]
    for folder in folders:
        places = sorted((world.root / folder).glob("*.asc"))
        signed += [f"{folder}/{place.name.removesuffix('.asc')}" for place in places]
    return [
        {"path": path, "command": f"gpg --verify {shlex.quote(f'{path}.asc')} {shlex.quote(path)}"}
        for path in signed
        if (world.root / f"{path}.asc").is_file()
    ]
