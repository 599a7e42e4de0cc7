"""The specification is its template, filled with facts, and nothing else."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright import document
from sealwright.contracts.coo.outputs import documents, entry_points, facts, specification
from sealwright.contracts.coo.outputs.facts import Facts
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.paths import RelPath
from tests.coo.outputs import migrations
from tests.coo.scans import put

GOLDEN = f"""\
# Runtime Specification of coo, regenerated

This text was made from a template and from what a migration recorded. It decides nothing: where
it and a document above it differ, the document holds.

## 1. What was consolidated

The package `project_builder` was retired; `coo` takes its place below `.`.
All that the migration could change was captured before as AMU0 `0123456789abcdef`.
The configuration was `sha256:{"c" * 64}`.

## 2. States of the attempt

1. INIT
2. GATES
3. COMPLETE

## 3. Public entry points

- console_scripts: plan = coo.cli:main
- python -m coo

## 4. Modules (2)

| module | digest |
| --- | --- |
| coo/a\\|b.py | sha256:{"a" * 64} |
| coo/b.py | sha256:{"b" * 64} |

## 5. References rewritten (15)

| rule | references rewritten |
| --- | --- |
| attribute | 3 |
| import-from | 12 |

## 6. Gates: PASS

| gate | what | status | findings |
| --- | --- | --- | --- |
| A | Repo Unification Integrity | PASS | 0 |
| B | Deterministic Modules | PASS | 0 |
| C | Sandbox Security | WAIVED | 0 |
| D | Test Suite Integrity | PASS | 0 |
| E | Governance Integrity | PASS | 0 |
| F | Deterministic Replay | PASS | 0 |

Waivers:

- gate C is WAIVED: no foreign code \\| none (J. Doe)

## 7. Manifests

| manifest | digest |
| --- | --- |
| sandbox_digest.txt | {migrations.facts().manifests[0][1]} |
| tools_manifest.json | {migrations.facts().manifests[1][1]} |
"""


def rendered(template: str | bytes, told: Facts | None = None) -> str:
    data = template.encode() if isinstance(template, str) else template
    told = told or migrations.facts()
    return specification.render(data, "spec.md", told, migrations.gates()).decode()


def test_the_default_template_filled_is_this():
    assert rendered(specification.DEFAULT) == GOLDEN


def test_every_placeholder_that_is_described_is_known_and_the_other_way_round():
    known = specification.fields(migrations.facts(), migrations.gates())
    assert rendered("".join(f"{{{{ {name} }}}}" for name in known)) == "".join(known.values())
    for name in known:
        assert f"``{name}``" in (specification.__doc__ or "")


def test_spaces_ends_of_lines_and_all_else_stay():
    assert rendered("\ufeffa\r\n{{legacy}} {{\tcanonical }}\r{ { } }} }") == (
        "a\r\nproject_builder coo\r{ { } }} }"
    )


def test_what_takes_a_place_is_not_filled_again():
    told = dataclasses.replace(migrations.facts(), amu0="{{ legacy }}")
    assert rendered("{{ amu0 }}{{ braces }} legacy }}", told) == "{{ legacy }}{{ legacy }}"


def test_every_place_that_makes_no_sense_is_told_with_its_line():
    with pytest.raises(Refused) as refused:
        rendered("{{ gates }}\r\nä {{ gate }} {{ legacy\n{{}} {{ nothing.like.it }}\n")
    lines = str(refused.value).splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        "spec.md:2:3",
        "spec.md:2:14",
        "spec.md:3:1",
        "spec.md:3:6",
    ]
    assert "unknown placeholder 'gate'; did you mean 'gates'?" in lines[0]
    assert "expected a placeholder such as {{ gates }}" in lines[1]
    assert "known are amu0, " in lines[3]


def test_a_template_that_is_no_text_is_refused_with_its_line():
    with pytest.raises(Refused, match=r"spec\.md:2: expected UTF-8"):
        rendered(b"a\n\xff")


def test_names_of_others_end_no_cell_and_no_line():
    told = dataclasses.replace(
        migrations.facts(), modules=(("coo/`|\n\x1b\ud800\\.py", "sha256:0"),), entry_points=()
    )
    assert rendered("{{ modules }}", told).splitlines()[2] == (
        "| coo/\\`\\|??\\\\ud800\\\\.py | sha256:0 |"
    )
    assert rendered("{{ entry_points }}", told) == "none"


def test_facts_come_back_as_they_were():
    assert facts.parse(migrations.facts().to_bytes()) == migrations.facts()
    shuffled = dataclasses.replace(
        migrations.facts(), rules=(("import-from", 12), ("attribute", 3))
    )
    assert shuffled.to_bytes() == migrations.facts().to_bytes()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"legacy":"project_builder"', b'"legacy":7'),
        (b'"rules":[["attribute",3],', b'"rules":[["attribute","3"],'),
        (b'"rules":[["attribute",3],["import-from",12]]', b'"rules":[["import-from",12],["a",3]]'),
        (b'"states":["INIT"', b'"states":[null'),
        (b'"states":', b'"stages":'),
        (b"facts/1", b"facts/2"),
        (b'"amu0":', b'"amu0" :'),
    ],
)
def test_facts_that_were_changed_are_damage(old, new):
    data = migrations.facts().to_bytes()
    assert old in data
    with pytest.raises(Damaged, match=r"facts\.json"):
        facts.parse(data.replace(old, new))


@given(st.binary(max_size=40))
def test_anything_else_is_no_facts(data):
    with pytest.raises(Damaged):
        facts.parse(data)


def test_modules_are_listed_with_their_digests_in_the_order_of_bytes(tmp_path):
    put(
        tmp_path, {"src/coo/b.py": "b", "src/coo/a/x.py": "x", "src/coo/a-b.py": "", "src/c.py": ""}
    )
    found = facts.modules(tmp_path, RelPath("src/coo"))
    assert [path for path, _ in found] == ["src/coo/a-b.py", "src/coo/a/x.py", "src/coo/b.py"]
    with pytest.raises(Refused, match="expected the canonical package"):
        facts.modules(tmp_path, RelPath("coo"))


PROJECT = """
[project]
name = "x"
[project.scripts]
plan = "coo.cli:main"
other = "cool.cli:main"
[project.entry-points."coo.plugins"]
own = "coo.plugins.own"
"""
SETUP = """
[options.entry_points]
console_scripts =
    again = coo:main
    %% odd
"""


def test_entry_points_are_what_leads_into_the_package(tmp_path):
    files = {"pyproject.toml": PROJECT, "setup.cfg": SETUP}
    put(tmp_path, files | {"coo/__main__.py": "", "coo/a/__main__.py": "", "x/__main__.py": ""})
    assert entry_points.of(tmp_path, RelPath("coo"), "coo") == (
        "console_scripts: again = coo:main",
        "console_scripts: plan = coo.cli:main",
        "coo.plugins: own = coo.plugins.own",
        "python -m coo",
        "python -m coo.a",
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("pyproject.toml", "x = ["),
        ("pyproject.toml", "project = 7"),
        ("pyproject.toml", b"\xff"),
        ("setup.cfg", "no section"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_refused(tmp_path, name, data):
    put(tmp_path, {name: data})
    with pytest.raises(Refused, match=name.replace(".", r"\.")):
        entry_points.of(tmp_path, RelPath("coo"), "coo")


def read(text: str) -> RelPath | None:
    with document.parse(text.encode(), "config/coo.yaml") as table:
        return documents.template(table)


def test_the_configuration_names_the_template_or_none():
    assert read("specification: {template: config/spec.md}") == "config/spec.md"
    assert read("{}") is None
    with pytest.raises(Misconfigured, match="did you mean 'template'"):
        read("specification: {templates: x}")
