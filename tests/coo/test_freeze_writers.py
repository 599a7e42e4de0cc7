"""Who could still write below a folder is found, whichever way he holds it."""

from __future__ import annotations

import os

import pytest

from sealwright.contracts.coo.freeze import writers
from tests.support.programs_at_work import doing

WAYS = {
    "open": "f = open('docs/a.md', 'ab')",
    "read and write": "f = open('docs/a.md', 'r+b')",
    "removed": "import os; f = open('docs/b', 'wb'); os.unlink('docs/b')",
    "mapped": "import mmap\nwith open('docs/a.md', 'r+b') as f:\n    m = mmap.mmap(f.fileno(), 0)",
}
HARMLESS = {
    "reads": "f = open('docs/a.md', 'rb')",
    "maps for reading": "import mmap\nwith open('docs/a.md', 'rb') as f:\n"
    "    m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)",
    "maps privately": "import mmap\nwith open('docs/a.md', 'rb') as f:\n"
    "    m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY)",
    "writes beside": "f = open('docs-2', 'wb')",
    "has written": "open('docs/a.md', 'ab').close()",
}


@pytest.fixture
def top(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_bytes(b"# A\n")
    return tmp_path.resolve()


def mine(seen, process):
    return [each for each in seen if each.pid == process.pid]


@pytest.mark.parametrize("way", WAYS)
def test_a_process_that_could_write_is_named_with_its_file(top, way):
    with doing(WAYS[way], top) as process:
        found = mine(writers.census([top / "docs"]).writers, process)
    assert found and found[0].path.startswith(str(top / "docs"))
    assert found[0].program.startswith("python") and found[0].started > 0
    assert not mine(writers.census([top / "docs"]).writers, process)


@pytest.mark.parametrize("way", HARMLESS)
def test_one_that_cannot_is_not(top, way):
    with doing(HARMLESS[way], top) as process:
        assert not mine(writers.census([top / "docs"]).writers, process)


def test_one_that_works_there_is_told_apart(top):
    with doing("pass", top / "docs") as process:
        census = writers.census([top / "docs"])
    assert mine(census.working, process) and not mine(census.writers, process)


def test_we_ourselves_are_no_writer(top):
    with (top / "docs/a.md").open("ab"):
        assert os.getpid() not in [each.pid for each in writers.census([top / "docs"]).writers]


def test_a_folder_whose_name_only_begins_alike_is_another(top):
    (top / "docs-2").mkdir()
    with doing("f = open('docs-2/a', 'wb')", top) as process:
        assert not mine(writers.census([top / "docs"]).writers, process)
        assert mine(writers.census([top / "docs", top / "docs-2"]).writers, process)


UNMISSED = """import subprocess, sys
code = "f = open('docs/a.md', 'ab'); print('open', flush=True); import time; time.sleep(3600)"
child = subprocess.Popen([sys.executable, "-I", "-c", code], stdout=subprocess.PIPE)
child.stdout.readline()
"""


def test_one_that_ended_and_whose_parent_does_not_ask_is_not_waited_for(top):
    with doing(UNMISSED, top):
        found = writers.census([top / "docs"]).writers
        assert [each.path for each in found] == [str(top / "docs/a.md")]
        writers.stop(found, grace=3600)
        assert not writers.census([top / "docs"]).writers
