"""The process in which a function of a tree is run: ``python -m … TREE``, told which on stdin.

It reads one canonical line, ``{"arguments":{…},"module":"…","name":"…"}``, and writes the bytes
that the function returns for the tree, and nothing else, to its standard output.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from sealwright.errors import SealwrightError
from sealwright.runtime import canonical


def main(tree: str) -> int:
    """Call the function, and return the exit code."""
    wanted = canonical.decode_line(sys.stdin.buffer.read())
    function = getattr(importlib.import_module(wanted["module"]), wanted["name"])
    try:
        said = function(Path(tree), **wanted["arguments"])
    except SealwrightError as problem:
        print(problem, file=sys.stderr)
        return problem.code
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
