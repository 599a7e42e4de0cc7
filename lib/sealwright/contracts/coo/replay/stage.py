"""A room in which the steps of one mission are run, one after the other.

Each step gets the enclosure, the variables and what is left of the mission's time.  Its standard
error goes to the log; where it does not end as the mission says, its standard output does, too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sealwright import durable, process
from sealwright.clock import Stopwatch
from sealwright.contracts.coo.inventory.listing import first_difference
from sealwright.contracts.coo.replay import enclosure, leftovers, mechanisms
from sealwright.contracts.coo.replay import room as rooms
from sealwright.contracts.coo.replay.controls import TIME_MACHINE, Layer
from sealwright.contracts.coo.replay.inside.constants import HOST, USER
from sealwright.contracts.coo.replay.mission import Mission, Step
from sealwright.contracts.coo.replay.variables import variables
from sealwright.contracts.coo.replay.variation import Variation
from sealwright.errors import Misconfigured, ProgramFailed, Refused
from sealwright.process import Finished
from sealwright.verdict import legible

LARGEST = 16 << 20  # bytes of what a step says
_SHARED = str(leftovers.SHARED)


@dataclass(slots=True)
class Stage:
    """A room in which steps are run."""

    mission: Mission
    layer: Layer
    interpreter: Path
    path: Sequence[Path]
    room: Path
    log: BinaryIO
    variation: Variation
    at: str = ""
    before: bytes = b""
    watch: Stopwatch = field(default_factory=Stopwatch)

    def set_up(self, tree: Path) -> None:
        """Furnish the room."""
        if self.layer.namespaces:  # else a program knows the room by its path: it stays the same
            self.room = self.room.parent / self.variation.name
        self.at = self._place() if self.layer.namespaces else str(self.room)
        rooms.furnish(
            self.room,
            f"{self.at}/home",
            self._settings(),
            self.layer.time_machine,
            rooms.gathered(tree, self.mission.inputs),
            self.mission.writes,
            backwards=self.variation.backwards,
        )
        if not self.layer.namespaces:
            rooms.close(self.room, self.mission.writes)
            self.before = rooms.contents(self.room, self.mission.writes)

    def step(self, step: Step) -> Finished:
        """Run one step; `ProgramFailed` if it does not end as it shall."""
        self._write(f"mission {self.mission.name}: step {step.name}")
        left = max(0.001, self.mission.time_limit - self.watch.seconds())
        durable.remove(self.room / "etc" / "begun")
        done = process.run(
            self._command(step),
            cwd=self.room,
            env=self.variation.variables(process.allow_listed()),
            stdin=step.stdin.encode(),
            timeout=left,
            check=False,
            limit=LARGEST,
        )
        self.log.write(done.err)
        code = done.code if done.code >= 0 else 128 - done.code
        if not enclosure.begun(self.room):
            raise ProgramFailed(
                f"step {step.name}: expected to be started, found that its enclosure failed: "
                f"{last_words(done.err)}"
            )
        if code != step.exit:
            self.log.write(done.out)
            said = f"expected exit code {step.exit}, found {code}"
            raise ProgramFailed(
                f"mission {self.mission.name}: step {step.name}: {said}; "
                f"its last words: {last_words(done.err or done.out)}"
            )
        return Finished(done.argv, code, done.out, done.err, done.seconds)

    def compare(self) -> None:
        """Raise `Refused` where a copy that could be written to was written to."""
        if not self.layer.namespaces:
            after = rooms.contents(self.room, self.mission.writes)
            if after != self.before:
                path = first_difference(self.before, after)
                raise Refused(
                    f"mission {self.mission.name}: expected the tree as it was, found another "
                    f"{path}; name its folder in writes"
                )

    def variables(self) -> dict[str, str]:
        """Return the variables that each program sees."""
        return variables(self.mission, self.at, self.path, self.layer.faketime)

    def _place(self) -> str:
        at = enclosure.place(self._needed())
        if at is None:
            places = ", ".join(enclosure.PLACES)
            raise Refused(f"replay: expected one of {places} to be free, found none; empty one")
        return at

    def _needed(self) -> list[Path]:
        faketime = [self.layer.faketime] if self.layer.faketime else []
        return [self.interpreter, *self.path, *faketime]

    def _settings(self) -> dict[str, Any]:
        spaces = self.layer.namespaces
        return {
            "clock": TIME_MACHINE if self.layer.clock == TIME_MACHINE else "",
            "host": None if spaces else HOST,
            "seeded": sorted(self.layer.seeded),
            "user": None if spaces else USER,
        }

    def _command(self, step: Step) -> list[str]:
        env = process.allow_listed()
        number = self.variation.processor(mechanisms.processors()) if self.layer.pinned else None
        words = [self._program(step), *step.argv[1:]]
        if "=" in words[0]:  # `env` would take it for a variable
            found = f"found {legible(words[0])}; move it"
            raise Refused(f"step {step.name}: expected the path of a program without '=', {found}")
        program = [
            *enclosure.narrowed(
                env, self.variables(), straight=self.layer.straight, processor=number
            ),
            *words,
        ]
        if not self.layer.namespaces:
            inner = enclosure.plain(self.room, env, program, folder=step.cwd)
        else:
            inner = enclosure.spaces(
                self.room,
                env,
                program,
                at=self.at,
                shared="" if enclosure.hides(_SHARED, self._needed()) else _SHARED,
                folder=step.cwd,
                writes=self.mission.writes,
            )
        return [*self.variation.around(env, spaces=self.layer.namespaces), *inner]

    def _program(self, step: Step) -> str:
        name = step.argv[0]
        if name == "python" or "/" in name:
            return str(self.interpreter) if name == "python" else name
        located = process.find(name, {"PATH": os.pathsep.join(map(str, self.path))})
        if located is None:
            raise Misconfigured(
                f"mission {self.mission.name}: step {step.name}: expected a program on the pinned "
                f"PATH, found no {name}; add its folder"
            )
        return str(located)

    def _write(self, line: str) -> None:
        self.log.write(line.encode() + b"\n")


def last_words(said: bytes) -> str:
    """Return the last lines of what a program said, fit for the end of a sentence."""
    lines = said[-2000:].decode("utf-8", "replace").strip().splitlines()
    return legible(" / ".join(lines[-4:])[-500:]) or "none"
