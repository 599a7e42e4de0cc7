#!/usr/bin/env python3
"""Build and seal a pack of the sources of truth of a verified HEAD (document 000).

It verifies nothing itself: it refuses unless the tree is clean and the feed says that HEAD
is verified (`doit sot_pack:verify_head`).  Exit codes: 0 sealed or up to date, 1 refused,
2 damaged, 3 misconfigured.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from sealwright.cli import Parser
from sealwright.engine import __main__ as doit

TASKS = ("sot_pack:preconditions", "sot_pack:pack", "sot_pack:seal")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the builder's three tasks, and none that come before them."""
    parser = Parser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repo", type=Path, default=Path.cwd(), help="default: this folder")
    dodo = parser.parse_args(argv).repo.resolve() / "dodo.py"
    if not dodo.is_file():
        print(f"build_sot_pack: {dodo}: expected it, found none; sealwright init", file=sys.stderr)
        return 3
    return doit.main([str(dodo), "run", "--single", *TASKS])


if __name__ == "__main__":
    raise SystemExit(main())
