"""The documents are held against the code, and the README's examples are run.

An example is a fenced block under a comment that names a folder and what the block is::

    <!-- example fruit: dodo.py -->     the block is a file of that folder
    <!-- example fruit: session -->     `$ ` begins a command, the rest is what it prints

In what a command prints ``…`` stands for anything within a line.
"""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sealwright import digest, document
from sealwright.engine import judge
from sealwright.engine.commands import TABLE

TOP = Path(__file__).resolve().parent.parent
PACKAGE = TOP / "lib" / "sealwright"
DOCUMENTS = sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")])
EXAMPLE = re.compile(r"<!-- example (\w+): ([\w.]+) -->\n```\w+\n(.*?)```\n", re.DOTALL)
SVG = "{http://www.w3.org/2000/svg}"


def read(name: str) -> str:
    return (TOP / name).read_text("utf-8")


def relative(path: Path) -> str:
    return str(path.relative_to(TOP))


def modules() -> dict[str, Path]:
    """Return every module of the package by its name without ``sealwright.``."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        if not path.is_relative_to(PACKAGE / "example" / "files"):
            parts = path.relative_to(PACKAGE).with_suffix("").parts
            found[".".join(part for part in parts if part != "__init__")] = path
    return found


def layers() -> list[list[str]]:
    """Return the storeys of pyproject.toml, top to bottom."""
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (found,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [sorted(storey.split(" | ")) for storey in found]


# the examples


def transcript(session: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a session, each with what it is said to print."""
    for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def prints(expected: str, found: str) -> bool:
    pattern = "[^\n]*".join(map(re.escape, expected.split("…")))
    return re.fullmatch(pattern, found) is not None


def run(command: str, folder: Path) -> str:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    return done.stdout + done.stderr


def test_what_the_readme_shows_is_what_its_examples_print(tmp_path: Path) -> None:
    found = EXAMPLE.findall(read("README.md"))
    assert {folder for folder, _, _ in found} == {"fruit", "empty"}
    for name, what, block in found:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        if what != "session":
            (folder / what).write_text(block, "utf-8")
            continue
        for command, expected in transcript(block):
            printed = run(command, folder)
            assert prints(expected, printed), f"$ {command}\n{printed}\nexpected:\n{expected}"


def test_every_fenced_session_of_the_readme_is_an_example_that_is_run() -> None:
    text = read("README.md")
    sessions = [what for _, what, _ in EXAMPLE.findall(text) if what == "session"]
    assert len(sessions) == text.count("```console") > 0


@pytest.mark.parametrize(
    ("expected", "found", "same"),
    [
        ("1 run (…)\n", "1 run (0.2 s)\n", True),
        ("1 run (…)\n", "2 run (0.2 s)\n", False),
        ("1 run (…)\n", "1 run (0.2 s)\nand more\n", False),
        ("a … b\n", "a \n b\n", False),
    ],
)
def test_an_ellipsis_stands_for_anything_within_a_line(
    expected: str, found: str, same: bool
) -> None:
    assert prints(expected, found) is same


# links and targets


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_every_relative_link_leads_to_something(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8"))
    local = [link.partition("#")[0] for link in links if not re.match(r"\w+:|#", link)]
    assert [link for link in local if not (path.parent / link).exists()] == []


def test_every_document_but_this_folders_own_is_reached_from_the_readme() -> None:
    reached, rest = set(), [TOP / "README.md"]
    while rest:
        path = rest.pop()
        if path in reached:
            continue
        reached.add(path)
        if path.is_dir():
            rest += path.glob("*.md")
        elif path.suffix == ".md":
            for link in re.findall(r"\]\(([^)\s:#]+)\)", path.read_text("utf-8")):
                rest.append((path.parent / link).resolve())
    shown = {path for path in DOCUMENTS if "snapshots" not in path.parts}
    assert shown <= reached
    assert {*TOP.glob("docs/*.svg")} <= reached


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^(\w+):", read("Makefile"), re.MULTILINE))
    named = set()
    for path in DOCUMENTS:
        named |= set(re.findall(r"(?:`|^ {4})make (\w+)", path.read_text("utf-8"), re.MULTILINE))
    assert {"run", "test"} <= named <= targets


# commands


def section(heading: str) -> str:
    """Return the text of docs/commands.md under ``### heading``."""
    _, found, rest = read("docs/commands.md").partition(f"\n### {heading}\n")
    assert found, heading
    return re.split(r"^##", rest, maxsplit=1, flags=re.MULTILINE)[0]


def options(text: str) -> set[str]:
    """Return the long options that a section has in its table of options."""
    rows = re.findall(r"^\| (`-.*)$", text, re.MULTILINE)
    return {option for row in rows for option in re.findall(r"`--([\w-]+)", row)}


def test_the_document_of_commands_has_exactly_those_that_there_are() -> None:
    shown = re.findall(r"^### (.+)$", read("docs/commands.md"), re.MULTILINE)
    ours = [f"doit {name}" for name in TABLE] + ["inv"]
    assert sorted(shown) == sorted([*ours, *(f"sealwright {name}" for name in subcommands())])


@pytest.mark.parametrize("name", TABLE)
def test_each_command_of_doit_is_shown_with_the_options_that_it_has(name: str) -> None:
    module, _, attribute = TABLE[name].partition(":")
    command = getattr(importlib.import_module(module), attribute)
    had = {option["long"] for option in command.cmd_options}
    had |= {option["inverse"] for option in command.cmd_options if option.get("inverse")}
    assert options(section(f"doit {name}")) == had


def subcommands() -> list[str]:
    told = run("sealwright --help", TOP).partition("COMMAND")[2]
    return re.findall(r"^    ([a-z][\w-]*) ", told, re.MULTILINE)


def test_each_command_of_sealwright_is_shown_with_the_options_that_it_has() -> None:
    names = subcommands()
    assert "verify" in names
    for name in names:
        had = set(re.findall(r"--([a-z][\w-]*)", run(f"sealwright {name} --help", TOP)))
        assert options(section(f"sealwright {name}")) == had - {"help"}, name


def test_a_command_is_shown_with_its_options_before_its_names() -> None:
    for usage in re.findall(r"`((?:doit|sealwright) [^`]*)`", read("docs/commands.md")):
        words = [word.strip("[]…") for word in shlex.split(usage)]
        places = [n for n, word in enumerate(words) if word in ("NAME", "PATH", "DIR")]
        given = [n for n, word in enumerate(words) if word.startswith("-") or word == "OPTION"]
        own = [n for n in places if n and words[n - 1] != "--contract"]
        assert not own or not given or max(given) < min(own), usage


# the house


def test_the_architecture_names_every_module_and_no_other() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \|", read("docs/architecture.md"), re.MULTILINE)
    assert sorted(rows) == sorted(name for name in modules() if name)


def test_the_table_of_storeys_is_that_of_the_import_linter() -> None:
    table = read("docs/architecture.md").partition("## Storeys")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| [\w -]+ \| (`.*`) \|$", table, re.MULTILINE)
    assert [sorted(re.findall(r"`(\w+)`", row)) for row in rows] == layers()


def test_the_picture_of_storeys_is_that_of_the_import_linter() -> None:
    picture = ElementTree.parse(TOP / "docs" / "architecture.svg")
    drawn = [
        (storey.get("transform"), [t.text for t in storey.iter(f"{SVG}text") if t.get("class")])
        for storey in picture.iter(f"{SVG}g")
    ]
    heights = [int(re.findall(r"\d+", str(where))[1]) for where, _ in drawn]
    assert heights == sorted(heights)
    assert [sorted(map(str, names)) for _, names in drawn] == layers()


@pytest.mark.parametrize("path", sorted(TOP.glob("docs/*.svg")), ids=relative)
def test_a_picture_brings_its_own_background_and_says_what_it_shows(path: Path) -> None:
    root = ElementTree.parse(path).getroot()
    first = root.find(f"{SVG}rect")
    assert first is not None
    assert (first.get("width"), first.get("height")) == (root.get("width"), root.get("height"))
    assert str(first.get("fill")).startswith("#")
    assert root.findtext(f"{SVG}title")
    assert root.findtext(f"{SVG}desc")


def test_the_picture_of_a_step_has_the_parts_that_the_text_numbers() -> None:
    root = ElementTree.parse(TOP / "docs" / "step.svg").getroot()
    drawn = [t.text for t in root.iter(f"{SVG}text") if t.get("class") == "name"]
    text = read("docs/engine.md").partition("## One step")[2].partition("\n## ")[0]
    told = re.findall(r"^(\d)\. .*?\*\*(\w+)", text, re.MULTILINE)
    assert [str(part).split()[:2] for part in drawn] == [[n, word.lower()] for n, word in told]


def test_the_reasons_in_the_text_are_those_that_the_judge_gives() -> None:
    text = read("docs/engine.md").partition("## Up to date")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `([\w ]+)` \|", text, re.MULTILINE)
    given = re.findall(r"^``([\w ]+)``", judge.__doc__ or "", re.MULTILINE)
    assert sorted(told) == sorted(given)
    assert len(given) > 5


def test_only_the_modules_that_the_documents_name_know_doit() -> None:
    lines = read("docs/architecture.md").splitlines()
    (sentence,) = (line for line in lines if line.endswith("know doit."))
    told = set(re.findall(r"`([\w.]+)`", sentence))
    know = {
        name
        for name, path in modules().items()
        if re.search(r"^(?:from|import) doit\b", path.read_text("utf-8"), re.MULTILINE)
    }
    family = {name.rpartition(".")[0] if ".commands." in name else name for name in know}
    assert family == told


def test_every_module_says_in_a_docstring_of_its_own_what_it_holds() -> None:
    said: dict[str, str] = {}
    for name, path in modules().items():
        told = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        first = told.partition("\n\n")[0]
        assert re.search(r"[.:?]+(\s|$)", first), f"{name}: {first!r}"
        assert len(first.split()) >= 5, f"{name}: {first!r}"
        assert told not in said, f"{name} says what {said[told]} says"
        said[told] = name
    assert len(said) > 50


def test_the_decision_on_dependencies_names_those_that_the_package_declares() -> None:
    declared = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    table = read("docs/decisions/0001-runtime-dependencies.md")
    told = re.findall(r"^\| ([\w-]+) \|", table, re.MULTILINE)
    assert sorted(told) == sorted(["package", *(re.split("[<>=]", d)[0] for d in declared)])


def test_decisions_are_numbered_without_a_gap_and_bear_their_number() -> None:
    paths = sorted((TOP / "docs" / "decisions").glob("*.md"))
    assert [path.name[:5] for path in paths] == [f"{n:04}-" for n in range(1, len(paths) + 1)]
    for path in paths:
        text = path.read_text("utf-8")
        assert text.startswith(f"# {path.name[:4]} ")
        assert "**Rejected.**" in text


# words


@pytest.mark.parametrize("path", [*DOCUMENTS, *sorted(TOP.glob("docs/*.svg"))], ids=relative)
def test_no_document_has_a_forbidden_word(path: Path) -> None:
    forbidden = document.load(TOP / "config" / "sot_pack.yaml").strings("forbidden_words")
    words = {word.lower() for word in re.findall(r"[^\W_]+", path.read_text("utf-8"))}
    digests = {digest.hexadecimal(digest.sha256(word.encode())) for word in words}
    assert forbidden
    assert digests.isdisjoint(forbidden)
