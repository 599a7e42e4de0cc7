"""A mission says all that decides what it does, and nothing that nobody knows."""

from __future__ import annotations

import json

import pytest

from sealwright.contracts.coo.replay import mission
from sealwright.errors import Misconfigured
from tests.coo.replay.missions import made, words


def complaint(**more):
    with pytest.raises(Misconfigured) as caught:
        made(**more)
    return str(caught.value)


def step(**more):
    return {"name": "main", "argv": ["python"], **more}


def test_what_is_not_said_is_the_strict_choice():
    said = {key: words()[key] for key in ("format", "name", "inputs", "steps", "outputs")}
    found = mission.read(json.dumps(said).encode(), "m.json")
    assert (found.layer, found.isolation, found.seeded) == ("programs", "namespaces", ())
    assert (found.writes, found.environment, found.python_path) == ((), (), ())


def test_a_mission_is_known_by_its_bytes():
    data = json.dumps(words()).encode()
    assert mission.read(data, "m.json").sha256 != mission.read(data + b"\n", "m.json").sha256


def test_an_unknown_key_is_refused_with_its_place():
    data = json.dumps(words(), indent=1).replace('"layer"', '"layr"').encode()
    with pytest.raises(Misconfigured, match=r"m.json:\d+:2: m.layr: unknown key; did you mean"):
        mission.read(data, "m.json")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"format": "sealwright/mission/2"}, "expected one of sealwright/mission/1"),
        ({"name": "a/b"}, "expected a name of letters"),
        ({"inputs": []}, "expected at least one file or folder"),
        ({"inputs": ["../x"]}, "expected a path inside the repository"),
        ({"steps": []}, "expected at least one step"),
        ({"steps": [step(), step()]}, "found twice: main"),
        ({"steps": [step(argv=[])]}, "expected a program and its arguments"),
        ({"steps": [step(exit=256)]}, "expected an exit code from 0 to 255"),
        ({"steps": [step(shell=True)]}, "shell: unknown key"),
        ({"steps": [step(cwd="/etc")]}, "expected a path inside the repository"),
        ({"layer": "kernel"}, "expected one of python, programs"),
        ({"isolation": "none"}, "expected one of namespaces, copy"),
        ({"seeded": ["numpy"]}, "expected some of secrets, os.urandom, and not 'numpy'"),
        ({"time_limit": 0}, "expected seconds from 1 to"),
        ({"outputs": [{"name": "a", "stdout": "x"}]}, "expected a step (main), found 'x'"),
        ({"outputs": [{"name": "a", "file": "x"}]}, "expected a file below one of writes, found x"),
        ({"outputs": [{"name": "a"}]}, "expected exactly one of the keys stdout, stderr, file"),
        ({"outputs": [{"name": "a", "stdout": "main", "as": "xml"}]}, "expected one of text, json"),
        ({"environment": {"A-B": "x"}}, "expected a variable that the replay does not set"),
        ({"writes": ["../x"]}, "expected a path inside the repository"),
    ],
)
def test_what_makes_no_sense_is_refused(more, words):
    assert words in complaint(**more)


@pytest.mark.parametrize(
    "name", ["PATH", "LD_PRELOAD", "PYTHONHASHSEED", "PYTHONPATH", "TZ", "LC_TIME", "FAKETIME"]
)
def test_a_mission_does_not_undo_the_layer_by_a_variable(name):
    assert f"found {name}; take it out" in complaint(environment={name: "x"})


def test_a_file_below_a_folder_that_is_written_is_an_output():
    output = {"name": "a", "file": "build/deep/x.bin", "as": "sha256"}
    assert made(outputs=[output], writes=["build"]).outputs[0].of == "build/deep/x.bin"
    assert made(outputs=[output], writes=["."]).writes == (".",)


def test_json_that_is_yaml_only_is_refused():
    with pytest.raises(Misconfigured, match="expected JSON in UTF-8"):
        mission.read(b"name: x", "m.json")
