"""The front matter of a packet: what kind of document it is.

Ten keys, all of them needed.  ``tier`` is ``local``, ``status`` is ``draft`` or ``validated``,
``lifecycle_classification`` is ``planning`` and ``core_promotion_status`` is ``not-promoted``: a
packet that claims to be more is refused, since no word in it gives leave to do anything.  The two
dates are text here, quoted or not.
"""

from __future__ import annotations

import re

from sealwright import document
from sealwright.contracts.workflow.packet.model import Front
from sealwright.document import Table
from sealwright.errors import Misconfigured

_BARE_DATE = re.compile(r"^(created|last_reviewed):( +)([0-9]{4}-[0-9]{2}-[0-9]{2})[ ]*$", re.M)
_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")


def read(text: str, above: int, name: str) -> Front:
    """Return the front matter ``text``, which begins after ``above`` lines of the file ``name``."""
    quoted = _BARE_DATE.sub(r'\1:\2"\3"', text)
    with document.parse(("\n" * above + quoted).encode(), name) as table:
        return Front(
            name=_filled(table, "name"),
            tier=table.one_of("tier", ["local"]),
            status=table.one_of("status", ["draft", "validated"]),
            owner=_filled(table, "owner"),
            source=_filled(table, "source"),
            created=_date(table, "created"),
            last_reviewed=_date(table, "last_reviewed"),
            lifecycle_classification=table.one_of("lifecycle_classification", ["planning"]),
            core_promotion_status=table.one_of("core_promotion_status", ["not-promoted"]),
            description=_filled(table, "description"),
        )


def _filled(table: Table, key: str) -> str:
    text = table.string(key)
    if not text.strip():
        raise table.wrong(key, "text")
    return text


def _date(table: Table, key: str) -> str:
    text = table.string(key)
    if not _DATE.fullmatch(text):
        raise Misconfigured(f"{table.where(key)}: expected a date YYYY-MM-DD, found {text!r}")
    return text
