"""Every lawful sequence is accepted; one change of one record makes it unlawful."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealwright.errors import Refused
from sealwright.lineage import FOLDERS, TYPES, Artifact, Parent, Registry
from sealwright.paths import RelPath
from tests.lineage.records import ALL, Story, append, digits, seal, write

QUIET = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Mutation = Callable[[Artifact], Artifact]


@st.composite
def stories(draw: st.DrawFn) -> list[Artifact]:
    """Draw records of any types in any order that lineage allows, with any lawful parents."""
    told = Story()
    for wish in draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=20)):
        for kind in ALL:  # what it needs comes first
            present = {each.artifact_type for each in told.told}
            if kind == wish or (ALL.index(kind) < ALL.index(wish) and kind not in present):
                told.add(kind, draw(parents(told, kind)))
    return told.told


def parents(told: Story, kind: str) -> st.SearchStrategy[list[Artifact] | None]:
    """Return parents for a type, or None for the latest, where a chain must fit together."""
    known = [each for each in told.told if each.artifact_type == ALL[ALL.index(kind) - 1]]
    if kind == "raw" or kind in ("snapshot", "snapshot_manifest"):
        return st.none()
    if kind == "bundle_manifest":
        return st.lists(st.sampled_from(known), min_size=1, max_size=3, unique_by=id)
    return st.sampled_from(known).map(lambda each: [each])


OTHER = digits(b"something else")
MUTATIONS: list[Mutation] = [
    lambda a: replace(a, artifact_id="." + a.artifact_id),
    lambda a: replace(a, created_at_utc=a.created_at_utc.replace("T", " ")),
    lambda a: replace(a, artifact_type="RAW"),
    lambda a: replace(a, relpath=RelPath(a.relpath.replace(FOLDERS[a.artifact_type], "..", 1))),
    lambda a: replace(a, relpath=RelPath("/" + a.relpath)),
    lambda a: replace(a, sha256=a.sha256.upper() + "A"),
    lambda a: replace(a, byte_size=-1 - a.byte_size),
    lambda a: replace(a, media_type=""),
    lambda a: replace(a, meta={"api_key": "hunter2"}),
    lambda a: replace(a, parents=(*a.parents, Parent("nobody", OTHER))),
    lambda a: replace(a, parents=a.parents[1:] or (Parent(a.artifact_id, a.sha256),)),
    lambda a: replace(
        a,
        parents=tuple(Parent(each.artifact_id, OTHER) for each in a.parents)
        or (Parent("nobody", OTHER),),
    ),
]


@QUIET
@given(stories(), st.integers(1, 7))
def test_every_lawful_story_is_accepted_in_any_grouping(told: list[Artifact], batch: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        registry = Registry(Path(folder), Path(folder, "index"))
        for start in range(0, len(told), batch):
            append(registry, told[start : start + batch])
        assert registry.check().holds and registry.catch_up().evidence["lines"] == len(told)
        assert [found.artifact for found in registry.entries()] == told
        for kind in TYPES:
            of_kind = [each for each in told if each.artifact_type == kind]
            last = registry.last(kind)
            assert (last.artifact if last else None) == (of_kind[-1] if of_kind else None)
        registry.close()


@QUIET
@given(stories(), st.data())
def test_any_one_change_of_a_lawful_record_is_refused(
    told: list[Artifact], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(told) - 1))
    mutate = data.draw(st.sampled_from(MUTATIONS))
    bundle = told[number].artifact_type == "bundle_manifest"
    if bundle and len(told[number].parents) > 1 and mutate is MUTATIONS[-2]:
        mutate = MUTATIONS[-1]  # a bundle may take fewer
    changed = [*told[:number], mutate(told[number]), *told[number + 1 :]]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, seal(each.payload() for each in told[:number]))
        with pytest.raises(Refused):
            Registry(root).admit([changed[number]])
        path = write(root, seal(each.payload() for each in changed))
        findings = Registry(root).check().findings
        assert findings[0].where == f"{path}:{number + 1}"


@QUIET
@given(stories(), st.data())
def test_a_record_that_moves_before_its_parent_or_stands_twice_is_refused(
    told: list[Artifact], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(told) - 1))
    rest = told[:number] + told[number + 1 :]
    ids = [each.artifact_id for each in rest]
    above = [ids.index(parent.artifact_id) for parent in told[number].parents]
    moved = [*rest[: min(above, default=0)], told[number], *rest[min(above, default=0) :]]
    changed = moved if above else [*told, told[number]]
    with tempfile.TemporaryDirectory() as folder:
        with pytest.raises(Refused):
            Registry(Path(folder)).admit(changed)
        write(Path(folder), seal(each.payload() for each in changed))
        assert not Registry(Path(folder)).check().holds
