"""`sealwright init`: a repository gets its doorways and its configuration.

It writes ``dodo.py``, ``tasks.py``, ``doit.cfg`` (the names of our commands, which make
plain ``doit`` ours), ``config/*.yaml`` with every key commented, and a ``.gitignore`` for what
Python leaves beside dodo.py.  It touches nothing that exists: where a file of that name
stands, it says which lines to add.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from sealwright import digest, durable
from sealwright.contracts import KNOWN
from sealwright.engine.commands import TABLE
from sealwright.errors import Misconfigured, Refused

UNUSUAL = ("coo", "workflow")  # only where they are asked for: they change what is not theirs
_RULESETS = ("governance_leak_ruleset.json", "lint_ruleset.json")


def init(folder: Path, contracts: Sequence[str] = ()) -> list[str]:
    """Write what is missing in ``folder``; return what was done and what is left to do."""
    usual = (name for name in KNOWN if name not in UNUSUAL)
    chosen = tuple(dict.fromkeys(contracts or usual))
    if unknown := [name for name in chosen if name not in KNOWN]:
        raise Misconfigured(f"--contract {unknown[0]}: expected one of {', '.join(KNOWN)}")
    if not folder.is_dir():
        raise Refused(f"{folder}: expected a folder, found none; make it, or name another")
    said = []
    for name, text in _wanted(chosen).items():
        said.append(_write(folder, name, text))
    return [*said, "next: look at config/, then: git add, git commit, doit list, doit plan, doit"]


def _wanted(contracts: Sequence[str]) -> dict[str, str]:
    wanted = {
        "dodo.py": template("dodo.py.txt"),
        "tasks.py": template("tasks.py.txt"),
        "doit.cfg": plugin_lines(),
        ".gitignore": "__pycache__/\n",
        "config/sealwright.yaml": template("sealwright.yaml").replace(
            "{contracts}", ", ".join(contracts)
        ),
    }
    wanted |= {f"config/{name}.yaml": template(f"{name}.yaml") for name in contracts}
    return wanted | (_rulesets(wanted) if "coo" in contracts else {})


def _rulesets(wanted: dict[str, str]) -> dict[str, str]:
    """Return the rulesets of the contract ``coo``, and its configuration that pins one of them."""
    rules = {f"coo/reference/{name}": template(name) for name in _RULESETS}
    pin = digest.hexadecimal(digest.sha256(rules[f"coo/reference/{_RULESETS[0]}"].encode()))
    name = "config/coo.yaml"
    return {name: wanted[name].replace("{ruleset_sha256}", pin), **rules}


def template(name: str) -> str:
    """Return one of the files that init writes."""
    return files("sealwright").joinpath("templates", name).read_text("utf-8")


def plugin_lines() -> str:
    """Return the lines of a doit.cfg that make doit's commands ours."""
    lines = [f"{name} = {location}" for name, location in TABLE.items()]
    return "\n".join(["[COMMAND]", *lines, ""])


def _write(folder: Path, name: str, text: str) -> str:
    if name == "doit.cfg" and _configured(folder):
        return f"pyproject.toml: has doit's configuration already; add to it:\n{_toml()}"
    path = folder / name
    durable.mkdir(path.parent)
    try:
        durable.write(path, text.encode(), replace=False)
    except FileExistsError:
        missing = _missing(name, text, path.read_text(errors="replace"))
        more = f"; add to it:\n{_indented(missing)}" if missing else ""
        return f"{name}: is there, left as it is{more}"
    return f"{name}: written"


def _missing(name: str, text: str, there: str) -> str:
    """Return the lines of ``text`` that a file which is ``there`` already should get."""
    if name == "config/sealwright.yaml":
        wanted = next(line for line in text.splitlines() if line.startswith("contracts: "))
        names = re.findall(r"\w+", wanted)[1:]
        return "" if all(re.search(rf"\b{n}\b", there) for n in names) else wanted
    if name.startswith("config/"):
        return ""
    code = text.partition('"""\n\n')[2] or text  # without the docstring, which a file has once
    return "" if code in there or text in there else code


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
