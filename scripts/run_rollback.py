#!/usr/bin/env python3
"""Put everything back as AMU0 has it (document 003, section 12).

It is `doit rollback` in a repository under the contract ``coo``.  Exit codes: 0 it holds,
1 refused, 2 damaged, 3 misconfigured.
"""

from __future__ import annotations

from sealwright.cli import run_tasks

if __name__ == "__main__":
    raise SystemExit(run_tasks(__doc__, "rollback"))
