"""A migration by somebody whom a read-only folder does stop: root's privileges over files are gone.

Where the tests do not run as root, they have none of them anyhow.
"""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.support import migrations
from tests.support.example import BIN, START
from tests.support.programs import needed

OVER_FILES = "-dac_override,-dac_read_search,-fowner"


@pytest.fixture
def root(tmp_path):
    migrations.prepare(place := tmp_path / "repository")
    return place


def doit(root, *words):
    drop = ()
    if os.geteuid() == 0:
        drop = (needed("setpriv"), f"--bounding-set={OVER_FILES}", f"--inh-caps={OVER_FILES}")
    done = subprocess.run(
        [*drop, str(BIN / "doit"), *words],
        cwd=root,
        env={
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(root.parent),
            "SOURCE_DATE_EPOCH": str(START),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_is_stopped_by_a_read_only_folder(root):
    (root / "docs").chmod(0o555)
    program = "import os; os.close(os.open('docs/new', os.O_CREAT | os.O_WRONLY))"
    drop = (f"--bounding-set={OVER_FILES}", f"--inh-caps={OVER_FILES}")
    words = (needed("setpriv"), *drop) if os.geteuid() == 0 else ()
    done = subprocess.run([*words, BIN / "python", "-c", program], cwd=root, check=False)
    assert done.returncode and not (root / "docs/new").exists()


def test_it_leads_to_complete_and_everything_can_be_written_again(root):
    before = migrations.looked(root)
    code, said = doit(root)
    assert code == 0, said
    assert migrations.machine(root).state == "COMPLETE"
    after = migrations.looked(root)
    moved = {name.replace("old/", "coo/", 1): mode for name, (mode, _) in before.items()}
    kept = {name: after[name][0] for name in moved.keys() & after.keys()}
    assert kept == {name: moved[name] for name in kept} and "coo/plan.py" in kept
    assert doit(root)[1].count("nothing executed") == 1


def test_a_rollback_leads_back_to_every_byte_and_mode(root):
    config = root / migrations.FILE
    config.write_text(config.read_text().replace("structure: []", "structure: [missing]"))
    before = migrations.looked(root)
    code, said = doit(root)
    assert code == 1 and "coo/missing: expected" in said, said
    assert migrations.machine(root).state == "GATES" and not (root / "old").exists()
    (root / migrations.WORD).write_text(migrations.WORD)
    code, said = doit(root, "rollback")
    assert code == 0, said
    now = migrations.looked(root)
    assert {name: now.get(name) for name in before} == before
    more = {name for name in now.keys() - before.keys() if not name.startswith(".sealwright")}
    assert all(name.startswith("coo/manifests") or name == "coo" for name in more), more
