"""The Python environment of the tests, in which the package comes from the tree and nowhere else.

It is made of a few files and links, in a folder that is thrown away::

    pyvenv.cfg                       home = the folder of the base interpreter
    bin/                             python, the distribution's programs, scripts of the parent
    metadata/                        the distribution that provides the package, as it is called
    lib/python3.11/site-packages/    links to the parent's packages, without the package
    lib/python3.11/site-packages-1/  the same for the parent's next folder, and so on
        000-sealwright.pth           begins _sealwright (see `injected`), in every Python

The parent is the environment of the interpreter that the configuration names.  On the search path
follow one another: the standard library, ``metadata``, the tree's source root, and the links.  So
the package is the tree's, entry points and ``importlib.metadata`` are those of the distribution
under the name that the package has now, and nothing of the package can be found in the parent,
whether it was installed there as files, or as a path or a finder that leads to its sources.  It
holds for every process that runs ``sys.executable`` or ``python`` from ``PATH``, whatever is taken
from its variables.  Where the legacy name is not allowed, it cannot be found in the tree either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import durable, paths, process
from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.suite import (
    distributions,
    injected,
    interpreter,
    links,
    path_files,
    programs,
)
from sealwright.contracts.coo.suite import names as naming
from sealwright.contracts.coo.suite.distributions import Distribution
from sealwright.contracts.coo.suite.interpreter import Interpreter
from sealwright.errors import ProgramFailed
from sealwright.paths import RelPath
from sealwright.verdict import Finding, Verdict

_INJECTED = Path(injected.__file__).parent
_NAME, _PLACE = "_sealwright", "place.py"
_START, _LAST = "000-sealwright.pth", "~sealwright.pth"
_EPOCH = "SOURCE_DATE_EPOCH"
_SUITE, _PLUGINS = "SEALWRIGHT_SUITE", "PYTEST_PLUGINS"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which package is tested, where it lies, and whether it still has its legacy name."""

    tree: Path
    source_root: RelPath
    names: Names
    legacy_allowed: bool

    @property
    def source(self) -> Path:
        """Return the folder that holds the package."""
        return paths.within(self.tree, self.source_root)

    @property
    def package(self) -> str:
        """Return the name that the package has now."""
        return self.names.legacy if self.legacy_allowed else self.names.canonical

    @property
    def hidden(self) -> tuple[str, ...]:
        """Return the names that nothing may have now."""
        return () if self.legacy_allowed else (self.names.legacy,)


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment that was made, and what came with it from the parent."""

    folder: Path
    plan: Plan
    parent: Interpreter
    records: Path
    labels: tuple[str, ...]
    replaced: tuple[str, ...]

    @property
    def python(self) -> Path:
        """Return its interpreter."""
        return self.folder / "bin" / "python"

    def variables(self, given: Mapping[str, str], home: Path, seed: int) -> dict[str, str]:
        """Return the variables of a suite; ``home`` is a private folder, as is its ``tmp``."""
        made = process.allow_listed(extra=given)
        if _EPOCH not in given:
            made.pop(_EPOCH, None)  # of the run, which the next one need not share
        programs = [str(self.folder / "bin")]
        if (self.parent.prefix / "pyvenv.cfg").is_file():
            programs.append(str(self.parent.scripts))
        plugins = [name for name in made.get(_PLUGINS, "").split(",") if name]
        return made | {
            "HOME": str(home),
            "PATH": ":".join([*programs, made["PATH"]]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": str(seed),
            "PYTHONNOUSERSITE": "1",
            _PLUGINS: ",".join([f"{_NAME}.on_pytest", *plugins]),
            _SUITE: str(self.records),
            "TMPDIR": str(home / "tmp"),
        }

    def facts(self) -> dict[str, Any]:
        """Return what the interpreter and the packages are."""
        return {
            "distributions": list(self.labels),
            "implementation": self.parent.implementation,
            "python": self.parent.version,
            "replaced": list(self.replaced),
        }


def build(folder: Path, plan: Plan, program: Path, records: Path) -> Environment:
    """Make the environment in ``folder``, which is new, from that of the Python ``program``."""
    parent = interpreter.ask(program, process.allow_listed())
    providing = list(_providing(parent, plan))
    installed = [each for site in parent.sites for each in distributions.installed(site)]
    replaced = _metadata(folder / "metadata", providing, plan)
    sites = _sites(folder, parent)
    for site, target in zip(parent.sites, sites, strict=False):
        left_out = [each.folder for each in providing]
        links.link(site, target, plan.names.both, left_out, _stands(providing, plan))
    _inject(folder, sites, plan, records)
    declared = {n: v for each in replaced for n, v in each.programs().items()}
    programs.make(folder / "bin", parent, declared)
    text = f"home = {parent.base.parent}\ninclude-system-site-packages = false\n"
    durable.create(folder / "pyvenv.cfg", f"{text}version = {parent.version}\n".encode())
    labels = distributions.labels([*installed, *replaced])
    names = tuple(distributions.labels(replaced))
    return Environment(folder, plan, parent, records, tuple(labels), names)


def _providing(parent: Interpreter, plan: Plan) -> Iterator[Distribution]:
    """Yield the parent's distributions that provide the package under either name."""
    for site in parent.sites:
        led = path_files.folders(site, plan.names.both)
        for folder in dict.fromkeys([site, *led]):
            for each in distributions.installed(folder):
                if any(distributions.provides(each, n, plan.source_root) for n in plan.names.both):
                    yield each


def _stands(providing: Iterable[Distribution], plan: Plan) -> links.Stands:
    """Return what tells where a place of the repository stands in the tree that is tested."""
    roots = [root.resolve() for each in providing for root in distributions.edited(each)]

    def place(path: Path) -> Path:
        real = path.resolve()
        inside = (plan.tree / real.relative_to(top) for top in roots if real.is_relative_to(top))
        there = (each for each in inside if each.exists() or Path(f"{each}.py").exists())
        return next(there, path)

    return place


def _metadata(folder: Path, providing: Iterable[Distribution], plan: Plan) -> list[Distribution]:
    """Copy the metadata of the package's distributions; return those that are installed."""
    durable.create_folders(folder)
    names, made = None if plan.legacy_allowed else plan.names, {}
    for each in providing:
        if each.name not in made:
            made[each.name] = distributions.copy(each, folder, names)
    here = dict.fromkeys([plan.source, plan.tree]) if names else ()
    for each in [found for place in here for found in distributions.installed(place)]:
        known = {distribution.name for distribution in made.values()} | _names(folder)
        if each.name not in known and _top(each, plan.names.legacy):
            distributions.copy(each, folder, names)
    return list(made.values())


def _names(folder: Path) -> set[str]:
    return {each.name for each in distributions.installed(folder)}


def _top(found: Distribution, package: str) -> bool:
    return package.partition(".")[0] in found.text("top_level.txt").split()


def _sites(folder: Path, parent: Interpreter) -> list[Path]:
    library = folder / "lib" / f"python{parent.short}"
    more = (library / f"site-packages-{number}" for number in range(1, len(parent.sites)))
    return [library / "site-packages", *more]


def _inject(folder: Path, sites: list[Path], plan: Plan, records: Path) -> None:
    """Write what every Python of the environment executes first."""
    site, *more = sites
    durable.create_folders(site / _NAME)
    for source in sorted(_INJECTED.glob("*.py")):
        if source.name != _PLACE:
            durable.create(site / _NAME / source.name, source.read_bytes())
    retired = [str(plan.source / naming.below(name)) for name in plan.hidden]
    constants = {
        "CACHE": str(records / "cache"),
        "FIRST": [str(folder / "metadata"), str(plan.source)],
        "HIDDEN": list(plan.hidden),
        "RECORDS": str(records),
        "RETIRED": [*retired, *(f"{each}.py" for each in retired)],
        "TREE": str(plan.tree),
    }
    text = "".join(f"{name} = {value!r}\n" for name, value in constants.items())
    durable.create(site / _NAME / _PLACE, text.encode())
    durable.create(site / _START, f"import {_NAME}.start; {_NAME}.start.begin()\n".encode())
    if more:
        calls = "; ".join(f"site.addsitedir({str(each)!r})" for each in more)
        durable.create(site / _LAST, f"import site; {calls}\n".encode())


def proof(made: Environment, variables: Mapping[str, str]) -> Verdict:
    """Answer whether a Python of the environment finds the package in the tree, and only there.

    The package is imported; the modules in it are looked for, but not imported.
    """
    plan = made.plan
    command = [
        str(made.python),
        "-c",
        f"from {_NAME} import proof; proof.tell()",
        str(plan.source),
        plan.package,
    ]
    env = {n: v for n, v in variables.items() if n not in (_SUITE, _PLUGINS)}
    home = Path(variables["HOME"])
    done = process.run([*command, *plan.hidden], cwd=home, env=env, check=False)
    try:
        said = json.loads(done.out.splitlines()[-1])
    except (IndexError, ValueError):
        words = done.err.decode("utf-8", "replace").strip().splitlines()[-1:] or ["nothing"]
        raise ProgramFailed(
            f"{made.python}: expected a proof that {plan.package} is the tree's, found exit code "
            f"{done.code} and the words: {words[0]}"
        ) from None
    remedy = "look at the search path of the interpreter that the configuration names"
    findings = tuple(Finding(*_split(each), remedy) for each in said)
    return Verdict(findings, {"package": plan.package, "replaced": list(made.replaced)})


def _split(said: str) -> tuple[str, str]:
    where, _, what = said.partition(": ")
    return where, what
