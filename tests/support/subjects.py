"""Commands that are put under faults: how a fresh copy is made, how it is run, and asked.

A `Subject` names a command (``argv``, run in the copy), and answers about a copy: ``again``
runs it undisturbed, ``asked`` tells what a question calls up to date, ``audited`` what an
audit says.  `Generic` runs a graph with every kind of output through the library, for a wide
sweep; its undisturbed runs stay in this process.  `SotPack` is `doit sot_pack`, from outside,
`Export` is `doit snapshot_export`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from sealwright.engine import audit
from sealwright.errors import SealwrightError
from sealwright.example import repository
from sealwright.lineage import Registry
from tests.support import aftermath, keys, orders
from tests.support.aftermath import Aftermath, Ran
from tests.support.example import FEED, PROJECT, SMALL, START, make
from tests.support.workbench import Workbench, every_kind

PLACES = {
    "upper": ("out/upper.txt",),
    "split": ("out/parts",),
    "pack": ("packs",),
    "say": ("ledger/feed.jsonl", "out/report.txt"),
    "move": ("state.txt",),
}


class Subject(Protocol):
    """A command, and what can be asked about a folder in which it ran."""

    name: str

    def prepare(self, root: Path) -> None:
        """Make the template."""

    def argv(self, events: Path) -> list[str]:
        """Return the command, which appends its events to ``events``."""

    def environment(self) -> dict[str, str]:
        """Return the environment of the command."""

    def compared(self, root: Path) -> dict[str, bytes]:
        """Return the files of the tree, as far as an undisturbed run leaves the same bytes."""

    def again(self, root: Path) -> Ran:
        """Run the command undisturbed."""

    def asked(self, root: Path) -> Mapping[str, tuple[str, ...]]:
        """Return the steps that a question calls up to date, with the places they made."""

    def audited(self, root: Path) -> Ran:
        """Return what an audit says."""


class Generic:
    """The graph with every kind of output, run by ``python -m tests.support.subjects``."""

    name = "generic"

    def prepare(self, root: Path) -> None:
        """Make a folder with the two files that the graph reads."""
        root.mkdir(parents=True)
        (root / "in.txt").write_text("hello world again")
        (root / "state.txt").write_text("before")

    def argv(self, events: Path) -> list[str]:
        """Return the driver below."""
        return [sys.executable, "-m", "tests.support.subjects", str(events)]

    def environment(self) -> dict[str, str]:
        """Return an environment in which two runs make the same calls."""
        path = f"{PROJECT / 'lib'}:{PROJECT}"
        return {"PATH": os.environ["PATH"], "PYTHONPATH": path, **_REPEATABLE}

    def compared(self, root: Path) -> dict[str, bytes]:
        """Return all files but the state."""
        return aftermath.files(root)

    def again(self, root: Path) -> Ran:
        """Run in this process."""
        bench = Workbench(root, every_kind())
        try:
            outcomes = bench.run()
        except (SealwrightError, OSError) as problem:
            return Ran(1, {}, str(problem))
        said = "\n".join([*bench.notices, *(o.message for o in outcomes.values() if o.message)])
        statuses = {name: outcome.status for name, outcome in outcomes.items()}
        return Ran(max(o.code for o in outcomes.values()), statuses, said)

    def asked(self, root: Path) -> Mapping[str, tuple[str, ...]]:
        """Ask the judge, in this process."""
        engine = Workbench(root, every_kind()).engine()
        with engine.asking():
            return {name: PLACES[name] for name in engine.graph.order if not engine.reasons(name)}

    def audited(self, root: Path) -> Ran:
        """Audit in this process."""
        engine = Workbench(root, every_kind()).engine()
        with engine.asking():
            found = audit.audit(engine, engine.graph.order)
        said = "; ".join(str(finding) for finding in found.damage.findings)
        return Ran(found.code, {}, said)


class SotPack:
    """``doit sot_pack`` in a repository; the clock stands still, so that bytes can be compared."""

    def __init__(self, *, whole: bool) -> None:
        self.name = "sot_pack of the example" if whole else "sot_pack"
        self._whole = whole

    def prepare(self, root: Path) -> None:
        """Make the example's repository, or a small one of the same kind."""
        root.parent.mkdir(parents=True, exist_ok=True)
        if self._whole:
            repository.build(root)
        else:
            make(root, SMALL)

    def argv(self, events: Path) -> list[str]:
        """Return what a person types."""
        return [shutil.which("doit", path=self.environment()["PATH"]) or "doit",
                "run", "--events", str(events), "sot_pack"]  # fmt: skip

    def environment(self) -> dict[str, str]:
        """Return an environment in which two runs make the same calls, at the same instant."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {"PATH": path, "SOURCE_DATE_EPOCH": str(START), **_REPEATABLE}

    def compared(self, root: Path) -> dict[str, bytes]:
        """Return all files; in the feed, the name of the run depends on how often one ran."""
        found = aftermath.files(root)
        lines = [json.loads(line) for line in found.get(FEED, b"").splitlines()]
        said = [{k: line[k] for k in line.keys() - {"run_id", "prev"}} for line in lines]
        return found | {FEED: json.dumps(said, sort_keys=True).encode()}

    def again(self, root: Path) -> Ran:
        """Run as a person would."""
        events = root.with_name(f"{root.name}.again")
        events.unlink(missing_ok=True)
        done = self._run(root, self.argv(events))
        return Ran(done.returncode, statuses(events), done.stdout + done.stderr)

    def asked(self, root: Path) -> Mapping[str, tuple[str, ...]]:
        """Ask nothing, which costs a process: what the next run makes of it tells as much."""
        return {}

    def audited(self, root: Path) -> Ran:
        """Audit as a person would."""
        done = self._run(root, [self.argv(root)[0], "verify", "sot_pack"])
        return Ran(done.returncode, {}, done.stdout + done.stderr)

    def _run(self, root: Path, argv: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, cwd=root, env=self.environment(), capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=120, check=False,
        )  # fmt: skip


CANARY = b"canary-9b1f6c27e4"
WATCHED = "data/secret.txt"  # holds the canary, and nothing else may


class Export(SotPack):
    """``doit snapshot_export`` in a repository that has a work order and no snapshot yet."""

    def __init__(self, folder: Path) -> None:
        self.name = "snapshot_export"
        self._key = keys.made(folder)
        self._earlier: dict[str, bytes] = {}

    def prepare(self, root: Path) -> None:
        """Make a small repository, and everything in it that an export holds."""
        root.parent.mkdir(parents=True, exist_ok=True)
        repo = orders.made(root, self._key.fingerprint, self._key.public)
        config = root / "config/work_orders.yaml"
        config.write_text(config.read_text() + f"  extra_roots: [{WATCHED}]\n")
        (root / WATCHED).parent.mkdir()
        (root / WATCHED).write_bytes(CANARY * 1000)
        repo.commit()
        assert repo.doit("work_order_emit").code == 0
        self._earlier = aftermath.files(root)

    def argv(self, events: Path) -> list[str]:
        """Return what a person types."""
        return [*super().argv(events)[:-1], "snapshot_export"]

    def environment(self) -> dict[str, str]:
        """Return an environment with a folder for temporary files that can be looked through."""
        (folder := self._key.home.parent / "t").mkdir(exist_ok=True)
        return {**super().environment(), "TMPDIR": str(folder)}

    def compared(self, root: Path) -> dict[str, bytes]:
        """Return all files but ciphertext and what names its digest; and how things stand.

        ``(leaks)`` names every file with the canary in it, ``(registry)`` what is wrong with the
        registry, ``(changed)`` which earlier artifact is changed.
        """
        found = aftermath.files(root)
        told = {n: d for n, d in found.items() if not re.search(r"snapshots/|snapshot_export", n)}
        lines = told.pop(orders.REGISTRY, b"").splitlines(keepends=True)
        told[orders.REGISTRY] = b"".join(x for x in lines if b'"artifact_type":"snap' not in x)
        told["(snapshots)"] = b"\n".join(sorted(n.encode() for n in found if "/snapshots/" in n))
        told["(leaks)"] = "\n".join(_leaks(root) + _leaks(self._key.home.parent)).encode()
        told["(registry)"] = "\n".join(map(str, Registry(root).check().findings)).encode()
        changed = [
            name
            for name, data in self._earlier.items()
            if name.startswith(f"{orders.ARTIFACTS}/") and not found.get(name, b"").startswith(data)
        ]
        told["(changed)"] = "\n".join(changed).encode()
        return told

    def audited(self, root: Path) -> Ran:
        """Audit as a person would."""
        done = self._run(root, [self.argv(root)[0], "verify", "snapshot_export"])
        return Ran(done.returncode, {}, done.stdout + done.stderr)


def _leaks(top: Path) -> list[str]:
    """Return every file but the one that is watched in which the canary is."""
    files = (path for path in top.rglob("*") if path.is_file() and not path.is_symlink())
    named = (path for path in files if str(path.relative_to(top)) != WATCHED)
    return sorted(str(path) for path in named if CANARY in path.read_bytes())


def keeps_what_an_export_must(seen: Aftermath) -> Iterable[str]:
    """No plaintext anywhere, the registry valid, no earlier artifact changed: right after it."""
    for what in ("(leaks)", "(registry)", "(changed)"):
        for when, files in (("after the fault", seen.left), ("in the end", seen.found)):
            if files[what]:
                yield f"{what} {when}: {files[what].decode()}"


_REPEATABLE = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "HOME": "/nonexistent"}


def statuses(events: Path) -> dict[str, str]:
    """Return the status of each step that a file of events says ended; a torn line says nothing."""
    found: dict[str, str] = {}
    for line in events.read_text().splitlines(keepends=True) if events.exists() else ():
        if line.endswith("\n") and (event := json.loads(line))["event"] == "ended":
            found[event["name"]] = event["status"]
    return found


def main(events: Iterable[str]) -> int:
    """Run the graph in the current folder as `doit` would, and append an event for each step."""
    engine, code = Workbench(Path.cwd(), every_kind()).engine(), 0
    try:
        with open(*events, "a") as told, engine.running():
            for name in engine.graph.order:
                if not (reasons := engine.reasons(name)):
                    continue
                outcome = engine.run(name, reasons)
                event = {"event": "ended", "name": name, "status": outcome.status}
                print(json.dumps(event), file=told, flush=True)
                code = max(code, outcome.code)
                if outcome.code:
                    print(outcome.message, file=sys.stderr)
                    break
    except SealwrightError as problem:
        print(problem, file=sys.stderr)
        code = problem.code
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
