"""The bundle is judged by its own gate, in a process of its own, and its workspace kept.

The gate's exit code decides: 0 PASS, 2 FAIL, 3 BLOCKED.  Its Markdown report, with what the
tests printed verbatim, and the raw log are kept beside the zip.
"""

from __future__ import annotations

from pathlib import Path

from sealwright import durable
from sealwright.bundles import judging, writing
from sealwright.bundles.layout import MANIFEST
from sealwright.contracts.bundle.settings import Settings
from sealwright.errors import Refused
from sealwright.step import Run, Step
from sealwright.verdict import Verdict


def _judged(settings: Settings, run: Run, *more: str) -> str:
    """Run the gate on the bundle and return what it said; `Refused` unless it is PASS."""
    place = run.path(settings.zip)
    done = judging.judged(place, run.folder(), *more, layout=settings.layout)
    run.log.write(done.out + done.err)
    said = done.out.decode("ascii", "replace").strip()
    if done.code or not said:
        raise Refused(f"{settings.zip.path}: the audit gate does not pass it:\n{said}")
    return said


def audit_step(settings: Settings) -> Step:
    """Return the step that lets the gate judge the bundle."""
    report, log = settings.beside(".pass_report.md"), settings.beside(".raw.log")

    def act(run: Run) -> Verdict:
        made = run.folder() / "report.md"
        said = _judged(settings, run, "--report", str(made))
        durable.create(run.path(report), made.read_bytes())
        durable.create(run.path(log), Path(f"{made}.raw.log").read_bytes())
        return Verdict((), {"result": said.splitlines()[-1]})

    return Step(
        name="bundle:audit",
        doc="Let the audit gate judge the bundle, in a process of its own.",
        act=act,
        inputs=(settings.zip,),
        outputs=(report, log),
        arguments={"layout": settings.layout},
        full=True,
    )


def workspace_step(settings: Settings) -> Step:
    """Return the step that keeps the validated workspace."""
    deliverable = settings.beside("_workspace.zip")

    def act(run: Run) -> None:
        folder = run.folder() / "workspace"
        _judged(settings, run, "--extract-dir", str(folder))
        files = {
            path.relative_to(folder).as_posix(): path
            for path in folder.rglob("*")
            if path.is_file()
        }
        writing.pack(files, files.pop(MANIFEST), run.path(deliverable))

    return Step(
        name="bundle:workspace",
        doc="Zip the extracted, validated workspace, without caches or by-products.",
        act=act,
        inputs=(settings.zip, settings.beside(".pass_report.md")),
        outputs=(deliverable,),
        arguments={"layout": settings.layout},
        full=True,
    )
