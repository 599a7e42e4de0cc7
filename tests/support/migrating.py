"""A step of a migration as a command under faults: `doit run STEP`, killed at calls of the kernel.

The template is a `migrations.Stage`, so that a run does nothing but the step; what is compared has
the modes in it.  What a rollback replaces is kept in quarantine, which is no junk there.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support import migrations
from tests.support.aftermath import INVARIANTS, Invariant, Ran, leaves_no_junk
from tests.support.migrations import Stage
from tests.support.subjects import SotPack


class Migrating(SotPack):
    """One step, right after those that come before it."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(whole=False)
        self.name = f"coo {stage.step}"
        self._stage = stage

    @property
    def invariants(self) -> tuple[Invariant, ...]:
        """What must hold of it."""
        kept = self._stage.step == migrations.STEPS[-1]
        return tuple(each for each in INVARIANTS if not (kept and each is leaves_no_junk))

    def prepare(self, root: Path) -> None:
        """Copy the stage."""
        root.parent.mkdir(parents=True, exist_ok=True)
        migrations.copied(self._stage.root, root)

    def argv(self, events: Path) -> list[str]:
        """Return what a person types."""
        return [*super().argv(events)[:-1], self._stage.step]

    def compared(self, root: Path) -> dict[str, bytes]:
        """Return mode and bytes of everything that a migration leaves behind."""
        look = migrations.looked(root)
        return {name: b"%o %s" % (mode, data) for name, (mode, data) in look.items()}

    def audited(self, root: Path) -> Ran:
        """Audit as a person would."""
        done: subprocess.CompletedProcess[str] = self._run(
            root, [self.argv(root)[0], "verify", self._stage.step]
        )
        return Ran(done.returncode, {}, done.stdout + done.stderr)
