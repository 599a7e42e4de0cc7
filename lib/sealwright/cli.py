"""``sealwright``: what is done once, or from outside a repository.

Exit codes: 0 it holds or is done; 1 refused; 2 damaged, or a bug; 3 misconfigured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sealwright import __version__, clock, lock, process, setup, verifier
from sealwright.engine import heads, settings
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


def run_tasks(about: str | None, *words: str, argv: Sequence[str] | None = None) -> int:
    """Be a script that a document names: ``doit run WORDS`` in a repository; return the code."""
    parser = Parser(description=(about or "").partition("\n")[0])
    parser.add_argument("--repo", type=Path, default=Path.cwd(), help="default: this folder")
    dodo = parser.parse_args(argv).repo.resolve() / "dodo.py"
    if not dodo.is_file():
        told = f"{dodo}: expected it, found none; sealwright init"
        print(f"{parser.prog.removesuffix('.py')}: {told}", file=sys.stderr)
        return Misconfigured.code
    from sealwright.engine import __main__ as doit  # only who runs tasks pays for doit

    return doit.main([str(dodo), "run", *words])


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
    more = "it came out of a snapshot: others that its registry names may lie elsewhere"
    one.add_argument("--restored", action="store_true", help=more)
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
    one = commands.add_parser(
        "sign", help="sign the head of a repository's run journal, asked on a terminal"
    )
    one.add_argument("folder", nargs="?", default=".", metavar="DIR", help="default: this folder")
    one.add_argument("--key", required=True, metavar="FINGERPRINT", help="of your own GnuPG home")
    one.set_defaults(command=_sign)
    return parser


def _init(options: argparse.Namespace) -> int:
    for said in setup.init(Path(options.folder), options.contract):
        print(said)
    return 0


def _verify(options: argparse.Namespace) -> int:
    found = verifier.recognise(Path(options.path), restored=options.restored)
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


def _sign(options: argparse.Namespace) -> int:
    if not sys.stdin.isatty():
        raise Refused("sign: expected a person at a terminal, found none; nobody else signs")
    environment = process.environment()
    engine = settings.load(Path(options.folder).resolve(), environment).engine()
    head = heads.current(engine.journal)
    print(f"{engine.journal.path}: {head['lines']} lines, the last one is {head['head']}")
    if input(f"Sign this with {options.key}? Type yes: ") != "yes":
        raise Refused("sign: expected yes, found another answer; nothing is signed")
    home = Path(environment.get("GNUPGHOME") or Path.home() / ".gnupg").absolute()
    heads.sign(engine.world.state, head, options.key, home)
    print(f"signed; keep copies of {heads.HEAD} and {heads.SIGNATURE} elsewhere")
    return 0


def _recover(options: argparse.Namespace) -> int:
    path = Path(options.path)
    at = clock.now(process.environment()).iso()
    print(verifier.recover(path, options.reason, at))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
