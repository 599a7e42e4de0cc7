"""The schemas in ``config/`` are those of the code, and agree with it about every record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sealwright.contracts.workflow import evidence, schemas
from sealwright.contracts.workflow.outcome import ACCEPT, Subject
from sealwright.contracts.workflow.schemas import FOLDER
from sealwright.contracts.workflow.shapes import (
    Choice,
    Flag,
    Many,
    Maybe,
    Named,
    Record,
    Shape,
    Text,
    Whole,
)
from tests.workflow import runs, worlds

TOP = Path(__file__).resolve().parents[2]
SCHEMAS = {name: json.loads(data) for name, data in schemas.files().items()}


def made() -> dict[str, list[Any]]:
    """Return records that the code writes, by their schema."""
    found: dict[str, list[Any]] = {name: [] for name in SCHEMAS}
    for facts in (runs.passed(), *runs.failures().values()):
        files = evidence.files(facts)
        for name in ("report", "freshness_proof", "stage5_owned_repo_proof", "control_surface"):
            found[f"{name}.schema.json"].append(json.loads(files[f"{name}.json"]))
        for name, file in (("event", "events.normalized.jsonl"), ("trace", "trace.jsonl")):
            found[f"{name}.schema.json"] += map(json.loads, files[file].splitlines())
    approval = runs.passed().grant.demand.text()
    found["approval.schema.json"].append(json.loads(approval))
    subject = Subject("CTO-WORK-049", "sha256:" + "1" * 64, "r1", "4" * 40, "sha256:" + "2" * 64)
    found["outcome.schema.json"].append(json.loads(subject.demand(ACCEPT).text()))
    found["admission.schema.json"].append(worlds.record())
    return found


RECORDS = made()


def test_the_files_are_what_the_code_says():
    there = {path.name: path.read_bytes() for path in (TOP / FOLDER).iterdir()}
    assert there == schemas.files(), "write schemas.files() to that folder again"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one_of_its_dialect_and_has_records(name):
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMAS[name]["additionalProperties"] is False
    assert RECORDS[name]


def test_an_independent_validator_finds_what_the_code_finds():
    jsonschema = pytest.importorskip("jsonschema")
    for name, records in RECORDS.items():
        jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
        validator = jsonschema.Draft202012Validator(SCHEMAS[name])
        for record in records:
            validator.validate(record)
            for field in record:
                less = {key: value for key, value in record.items() if key != field}
                assert not validator.is_valid(less) or field not in SCHEMAS[name]["required"]
                assert not validator.is_valid(record | {field: {"x": [1.5]}})
            assert not validator.is_valid(record | {"surprise": 1})


SHAPES: list[tuple[Shape, list[Any], list[Any]]] = [
    (Text("[a-c]+"), ["abc"], ["", "abd", 1, None]),
    (Whole(1, 3), [1, 3], [0, 4, True, "1", None]),
    (Flag(), [True, False], [0, 1, None, "true"]),
    (Flag(only=False), [False], [True, None, "", 1]),
    (Choice(("a", "b")), ["a"], ["c", None, ["a"]]),
    (Maybe(Whole()), [None, 0], ["", -1]),
    (Many(Whole(), least=1, unique=True), [[1], [1, 2]], [[], [1, 1], ["a"], {}, None]),
    (Named(Text("[a-z]+"), Whole()), [{}, {"a": 1}], [{"A": 1}, {"a": "b"}, [], None]),
    (Record({"a": Whole()}, {"b": Whole()}), [{"a": 1}, {"a": 1, "b": 2}], [{}, {"a": 1, "c": 1}]),
    (Record({"a": Whole()}), [{"a": 0}], [{"a": "x"}, [], None, "a"]),
]


@pytest.mark.parametrize(("shape", "good", "bad"), SHAPES)
def test_a_shape_takes_what_fits_and_names_what_does_not(shape, good, bad):
    for value in good:
        assert list(shape.problems(value, "here")) == []
    for value in bad:
        assert all(told.startswith("here") for told in shape.problems(value, "here"))
        assert list(shape.problems(value, "here"))


@pytest.mark.parametrize(("shape", "good", "bad"), SHAPES)
def test_its_schema_takes_the_same(shape, good, bad):
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(shape.schema())
    assert all(map(validator.is_valid, good))
    assert not any(map(validator.is_valid, bad))
