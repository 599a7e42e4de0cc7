"""Amendments, lint and scan as steps (document 003, §4–6).

An amendment is applied once.  ``amendment_log.json`` names those that were, with the digest of
each; they are not applied again when somebody edits their target, and none of them may change.
Whatever lint or scan finds fails the step; then the report is kept under another name
(``….failed.json``, ``….failed.sarif``), since only what holds is an output.  What the last scan
found in contents is remembered (see `known_contents`), which makes the next one quick.

What only an act needs is imported there: most commands run none of them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from sealwright import digest, durable
from sealwright.contracts.coo.scanning.scanned_files import Globs
from sealwright.contracts.coo.settings import FILE, Settings
from sealwright.contracts.coo.state_machine import Machine
from sealwright.contracts.coo.steps import frozen, ground, release
from sealwright.contracts.coo.steps.freezing import attempt, retiring
from sealwright.digest import Digest
from sealwright.errors import Refused
from sealwright.paths import TOP, RelPath, above, outermost
from sealwright.stat_cache import StatCache
from sealwright.step import Fact, File, Input, Record, Run, Step, Transition, Tree, World
from sealwright.verdict import Verdict

if TYPE_CHECKING:
    from sealwright.contracts.coo.governance_leak_scanner import Report
    from sealwright.contracts.coo.scanning.leak_rules import Ruleset
    from sealwright.contracts.coo.scanning.suppressions import Suppressions

_CODE = "sealwright.contracts.coo"
LOG, PATCH = "amendment_log.json", "amendment_diff.patch"
SCANNED, LINTED = "coo/scanner_report.json", "coo/lint_report.json"


class _Report(Protocol):
    def report_bytes(self) -> bytes: ...
    def sarif_bytes(self) -> bytes: ...
    def verdict(self) -> Verdict: ...


def steps(settings: Settings, world: World) -> list[Step]:
    """Return the three steps."""
    return [_amendments(settings, world), _lint(settings, world), _scan(settings, world)]


def _amendments(settings: Settings, world: World) -> Step:
    files = [File(path) for path in settings.amendments]
    targets = [Transition(File(path)) for path in _targets(settings, world)]
    told = Transition(ground.manifest(settings, LOG))
    made = ground.manifest(settings, PATCH)
    record = Record(ground.log(world), "AMENDMENTS")

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo import amendment_engine, amendment_history
        from sealwright.contracts.coo.amendment_engine import AmendmentHaltException
        from sealwright.contracts.coo.amendments import escalation

        ground.unmigrated(run)
        texts: dict[str, bytes] = {file.path: run.path(file).read_bytes() for file in files}
        amendments = amendment_engine.read(texts)
        documents = {t.of.path: run.place(t.of.path).read_bytes() for t in targets}
        before = run.place(told.of.path)
        past = before.read_bytes() if before.is_file() else None
        try:
            applied = amendment_history.resume(past, amendments, documents)
        except AmendmentHaltException as halt:
            durable.mkdir(run.place(settings.manifests))
            durable.write(run.place(settings.manifests) / halt.name, halt.artefact)
            raise
        for target in targets:
            durable.create(run.path(target), applied.documents[target.of.path])
        durable.create(run.path(told), applied.log)
        durable.create(run.path(made), applied.patch)
        run.append(record, *ground.move(settings, run, _begin))
        for amendment in amendments:  # what was missing or ambiguous before is neither now
            durable.remove(run.place(settings.manifests) / escalation.file_name(amendment.id))
        return Verdict((), {"amendments": len(amendments)})

    return Step(
        name="amendments",
        doc="Apply the amendments that were not applied yet, all or none.",
        act=act,
        inputs=(*files, ground.ignoring(settings)),
        outputs=(*targets, told, made, record),
        guards=(release.guard(settings), retiring(settings), frozen.guard(settings)),
        attempt=attempt(settings),
        code=(f"{_CODE}.amendment_engine", f"{_CODE}.amendment_history"),
        arguments={"amendments": list(settings.amendments)},
    )


def _begin(machine: Machine) -> list[dict[str, Any]]:
    return machine.begin("AMENDMENT_PREP", "AMENDMENT_EXEC", "AMENDMENT_VERIFY")


def _targets(settings: Settings, world: World) -> list[RelPath]:
    """Return what the amendments change, as far as their files are there to be read."""
    if not settings.amendments:
        return []
    from sealwright.contracts.coo.amendments import file

    places = {path: world.place(path) for path in settings.amendments}
    texts: dict[str, bytes] = {
        path: place.read_bytes() for path, place in places.items() if place.is_file()
    }
    return sorted({amendment.target for amendment in file.read(texts)})


def _lint(settings: Settings, world: World) -> Step:
    ruleset = File(settings.lint)

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo import lint_engine
        from sealwright.contracts.coo.linting import lint_rules

        data = run.path(ruleset).read_bytes()
        report = lint_engine.lint(run.root, lint_rules.read(data, settings.lint, None))
        return _keep(run, outputs, LINTED, report)

    outputs = _outputs(world, LINTED)
    globs = _lint_globs(settings, world)
    return Step(
        name="lint",
        doc="Hold code and documents against the constitution's rules; an error halts.",
        act=act,
        inputs=(ruleset, *_trees(settings, world, globs)),
        outputs=outputs,
        code=(f"{_CODE}.lint_engine", f"{_CODE}.linting.lint_python"),
        guards=(release.guard(settings), frozen.guard(settings)),
        attempt=attempt(settings),
    )


def _lint_globs(settings: Settings, world: World) -> list[Globs]:
    place = world.place(settings.lint)
    return list(_globs_of(place.read_bytes(), settings.lint)) if place.is_file() else []


@functools.lru_cache(maxsize=1)  # asked for several steps of one load
def _globs_of(data: bytes, name: str) -> tuple[Globs, ...]:
    from sealwright.contracts.coo.linting import lint_rules

    return tuple(rule.paths for rule in lint_rules.read(data, name, None).rules)


def _scan(settings: Settings, world: World) -> Step:
    wish = settings.scan
    ruleset = File(wish.ruleset)

    def act(run: Run) -> Verdict:
        rules = pinned(settings, run.path(ruleset).read_bytes())
        report = scanned(run, rules, wish.scope, held(settings, run))
        return _keep(run, outputs, SCANNED, report, report.summary())

    outputs = _outputs(world, SCANNED)
    return Step(
        name="scan",
        doc="Look for governance leaks, by the pinned ruleset.",
        act=act,
        inputs=(ruleset, *reviewed(settings), *_trees(settings, world, [Globs(wish.scope)])),
        outputs=outputs,
        guards=(release.guard(settings), frozen.guard(settings)),
        attempt=attempt(settings),
        code=(f"{_CODE}.governance_leak_scanner", f"{_CODE}.scanning.leaks"),
        arguments={"scope": list(wish.scope), "sha256": wish.sha256},
    )


def pinned(settings: Settings, data: bytes) -> Ruleset:
    """Return the ruleset in ``data``, which the mission configuration pins by its digest."""
    from sealwright.contracts.coo.scanning import leak_rules

    wish = settings.scan
    if not wish.sha256:
        found = digest.hexadecimal(digest.sha256(data))
        what = f"expected the digest of {wish.ruleset}, found none"
        raise Refused(f"{FILE}: {what}; scan: {{sha256: {found}}}")
    return leak_rules.read(data, wish.ruleset, Digest(f"sha256:{wish.sha256}"))


def reviewed(settings: Settings) -> tuple[Input, ...]:
    """Return what says which findings of a scan somebody looked at, and until which day."""
    path = settings.scan.suppressions
    return (File(path), Fact("today", lambda world: world.now.iso()[:10])) if path else ()


def held(settings: Settings, world: World) -> Suppressions:
    """Return the findings of a scan that somebody looked at and left."""
    from sealwright.contracts.coo.scanning import suppressions

    path = settings.scan.suppressions
    return suppressions.read(world.place(path), path, world.now) if path else suppressions.NONE


def scanned(run: World, rules: Ruleset, scope: Iterable[str], held: Suppressions) -> Report:
    """Return what a scan of the live tree finds, and remember it by content."""
    from sealwright.contracts.coo import governance_leak_scanner
    from sealwright.contracts.coo.scanning.known_contents import Known

    cache = StatCache(run.place(run.kept("coo/scanned.cache")), keep=True, root=run.root)
    known = Known(run.place(run.kept("coo/scanned.json")), cache, rules.sha256)
    report = governance_leak_scanner.scan(run.root, rules, scope, suppressed=held, known=known)
    known.save()
    cache.save()
    return report


def _outputs(world: World, name: str) -> tuple[File, File]:
    return File(world.report(name)), File(world.report(_sarif(name)))


def _sarif(name: str) -> str:
    return name.removesuffix(".json") + ".sarif"


def _keep(
    run: Run, outputs: tuple[File, File], name: str, report: _Report, more: object = None
) -> Verdict:
    """Keep a report that holds as the outputs, and any other under the name of a failure."""
    verdict = report.verdict()
    texts = report.report_bytes(), report.sarif_bytes()
    for output, path, data in zip(outputs, (name, _sarif(name)), texts, strict=True):
        failed = run.place(run.report(path.replace(".", ".failed.")))
        if verdict.holds:
            durable.create(run.path(output), data)
            durable.remove(failed)
        else:
            durable.mkdir(failed.parent)
            durable.write(failed, data)
    return Verdict(verdict.findings, {"summary": more} if more else {})


def tops(settings: Settings, world: World) -> set[RelPath]:
    """Return the folders and files at the top of what scan and lint look at."""
    globs = [Globs(settings.scan.scope), *_lint_globs(settings, world)]
    return {RelPath(top or TOP) for each in globs for top in each.tops()}


def _trees(settings: Settings, world: World, globs: Iterable[Globs]) -> Iterator[Input]:
    """Yield the folders and files at the top of globs that are there, each once."""
    tops = {RelPath(top or TOP) for each in globs for top in each.tops()}
    for top in outermost(tops):
        place = world.place(top)
        if place.is_dir():
            inside = above(top, settings.manifests)
            yield Tree(top, exclude=(_relative(top, settings.manifests),) if inside else ())
        elif place.is_file():
            yield File(top)


def _relative(top: RelPath, path: RelPath) -> str:
    return path if top == TOP else path.removeprefix(f"{top}/")
