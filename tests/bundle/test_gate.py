"""The gate as a process: what it prints, how it ends, and what no bundle talks it into."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sealwright.bundles import audit_gate_build_loop_phase2 as gate
from tests.bundle.bundles import SCRIPT, Ran, build, code, files, having, listed

OPERATIONS = "runtime/orchestration/operations.py"
ISOLATED = "--pid" in gate.isolation()
TRUE = "\n\ndef test_true():\n    assert True\n"

FORGED = """
import os
def test_it():
    for line in ("[OK] G7 tests: PASS", "[OK] G8 workspace: PASS", "RESULT: PASS"):
        print(line, flush=True)
        os.write(1, b"\\n" + line.encode() + b"\\n")
        os.write(2, b"\\n" + line.encode() + b"\\n")
    assert False
"""
FORK = """
import os, time
def test_it():
    if os.fork() == 0:
        SESSION
        for number in range(3):
            os.close(number)
        time.sleep(60)
        os._exit(0)
"""
WRITES = """
import pathlib
def test_it():
    pathlib.Path(PLACE).write_text("more")
"""
DELETES = """
import pathlib, shutil
def test_it():
    shutil.rmtree("runtime")
"""
LINKS = """
import os
def test_it():
    os.rename("pytest.ini", os.environ["TMPDIR"] + "/pytest.ini")
    os.symlink(os.environ["TMPDIR"] + "/pytest.ini", "pytest.ini")
"""
KILLS = """
import os, signal
def test_it():
    os.kill(WHO, signal.SIGKILL)
    import time; time.sleep(1)
"""
ENDS = """
import pytest
def test_first():
    assert True
def test_second():
    pytest.exit("enough", returncode=0)
def test_third():
    assert False
"""
SKIPS = "import pytest\n\n@pytest.mark.skip\ndef test_it():\n    assert False\n"
XFAILS = "import pytest\n\n@pytest.mark.xfail\ndef test_it():\n    assert False\n"
MEMORY = "def test_it():\n    assert len(bytearray(2**33))\n"
FIXTURE = """
import pytest
@pytest.fixture
def late():
    yield
    raise OSError
def test_it(late):
    assert True
"""
PYC = "import py_compile\n\ndef test_it():\n    py_compile.compile(__file__)\n"


def ini(addopts):
    return files() | {"pytest.ini": f"[pytest]\naddopts = {addopts}\n".encode()}


def conftest(source):
    return files() | {"conftest.py": source.encode()}


def importing(source):
    return files() | {OPERATIONS: b"A = 1\n" + source.encode()}


HOSTILE = {
    "prints forged lines": (having(FORGED), "T02-exit"),
    "fails": (having("def test_it():\n    assert False\n"), "T02-exit"),
    "raises in a test module": (having("raise SystemExit(0)\n"), "T02-exit"),
    "raises after a test": (having(FIXTURE), "T02-exit"),
    "takes too much memory": (having(MEMORY), "T02-exit"),
    "hangs in a test": (
        having("import time\n\ndef test_it():\n    time.sleep(60)\n"),
        "T01-timeout",
    ),
    "hangs in an import": (importing("import time; time.sleep(60)\n"), "I09-timeout"),
    "forks": (having(FORK.replace("SESSION", "")), "T08-left"),
    "writes into a file": (having(WRITES.replace("PLACE", "'pytest.ini'")), "W12-changed"),
    "adds a file": (having(WRITES.replace("PLACE", "'new'")), "W10-added"),
    "leaves a cache": (having(PYC), "W10-added"),
    "deletes the tree": (having(DELETES), "W11-removed"),
    "puts a link in place of a file": (having(LINKS), "W13-kind"),
    "kills its parent": (having(KILLS.replace("WHO", "os.getppid()")), "T07-signal"),
    "collects nothing": (having("", "runtime/tests/test_operations.py"), "T04-none"),
    "only says what it would collect": (ini("--collect-only"), "T04-none"),
    "deselects everything": (ini("-k nothing"), "T04-none"),
    "skips everything": (having(SKIPS), "T05-skipped"),
    "expects everything to fail": (having(XFAILS), "T05-skipped"),
    "ends early in conftest": (conftest("import os\nos._exit(0)\n"), "T03-report"),
    "ends early in a test": (
        having("import os\n\ndef test_it():\n    os._exit(0)\n"),
        "T03-report",
    ),
    "tells pytest to end early": (having(ENDS), "T09-early"),
    "asks pytest for help": (ini("--help"), "T03-report"),
    "wants no report": (ini("-p no:junitxml"), "T03-report"),
    "raises in an import": (importing("raise ValueError('[OK]\\nRESULT: PASS')\n"), "I01-import"),
    "exits in an import": (importing("raise SystemExit(0)\n"), "I01-import"),
    "ends early in an import": (importing("import os; os._exit(0)\n"), "I02-early"),
    "is another module": (
        importing("import os, sys; sys.modules[__name__] = os\n"),
        "I03-elsewhere",
    ),
    "needs what is not in it": (importing("import pytest\n"), "I01-import"),
    "ships a conftest that is not listed": (
        gate.encode(listed(files()) | {"conftest.py": b"raise SystemExit(0)"}),
        "M20-unlisted",
    ),
}
REACHING = {
    "leaves a session behind": (having(FORK.replace("SESSION", "os.setsid()")), "T08-left"),
    "kills everybody": (having(KILLS.replace("WHO", "-1")), "T07-signal"),
    "kills the first": (having(KILLS.replace("WHO", "1") + "    assert False\n"), "T02-exit"),
}


def test_no_bundle_passes_that_does_one_of_these(tmp_path):
    rows = {**HOSTILE, **(REACHING if ISOLATED else {})}

    def answered(what):
        folder = tmp_path / what
        folder.mkdir()
        data = rows[what][0] if isinstance(rows[what][0], bytes) else build(rows[what][0])
        ran = Ran(data, folder, *(("--timeout", "5") if "hangs" in what else ()))
        expect_told(ran)
        assert sorted(os.listdir(folder)) == ["bundle.zip", "tmp"]
        return ran.code

    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(rows, pool.map(answered, rows), strict=True))
    assert found == {what: expected for what, (_, expected) in rows.items()}


def expect_told(ran):
    """See that an answer that is not PASS is whole, and that nothing is left."""
    lines = ran.out.splitlines()
    blocked = "timeout" in ran.code
    assert ran.exit == (3 if blocked else 2), ran.out + ran.err
    assert lines[-1] == ("RESULT: BLOCKED" if blocked else "RESULT: FAIL")
    assert ran.out.count("\nRESULT:") == 1 and ran.err == "" and ran.left == []
    assert [line.split()[1] for line in lines[:8]] == list(gate.NAMES) and len(lines) == 10


SURROUNDINGS = """
import os, socket, sys
from runtime.orchestration import operations

def test_surroundings():
    assert operations.A == 1
    assert set(os.environ) - {"LC_CTYPE", "PYTEST_CURRENT_TEST", "PYTEST_VERSION"} == {
        "PATH", "HOME", "TMPDIR", "TEMP", "LANG", "TZ", "PYTHONHASHSEED",
        "PYTHONDONTWRITEBYTECODE", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "SOURCE_DATE_EPOCH",
    }
    assert os.environ["HOME"] == os.environ["TMPDIR"] and os.listdir(os.environ["HOME"]) == []
    assert os.read(0, 1) == b""
    assert "hypothesis" not in sys.modules

def test_network():
    if ISOLATED:
        assert [name for _, name in socket.if_nameindex()] == ["lo"]
        assert open("/proc/net/route").read().count("\\n") <= 1
"""


def test_a_whole_bundle_passes_in_known_surroundings(tmp_path):
    data = build(having(SURROUNDINGS.replace("ISOLATED", str(ISOLATED))))
    ran = Ran(data, tmp_path)
    assert (ran.exit, ran.err, ran.left) == (0, "", []), ran.out
    lines = ran.out.splitlines()
    assert [line.partition(" ")[0] for line in lines[:8]] == ["[OK]"] * 8
    assert lines[8:] == ["SUMMARY: 8 PASS, 0 FAIL, 0 BLOCKED", "RESULT: PASS"]
    assert lines[6] == f"[OK] G7 tests: PASS {gate.cut_off()}"


def test_the_report_has_verbatim_what_a_child_said_and_the_folder_is_kept(tmp_path):
    said = "[OK] G8 workspace: PASS\n```\nRESULT: PASS\n\x1b[2J\udcff"
    source = (
        f"import os\n\ndef test_it():\n    os.write(2, {said.encode('utf-8', 'surrogateescape')})\n"
    )
    data = build(having(source) | {"pytest.ini": b"[pytest]\naddopts = -s\n"})
    ran = Ran(data, tmp_path, "--report", "report.md", "--extract-dir", "out", "--json")
    assert ran.exit == 0 and ran.answer["result"] == "PASS"
    assert ran.answer["sha256"] == f"sha256:{gate.hashlib.sha256(data).hexdigest()}"
    assert [each["status"] for each in ran.answer["gates"]] == ["PASS"] * 8
    assert [each["name"] for each in ran.answer["gates"]] == list(gate.NAMES.values())
    report = (tmp_path / "report.md").read_text("utf-8")
    assert said.replace("\udcff", "\\xff") in report and "````text\n" in report
    log = (tmp_path / "report.md.raw.log").read_bytes()
    assert said.encode("utf-8", "surrogateescape") in log
    assert (tmp_path / "out/manifest.txt").is_file()
    again = Ran(data, tmp_path, "--extract-dir", "out")
    assert (again.exit, again.code) == (3, "B04-occupied")


def test_a_report_that_cannot_be_written_blocks(tmp_path):
    ran = Ran(build(files()), tmp_path, "--report", "no/such/report.md")
    assert ran.exit == 3 and ran.out.endswith("RESULT: BLOCKED\n") and "B02-report" in ran.err


@pytest.mark.parametrize("place", ["nothing.zip", ".", "/dev/zero", "fifo"])
def test_what_is_no_file_is_blocked(place, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    ran = Ran(b"", tmp_path, "--zip", place)
    assert (ran.exit, ran.code) == (3, "B01-file")


@pytest.mark.parametrize(
    "options", [["--frobnicate"], [], ["--zip"], ["--layout", "x"], ["--timeout", "-1"]]
)
def test_wrong_usage_is_blocked(options, tmp_path):
    argv = [sys.executable, "-I", SCRIPT, *options]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "") and "error: " in done.stderr


def test_without_pytest_it_is_blocked(tmp_path):
    venv.create(tmp_path / "bare", with_pip=False, system_site_packages=False)
    (tmp_path / "b.zip").write_bytes(build(files()))
    argv = [tmp_path / "bare/bin/python", "-I", SCRIPT, "--zip", "b.zip"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 3 and "[?] G7 tests: BLOCKED T00-missing" in done.stdout


def test_a_gate_that_is_stopped_leaves_nothing(tmp_path):
    (tmp_path / "tmp").mkdir()
    place = tmp_path / "begun"
    slow = f"import time\nopen({str(place)!r}, 'w').close()\ntime.sleep(60)\n"
    (tmp_path / "b.zip").write_bytes(build(importing(slow)))
    argv = [sys.executable, "-I", SCRIPT, "--zip", "b.zip"]
    env = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path / "tmp")}
    with subprocess.Popen(argv, cwd=tmp_path, env=env, stdout=subprocess.PIPE) as running:
        deadline = time.monotonic() + 30
        while not place.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGTERM)
        out, _ = running.communicate(timeout=30)
    assert (running.returncode, out) == (3, b"RESULT: BLOCKED\n")
    assert os.listdir(tmp_path / "tmp") == []


def test_both_commands_of_the_document_work_from_the_unpacked_bundle_alone(tmp_path):
    name = "scripts/audit_gate_build_loop_phase2.py"
    data = build(files() | {name: SCRIPT.read_bytes()})
    assert code(data, tmp_path / "out", "phase2") == ""
    place = tmp_path / "out/artifacts/bundles/Bundle_Build_Loop_Phase2_v1.1.zip"
    place.parent.mkdir(parents=True)
    place.write_bytes(data)
    env = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    argv = [sys.executable, name, "--zip", place.relative_to(tmp_path / "out")]
    done = subprocess.run(argv, cwd=tmp_path / "out", env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    argv = [sys.executable, "-m", "pytest", "-q"]
    assert subprocess.run(argv, cwd=tmp_path / "out", env=env, capture_output=True).returncode == 0


def test_without_namespaces_the_gate_says_so_and_still_ends_what_a_test_left(tmp_path, monkeypatch):
    monkeypatch.setattr(gate, "isolation", lambda: ())
    (tmp_path / "b.zip").write_bytes(build(having(FORK.replace("SESSION", ""))))
    (tmp_path / "whole.zip").write_bytes(build(files()))
    assert audited(tmp_path, "whole") == "no such"
    assert "NETWORK NOT CUT OFF, SHARED processes" in gate.cut_off()
    assert audited(tmp_path, "b") == "T08-left"
    if sys.platform == "linux":
        (tmp_path / "c.zip").write_bytes(build(having(FORK.replace("SESSION", "os.setsid()"))))
        assert audited(tmp_path, "c") == "T08-left"
        assert not [each for each in commands() if os.fsencode(tmp_path / "c-scratch") in each]


def commands():
    """Yield the command lines of all processes."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield place.read_bytes()


def audited(folder, name):
    top = folder / f"{name}-scratch"
    scratch = gate.Scratch(top, 30.0)
    scratch.home.mkdir(parents=True)
    scratch.out.mkdir()
    done = gate.audit(folder / f"{name}.zip", scratch, None, "phase2")
    shutil.rmtree(top)
    return next((line.code for line in done.lines if line.status != "PASS"), "no such")


JUNIT = '<?xml version="1.0" encoding="utf-8"?><testsuites>{}</testsuites>'
SUITE = '<testsuite errors="{}" failures="{}" tests="1">{}</testsuite>'
CASE = '<testcase name="a"/>'


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("", SUITE.format(0, 0, CASE)),
        ("T06-failed", SUITE.format(1, 0, CASE)),
        ("T06-failed", SUITE.format(0, 1, CASE)),
        ("T06-failed", SUITE.format(0, 0, CASE + "<testcase><failure/></testcase>")),
        ("T06-failed", SUITE.format(0, 0, CASE + "<testcase><error/></testcase>")),
        ("T04-none", SUITE.format(0, 0, "")),
        ("T05-skipped", SUITE.format(0, 0, "<testcase><skipped/></testcase>")),
        ("T03-report", SUITE.format("x", 0, CASE)),
        ("T03-report", CASE),
        ("T03-report", SUITE.format(0, 0, CASE)[:-5]),
    ],
)
def test_a_junit_report_is_read_as_pytest_writes_it(expected, text, tmp_path):
    assert judged(tmp_path, JUNIT.format(text).encode()) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"x",
        b'<!DOCTYPE a [<!ENTITY b "c">]><testsuites/>',
        JUNIT.format(SUITE.format(0, 0, CASE)).encode("utf-16"),
        b"<a>" * 100_000,
    ],
)
def test_what_is_no_junit_report_is_refused(data, tmp_path):
    assert judged(tmp_path, data) == "T03-report"


def judged(folder, data):
    (folder / "junit.xml").write_bytes(data)
    try:
        gate.check_junit(folder / "junit.xml")
    except gate.Refused as refused:
        return refused.code
    return ""


def test_a_line_is_one_line_of_ascii_whatever_is_in_it():
    line = gate.Line("G1", "FAIL", "X00-unexpected", "a\n[OK]\u2028\x1b[2J\udcff")
    assert re.fullmatch("[ -~]+", str(line))
    assert json.loads(gate.as_json(FakeAudit([line]), "FAIL"))["result"] == "FAIL"


class FakeAudit(gate.Audit):
    def __init__(self, lines):
        self.lines, self.bundle = lines, None


def test_anything_unexpected_fails(tmp_path, monkeypatch):
    def broken(*_):
        raise RecursionError("deep\nRESULT: PASS")

    data = build(files())
    for name in ("examine", "check_names", "parse_manifest", "check_complete", "extract"):
        with monkeypatch.context() as patch:
            patch.setattr(gate, name, broken)
            (tmp_path / f"{name}.zip").write_bytes(data)
            assert audited(tmp_path, name) == "X00-unexpected"
