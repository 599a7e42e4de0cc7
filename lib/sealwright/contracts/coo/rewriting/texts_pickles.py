r"""Pickles, protocols 0 to 5: which modules they name, and their bytes under another name.

A class or function is named by ``GLOBAL`` and ``INST``, which hold the module themselves, or by
``STACK_GLOBAL``, which takes it from a string that was pushed before or remembered.  A string is
rewritten with its length, and with the length of the frame around it, only if nothing but
``STACK_GLOBAL`` ever takes it, and as a module.  What comes out is read again: the same opcodes
with the same arguments, but for the name.  Nothing is ever unpickled.

>>> import pickle
>>> from fractions import Fraction
>>> from sealwright.contracts.coo.rewriting.references import splice
>>> data = pickle.dumps(Fraction, 4)
>>> splice(data, read(data, Names("fractions", "coo")).edits)
b'\x80\x04\x95\x14\x00\x00\x00\x00\x00\x00\x00\x8c\x03coo\x94\x8c\x08Fraction\x94\x93\x94.'
"""

from __future__ import annotations

import pickletools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.references import Edit, splice

_WIDTHS = {"SHORT_BINUNICODE": 1, "BINUNICODE": 4, "BINUNICODE8": 8}
_GLOBALS = ("GLOBAL", "INST")
_PUT = ("PUT", "BINPUT", "LONG_BINPUT")
_GET = ("GET", "BINGET", "LONG_BINGET")
MARK = object()


@dataclass(frozen=True, slots=True)
class Op:
    """One opcode: where it begins and ends."""

    name: str
    arg: Any
    start: int
    end: int
    info: pickletools.OpcodeInfo


@dataclass(slots=True)
class Pickled:
    """What a pickle has of the package, and the edits if they are exact."""

    named: list[str] = field(default_factory=list)
    reason: str = ""
    edits: tuple[Edit, ...] = ()


def opcodes(data: bytes) -> list[Op]:
    """Return the opcodes of all pickles that ``data`` is made of; none if it is anything else."""
    stream, found = BytesIO(data), list[Op]()
    try:
        while stream.tell() < len(data):
            ops = list(pickletools.genops(stream))
            ends = [*(at or 0 for _, _, at in ops[1:]), stream.tell()]
            found += [
                Op(info.name, arg, at or 0, end, info)
                for (info, arg, at), end in zip(ops, ends, strict=True)
            ]
    except (ValueError, UnicodeError, OverflowError, MemoryError):
        return []
    return found


def read(data: bytes, names: Names) -> Pickled | None:
    """Return what a pickle has of the package; None if ``data`` is no pickle."""
    ops = opcodes(data)
    if not ops:
        return None
    found = Pickled()
    try:
        edits = list(_edits(data, ops, names, found))
    except (IndexError, KeyError):
        edits, found.reason = [], "its opcodes do not fit together"
    if edits and not found.reason:
        found.edits = _framed(data, ops, edits)
        if not _same(ops, opcodes(splice(data, found.edits)), names):
            found.edits, found.reason = (), "its strings cannot be told from module names"
    return found


def renamed(text: Any, names: Names) -> str | None:
    """Return a module's name with the new first part; None if it is no module of the package."""
    if isinstance(text, str) and text.partition(".")[0].partition(" ")[0] == names.legacy:
        return names.canonical + text[len(names.legacy) :]
    return None


def _edits(data: bytes, ops: list[Op], names: Names, found: Pickled) -> Iterator[Edit]:
    for op in ops:
        if op.name in _GLOBALS and renamed(op.arg, names):
            found.named.append(f"{op.name} {op.arg}")
            end = op.start + 1 + len(names.legacy)
            yield Edit(op.start + 1, end, names.canonical.encode(), "H3")
    for op, takers in _uses(ops):
        if renamed(op.arg, names) is None or not any(takers):
            continue
        found.named.append(f"STACK_GLOBAL {op.arg}")
        if not all(takers) or op.name not in _WIDTHS:
            found.reason = f"the string {op.arg!r} is also used as something else than a module"
        else:
            yield from _string(data, op, names, found)


def _string(data: bytes, op: Op, names: Names, found: Pickled) -> Iterator[Edit]:
    width = _WIDTHS[op.name]
    content = op.start + 1 + width
    size = op.end - content + len(names.canonical.encode()) - len(names.legacy.encode())
    if size >= 1 << 8 * width:
        found.reason = "the longer name does not fit the string's length"
    else:
        yield Edit(op.start + 1, content, size.to_bytes(width, "little"), "H3")
        end = content + len(names.legacy.encode())
        yield Edit(content, end, names.canonical.encode(), "H3")


def _framed(data: bytes, ops: list[Op], edits: list[Edit]) -> tuple[Edit, ...]:
    """Return the edits with those of the lengths of the frames around them."""
    made = list(edits)
    for op in ops:
        if op.name == "FRAME":
            last = op.end + op.arg
            inside = [edit for edit in edits if op.end <= edit.start < last]
            size = op.arg + sum(len(edit.new) - (edit.end - edit.start) for edit in inside)
            made += [Edit(op.start + 1, op.end, size.to_bytes(8, "little"), "H3")] if inside else []
    return tuple(sorted(made, key=lambda edit: edit.start))


def _uses(ops: list[Op]) -> Iterator[tuple[Op, list[bool]]]:
    """Yield each string with its takers: whether each takes it as the name of a module."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    takers: defaultdict[int, list[bool]] = defaultdict(list)
    for op in ops:
        taken = _pop(stack, op)
        if op.name in _PUT or op.name == "MEMOIZE":
            memo[op.arg if op.name in _PUT else len(memo)] = taken[-1]
            stack.append(taken[-1])
            continue
        for place, value in enumerate(taken):
            if isinstance(value, Op):
                takers[value.start].append(op.name == "STACK_GLOBAL" and place == 0)
        _push(stack, op, memo)
        if op.name == "STOP":
            stack, memo = [], {}
    for op in ops:
        if isinstance(op.arg, str) and op.start in takers:
            yield op, takers[op.start]


def _pop(stack: list[Any], op: Op) -> list[Any]:
    """Take from the stack what an opcode takes, in the order it was pushed."""
    before = op.info.stack_before
    taken: list[Any] = []
    if pickletools.markobject in before or (op.name == "POP" and stack and stack[-1] is MARK):
        while (value := stack.pop()) is not MARK:
            taken.insert(0, value)
        count = before.index(pickletools.markobject) if pickletools.markobject in before else 0
    else:
        count = len(before)
    if op.name == "MEMOIZE" or op.name in _PUT:
        return [stack.pop()]
    if count > len(stack):
        raise IndexError
    if count:
        taken = stack[-count:] + taken
        del stack[-count:]
    return taken


def _push(stack: list[Any], op: Op, memo: dict[int, Any]) -> None:
    if op.name == "MARK":
        stack.append(MARK)
    elif op.name in _GET:
        stack.append(memo[int(op.arg)])
    elif op.name not in _PUT:
        whole = op if isinstance(op.arg, str) and op.name not in _GLOBALS else None
        stack.extend(whole for _ in op.info.stack_after)


def _same(before: list[Op], after: list[Op], names: Names) -> bool:
    """Return whether two streams differ in nothing but the modules' names and the frames."""
    if [op.name for op in before] != [op.name for op in after]:
        return False
    for old, new in zip(before, after, strict=True):
        if old.name != "FRAME" and new.arg not in (old.arg, renamed(old.arg, names)):
            return False
    return all(op.name != "FRAME" or op.end + op.arg <= after[-1].end for op in after)
