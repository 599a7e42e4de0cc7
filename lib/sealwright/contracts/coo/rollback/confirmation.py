"""The request of a rollback, and its confirmation by a person (document 003, §12.1–2).

A failure of the migration or of a gate makes a request, one for each attempt::

    coo/manifests/rollback_request.json
    {"attempt":1,"format":"sealwright/rollback-request/1","reason":"gate D: …",
     "token_before":null}

and nothing more happens by itself.  A person agrees with ``inv rollback``, which shows what would
be done and asks for the word, or with a file ``CONFIRM_ROLLBACK`` at the top of the repository
that holds exactly ``CONFIRM_ROLLBACK`` and at most one newline.  A file that was there before
the request counts for nothing (``token_before`` tells which one that was, by inode, change time
and digest), nor does a link; the file is taken away by the rollback that it confirmed.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from sealwright import digest, durable
from sealwright.errors import Refused
from sealwright.runtime import canonical

FORMAT = "sealwright/rollback-request/1"
TOKEN = b"CONFIRM_ROLLBACK"
FILE = "CONFIRM_ROLLBACK"
REQUEST = "rollback_request.json"
GOING_BACK = 'inv rollback --reason "…"'  # the way out of a migrated tree that nothing asked for
WAY = f"printf {FILE} > {FILE}, or inv rollback"
_KEYS = {"attempt", "format", "reason", "token_before"}


class RollbackAbortedException(Refused):
    """The confirmation is missing, or is not exactly what it has to be."""


def request(top: Path, attempt: int, reason: str) -> bytes:
    """Return the request of an attempt, which tells of a token that is there too early."""
    about = {"attempt": attempt, "format": FORMAT, "reason": reason, "token_before": _seen(top)}
    return canonical.line(about)


def whole(asked: bytes) -> bool:
    """Return whether bytes are those of a request."""
    try:
        about = canonical.decode_line(asked)
        return bool(about.keys() == _KEYS and about["format"] == FORMAT)
    except (AttributeError, ValueError):
        return False


def confirmed(top: Path, asked: bytes) -> None:
    """Return if a person confirmed the request ``asked``; `RollbackAbortedException` if not."""
    place, way = top / FILE, WAY
    about = canonical.decode_line(asked)
    try:
        mode = os.lstat(place).st_mode
    except FileNotFoundError:
        what = f"a confirmation of the rollback ({about['reason']})"
        raise RollbackAbortedException(f"{FILE}: expected {what}, found none; {way}") from None
    if not stat.S_ISREG(mode):
        found = durable.kind(mode)
        raise RollbackAbortedException(f"{FILE}: expected a file, found {found}; rm it, then {way}")
    if _seen(top) == about["token_before"]:
        early = "found one that was there before the request"
        raise RollbackAbortedException(
            f"{FILE}: expected a new confirmation, {early}; rm it, then {way}"
        )
    if place.stat().st_size > len(TOKEN) + 1 or place.read_bytes() not in (TOKEN, TOKEN + b"\n"):
        raise RollbackAbortedException(
            f"{FILE}: expected exactly {TOKEN.decode()}, found something else; rm it, then {way}"
        )


def _seen(top: Path) -> dict[str, Any] | None:
    """Return what tells a token from one that is made later, or None where there is none."""
    place = top / FILE
    try:
        info = os.lstat(place)
    except FileNotFoundError:
        return None
    data = place.read_bytes() if stat.S_ISREG(info.st_mode) else b""
    return {"inode": info.st_ino, "changed": str(info.st_ctime_ns), "sha256": digest.sha256(data)}
