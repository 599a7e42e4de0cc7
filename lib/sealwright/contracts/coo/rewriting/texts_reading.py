"""A file as text: UTF-8, with or without a mark; anything else is left to a person (H4)."""

from __future__ import annotations

import codecs
import re

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.references import Found, Index, Question
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.paths import RelPath

_WIDE = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def open_sheet(path: RelPath, data: bytes, names: Names, index: Index) -> Sheet | Found:
    """Return the file as a sheet, or what is to be asked about it."""
    encoding = next((name for mark, name in _WIDE if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        why = f"the file mentions the package, but is no {encoding.upper()} text"
        return unread(data, names, why, error.start)
    if encoding == "utf-8":
        return Sheet(path, text, names, index)
    both = data + b"\n" + text.encode()
    return unread(both, names, "the file is UTF-16, which no rule reads", 0)


def mentions(data: bytes, names: Names) -> int:
    """Return how often the name stands in any bytes, with no letter or digit at its sides."""
    return len(re.findall(rb"(?<!\w)" + re.escape(names.legacy.encode()) + rb"(?!\w)", data))


def unread(data: bytes, names: Names, why: str, at: int) -> Found:
    """Return the question about a file that cannot be read, if it has the name at all."""
    if not mentions(data, names):
        return Found()
    begin = data.rfind(b"\n", 0, at) + 1
    line = data.count(b"\n", 0, begin) + 1
    return Found((), (Question(line, at - begin, "H4", names.legacy, why),), 0)
