#!/usr/bin/env python3
"""Run the tests as they are, twice (document 003, section 9).

It is `doit suite` in a repository under the contract ``coo``.  Exit codes: 0 it holds,
1 refused, 2 damaged, 3 misconfigured.
"""

from __future__ import annotations

from sealwright.cli import run_tasks

if __name__ == "__main__":
    raise SystemExit(run_tasks(__doc__, "suite"))
