"""What a run asks for: made of the packet, its approval and the configuration, and of nothing else.

So two runs of the same packet, approval and commit ask for the same, and whoever looks at what
landed (see `checking`) can say what its commit had to be.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sealwright.clock import Instant
from sealwright.contracts.workflow import target
from sealwright.contracts.workflow.approval import Grant
from sealwright.contracts.workflow.execution.attempt import Request
from sealwright.contracts.workflow.execution.backend import Backend, Command, Fake, Patch
from sealwright.contracts.workflow.execution.envelope import Envelope
from sealwright.contracts.workflow.execution.plumbing import Stamp
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.steps.case import Case
from sealwright.git import Commit
from sealwright.sandbox.cage import Cage, Limits, offered
from sealwright.step import Run


def cage(case: Case) -> Cage:
    """Return the cage that the configuration demands, in which Python is seen."""
    seen = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve()}
    return offered(case.work.isolation, visible=sorted(seen))


def limits(case: Case) -> Limits:
    """Return the limits of the configuration in seconds and bytes."""
    wish = case.work.limits
    return Limits(
        seconds=wish.seconds,
        processes=wish.processes,
        memory=wish.memory_mib << 20,
        file=wish.file_mib << 20,
        disk=wish.disk_mib << 20,
        output=wish.output_kib << 10,
    )


def isolation(case: Case, caged: Cage) -> dict[str, str]:
    """Return what evidence says of the cage and its limits."""
    wish = case.work.limits
    return {
        "level": caged.level,
        "mechanisms": ", ".join(caged.mechanisms),
        "seconds": str(wish.seconds),
        "memory_mib": str(wish.memory_mib),
        "disk_mib": str(wish.disk_mib),
        "budget": wish.budget,
    }


def request(case: Case, run: Run, packet: Packet, head: Commit, grant: Grant) -> Request:
    """Return what the attempt is asked for."""
    return Request(
        target=target.place(run.root, packet),
        head=head,
        envelope=envelope(packet),
        backend=_backend(case, run),
        task=_task(case, packet),
        validation=packet.task.validation,
        subject=subject(packet),
        trailers=trailers(packet, grant.sha256, grant.run),
        stamp=stamp(case, run),
        limits=limits(case),
    )


def envelope(packet: Packet) -> Envelope:
    """Return which paths may change."""
    return Envelope(tuple(packet.task.allowed_paths), tuple(packet.task.forbidden_paths))


def subject(packet: Packet) -> str:
    """Return the first line of the commit's message."""
    words = " ".join(packet.task.text.split())
    return f"{packet.id}: {words}"[:200].rstrip()


def trailers(packet: Packet, approved: str, run: str) -> dict[str, str]:
    """Return the last lines of the commit's message, which name packet and approval."""
    return {"Packet-SHA256": packet.sha256, "Approval-SHA256": approved, "Run": run}


def stamp(case: Case, run: Run) -> Stamp:
    """Return who a commit of ours is by, and when."""
    name, email = case.settings.author
    return Stamp(name, email, Instant(run.now.seconds))


def _task(case: Case, packet: Packet) -> dict[str, object]:
    """Return what the backend is told."""
    task = packet.task
    return {
        "id": packet.id,
        "task": task.text,
        "allowed_paths": list(task.allowed_paths),
        "forbidden_paths": list(task.forbidden_paths),
        "forbidden_actions": list(task.forbidden_actions),
        "success_criteria": list(task.success_criteria),
        "validation": task.validation,
        "budget_usd": case.work.limits.budget,
    }


def _backend(case: Case, run: Run) -> Backend:
    wish = case.work.backend
    if wish.patch:
        return Patch(run.place(wish.patch).read_bytes())
    if wish.fake is not None:
        return Fake({str(path): text for path, text in wish.fake.items()})
    seen = {n: run.environment[n] for n in case.work.variables if n in run.environment}
    return Command(wish.command, seen)
