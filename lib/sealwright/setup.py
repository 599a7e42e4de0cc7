"""`sealwright init`: a repository gets its doorways and its configuration.

It writes ``dodo.py``, ``tasks.py``, ``doit.cfg`` (the names of our commands, which make
plain ``doit`` ours) and ``config/*.yaml`` with every key commented.  It touches nothing
that exists: where a file of that name stands, it says which lines to add.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from sealwright import durable
from sealwright.contracts import KNOWN
from sealwright.engine.commands import TABLE
from sealwright.errors import Misconfigured, Refused


def init(folder: Path, contracts: Sequence[str] = ()) -> list[str]:
    """Write what is missing in ``folder``; return what was done and what is left to do."""
    chosen = tuple(dict.fromkeys(contracts)) or tuple(KNOWN)
    if unknown := [name for name in chosen if name not in KNOWN]:
        raise Misconfigured(f"--contract {unknown[0]}: expected one of {', '.join(KNOWN)}")
    if not folder.is_dir():
        raise Refused(f"{folder}: expected a folder, found none; make it, or name another")
    said = []
    for name, text in _wanted(chosen).items():
        said.append(_write(folder, name, text))
    return [*said, "next: look at config/, then: doit list, doit plan, doit"]


def _wanted(contracts: Sequence[str]) -> dict[str, str]:
    wanted = {
        "dodo.py": template("dodo.py.txt"),
        "tasks.py": template("tasks.py.txt"),
        "doit.cfg": plugin_lines(),
        "config/sealwright.yaml": template("sealwright.yaml").replace(
            "{contracts}", ", ".join(contracts)
        ),
    }
    return wanted | {f"config/{name}.yaml": template(f"{name}.yaml") for name in contracts}


def template(name: str) -> str:
    """Return one of the files that init writes."""
    return files("sealwright").joinpath("templates", name).read_text("utf-8")


def plugin_lines() -> str:
    """Return the lines of a doit.cfg that make doit's commands ours."""
    lines = [f"{name} = {location}" for name, location in TABLE.items()]
    return "\n".join(["[COMMAND]", *lines, ""])


def _write(folder: Path, name: str, text: str) -> str:
    if name == "doit.cfg" and _configured(folder):
        return "pyproject.toml: has doit's configuration already; add to it:\n" + _toml()
    path = folder / name
    durable.mkdir(path.parent)
    try:
        durable.write(path, text.encode(), replace=False)
    except FileExistsError:
        if name.startswith("config/") or path.read_text(errors="replace") == text:
            return f"{name}: is there, left as it is"
        return f"{name}: is there, left as it is; add to it:\n{_indented(text)}"
    return f"{name}: written"


def _configured(folder: Path) -> bool:
    try:
        data = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return "doit" in data.get("tool", {})


def _toml() -> str:
    lines = [f'{name} = "{location}"' for name, location in TABLE.items()]
    return _indented("\n".join(["[tool.doit.plugins.command]", *lines]))


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines()).rstrip("\n")
