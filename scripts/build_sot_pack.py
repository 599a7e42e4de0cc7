#!/usr/bin/env python3
"""Build and seal a pack of the sources of truth of a verified HEAD (document 000).

It verifies nothing itself: it refuses unless the tree is clean and the feed says that HEAD
is verified (`doit sot_pack:verify_head`).  Exit codes: 0 sealed or up to date, 1 refused,
2 damaged, 3 misconfigured.
"""

from __future__ import annotations

from sealwright.cli import run_tasks

# the builder's three tasks, and none that come before them
TASKS = ("--single", "sot_pack:preconditions", "sot_pack:pack", "sot_pack:seal")

if __name__ == "__main__":
    raise SystemExit(run_tasks(__doc__, *TASKS))
