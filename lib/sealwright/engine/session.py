"""What is open while a run or a question lasts: index, journal, receipts, cache, observer.

What lies in the state folder (``.sealwright`` unless configured)::

    state.db        the index over receipts          receipts/    the proofs, by digest
    journal.jsonl   what was started, how it ended   staging/     acts in progress
    stat.cache      which files need no reading      quarantine/  bytes no receipt knows
    lock            held while a run lasts           logs/        the last log of each step

The folder ignores itself.  All of it but receipts, journal and quarantine may be deleted
at any time: it is an index or an accelerator, and is made anew.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sealwright import durable, lock, process
from sealwright.digest import Digest
from sealwright.engine import settlement, staging
from sealwright.engine import state as states
from sealwright.engine.graph import Graph
from sealwright.engine.heads import Signing
from sealwright.engine.journal import Journal
from sealwright.engine.judge import Judge
from sealwright.engine.observer import Observer
from sealwright.engine.receipt import Receipt, Receipts
from sealwright.engine.state import State
from sealwright.engine.trace import Trace, of_receipt
from sealwright.errors import Damaged, Refused
from sealwright.lock import Owner
from sealwright.stat_cache import StatCache
from sealwright.step import Step, World
from sealwright.transaction import Transaction
from sealwright.verdict import spelled


class Session:
    """One repository, open for a run (`writing`) or for questions (`asking`)."""

    state: State
    cache: StatCache
    observer: Observer
    judge: Judge

    def __init__(self, world: World, graph: Graph) -> None:
        self.world = world
        self.graph = graph
        self.trace = Trace()
        self.notices: list[str] = []
        self.receipts = Receipts(world.state / "receipts")
        self.owner: Owner = lock.current(_program(), world.now.iso())
        self.run_id = ""
        self.journal = Journal(world.state / "journal.jsonl", self.run_id, world.now.iso())
        self.signing = Signing()
        self.pools: Mapping[str, int] = {}  # how many steps at a time may use what, if not one
        self._ink = threading.RLock()  # held by the one thread that writes journal and index
        self._folders = itertools.count(1)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the repository for a run; `Refused` names who holds it already."""
        staging.keep_out_of_git(self.world.state)
        with lock.running(self.world.state / "lock", self.owner), contextlib.ExitStack() as stack:
            self._open(stack)
            stack.callback(self._close)
            yield

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Look at the repository without changing a byte of its state."""
        with contextlib.ExitStack() as stack:
            try:
                state = stack.enter_context(states.reader(self.world.state / "state.db"))
                self.trace = state.trace(self.receipts.get) if state else self.replay()
            except Damaged as damage:
                self.notices.append(f"{damage}; the next run sets it aside and rebuilds it")
                self.trace = self.replay()
            self._look(keep=False)
            yield

    def _look(self, *, keep: bool) -> None:
        file = self.world.state / "stat.cache"
        self.cache = StatCache(file, keep=keep, root=self.world.root)
        self.observer = Observer(self.world, self.cache)
        self.judge = Judge(self.graph, self.trace, self.observer, self.receipts.listing)

    def _open(self, stack: contextlib.ExitStack) -> None:
        path = self.world.state / "state.db"
        try:
            self.state, self.trace, acknowledged = _loaded(path, self.receipts)
        except Damaged as damage:
            self._set_aside(path, damage)
            self.state, self.trace, acknowledged = _loaded(path, self.receipts)
        stack.callback(self.state.close)
        told = self._check_journal(*acknowledged)
        self.run_id = f"{self.world.now.compact()}-{self.journal.head()[:8]}"
        self.journal = Journal(self.journal.path, self.run_id, self.world.now.iso())
        self._look(keep=True)
        if told is not None:
            self._catch_up(told)

    def _set_aside(self, path: Path, damage: Damaged) -> None:
        number = 1
        while (broken := path.with_name(f"{path.name}.broken-{number}")).exists():
            number += 1
        for suffix in ("-shm", "-wal"):
            durable.remove(path.with_name(path.name + suffix))
        durable.rename(path, broken)
        self.notices.append(f"{damage}; set aside as {broken.name} and rebuilt from receipts")

    def _catch_up(self, told: dict[str, Digest]) -> None:
        """Believe the journal where the index, made anew or older, does not tell the same."""
        for step in self.trace.keys() - told.keys():
            self.drop(step)
        for step, name in told.items():
            if self.trace.name(step) != name:
                try:
                    self.believe(name, self.receipts.get(name))
                except Damaged:  # a receipt that is lost proves nothing, nor does one before it
                    self.drop(step)

    def _check_journal(self, size: int, stated: str) -> dict[str, Digest] | None:
        """Return what the journal tells, read whole, or None if it is as it was acknowledged."""
        now, stat = self.journal.mark()
        if now < size:
            where = self.journal.path
            raise Damaged(
                f"{where}: expected at least {size} bytes, found {now}: lines are missing; bring \
the file back, or: sealwright recover {where} --reason …"
            )
        if (now, stat) != (size, stated):
            self._mend(size)
            return self.journaled()
        return None

    def _mend(self, size: int) -> None:
        """Cut a torn line that no index ever acknowledged: a run was killed while writing it.

        A torn line has no LF, or NUL where a power cut kept bytes from arriving.
        """
        if not self.journal.path.exists():
            return
        data = self.journal.path.read_bytes()
        hole = data.find(b"\0", size)
        whole = data.rfind(b"\n", 0, hole if hole >= 0 else None) + 1
        if size <= whole < len(data):
            durable.mkdir(self.world.state / "quarantine")
            torn = self.world.state / "quarantine" / f"journal-{whole}.torn"
            durable.write(torn, data[whole:])
            durable.truncate(self.journal.path, whole)
            self.notices.append(f"{self.journal.path.name}: a torn line was cut, kept in {torn}")

    def journaled(self) -> dict[str, Digest]:
        """Return the last receipt of each step that the journal tells, oldest first."""
        found: dict[str, Digest] = {}
        for entry in self.journal.entries():
            outputs = entry.record["outputs"]
            step = outputs.get("drop") or outputs.get("step") or entry.record["name"]
            if "drop" in outputs or "receipt" in outputs:
                found.pop(step, None)
            if "receipt" in outputs:
                found[step] = Digest(outputs["receipt"])
        return found

    def replay(self) -> Trace:
        """Return the trace that the journal and the receipts tell; a lost receipt is left out."""
        trace = Trace()
        for step, name in self.journaled().items():
            with contextlib.suppress(Damaged):
                trace[step] = (name, self.receipts.get(name))
        return trace

    def _close(self) -> None:
        self.cache.save()
        self.state.acknowledge(self.journal.mark())

    @property
    def quarantine(self) -> Path:
        """Return the folder for bytes that no receipt knows."""
        return self.world.state / "quarantine"

    def next_folder(self) -> Path:
        """Return a new staging folder's place."""
        return self.world.state / "staging" / f"{self.run_id}-{next(self._folders)}"

    def start(self, step: Step, definition: Digest) -> None:
        """Say in the journal that ``step`` is about to act."""
        with self._ink:
            self.journal.start(step.name, definition)

    def settle(self, change: Transaction, held: settlement.Books) -> list[Path]:
        """Make a committed step's outputs real and keep its proof; return what was set apart."""
        if not settlement.complete(change, held, settlement.identity(self.observer)):
            raise Refused(f"{change.intent}: its lines no longer fit their ledger")
        return self.prove(change, journaled=False)

    def prove(self, change: Transaction, *, journaled: bool) -> list[Path]:
        """Keep the proof of a committed step, and end it; return what was set apart."""
        receipt: Receipt = change.note["receipt"]
        name = self.receipts.put(receipt)
        with self._ink:
            if not journaled:
                step, run = receipt["step"], receipt["run"]
                self.journal.finish(step, "completed", {"receipt": name}, run=run)
            self.believe(name, receipt)
        return settlement.end(change, self.quarantine, change.intent.parent.name)

    def believe(self, name: Any, receipt: Receipt) -> None:
        """Make ``receipt`` the last of its step."""
        step = receipt["step"]
        with self._ink:
            self.state.record(name, receipt, of_receipt(receipt), self.journal.mark())
            self.trace.pop(step, None)
            self.trace[step] = (name, receipt)
        self.observer.forget()

    def drop(self, step: str) -> None:
        """Believe no former run of ``step``."""
        with self._ink:
            self.state.drop(step, self.journal.mark())
            self.trace.pop(step, None)

    def failed(self, step: Step, problem: BaseException) -> None:
        """Say in the journal how ``step`` ended, and believe no former run of it."""
        stopped = process.stopping() or not isinstance(problem, Exception)
        said = spelled(str(problem).partition("\n")[0]) or type(problem).__name__
        ended = {"problem": said, "drop": step.name}
        with self._ink:
            self.journal.finish(step.name, "interrupted" if stopped else "failed", ended)
            self.drop(step.name)

    def known(self, step: str) -> Iterator[str]:
        """Yield what recorded runs left in all places, beginning with those of ``step``."""
        with self._ink:
            steps = [name for name in (step, *self.trace) if name in self.trace]
        for name in steps:
            row = self.trace.get(name)
            yield from (seen["is"] for seen in (row[1]["outputs"] if row else ()))

    def keep_log(self, step: str, log: Path) -> None:
        """Keep the last log of a step, for a person to read."""
        with contextlib.suppress(OSError):  # a log may be lost; what it is the log of may not
            if log.stat().st_size:
                durable.publish(log, self.log(step))

    def log(self, step: str) -> Path:
        """Return where the last log of ``step`` is kept."""
        return self.world.state / "logs" / f"{step.replace(':', '.')}.log"

    def keep_listings(self, receipt: Receipt, apart: Path | None = None) -> None:
        """Keep the listings of the trees that a receipt names, so that differences have names.

        They are written in ``apart``: what a killed run leaves is not what the next one writes.
        """
        for seen in receipt["inputs"] + receipt["outputs"]:
            _, found, digits = seen["is"].rpartition("tree ")
            if found and digits in self.observer.listings:
                self.receipts.put_listing(self.observer.listings[digits], apart)

    def afresh(self, step: Step) -> Judge:
        """Return who looks at the world anew for ``step``; for a gate, hashing everything in full.

        It belongs to one act, so that acts in other threads cannot change what it remembers.
        """
        observer = Observer(self.world, self.cache, full=step.full, listings=self.observer.listings)
        return Judge(self.graph, self.trace, observer, self.receipts.listing)


def _loaded(path: Path, receipts: Receipts) -> tuple[State, Trace, tuple[int, str]]:
    """Open the index and read it; one that is damaged is closed again before anybody is told."""
    state = states.writer(path)
    try:
        return state, state.trace(receipts.get), state.journal()
    except BaseException:
        state.close()
        raise


def _program() -> str:
    """Return what this process is called, for whoever finds one of its locks."""
    path = Path(sys.argv[0] or "python")
    return "doit" if path.name == "__main__.py" else path.name
