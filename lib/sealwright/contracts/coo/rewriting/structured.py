"""Configuration, by key: what each string is for is known, or it is asked.

=====================================================  ======================================
``pyproject.toml`` and other ``.toml``                 `structured_toml`, `structured_keys`
``setup.cfg``, ``tox.ini``, ``.coveragerc``, ``.ini``  `structured_ini`, `structured_keys`
``.json``                                              `structured_json`
``.yml``, ``.yaml``                                    `structured_yaml`
``MANIFEST.in``, requirements, makefiles, shells       `structured_lines`
``….egg-info/``, ``….dist-info/``                      `structured_metadata`
=====================================================  ======================================

Bytes outside the names stay.  Distributions, groups of entry points, commands, options and URLs
keep their names.  Every TOML, JSON and INI file is read again after its edits.

A file may need an edit though it does not hold the name: `always` says which.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import (
    structured_backends,
    structured_customs,
    structured_ini,
    structured_json,
    structured_lines,
    structured_metadata,
    structured_toml,
    structured_yaml,
)
from sealwright.contracts.coo.rewriting.references import Found, Index, Question
from sealwright.contracts.coo.rewriting.structured_keys import kind, known
from sealwright.contracts.coo.rewriting.structured_kinds import KINDS, unknown
from sealwright.contracts.coo.rewriting.structured_places import Place, Unreadable
from sealwright.contracts.coo.rewriting.texts_reading import open_sheet
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.contracts.coo.rewriting.texts_words import DOTTED, MODULES, OBJECT, OTHER, PATH
from sealwright.errors import Damaged
from sealwright.paths import RelPath

Reader = Callable[[str], list[Place]]
_INI = ("tox.ini", "pytest.ini", ".coveragerc", "setup.cfg", ".flake8", ".pylintrc", "pylintrc")
_LOCKS = (
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "Pipfile.lock",
    "package-lock.json",
    "conda-lock.yml",
)
_LINES = (
    (re.compile(r"MANIFEST\.in"), structured_lines.manifest),
    (
        re.compile(r"[\w.-]*(?:requirements|constraints)[\w.-]*\.(?:txt|in)"),
        structured_lines.requirements,
    ),
    (re.compile(r"(?:GNU)?[Mm]akefile(?:\..*)?|.*\.mk|[Jj]ustfile"), structured_lines.recipes),
    (
        re.compile(r"Dockerfile.*|Procfile|.*\.(?:sh|bash|zsh|fish|bat|cmd|ps1)"),
        structured_lines.recipes,
    ),
)


def owns(path: RelPath) -> bool:
    """Return whether a file is configuration, by its name."""
    return _reader(path) is not None or _by_lines(path) is not None


def always(path: RelPath) -> bool:
    """Return whether a file may need an edit that does not hold the name."""
    return posixpath.basename(path) in ("pyproject.toml", "setup.cfg")


def scan(path: RelPath, data: bytes, names: Names, index: Index) -> Found:
    """Return what is found in one file of configuration."""
    sheet = open_sheet(path, data, names, index)
    if isinstance(sheet, Found):
        return sheet
    name = posixpath.basename(path)
    if name in _LOCKS:
        return sheet.found()
    if by_lines := _by_lines(path):
        by_lines(sheet)
        return sheet.found()
    reader = _reader(path)
    return sheet.found() if reader is None else _by_key(sheet, name, reader)


def _by_lines(path: RelPath) -> Callable[[Sheet], None] | None:
    if found := structured_metadata.scanner(path):
        return found
    name = posixpath.basename(path)
    if name in structured_lines.IGNORING:
        return structured_lines.ignored
    return next((act for pattern, act in _LINES if pattern.fullmatch(name)), None)


def _reader(path: RelPath) -> Reader | None:
    name = posixpath.basename(path)
    if name.endswith(".toml") or name in _LOCKS or name == "Pipfile":
        return structured_toml.places
    if name in _INI or name.endswith((".ini", ".cfg")):
        return structured_ini.places
    if name.endswith((".json", ".jsonc", ".all-contributorsrc")):
        return structured_json.places
    return structured_yaml.places if name.endswith((".yml", ".yaml", ".cff")) else None


def _by_key(sheet: Sheet, name: str, reader: Reader) -> Found:
    try:
        found = reader(sheet.text)
    except Unreadable:
        unknown(sheet, 0, len(sheet.text))  # a template, or written wrong on purpose
        return sheet.found()
    for place in found:
        if not any(True for _ in sheet.within(place.start, place.end)):
            continue
        (_key if place.role == "key" else _value)(sheet, name, place)
    if name == "pyproject.toml":
        structured_backends.name_the_package(sheet, found)
    elif name == "setup.cfg":
        structured_backends.pbr(sheet, found)
    made = sheet.found()
    return made if reader is structured_yaml.places else _read_again(sheet, made, found, reader)


def _kind(name: str, place: Place) -> str:
    if (
        not name.endswith((".yml", ".yaml", ".cff", ".json", ".jsonc"))
        or name == "pyrightconfig.json"
    ):
        return kind(known(name, place.keys), place.role) if place.keys else "unknown"
    if place.role == "key":
        return "unknown"
    return structured_customs.kind(place.keys)


def _value(sheet: Sheet, name: str, place: Place) -> None:
    found = _kind(name, place)
    if found == "ini":
        _nested(sheet, place)
    else:
        KINDS[found](sheet, place.start, place.end)


def _nested(sheet: Sheet, place: Place) -> None:
    """Decide about an INI file that is a string of another."""
    try:
        inner = structured_ini.places(sheet.text[place.start : place.end])
    except Unreadable:
        return unknown(sheet, place.start, place.end)
    for each in inner:
        at = Place(each.keys, each.start + place.start, each.end + place.start, each.role)
        (_key if at.role == "key" else _value)(sheet, "tox.ini", at)
    return None


def _key(sheet: Sheet, name: str, place: Place) -> None:
    section = place.keys[-1].startswith("mypy-") and len(place.keys) == 1
    found = _kind(name, place)
    for word in sheet.within(place.start, place.end):
        if section and (word.kind in MODULES or sheet.text[word.left : word.start] == "mypy-"):
            sheet.rewrite(word, "R9")
        elif found in ("group", "never"):
            KINDS[found](sheet, word.left, word.right)
        elif word.kind in (DOTTED, OBJECT) and sheet.resolves(word):
            sheet.rewrite(word, "R3")
        elif found != "unknown" and word.kind != OTHER:
            KINDS[found](sheet, word.left, word.right)
        elif word.kind == PATH and sheet.exists(word):
            sheet.rewrite(word, "R8")
        else:
            sheet.mention(word)


def _read_again(sheet: Sheet, made: Found, before: list[Place], reader: Reader) -> Found:
    """Read the edited text, which has the same keys and strings, but for the name."""
    data = bytearray(sheet.text.encode())
    for edit in reversed(made.edits):
        data[edit.start : edit.end] = edit.new
    added = sum(edit.rule == "R10" for edit in made.edits)
    try:
        after = reader(data.decode())
    except Unreadable as error:
        why = f"with {sheet.names.canonical} for the package, it cannot be read: {error}"
        first = next(iter(made.edits), None)
        line = sheet.text.encode()[: first.start].count(b"\n") + 1 if first else 1
        return Found((), (Question(line, 0, "H2", sheet.names.legacy, why),), len(sheet.words))
    if not added and len(after) != len(before):
        raise Damaged(f"{sheet.path}: expected as many strings after the edits as before")
    return made
