"""What a program sees in the layer, on each ground: real programs, asked."""

from __future__ import annotations

import errno
import io
import os
import random
import subprocess
import sys

import pytest

from sealwright.contracts.coo import replay
from sealwright.contracts.coo.replay.inside.constants import EPOCH, SEED
from sealwright.errors import Refused
from tests.coo.replay.missions import (
    GROUNDS,
    PATH,
    STRONG,
    ground,
    have,
    made,
    once,
    said,
    tree,
)
from tests.support.programs import needed

INSTANT = "2025-01-01T00:00:00+00:00"
each_ground = pytest.mark.parametrize("ground", GROUNDS)

CLOCKS = """
    import calendar, datetime, json, logging, os, sqlite3, subprocess, sys, tempfile, time, uuid
    from datetime import datetime as imported
    from time import time as taken

    class Holder:
        clock = time.time
        length = time.monotonic

    def captured(clock=time.time):
        return clock()

    record = logging.LogRecord("n", 10, "p", 1, "m", (), None)
    new = tempfile.NamedTemporaryFile(delete=False).name
    child = [sys.executable, "-c", "import time; print(time.time())"]
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE t (a, b DEFAULT CURRENT_TIMESTAMP)")
    database.execute("INSERT INTO t (a) VALUES (1)")
    asked = "SELECT datetime('now'), date('NOW', '+1 day'), strftime('%s', 'now'), time(), b FROM t"
    before = time.monotonic()
    time.sleep(0.01)
    print(json.dumps({
        "time": time.time(), "time_ns": time.time_ns(), "taken": taken(),
        "class": Holder().clock(), "default": captured(),
        "gettime": time.clock_gettime(time.CLOCK_REALTIME),
        "gettime_ns": time.clock_gettime_ns(time.CLOCK_REALTIME), "coarse": time.clock_gettime(5),
        "now": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "naive": imported.now().isoformat(), "today": datetime.date.today().isoformat(),
        "kind": type(imported.now()) is imported, "gmtime": calendar.timegm(time.gmtime()),
        "local": time.strftime("%Y-%m-%d %H:%M:%S %Z"), "ctime": time.ctime(),
        "asctime": time.asctime(),
        "logging": record.created, "uuid1": str(uuid.uuid1()),
        "child": subprocess.run(child, capture_output=True, text=True).stdout,
        "sqlite": database.execute(asked).fetchone(),
        "mtime": os.stat("main.py").st_mtime, "ctime of file": os.lstat("main.py").st_ctime_ns,
        "new": os.path.getmtime(new),
        "length": [before, Holder().length(), time.perf_counter_ns(), time.process_time()],
    }))
"""


@each_ground
def test_no_probe_of_the_clock_sees_another_instant(tmp_path, ground):
    seen = said(tree(tmp_path / "tree", CLOCKS), tmp_path / "work", ground)
    seconds = ("time", "taken", "class", "default", "gettime", "coarse", "gmtime", "logging")
    assert {name: seen[name] for name in (*seconds, "mtime", "new")} == dict.fromkeys(
        (*seconds, "mtime", "new"), EPOCH
    )
    assert seen["time_ns"] == seen["gettime_ns"] == seen["ctime of file"] == EPOCH * 10**9
    assert (seen["now"], seen["naive"], seen["today"]) == (INSTANT, INSTANT[:19], INSTANT[:10])
    assert (seen["local"], seen["ctime"]) == ("2025-01-01 00:00:00 UTC", seen["asctime"])
    assert seen["ctime"] == "Wed Jan  1 00:00:00 2025"
    assert seen["kind"] and seen["child"] == f"{float(EPOCH)}\n"
    now, tomorrow, stamp, hour, default = seen["sqlite"]
    assert (now, tomorrow, stamp) == ("2025-01-01 00:00:00", "2025-01-02", str(EPOCH))
    assert (hour, default) == ("00:00:00", "2025-01-01 00:00:00")
    assert seen["uuid1"].startswith("57fd0000-c7d3-11ef")
    assert seen["uuid1"].endswith("-02005eadbeef")


@each_ground
def test_what_tells_how_long_something_takes_goes_on_by_readings_and_by_sleep(tmp_path, ground):
    first, second, third, fourth = said(tree(tmp_path / "tree", CLOCKS), tmp_path / "work", ground)[
        "length"
    ]
    assert (first, round(second - first, 9)) == (1000.000001, 0.010001)
    assert (third, fourth) == (1000_010003000, 1000.010004)


def test_a_loop_that_waits_for_a_deadline_and_the_locks_of_the_library_come_to_an_end(tmp_path):
    main = """
        import queue, subprocess, sys, threading, time
        deadline = time.monotonic() + 0.05
        while time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            queue.Queue().get(timeout=0.05)
        except queue.Empty:
            print('"empty"')
        threading.Event().wait(0.05)
        subprocess.run([sys.executable, "-c", ""], timeout=30)
    """
    assert said(tree(tmp_path / "tree", main), tmp_path / "work") == "empty"


WAITS = """
    import asyncio, json, multiprocessing, random, select, signal, subprocess, tempfile, threading
    import time

    async def wait():
        await asyncio.gather(*(asyncio.sleep(0.02) for _ in range(3)))
        try:
            await asyncio.wait_for(asyncio.sleep(60), 0.05)
        except asyncio.TimeoutError:
            return "late"

    def draw(number):
        return [number, random.random(), tempfile.mktemp()]

    if __name__ == "__main__":
        said = [asyncio.run(wait())]
        for way in ("fork", "spawn"):
            with multiprocessing.get_context(way).Pool(1) as pool:
                said.append(pool.map(draw, range(2)))
        try:
            subprocess.run(["sleep", "60"], timeout=0.1)
        except subprocess.TimeoutExpired:
            said.append("late")
        lock = threading.Lock()
        lock.acquire()
        said += [lock.acquire(timeout=0.05), threading.Event().wait(0.05)]
        ours, theirs = multiprocessing.Pipe()
        said += [select.select([], [], [], 0.05), ours.poll(0.05)]
        signal.signal(signal.SIGALRM, lambda *_: said.append("alarm"))
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        subprocess.run("sleep 0.2", shell=True)
        print(json.dumps(said))
"""


@each_ground
def test_whoever_waits_is_woken_and_those_it_starts_draw_the_same_each_time(tmp_path, ground):
    top = tree(tmp_path / "tree", WAITS)
    first, second = (said(top, tmp_path / "work", ground) for _ in range(2))
    assert first == second
    late, fork, spawn, *rest = first
    assert (late, rest) == ("late", ["late", False, False, [[], [], []], False, "alarm"])
    assert len({number for _, number, _ in [*fork, *spawn]}) == 4


@each_ground
def test_date_sees_the_instant_where_the_layer_is_for_programs(tmp_path, ground):
    main = """
        import json, subprocess
        said = subprocess.run(["date", "-u", "+%s"], capture_output=True).stdout
        print(json.dumps(said.decode()))
    """
    seen = said(tree(tmp_path / "tree", main), tmp_path / "work", ground)
    assert (seen == f"{EPOCH}\n") == (ground.startswith("programs"))


@each_ground
def test_the_files_of_the_tree_are_of_that_instant_for_programs_too(tmp_path, ground):
    asked = [{"name": "main", "argv": ["stat", "-c", "[%Y, %a]", "main.py"]}]
    mode = 644 if "namespaces" in ground else 444
    seen = said(tree(tmp_path / "tree", ""), tmp_path / "work", ground, steps=asked)
    assert seen == [EPOCH, mode]


def test_a_program_in_c_sees_the_instant(tmp_path):
    top = tree(tmp_path / "tree", "")
    source = """
        #include <stdio.h>
        #include <sys/time.h>
        #include <time.h>
        int main(void) {
            struct timeval day; struct timespec spec;
            gettimeofday(&day, 0); clock_gettime(CLOCK_REALTIME, &spec);
            printf("[%ld, %ld, %ld]", (long)time(0), (long)day.tv_sec, (long)spec.tv_sec);
            return 3;
        }
    """
    (tmp_path / "clock.c").write_text(source)
    subprocess.run([needed("cc"), tmp_path / "clock.c", "-o", top / "clock"], check=True)
    seen = said(
        top,
        tmp_path / "work",
        inputs=["clock"],
        steps=[{"name": "main", "argv": ["./clock"], "exit": 3}],
    )
    assert seen == [EPOCH] * 3


CHANCE = """
    import json, os, random, secrets, sys, tempfile, uuid
    from random import Random

    numbers = [random.random(), Random().random(), Random().random(), random.randrange(100)]
    random.seed()
    sys.stdout.flush()
    if os.fork() == 0:
        with open(os.environ["TMPDIR"] + "/child", "w") as file:
            file.write(str(random.random()))
        os._exit(0)
    os.wait()
    child = open(os.environ["TMPDIR"] + "/child").read()
    print(json.dumps({"random": numbers, "uuid4": [str(uuid.uuid4()), str(uuid.uuid4())],
        "temp": [tempfile.mkdtemp(), tempfile.mktemp()], "set": list({"a", "b", "c", "d", "e"}),
        "hash": hash("replay"), "child": child, "again": random.random(), %s
    }))
"""


@each_ground
def test_chance_is_the_same_and_begins_with_the_seed(tmp_path, ground):
    top = tree(tmp_path / "tree", CHANCE % "")
    first, second = (said(top, tmp_path / "work", ground) for _ in range(2))
    assert first == second
    assert first["random"][0] == random.Random(SEED).random()
    assert first["random"][1] == random.Random(SEED + 1).random()
    told = [first["uuid4"], first["temp"], first["random"][:3], [first["child"], first["again"]]]
    assert all(len(set(each)) == len(each) for each in told)


def test_secrets_and_urandom_are_seeded_where_declared_and_only_there(tmp_path):
    drawn = '"s": secrets.token_hex(), "i": secrets.randbelow(10**9), "u": os.urandom(8).hex()'
    top = tree(tmp_path / "tree", CHANCE % drawn)

    def equal(*seeded):
        one, two = (said(top, tmp_path / "work", seeded=list(seeded)) for _ in range(2))
        return [name for name in "siu" if one[name] == two[name]]

    assert equal() == []
    assert equal("secrets") == ["s", "i"]
    assert equal("secrets", "os.urandom") == ["s", "i", "u"]


def test_numpy_is_seeded_where_it_is(tmp_path):
    pytest.importorskip("numpy")
    main = """
        import json
        import numpy
        rng = numpy.random.default_rng()
        print(json.dumps([numpy.random.rand(3).tolist(), rng.random(3).tolist()]))
    """
    top = tree(tmp_path / "tree", main)
    first, second = (said(top, tmp_path / "work") for _ in range(2))
    assert first == second


NAMES = ["b", "A", "a", "é", "ab", "Z", "a-b", "10", "9", "_"]
LISTING = """
    import glob, json, os, pathlib, shutil
    folder = pathlib.Path("many")
    with os.scandir(b"many") as found:
        raw = [entry.name.decode() for entry in found]
    handle = os.open("many", os.O_RDONLY)
    print(json.dumps([
        os.listdir("many"), [e.name for e in os.scandir("many")], raw, os.listdir(handle),
        [p.name for p in folder.iterdir()], [p.name for p in folder.glob("*")],
        [os.path.basename(n) for n in glob.glob("many/*")], next(os.walk("many"))[2],
        os.listdir(os.environ["TMPDIR"]), shutil.rmtree.avoids_symlink_attacks,
    ]))
"""


@each_ground
@pytest.mark.parametrize("names", [NAMES, NAMES[::-1]], ids=["made", "made backwards"])
def test_a_folder_is_listed_in_the_order_of_its_bytes(tmp_path, ground, names):
    top = tree(tmp_path / "tree", LISTING)
    (top / "many").mkdir()
    for name in names:
        (top / "many" / name).touch()
    *seen, temporary, safe = said(top, tmp_path / "work", ground, inputs=["main.py", "many"])
    assert seen == [sorted(NAMES, key=os.fsencode)] * len(seen)
    assert temporary == [] and safe


WORLD = """
    import getpass, json, os, platform, pwd, socket, subprocess, sys, multiprocessing
    mask = os.umask(0); os.umask(mask)
    print(json.dumps({
        "host": [socket.gethostname(), platform.node(), os.uname().nodename],
        "user": [getpass.getuser(), pwd.getpwuid(os.getuid()).pw_name],
        "processors": [os.cpu_count(), multiprocessing.cpu_count(), len(os.sched_getaffinity(0))],
        "umask": mask, "variables": sorted(os.environ), "locale": os.environ["LC_ALL"],
        "zone": os.environ["TZ"], "home": os.listdir(os.environ["HOME"]), "groups": os.getgroups(),
        "number": os.getuid(), "pid": os.getpid(), "place": os.getcwd(), "id": id(object()),
        "said": subprocess.run(["sh", "-c", "hostname; id -un; nproc"], capture_output=True).stdout
            .decode().split(),
    }))
"""


@each_ground
def test_host_user_processors_umask_and_variables_are_those_of_the_replay(
    tmp_path, ground, monkeypatch
):
    monkeypatch.setenv("SURPRISE", "1")
    monkeypatch.setenv("PYTHONPATH", "/nonexistent")
    monkeypatch.setenv("LC_ALL", "C")
    seen = said(tree(tmp_path / "tree", WORLD), tmp_path / "work", ground)
    assert seen["host"] == ["replay"] * 3 and seen["user"] == ["replay"] * 2
    assert seen["processors"] == [1] * 3 and seen["umask"] == 0o22
    assert "SURPRISE" not in seen["variables"] and "PWD" not in seen["variables"]
    assert (seen["locale"], seen["zone"], seen["home"]) == ("C.UTF-8", "UTC", [])
    assert seen["groups"] == [1000]


def test_in_namespaces_all_of_that_is_so_for_programs_and_the_place_is_fixed(tmp_path):
    top = tree(tmp_path / "tree", WORLD)
    first, second = said(top, tmp_path / "a"), said(top, tmp_path / "b" / "longer place")
    assert first == second
    assert (first["place"], first["number"]) == ("/mnt/tree", 1000)
    assert first["said"] == ["replay", "replay", "1"] and first["pid"] == 100


@each_ground
def test_the_result_says_which_layer_ran(tmp_path, ground):
    layers = once(tree(tmp_path / "tree", "print(1)"), tmp_path / "work", ground).layers
    clock, isolation = ground.split()
    assert layers["clock"] == {"programs": "libfaketime", "python": "time-machine"}[clock]
    assert layers["programs"] == {"programs": "libfaketime", "python": "uncontrolled"}[clock]
    told = [layers[name] for name in ("host", "user", "pid")]
    assert (
        told
        == {
            "namespaces": ["namespace"] * 3,
            "copy": ["python", "python", "uncontrolled"],
        }[isolation]
    )
    assert layers["tree"].startswith({"namespaces": "read-only", "copy": "copy"}[isolation])
    assert not any(str(tmp_path) in text for text in layers.values())


def test_a_mission_has_no_network(tmp_path):
    if have().network:
        pytest.skip("network namespaces are forbidden")
    main = """
        import json, socket
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=5)
        except OSError as error:
            print(json.dumps(error.errno))
    """
    found = said(tree(tmp_path / "tree", main), tmp_path / "work")
    assert found in (errno.ENETUNREACH, errno.ECONNREFUSED)  # a loopback of its own has nobody


@pytest.mark.parametrize("text", ["exit 70", "echo nothing", "echo '[]'", "echo '{}'"])
def test_an_interpreter_that_is_none_is_refused(tmp_path, text):
    strange = tmp_path / "python"
    strange.write_text(f"#!/bin/sh\n{text}\n")
    strange.chmod(0o755)
    top, log = tree(tmp_path / "tree", "print(1)"), io.BytesIO()
    with pytest.raises(Refused, match="replay: "):
        replay.run(top, made(), strange, PATH, tmp_path / "w", log, found=ground(STRONG))


def test_an_interpreter_that_ignores_the_layer_is_refused(tmp_path):
    careless = tmp_path / "python"
    careless.write_text(f'#!/bin/sh\nPYTHONPATH= exec {sys.executable} "$@"\n')
    careless.chmod(0o755)
    top, log = tree(tmp_path / "tree", "print(1)"), io.BytesIO()
    with pytest.raises(Refused, match=r"random: expected .*; use an interpreter that"):
        replay.run(top, made(), careless, PATH, tmp_path / "w", log, found=ground(STRONG))
    assert b"step main" not in log.getvalue()
