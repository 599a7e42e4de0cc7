"""``inv report``: the control surface, as one page or as JSON (see `sealwright.report`).

``inv report`` writes ``.sealwright/report.html`` and says where it is; ``--out FILE`` writes it
elsewhere; ``--json`` prints canonical JSON instead, or with ``--out`` writes it.  Nothing is run,
and nothing but that file is written.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from invoke import Context, Exit
from invoke.tasks import Task

from sealwright.engine.settings import Settings
from sealwright.errors import SealwrightError


def task(settings: Settings) -> Task[Any]:
    """Return the task for one repository."""

    def report(context: Context, json: bool = False, out: str = "") -> None:
        """Write everything that there is to see on one page, and run nothing."""
        try:
            _report(settings, out, as_json=json)
        except SealwrightError as problem:
            raise Exit(str(problem), problem.code) from None
        except OSError as problem:
            raise Exit(f"report: expected to write it, found {problem}", 1) from None

    return Task(report, name="report")


def _report(settings: Settings, out: str, *, as_json: bool) -> None:
    from sealwright.report import page, publication, telling  # only who asks for it pays
    from sealwright.runtime import canonical

    path = publication.place(settings, out, Path.cwd())
    told = telling.told(settings, publication.within(settings.world, path))
    if as_json and not out:
        sys.stdout.buffer.write(canonical.line(told))
        return
    data = canonical.line(told) if as_json else page.page(told)
    publication.write(settings, path, data)
    counts = ", ".join(f"{number} {status}" for status, number in told["summary"].items())
    print(f"{path}: {counts or 'no steps'}")
