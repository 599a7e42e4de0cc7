#!/usr/bin/env python3
"""Build and seal a pack of the sources of truth of a verified HEAD (document 000).

It verifies nothing itself: it refuses unless the tree is clean and the feed says that HEAD
is verified (`doit sot_pack:verify_head`).  Exit codes: 0 sealed or up to date, 1 refused,
2 damaged, 3 misconfigured.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from sealwright.engine import __main__ as doit

TASKS = ("sot_pack:preconditions", "sot_pack:pack", "sot_pack:seal")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the builder's three tasks, and none that come before them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repo", type=Path, default=Path.cwd(), help="default: this folder")
    options = parser.parse_args(argv)
    return doit.main([str(options.repo.resolve() / "dodo.py"), "run", "--single", *TASKS])


if __name__ == "__main__":
    raise SystemExit(main())
