"""Contracts with the outside: what breaks elsewhere when a package changes its name.

Looked for before anything moves, in what the interpreter of the tests has installed:

- a distribution that imports the package, by statement or by name; if the test runner needs
  that distribution, the runner itself would break; code of others that it carries in a folder
  such as ``_vendor`` counts if it requires the package;
- one that registers in a group of entry points called like the package, or whose entry points
  lead into the package;
- another that installs the package, or, where the package has no ``__init__``, a part of it:
  the legacy name would stay importable, and a test that leans on it stay green;
- whatever has the canonical name already: the standard library, a distribution, the tree.

A finding begins with the name of the distribution (or ``python``, ``site-packages``,
``repository``), by which a person may accept it::

    - {outside: some-plugin, why: "it is not used by the tests"}

Nothing is written, and nothing of what is installed is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.outside_contracts import (
    Search,
    importers,
    providers,
    registered,
    taken,
)
from sealwright.contracts.coo.rewriting.outside_installed import ask, plain
from sealwright.contracts.coo.rewriting.outside_own import own
from sealwright.paths import TOP, RelPath
from sealwright.verdict import Finding, Verdict

RUNNERS = ("pytest",)


def check(
    interpreter: Path,
    names: Names,
    root: Path,
    source_root: RelPath = TOP,
    runners: Iterable[str] = RUNNERS,
) -> Verdict:
    """Return what the outside has to do with the two names; it holds if that is nothing."""
    installed = ask(interpreter)
    source = root if source_root == TOP else root / source_root
    search = Search(installed, names, root, source, own(installed, root))
    needed = frozenset[str]().union(*map(installed.needed_by, runners))
    findings = [
        *importers(search, needed),
        *registered(search),
        *providers(search),
        *taken(search),
    ]
    evidence = {"distributions": len(installed.distributions), "own": sorted(search.own)}
    return Verdict(tuple(findings), {"outside": evidence})


def accepted(findings: Iterable[Finding], names: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return the findings that nobody accepts, and a finding for each name that accepts none.

    ``names`` are those that findings begin with, each with the reason for accepting them.
    """
    findings = tuple(findings)
    given = {plain(name): why for name, why in names.items()}
    found = {plain(who(finding)) for finding in findings}
    rest = [finding for finding in findings if not given.get(plain(who(finding)), "").strip()]
    for name in sorted(given):
        if not given[name].strip():
            rest.append(Finding(name, "is accepted for no reason", "say why"))
        elif name not in found:
            rest.append(
                Finding(
                    name,
                    "is accepted, but has nothing to do with the package",
                    "remove it from the rulings",
                )
            )
    return tuple(rest)


def who(finding: Finding) -> str:
    """Return the name by which a finding may be accepted."""
    return finding.where.partition(":")[0].partition(" ")[0]
