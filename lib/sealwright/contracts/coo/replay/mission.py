"""A reference mission: what is run twice, and what must come of it both times.  JSON::

    {"format": "sealwright/mission/1",
     "name": "phase3",
     "inputs": ["coo", "pyproject.toml"],
     "steps": [{"name": "plan", "argv": ["python", "-m", "coo.plan"], "stdin": "a,b", "exit": 0}],
     "outputs": [{"name": "plan", "stdout": "plan", "as": "json"},
                 {"name": "table", "file": "build/table.csv"}],
     "writes": ["build"],
     "layer": "programs", "isolation": "namespaces", "seeded": ["secrets"],
     "environment": {"MODE": "plain"}, "python_path": ["src"], "time_limit": 60}

``inputs``       files and folders of the tree; the mission sees nothing else of it
``steps``        run in this order: ``argv``, in which a first word ``python`` is the interpreter
                 and another is on the pinned PATH or a path with a slash; ``cwd`` (``.``), below
                 the tree; ``stdin`` (empty), text; ``exit`` (0), where a signal N is 128 + N
``outputs``      what becomes the mission's output: the ``stdout`` or ``stderr`` of a step, or a
                 ``file`` below one of ``writes``; ``as`` ``text`` (the default), ``json``, or
                 ``sha256``, which any bytes have
``writes``       folders of the tree that the mission may write to, in a copy (none), ``.`` for all
``layer``        ``programs`` (the default): each program sees the clock of the replay; ``python``:
                 it is enough that each Python does
``isolation``    ``namespaces`` (the default), or ``copy``: it is enough that the tree is a copy,
                 while folder, host, user and process numbers are those of the machine
``seeded``       ``secrets`` and ``os.urandom``, where they shall be seeded as well (none)
``environment``  variables besides those that the replay sets, and none of those
``python_path``  folders of the tree that Python imports from (none)
``time_limit``   seconds for all steps together (300)

All paths are relative to the tree.  A key that is not in this list is refused, with its place::

    coo/reference/phase3.json:7:3: phase3.layr: unknown key; did you mean 'layer'?

>>> text = b'{"format": "sealwright/mission/1", "name": "m", "inputs": ["a.py"], "outputs": [], '
>>> read(text + b'"steps": [{"name": "a", "argv": ["python", "a.py"]}]}', "m.json").layer
'programs'
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sealwright import digest, paths
from sealwright.contracts.coo.scanning.leak_rules import table as json_table
from sealwright.digest import Digest
from sealwright.document import Table
from sealwright.errors import Misconfigured
from sealwright.paths import TOP, RelPath

FORMAT = "sealwright/mission/1"
PYTHON, PROGRAMS = LAYERS = ("python", "programs")
NAMESPACES, COPY = ISOLATIONS = ("namespaces", "copy")
SECRETS, URANDOM = SEEDED = ("secrets", "os.urandom")
STDOUT, STDERR, FILE = SOURCES = ("stdout", "stderr", "file")
TEXT, JSON, SHA256 = FORMS = ("text", "json", "sha256")
LONGEST = 24 * 3600  # seconds
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_OURS = re.compile(  # variables by which the layer shows the world
    "PATH|HOME|TMPDIR|TZ|USER|LOGNAME|LANG|LANGUAGE|SOURCE_DATE_EPOCH|LC_.*|LD_.*|FAKETIME.*|FAKE_.*"
    "|DONT_FAKE_.*|NO_FAKE_.*|PYTHON.*|[A-Z]+_NUM_THREADS"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One program of a mission."""

    name: str
    argv: tuple[str, ...]
    cwd: RelPath = TOP
    stdin: str = ""
    exit: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """A part of the mission's output: ``of`` is a step's name, or the path of a file."""

    name: str
    source: str
    of: str
    form: str = TEXT


@dataclass(frozen=True, slots=True)
class Mission:
    """What a mission says; ``sha256`` is that of its bytes."""

    name: str
    sha256: Digest
    inputs: tuple[RelPath, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Output, ...]
    writes: tuple[RelPath, ...] = ()
    layer: str = PROGRAMS
    isolation: str = NAMESPACES
    seeded: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    python_path: tuple[RelPath, ...] = ()
    time_limit: int = 300


def read(data: bytes, name: str) -> Mission:
    """Return the mission in ``data``; complaints call it ``name``."""
    with json_table(data, name) as given:
        given.one_of("format", (FORMAT,))
        steps = tuple(map(_step, given.tables("steps")))
        made = Mission(
            name=_named(given, "name"),
            sha256=digest.sha256(data),
            inputs=given.paths("inputs"),
            steps=steps,
            outputs=tuple(map(_output, given.tables("outputs"))),
            writes=_writes(given),
            layer=given.one_of("layer", LAYERS, PROGRAMS),
            isolation=given.one_of("isolation", ISOLATIONS, NAMESPACES),
            seeded=given.strings("seeded", ()),
            environment=_environment(given),
            python_path=_folders(given, "python_path"),
            time_limit=given.integer("time_limit", 300),
        )
    _examine(made, given)
    return made


def _step(given: Table) -> Step:
    made = Step(
        name=_named(given, "name"),
        argv=given.strings("argv"),
        cwd=given.folder("cwd", TOP),
        stdin=given.string("stdin", ""),
        exit=given.integer("exit", 0),
    )
    if not made.argv or not made.argv[0] or any("\0" in word for word in made.argv):
        raise given.wrong("argv", "a program and its arguments")
    if not 0 <= made.exit <= 255:
        raise given.wrong("exit", "an exit code from 0 to 255")
    return made


def _output(given: Table) -> Output:
    source = given.either(*SOURCES)
    of = given.path(FILE) if source == FILE else given.string(source)
    return Output(_named(given, "name"), source, of, given.one_of("as", FORMS, TEXT))


def _named(given: Table, key: str) -> str:
    name = given.string(key)
    if not _NAME.match(name):
        raise given.wrong(key, "a name of letters, digits, '_', '.' and '-'")
    return name


def _writes(given: Table) -> tuple[RelPath, ...]:
    return tuple(_folders(given, "writes"))


def _folders(given: Table, key: str) -> tuple[RelPath, ...]:
    try:
        return tuple(map(paths.folder, given.strings(key, ())))
    except Misconfigured as error:
        raise Misconfigured(f"{given.where(key)}: {error}") from None


def _environment(given: Table) -> tuple[tuple[str, str], ...]:
    found = given.table("environment", None)
    if found is None:
        return ()
    for name in found.keys():  # noqa: SIM118 - a table is no mapping
        if not _VARIABLE.match(name) or _OURS.fullmatch(name):
            raise Misconfigured(
                f"{found.where(name)}: expected a variable that the replay does not set, found "
                f"{name}; take it out"
            )
    return tuple((name, found.string(name)) for name in sorted(found.keys()))


def _examine(made: Mission, given: Table) -> None:
    """Raise `Misconfigured` where the parts of a mission do not fit together."""
    if not made.inputs:
        raise given.wrong("inputs", "at least one file or folder")
    if not 1 <= made.time_limit <= LONGEST:
        raise given.wrong("time_limit", f"seconds from 1 to {LONGEST}")
    if strange := set(made.seeded) - set(SEEDED):
        raise given.wrong("seeded", f"some of {', '.join(SEEDED)}, and not {min(strange)!r}")
    if not made.steps:
        raise given.wrong("steps", "at least one step")
    for key, names in (("steps", made.steps), ("outputs", made.outputs)):
        _distinct(given, key, [each.name for each in names])
    for output in made.outputs:
        _examine_output(made, output, given)


def _distinct(given: Table, key: str, names: Collection[str]) -> None:
    if twice := sorted({name for name in names if list(names).count(name) > 1}):
        raise Misconfigured(f"{given.where(key)}: expected each name once, found twice: {twice[0]}")


def _examine_output(made: Mission, output: Output, given: Table) -> None:
    where = f"{given.where('outputs')}: {output.name}"
    if output.source != FILE:
        if output.of not in (names := [step.name for step in made.steps]):
            raise Misconfigured(f"{where}: expected a step ({_listed(names)}), found {output.of!r}")
    elif not any(paths.above(folder, RelPath(output.of)) for folder in made.writes):
        found = f"found {output.of}; name its folder there"
        raise Misconfigured(f"{where}: expected a file below one of writes, {found}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
