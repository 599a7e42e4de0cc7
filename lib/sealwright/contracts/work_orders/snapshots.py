"""The seventh tool, ``snapshot_export``, and what follows it: verification and a second copy.

An export is stale when what it would hold differs (the registry's prefix, an extra root), when
the last work order does, or whom it is for.  A prefix that still ends in the same line is the
same content, so exports, verifications and calls that add nothing make no export stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sealwright import durable, snapshot
from sealwright.contracts.work_orders import receipts, tools
from sealwright.contracts.work_orders import steps as orders
from sealwright.contracts.work_orders.receipts import Receipt
from sealwright.contracts.work_orders.settings import Settings
from sealwright.contracts.work_orders.tools import Call, Outlet
from sealwright.errors import Damaged, Refused
from sealwright.lineage import REGISTRY, Artifact, Registry, fsck, prefix
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.snapshot import copying, exporting, verification
from sealwright.snapshot.exporting import Wish
from sealwright.step import Fact, File, Guard, Input, Member, Record, Run, Step, Tree, World
from sealwright.verdict import Verdict

NAME = "all"  # what receipts call the one thing that is exported
_EXPORT = Outlet(
    Member(snapshot.FOLDER, "{ts}_{plain}_{line}"),
    Record(REGISTRY, "snapshot"),
    receipts.member("snapshot_export", NAME),
)


def _contents(world: World) -> dict[str, Any] | None:
    view = prefix(Registry(world.root))
    return {"bytes": view.bytes, "lines": view.lines, "head": view.head} if view.lines else None


CONTENTS = Fact("registry without snapshots", _contents)
LINEAGE = Guard(
    "lineage",
    "The artifact registry is whole, and every artifact is what its line says.",
    lambda world: fsck(Registry(world.root)),
)


def steps(settings: Settings, world: World, before: tuple[str, ...]) -> Iterator[Step]:
    """Yield the steps of snapshots, which come after those named in ``before``."""
    yield _export(settings, before)
    yield _verify(world)
    if settings.snapshots.copy_to is not None:
        yield _copy(settings.snapshots.copy_to, world)


def _export(settings: Settings, before: tuple[str, ...]) -> Step:
    wanted = settings.snapshots
    request = {
        "name": NAME,
        "recipients": list(wanted.recipients),
        "public": wanted.public,
        "extra_roots": list(wanted.extra_roots),
    }

    def act(run: Run) -> Verdict:
        return tools.invoke("snapshot_export", run, _EXPORT, request)

    public: tuple[Input, ...] = (File(wanted.public),) if wanted.public else ()
    return Step(
        name="snapshot_export",
        doc="Export all artifacts, their registry and receipts, archived and encrypted.",
        act=act,
        inputs=(CONTENTS, *orders.emitted(settings), *public, *map(Tree, wanted.extra_roots)),
        outputs=_EXPORT.outputs,
        arguments={"code": orders.code(), **request},
        after=before,
        pools=("gpg",),
    )


@tools.tool("snapshot_export")
def export(call: Call) -> list[Artifact]:
    """Write a new snapshot; its folder must not exist, and appears with its records only."""
    request = call.request
    if not request["recipients"]:
        raise Refused(
            "config/work_orders.yaml: snapshots.recipients: expected whom snapshots are for, found "
            "nobody; name full fingerprints, and in snapshots.public the file with their keys "
            "(gpg --export --armor FINGERPRINT)"
        )
    wish = Wish(
        recipients=tuple(request["recipients"]),
        public=call.run.place(request["public"]),
        extra_roots=tuple(map(RelPath, request["extra_roots"])),
    )
    folder = call.run.path(call.outlet.artifact)
    name, made = exporting.export(call.registry, wish, call.run.now, call.lines + 1, folder)
    call.run.name_member(call.outlet.artifact, name)
    return made


def _verify(world: World) -> Step:
    report = File(world.report("snapshot.json"))
    receipt = receipts.member("snapshot_verify", NAME)

    def act(run: Run) -> Verdict:
        folder = run.path(_EXPORT.artifact)
        request = {"name": NAME, "snapshot_id": folder.name}
        with tools.opened(run) as (registry, seen):
            left = Receipt.begin(run, "snapshot_verify", request, seen.get("head"))
            verdict = verification.inside(registry, folder)
        durable.create(run.path(report), canonical.line(verdict.enforce(Damaged)))
        relpath, data = left.end("verified", (), ())
        durable.create(run.name_member(receipt, Path(relpath).name), data)
        return verdict

    return Step(
        name="snapshot_verify",
        doc="Verify the last snapshot: its archive is made again and compared; no key is needed.",
        act=act,
        inputs=(_EXPORT.artifact, _EXPORT.record, CONTENTS),
        outputs=(report, receipt),
    )


def _copy(to: str, world: World) -> Step:
    report = File(world.report("snapshot_copy.json"))

    def act(run: Run) -> Verdict:
        done = copying.copy(run.path(_EXPORT.artifact), to, run.root)
        durable.create(run.path(report), canonical.line(done))
        return Verdict((), done)

    return Step(
        name="snapshot_copy",
        doc=f"Copy the last snapshot to {to}, and read it again there.",
        act=act,
        inputs=(_EXPORT.artifact,),
        outputs=(report,),
        arguments={"to": to},
        after=("snapshot_verify",),
    )
