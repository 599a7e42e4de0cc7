"""``python -m project_builder PLAN.json``: print the order and the length of a plan."""

import sys
from pathlib import Path

from project_builder import Plan, slugify


def main(argv: list[str]) -> int:
    """Print one plan."""
    if len(argv) != 1:
        print("usage: python -m project_builder PLAN.json", file=sys.stderr)
        return 2
    plan = Plan.read(Path(argv[0]))
    for task in plan.order():
        print(f"{slugify(task.name):<24}{task.days:>3} days")
    print(f"{'in all':<24}{plan.days():>3} days")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
