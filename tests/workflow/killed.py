"""Runs doit, and kills it at one call that changes the file system: really, with SIGKILL.

``python killed.py AT DODO WORDS…``: AT is the number of the call, or a part of a path that the
call is about, or 0 to count them all and print the count last.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from sealwright import durable
from sealwright.engine.__main__ import main


class Killing:
    """`durable.System` that kills the process before one of its calls."""

    def __init__(self, at: str) -> None:
        self.at, self.count = at, 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(durable.System, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if name == "open" and not args[1] & (os.O_CREAT | os.O_TRUNC):
                return real(*args, **kwargs)
            self.count += 1
            about = " ".join(str(arg) for arg in args if isinstance(arg, str | os.PathLike))
            here = str(self.count) == self.at if self.at.isdecimal() else self.at in about
            if here:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return call


if __name__ == "__main__":
    killing = Killing(sys.argv[1])
    durable.system = killing  # type: ignore[assignment]
    code = main(sys.argv[2:])
    print(f"calls: {killing.count}")
    sys.exit(code)
