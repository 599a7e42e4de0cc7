"""The same repository is migrated to the same bytes, wherever, whenever and by whomever.

One thing differs, since it is a fact of the environment that a freeze rests on: the umask, in
``environment_manifest.json``.  So does what names the digest of that file, and of what names it:
the freeze manifest, the id of the capture, the log and its checkpoints, the specification, and the
list of what the bundle holds.  Folders that a run makes have the mode that the umask leaves.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from sealwright.contracts.coo import checkpoint
from tests.support import migrations
from tests.support.example import BIN, START

PACK = "migration_bundle: {implementation_pack: docs/01_governance/charter.md}\n"
HERE = {"LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(START)}
THERE = {
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "POSIX",
    "TZ": "Pacific/Chatham",
    "PYTHONHASHSEED": "4711",
    "SOURCE_DATE_EPOCH": str(START + 86_400_000),
    "USER": "somebody",
    "COLUMNS": "40",
}
MANIFEST = "environment_manifest.json"
NAMING = (MANIFEST, "freeze_manifest.json", "amu0.json")  # and what names the digest of one
TOLD = ("log.jsonl", "RUNTIME_SPECIFICATION.md", "about.json", "facts.json", "manifest.txt")
BUNDLE = "coo/manifests/migration_bundle.zip"


def started(root: Path, umask: str, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """Begin plain doit in a repository."""
    path = f"{BIN}:{os.environ['PATH']}"
    return subprocess.Popen(
        ["sh", "-c", f"umask {umask}; exec doit"],
        cwd=root,
        env={"PATH": path, "HOME": str(root.parent), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def backwards(root: Path, place: Path) -> Path:
    """Return a copy whose folders were filled in the opposite order."""
    place.mkdir()
    for entry in sorted(root.iterdir(), reverse=True):
        if entry.is_dir() and not entry.is_symlink():
            backwards(entry, place / entry.name)
        else:
            shutil.copy2(entry, place / entry.name, follow_symlinks=False)
    shutil.copystat(root, place)
    return place


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Return what two runs left, in two places and under two circumstances."""
    here, there = (tmp_path_factory.mktemp(name) for name in ("one", "another-place"))
    (there / "deeper" / "down").mkdir(parents=True)
    migrations.prepare(one := here / "repository")
    with (one / migrations.FILE).open("a") as file:
        file.write(PACK)
    other = backwards(one, there / "deeper/down/ü r")
    runs = [started(one, "022", HERE), started(other, "077", THERE)]
    for run in runs:
        said = run.communicate(timeout=300)[0].decode()
        assert run.returncode == 0, said
    assert migrations.machine(one).state == "COMPLETE"
    return migrations.looked(one), migrations.looked(other)


def differing(one, other):
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def spelled(look):
    """Return the bytes of all files, the id of the capture left out of their names."""
    files = {name: data for name, (mode, data) in look.items() if stat.S_ISREG(mode)}
    return {re.sub("amu0/[0-9a-f]{16}/", "amu0/ID/", name): data for name, data in files.items()}


def test_everything_but_what_names_the_umask_has_the_same_bytes(both):
    one, other = map(spelled, both)
    states = map(checkpoint.file_name, checkpoint.STATES)
    allowed = (
        *NAMING,
        *TOLD,
        BUNDLE,
        *states,
        "scanned.cache",
    )  # which knows files by their inodes
    assert {Path(name).name for name in differing(one, other)} <= {Path(n).name for n in allowed}
    same = set(one) - set(differing(one, other))
    for wanted in ("migrate/final/coo/plan.py", "migrate/rewriting_plan.json", "snapshot0.json",
                   "migrate/snapshot1.json", "migrate/snapshot2.json", "migrate/gates/A.json",
                   "migrate/gates/F.json", "migrate/replay_result.json", "frozen.jsonl",
                   "committed.jsonl", "amu0/ID/listing"):  # fmt: skip
        assert f"{migrations.KEPT}/{wanted}" in same
    for wanted in ("coo/plan.py", "tests/test_it.py", "coo/manifests/gate_results.json",
                   "coo/manifests/tools_manifest.json", "coo/manifests/gates.sarif"):  # fmt: skip
        assert wanted in same


def test_the_umask_is_all_that_differs_in_the_environment(both):
    one, other = (json.loads(look[f"coo/manifests/{MANIFEST}"][1]) for look in both)
    assert (one.pop("umask"), other.pop("umask")) == ("0022", "0077")
    assert one == other


def test_the_log_says_the_same_but_for_digests_of_it(both):
    one, other = (list(map(plain, look[migrations.LOG][1].splitlines())) for look in both)
    assert one == other and len(one) > 20


def plain(line):
    record = json.loads(line)
    for key in ("prev", "environment_sha256"):
        del record[key]
    record["details"].pop("amu0", None)
    return record


def test_bundles_hold_the_same(both):
    one, other = (zipfile.ZipFile(io.BytesIO(look[BUNDLE][1])) for look in both)
    infos = [
        [(i.filename, i.date_time, i.external_attr) for i in z.infolist()] for z in (one, other)
    ]
    assert infos[0] == infos[1]
    different = {name for name in one.namelist() if one.read(name) != other.read(name)}
    assert {Path(name).name for name in different} <= {*NAMING, *TOLD}


def test_modes_are_those_of_the_repository(both):
    moved = ("tests", "docs", "data", "setup.cfg", "coo/plan.py", "coo/deep", "coo/__init__.py")
    one, other = ({n: look[n][0] for n in look if n.startswith(moved)} for look in both)
    assert one == other
    assert stat.S_IMODE(one["coo/plan.py"]) == 0o600 and stat.S_IMODE(one["coo/deep"]) == 0o775


def test_there_is_no_clock_in_what_is_compared(both):
    for look in both:
        for name in (migrations.LOG, f"{migrations.KEPT}/snapshot0.json"):
            assert b"2025-" not in look[name][1] and str(START).encode() not in look[name][1]
