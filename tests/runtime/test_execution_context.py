"""A context says which run this is; the same mission from the same commit is the same run."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any
from uuid import UUID

import pytest

from sealwright.runtime import canonical
from sealwright.runtime.orchestration.execution_context import (
    ExecutionContext,
    context_of,
    derive_run_id,
    from_dict,
    to_dict,
)

AT = "2025-01-01T00:00:00Z"
ONE, TWO = "sha256:" + 64 * "1", "sha256:" + 64 * "2"
SPEC = {"goal": "pack", "steps": ["a", "b"]}
GOVERNANCE = {"config/b.yaml": ONE, "config/a.yaml": TWO}
VALUES: dict[str, Any] = {
    "repo_root": "/srv/mission",
    "baseline_commit": 40 * "a",
    "run_id": ONE,
    "run_id_audit": UUID(int=7),
    "started_at": AT,
}


def test_a_context_has_exactly_the_fields_of_the_document():
    assert list(typing.get_type_hints(ExecutionContext).items()) == [
        ("repo_root", str),
        ("baseline_commit", str),
        ("run_id", str),
        ("run_id_audit", UUID),
        ("started_at", str),
    ]
    with pytest.raises(dataclasses.FrozenInstanceError):
        ExecutionContext(**VALUES).run_id = TWO


def test_a_run_id_is_the_digest_of_the_canonical_mission():
    body = {
        "baseline_commit": 40 * "a",
        "governance": [["config/a.yaml", TWO], ["config/b.yaml", ONE]],
        "inputs_hash": ONE,
        "mission_spec": SPEC,
    }
    expected = canonical.digest(canonical.encode(body))
    assert derive_run_id(SPEC, ONE, GOVERNANCE, 40 * "a") == expected
    again = dict(reversed(GOVERNANCE.items()))
    assert derive_run_id(dict(reversed(SPEC.items())), ONE, again, 40 * "a") == expected


def test_a_run_id_depends_on_each_part():
    found = {
        derive_run_id(SPEC, ONE, GOVERNANCE, 40 * "a"),
        derive_run_id({**SPEC, "more": None}, ONE, GOVERNANCE, 40 * "a"),
        derive_run_id({"goal": "pack", "steps": ["b", "a"]}, ONE, GOVERNANCE, 40 * "a"),
        derive_run_id(SPEC, TWO, GOVERNANCE, 40 * "a"),
        derive_run_id(SPEC, ONE, {"config/b.yaml": TWO, "config/a.yaml": ONE}, 40 * "a"),
        derive_run_id(SPEC, ONE, {"config/a.yaml": TWO}, 40 * "a"),
        derive_run_id(SPEC, ONE, {}, 40 * "a"),
        derive_run_id(SPEC, ONE, GOVERNANCE, 40 * "b"),
        derive_run_id(SPEC, ONE, GOVERNANCE, 64 * "a"),
    }
    assert len(found) == 9


def test_a_run_id_depends_neither_on_the_time_nor_the_place_nor_chance():
    here: dict[str, Any] = {"repo_root": "/a", "run_id_audit": UUID(int=1), "started_at": AT}
    there: dict[str, Any] = {
        "repo_root": "C:\\b",
        "run_id_audit": UUID(int=2),
        "started_at": "2026-12-31T23:59:59.5Z",
    }
    one, two = (
        context_of(SPEC, ONE, GOVERNANCE, baseline_commit=40 * "a", **values)
        for values in (here, there)
    )
    assert one != two
    assert one.run_id == two.run_id == derive_run_id(SPEC, ONE, GOVERNANCE, 40 * "a")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("repo_root", value)
            for value in ("", ".", "srv", "~/a", "/a\0", "/a\n", "/\udcff", None)
        ),
        *(("baseline_commit", value) for value in ("", "HEAD", 39 * "a", 40 * "A", 41 * "a", None)),
        ("baseline_commit", 40 * "a" + "\n"),
        ("baseline_commit", 40 * "\u0661"),
        *(("run_id", value) for value in ("", 64 * "1", "sha256:" + 63 * "1", ONE + "\n", None)),
        ("run_id", "SHA256:" + 64 * "1"),
        *(("run_id_audit", value) for value in ("", str(UUID(int=7)), 7, None)),
        *(("started_at", value) for value in ("", AT[:-1], AT + "\n", AT[:-1] + "+00:00", None)),
        *(("started_at", value) for value in ("2025-13-01T00:00:00Z", "2025-01-01 00:00:00Z")),
        *(("started_at", value) for value in ("2025-01-01T24:00:00Z", "2025-01-01T00:00:00.Z", 7)),
    ],
    ids=ascii,
)
def test_a_malformed_value_makes_no_context(name, value):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        ExecutionContext(**VALUES | {name: value})


@pytest.mark.parametrize(
    "values",
    [
        (SPEC, "sha256:1", GOVERNANCE, 40 * "a"),
        (SPEC, ONE, {"a": "1"}, 40 * "a"),
        (SPEC, ONE, {"a": None}, 40 * "a"),
        (SPEC, ONE, GOVERNANCE, "HEAD"),
        ({"cost": 1.5}, ONE, GOVERNANCE, 40 * "a"),
    ],
    ids=ascii,
)
def test_a_malformed_part_makes_no_run_id(values):
    with pytest.raises(ValueError, match="expected"):
        derive_run_id(*values)


def test_a_context_is_read_as_it_was_written_and_in_no_other_form():
    context = ExecutionContext(**VALUES)
    values = canonical.decode(canonical.encode(to_dict(context)))
    assert from_dict(values) == context
    for name in values:
        for other in (
            {key: value for key, value in values.items() if key != name},
            values | {name: None},
            values | {name: "x"},
        ):
            with pytest.raises(ValueError, match=r"."):
                from_dict(other)
    with pytest.raises(ValueError, match="another spelling"):
        from_dict(values | {"run_id_audit": "{" + str(UUID(int=7)) + "}"})
