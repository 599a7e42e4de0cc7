"""``sealwright``: what is done once, or from outside a repository.

Exit codes: 0 it holds or is done; 1 refused; 2 damaged, or a bug; 3 misconfigured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sealwright import __version__, clock, lock, process, setup, verifier
from sealwright.errors import Damaged, Misconfigured, Refused, SealwrightError
from sealwright.runtime import canonical


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except SealwrightError as problem:
        print(f"sealwright: {problem}", file=sys.stderr)
        return problem.code
    except OSError as problem:
        print(f"sealwright: {problem}", file=sys.stderr)
        return Refused.code


class Parser(argparse.ArgumentParser):
    """Takes wrong words for a wrong configuration: exit 3, not 2, which means damage."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Say what is wrong with the words, and exit."""
        self.print_usage(sys.stderr)
        self.exit(Misconfigured.code, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="sealwright",
        description="A Make whose every step carries its proof.",
        epilog=(__doc__ or "").partition("\n\n")[2],
    )
    parser.add_argument("--version", action="version", version=f"sealwright {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    one = commands.add_parser(
        "init", help="write dodo.py, tasks.py, doit.cfg and config/ in a folder"
    )
    one.add_argument("folder", nargs="?", default=".", metavar="DIR")
    one.add_argument(
        "--contract", action="append", default=[], metavar="NAME", help="may be repeated"
    )
    one.set_defaults(command=_init)
    one = commands.add_parser("verify", help="verify evidence, believing nothing but its bytes")
    one.add_argument("path", metavar="PATH", help=verifier.KINDS)
    one.add_argument("--json", action="store_true", help="print JSON on standard output")
    one.set_defaults(command=_verify)
    one = commands.add_parser("unlock", help="remove a lock whose owner is proven dead")
    one.add_argument("path", metavar="PATH")
    one.set_defaults(command=_unlock)
    one = commands.add_parser(
        "recover", help="cut a broken ledger after its last whole line, and record it"
    )
    one.add_argument("path", metavar="PATH")
    one.add_argument("--reason", required=True, help="why; it is recorded in the ledger")
    one.set_defaults(command=_recover)
    return parser


def _init(options: argparse.Namespace) -> int:
    for said in setup.init(Path(options.folder), options.contract):
        print(said)
    return 0


def _verify(options: argparse.Namespace) -> int:
    found = verifier.recognise(Path(options.path))
    verdict = found.verify()
    code = Damaged.code if verdict.findings else 0
    if options.json:
        said = {
            "what": found.what,
            "findings": [str(f) for f in verdict.findings],
            "evidence": dict(verdict.evidence),
            "exit": code,
        }
        print(canonical.encode(said).decode())
        return code
    for finding in verdict.findings:
        print(finding)
    for name, value in verdict.evidence.items():
        print(f"{name}: {value}")
    print(f"{options.path}: is {found.what}, and {'is damaged' if code else 'holds'}")
    return code


def _unlock(options: argparse.Namespace) -> int:
    owner = lock.reclaim(Path(options.path))
    print(f"{options.path}: removed, its owner is dead{f' ({owner.describe()})' if owner else ''}")
    return 0


def _recover(options: argparse.Namespace) -> int:
    path = Path(options.path)
    at = clock.now(process.environment()).iso()
    print(verifier.recover(path, options.reason, at))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
