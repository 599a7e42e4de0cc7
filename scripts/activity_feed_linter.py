#!/usr/bin/env python3
"""Lint the activity feed (document 000).

Exit codes: 0 it is fine, 1 a rule is violated or there is no feed, 2 a line is damaged,
3 misconfigured.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from sealwright.cli import Parser
from sealwright.contracts.sot_pack import feed
from sealwright.errors import SealwrightError
from sealwright.runtime import canonical

DEFAULT = Path("observability/stl/ledger/activity_feed.jsonl")


def main(argv: Sequence[str] | None = None) -> int:
    """Lint one feed and print what was found."""
    parser = Parser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--path", type=Path, default=DEFAULT, help=f"default: {DEFAULT}")
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")
    options = parser.parse_args(argv)
    try:
        report = feed.lint(options.path)
    except SealwrightError as problem:
        if options.json:
            print(canonical.encode({"ok": False, "error": str(problem)}).decode())
        print(f"activity_feed_linter: {problem}", file=sys.stderr)
        return problem.code
    said = canonical.encode(report.to_dict()).decode() if options.json else str(report.verdict())
    print(said)
    return 1 if report.findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
