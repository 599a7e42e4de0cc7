"""What is missing is said; where a mission demands it, nothing is run, and the remedy is named."""

from __future__ import annotations

import dataclasses
import io
import os
import random
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from sealwright.contracts.coo import replay
from sealwright.contracts.coo.replay import controls, enclosure, mechanisms
from sealwright.contracts.coo.replay.inside.constants import SEED
from sealwright.contracts.coo.replay.mechanisms import Mechanisms
from sealwright.errors import Refused
from tests.coo.replay.missions import GROUNDS, PATH, STRONG, ground, have, made, tree
from tests.coo.replay.test_layer import CHANCE
from tests.support.programs import needed
from tests.support.pythons import OWN, found, program
from tests.support.skips import skip

ALL = Mechanisms(
    faketime=Path("/lib/libfaketime.so"),
    time_machine=(Path("/lib/time_machine"),),
    no_namespaces="",
    straight=True,
    pinned=True,
    network=False,
)
LIB = Path(__file__).parents[3] / "lib"


def refusal(ground, **lacking):
    with pytest.raises(Refused) as caught:
        controls.chosen(made(ground), dataclasses.replace(ALL, **lacking))
    return str(caught.value)


@pytest.mark.parametrize("ground", GROUNDS)
def test_where_all_is_there_the_strongest_layer_is_chosen(ground):
    layer = controls.chosen(made(ground), ALL)
    assert layer.clock == "libfaketime" and layer.namespaces


def test_without_libfaketime_a_clock_for_programs_is_refused_and_one_for_python_is_not():
    found = refusal("programs copy", faketime=None)
    assert "found no libfaketime; apt-get install libfaketime, or state layer: python" in found
    layer = controls.chosen(made("python copy"), dataclasses.replace(ALL, faketime=None))
    assert layer.clock == "time-machine" and layer.told()["programs"] == "uncontrolled"


def test_without_any_clock_a_mission_is_refused():
    found = refusal("python copy", faketime=None, time_machine=())
    assert "pip install time-machine, or apt-get install libfaketime" in found


def test_without_namespaces_a_mission_is_refused_that_demands_them():
    found = refusal("programs namespaces", no_namespaces="unshare failed: EPERM")
    assert "found unshare failed: EPERM; apt-get install util-linux mount hostname" in found
    copied = dataclasses.replace(ALL, no_namespaces="x")
    assert not controls.chosen(made("programs copy"), copied).namespaces


def test_a_network_that_cannot_be_cut_off_is_refused_and_told():
    assert "expected no network" in refusal("programs namespaces", network=True)
    layer = controls.chosen(made("programs copy"), dataclasses.replace(ALL, network=True))
    assert layer.told()["network"] == "uncontrolled"


def test_all_that_is_missing_is_told_at_once():
    found = refusal(STRONG, faketime=None, no_namespaces="x", network=True)
    assert len(found.splitlines()) == 3


def test_what_is_weaker_is_told():
    weak = dataclasses.replace(ALL, straight=False, pinned=False, no_namespaces="x")
    told = controls.chosen(made("programs copy"), weak).told()
    assert (told["addresses"], told["processors"]) == ("uncontrolled", "python")


def test_where_namespaces_are_forbidden_that_is_found_out(tmp_path):
    """A user namespace that allows no other, which only root of another one can undo."""
    unshare = needed("unshare")
    ask = (
        "import sys; from pathlib import Path; from sealwright.contracts.coo.replay import "
        "mechanisms; print(mechanisms.found(Path(sys.argv[1])).no_namespaces)"
    )
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    done = subprocess.run(
        [
            *(unshare, "--user", "--map-root-user", "sh", "-c", script, "sh"),
            *(sys.executable, "-c", ask, tmp_path),
        ],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(LIB)},
    )
    if "max_user_namespaces" in done.stderr:
        skip("user namespaces cannot be limited here")
    assert done.returncode == 0, done.stderr
    assert "unshare" in done.stdout and not list(tmp_path.iterdir())


def test_a_library_that_stops_no_clock_is_as_good_as_missing(monkeypatch, tmp_path):
    source = tmp_path / "nothing.c"
    source.write_text("int nothing;")
    library = tmp_path / "libfaketimeMT.so.1"
    subprocess.run([needed("cc"), "-shared", "-fPIC", source, "-o", library], check=True)
    monkeypatch.setattr(mechanisms, "_LIBRARIES", (str(library),))
    assert mechanisms.found(tmp_path / "work").faketime is None


def test_the_fixed_place_hides_nothing_that_is_needed(tmp_path):
    link = tmp_path / "python"
    link.symlink_to("/mnt/venv/bin/python")
    places = [place for place in enclosure.PLACES if os.path.isdir(place)]
    assert enclosure.place([Path("/usr/bin"), Path("/mntx")]) == "/mnt"
    assert enclosure.place([Path("/usr/bin"), Path("/mnt/tools")]) == places[1]
    assert enclosure.place([link]) == places[1]
    assert enclosure.place([Path(place) for place in enclosure.PLACES]) is None


def test_the_layer_works_as_another_user(tmp_path):
    if os.getuid() != 0 or have().no_namespaces or have().faketime is None:
        skip("this is not root, or namespaces or libfaketime are missing")
    top = tree(tmp_path / "tree", "import os, time; print([time.time(), os.getuid(), os.getpid()])")
    code = (
        "import sys, io; sys.path[:0] = sys.argv[3:]\n"
        "from pathlib import Path\nfrom tests.coo.replay.missions import replayed\n"
        "done = replayed(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "print(done.verdict(), done.layers['user'])"
    )
    work = tmp_path / "work"
    work.mkdir()
    os.chown(work, 65534, 65534)
    for folder in (*tmp_path.parents, tmp_path):
        if folder != Path("/"):
            os.chmod(folder, os.stat(folder).st_mode | 0o055)
    done = subprocess.run(
        [
            *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
            *(_python(), "-c", code, top, work, LIB, LIB.parent, sysconfig.get_path("purelib")),
        ],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": "/"},
        cwd="/",
    )
    assert (done.stdout, done.stderr) == ("holds namespace\n", "")


def _python():
    """Return a Python of our version that another user may run, or skip."""
    for place in (sys.executable, f"/usr/bin/python{OWN}"):
        real = os.path.realpath(place)
        folders = [real, *map(str, Path(real).parents)]
        if os.path.exists(real) and all(os.stat(each).st_mode & 0o001 for each in folders):
            return place
    return skip(f"no Python {OWN} here may be run by another user")


@pytest.mark.parametrize("version", found())
def test_the_layer_inside_works_in_each_python(tmp_path, version):
    done = replay.run(
        tree(tmp_path / "tree", CHANCE % ""),
        made(),
        program(version),
        PATH,
        tmp_path / "work",
        io.BytesIO(),
        found=ground(STRONG),
    )
    seen = done.output["outputs"]["main"]
    assert seen["random"][0] == random.Random(SEED).random()
    assert seen["uuid4"][0] == "52f1e504-b79c-4e6d-b0d4-397882a55ee6"
