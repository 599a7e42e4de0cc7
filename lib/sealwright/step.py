"""A step: what a contract returns, and what the engine runs.

A contract is a tuple of `Step` and `Guard`.  A step is data: a name, a sentence, an act,
and what the act reads and writes.  What it reads or writes is one of

=============  ============================================================================
`File`         one file (a symbolic link is its text, and the content that it leads to)
`Tree`         a folder with everything in it: names, types, the x bit, link texts
`Fact`         a named reading of the world, such as ``HEAD``; input only.  With a
               ``ledger`` it is a view of that ledger, read after all that append to it
`Member`       one new entry of a folder, never replaced, whose name the act decides; to make
               one again under its name and with its bytes leaves it as it stands
`Record`       lines that the act appends to a ledger, under the ledger's lock, or finds there
`Transition`   a file or tree that the act moves from what it is to what it shall be;
               output only
`Changes`      places that the act itself decides on, below those that are declared: each is
               replaced, made or taken away; output only
=============  ============================================================================

The act writes to the places that `Run.path` names.  They lie in a staging folder, and
become the real ones only when everything declared is there, nothing else is, and nothing
that was read has changed meanwhile.  An act returns a `Verdict` or None; a verdict that
does not hold, or a `SealwrightError`, fails the step, and nothing is recorded as done.

A `Guard` is a question about the world, asked right before a step acts and again before
its outputs are committed; it is in no definition and makes nothing stale.

>>> Step(name="greet", doc="Say hello.", act=Command(("touch", File(RelPath("hello")))),
...      outputs=(File(RelPath("hello")),)).name
'greet'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sealwright import durable, paths, process
from sealwright.clock import Instant
from sealwright.errors import Misconfigured
from sealwright.paths import RelPath
from sealwright.verdict import Verdict

_NAME = re.compile(r"[A-Za-z_][\w.-]*(:[A-Za-z0-9_][\w.-]*)*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class File:
    """One file.  As an output, ``evidence`` means: changed bytes are refused, not rebuilt."""

    path: RelPath
    evidence: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder with everything in it, but for the globs in ``exclude`` (``*`` stays in a part)."""

    path: RelPath
    exclude: tuple[str, ...] = ()
    evidence: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A named reading of the world: plain JSON, the same twice as long as nothing changes."""

    name: str
    read: Callable[[World], Any] = field(compare=False)
    ledger: RelPath | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One new entry of ``folder``; ``name`` says how entries are called, as ``{ts}_{shortsha}``."""

    folder: RelPath
    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """The lines called ``event`` that one step appends to ``ledger``."""

    ledger: RelPath
    event: str


@dataclass(frozen=True, slots=True)
class Transition:
    """What is input and output in one: the act replaces it."""

    of: File | Tree


@dataclass(frozen=True, slots=True)
class Changes:
    """Places at or below ``within`` that the act puts something at, or takes away.

    They keep the modes that the act gave them.
    """

    name: str
    within: tuple[RelPath, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One of `Changes`: what comes to ``path``, a name in the folder of the changes, or nothing.

    With ``keep``, what stood there is kept in quarantine.
    """

    path: RelPath
    staged: str | None
    keep: bool = False


Input = File | Tree | Fact | Member | Record
Output = File | Tree | Member | Record | Transition | Changes


@dataclass(frozen=True, slots=True)
class Guard:
    """A check of the world.  One that ``waits`` lacks an approval rather than being refused."""

    name: str
    doc: str
    ask: Callable[[World], Verdict] = field(compare=False)
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """Steps that are tried together, and whose outcome stays closed.

    ``identity`` captures all that an attempt depends on.  Once a step that ``closes`` it is
    done, its steps are evidence; when the identity moves on, they stay as they are until
    ``opening`` (an approval of the new identity) holds.
    """

    name: str
    identity: Fact
    opening: Guard


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a contract; see the module's text for what the fields hold."""

    name: str
    doc: str
    act: Callable[[Run], Verdict | None]
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    guards: tuple[Guard, ...] = ()
    version: str = "1"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environment: tuple[str, ...] = ()  # variables that the act may see, and that define it
    tools: tuple[str, ...] = ()  # programs that the act runs: their digests define it
    code: tuple[str, ...] = ()  # modules that the act runs besides its own: they define it too
    after: tuple[str, ...] = ()  # steps that come first for another reason than a file
    locks: tuple[RelPath, ...] = ()  # lock files held from before the act until it is committed
    pools: tuple[str, ...] = ()  # scarce things that the act needs, such as ``gpg``
    attempt: Attempt | None = None
    closes: bool = False
    full: bool = False  # a gate: everything is hashed in full, the stat cache is not asked
    timeout: float = 3600.0  # seconds that a program run by the act may take

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise Misconfigured(
                f"step {self.name!r}: expected a name of letters, digits, '_', '.', '-' and ':'"
            )
        if not self.outputs:
            raise Misconfigured(f"step {self.name}: declares no output, so nothing would prove it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What one contract asks of a repository: its steps, a sentence for each group of them,
    and the names that chain ``all`` runs.

    Its own ``guards`` protect no step, since they cost too much for that: they are asked by
    their names, and by `doit verify`.
    """

    steps: tuple[Step, ...]
    groups: Mapping[str, str]
    chain: tuple[str, ...]
    guards: tuple[Guard, ...] = ()


@dataclass(slots=True, kw_only=True)
class World:
    """What a guard or a fact may look at: one repository, at one instant."""

    root: Path
    state: Path
    now: Instant
    environment: Mapping[str, str]

    def report(self, name: str) -> RelPath:
        """Return the path of a report, which lies in the state folder and may be an output."""
        return paths.relative(self.root, self.state / "reports" / name)

    def kept(self, name: str) -> RelPath:
        """Return the path of what a contract keeps for itself in the state folder."""
        return paths.relative(self.root, self.state / "contracts" / name)

    def place(self, path: RelPath) -> Path:
        """Return where ``path`` lies; `Refused` if a link leads it out of the repository."""
        return paths.within(self.root, path)


@dataclass(slots=True, kw_only=True)
class Run(World):
    """One act in progress: where to read, where to write, and what was found before."""

    step: Step
    run_id: str
    work: Path  # where `folder` is
    log: BinaryIO
    staged: dict[Output, Path]
    facts: Mapping[Fact, Any]
    members: Mapping[Member, Path]
    names: dict[Member, str] = field(default_factory=dict)
    appended: dict[Record, list[dict[str, Any]]] = field(default_factory=dict)
    standing: dict[Record, tuple[int, int]] = field(default_factory=dict)
    changed: dict[Changes, list[Change]] = field(default_factory=dict)

    def path(self, item: Input | Output) -> Path:
        """Return where to write an output, or where to read an input."""
        if item in self.staged:
            return self.staged[item]
        if isinstance(item, Member):
            return self.members[item]
        if isinstance(item, File | Tree):
            return self.place(item.path)
        raise KeyError(item)

    def folder(self) -> Path:
        """Return a folder that is private to this act, made now and removed afterwards."""
        durable.mkdir(self.work)
        return self.work

    def fact(self, fact: Fact) -> Any:
        """Return what a declared fact was before the act."""
        return self.facts[fact]

    def name_member(self, member: Member, name: str) -> Path:
        """Decide the name of a new member and return the place to write it to."""
        self.names[member] = paths.parse(name)
        return self.staged[member]

    def append(self, record: Record, *payloads: Mapping[str, Any]) -> None:
        """State lines that are appended to the record's ledger when the step is committed."""
        if record not in self.step.outputs:
            raise KeyError(record)
        self.appended.setdefault(record, []).extend(map(dict, payloads))

    def change(self, changes: Changes, *stated: Change) -> None:
        """State what comes to places, from the folder ``path(changes)``, or goes."""
        for change in stated:
            if not any(paths.above(place, change.path) for place in changes.within):
                raise Misconfigured(f"{change.path}: expected a place of {spot(changes)}")
        self.changed.setdefault(changes, []).extend(stated)

    def find(self, record: Record, offset: int, size: int) -> None:
        """State that the record's lines stand in its ledger already: nothing is appended."""
        if record not in self.step.outputs:
            raise KeyError(record)
        self.standing[record] = offset, size

    def call(self, *argv: str, cwd: Path | None = None, check: bool = True) -> process.Finished:
        """Run a program under the step's rules; what it prints goes to the step's log."""
        named = {n: self.environment[n] for n in self.step.environment if n in self.environment}
        return process.run(
            argv,
            cwd=cwd or self.root,
            env=process.allow_listed(extra=named, source=self.environment),
            timeout=self.step.timeout,
            log=self.log,
            check=check,
        )


@dataclass(frozen=True, slots=True)
class Command:
    """An act that runs one program; a `File` or `Tree` in ``argv`` stands for its place."""

    argv: tuple[str | File | Tree | Transition, ...]

    def __call__(self, run: Run) -> None:
        """Run the program; a non-zero exit fails the step."""
        run.call(*(part if isinstance(part, str) else str(run.path(part)) for part in self.argv))

    def words(self) -> list[str]:
        """Return the command as it defines the step: places as their paths."""
        return [part if isinstance(part, str) else f"<{spot(part)}>" for part in self.argv]


def spot(item: Input | Output) -> str:
    """Return what an input or output is called in messages, receipts and graphs."""
    match item:
        case File(path):
            return path
        case Tree(path):
            return f"{path}/"
        case Fact(name):
            return f"fact {name}"
        case Member(folder, name):
            return f"{folder}/{name}"
        case Record(ledger, event):
            return f"{ledger}#{event}"
        case Transition(of):
            return spot(of)
        case Changes(name):
            return f"changes {name}"
