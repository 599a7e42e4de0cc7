"""``python -m sealwright.engine DODO [doit's arguments]``: doit, under our commands.

A repository's dodo.py replaces itself by this where doit did not read which commands are
ours.  Whatever the arguments say of files and folders, DODO is loaded, in its own folder.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Mapping
from typing import Any

from doit import loader
from doit.cmd_base import DodoTaskLoader
from doit.cmd_completion import TabCompletion
from doit.cmd_help import Help
from doit.doit_cmd import DoitMain
from doit.plugin import PluginDict, PluginEntry

from sealwright.engine import doorway
from sealwright.engine.commands import TABLE


class _Dodo(DodoTaskLoader):  # type: ignore[misc]
    """Loads one given dodo.py, in its own folder."""

    def __init__(self, dodo: str) -> None:
        super().__init__()
        self._dodo = dodo

    def setup(self, opt_values: Mapping[str, Any]) -> None:
        """Load the file; the options that name another were obeyed to find it."""
        self.namespace = dict(inspect.getmembers(loader.get_module(self._dodo)))


class _Main(DoitMain):  # type: ignore[misc]
    BIN_NAME = "doit"
    DOIT_CMDS = (Help, TabCompletion)

    def get_cmds(self) -> PluginDict:
        """Return our commands, which no plugin of the environment can replace."""
        commands = PluginDict({command.get_name(): command for command in self.DOIT_CMDS})
        table = {**TABLE, "apart": "sealwright.engine.commands.run:Apart"}
        for name, location in table.items():
            commands[name] = PluginEntry("COMMAND", name, location)
        return commands


def main(argv: list[str]) -> int:
    """Run the doit command in ``argv`` after the dodo.py that it begins with."""
    dodo, *rest = argv
    doorway.enter()
    os.chdir(os.path.dirname(dodo))
    return int(_Main(_Dodo(dodo)).run(rest) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
