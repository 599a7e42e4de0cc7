"""The text in a file that somebody else wrote, piece by piece, and where each piece stands.

===================  ==============================  =====================================
media type           a piece                         ``where``
===================  ==============================  =====================================
``text/plain``       a line                          ``line 12``
``text/markdown``    a paragraph, heading or cell    ``line 12``, the first of it
                     without its marks; a line of
                     code
``application/json`` a string, number or flag, with  a JSON pointer, ``/tasks/0/name``
                     its key before it
``application/pdf``  a line of a page                ``page 3``
===================  ==============================  =====================================

Text is UTF-8, with or without a byte order mark; JSON must have no key twice.  A PDF is read by
a program of its own (see `pdf`), with little memory and time, and without network.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from sealwright import process
from sealwright.contracts.work_orders import pdf
from sealwright.errors import ProgramFailed, Refused
from sealwright.step import Run

SUFFIX = {
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/json": ".json",
    "application/pdf": ".pdf",
}
Pieces = Iterator[tuple[str, str]]
_TIME = 120  # seconds for one PDF


def texts(data: bytes, media_type: str, run: Run) -> Pieces:
    """Yield the pieces of a file; `Refused` if it is not what its media type says."""
    if media_type == "application/pdf":
        return _pdf(data, run)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Refused(f"input: expected UTF-8, found other bytes at {problem.start}") from None
    readers: dict[str, Callable[[str], Pieces]] = {
        "text/plain": _lines,
        "text/markdown": _markdown,
        "application/json": _json,
    }
    return readers[media_type](text)


def _lines(text: str, first: int = 1) -> Pieces:
    for number, line in enumerate(text.splitlines(), first):
        yield f"line {number}", line


def _markdown(text: str) -> Pieces:
    from markdown_it import MarkdownIt  # only who reads Markdown pays for it

    number = 1
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        number = token.map[0] + 1 if token.map else number
        if token.type == "inline":
            yield f"line {number}", _inline(token.children or [])
        elif token.type in ("fence", "code_block", "html_block"):
            yield from _lines(token.content, number + (token.type == "fence"))


def _inline(tokens: list[Any]) -> str:
    """Return the text of a paragraph: words, code, the names of pictures; line ends as blanks."""
    words = {"softbreak": " ", "hardbreak": "\n"}
    return "".join(words.get(token.type, token.content) for token in tokens)


def _json(text: str) -> Pieces:
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise Refused(f"input: expected JSON, found {problem}") from None
    yield from _values(value, "", "")


def _values(value: Any, pointer: str, key: str) -> Pieces:
    if isinstance(value, dict):
        for name, inner in value.items():
            part = name.replace("~", "~0").replace("/", "~1")
            yield from _values(inner, f"{pointer}/{part}", name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _values(inner, f"{pointer}/{number}", key)
    elif value is not None:
        said = value if isinstance(value, str) else json.dumps(value)
        yield pointer, f"{key}: {said}" if key else said


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice in one object")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name}, which is no number")


def _pdf(data: bytes, run: Run) -> Pieces:
    argv = [sys.executable, "-I", "-B", pdf.__file__]
    environment = process.allow_listed(["LD_LIBRARY_PATH"])
    try:
        done = process.run(argv, cwd=run.folder(), env=environment, stdin=data, timeout=_TIME)
    except ProgramFailed as problem:
        raise Refused(f"input: expected a PDF that can be read, found: {problem}") from None
    for number, page in enumerate(json.loads(done.out), 1):
        for line in page.splitlines():
            yield f"page {number}", line
