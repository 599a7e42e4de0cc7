"""SQLite's own clock and chance, which it takes from C: ``datetime('now')``, ``random()``.

Each connection that `sqlite3.connect` makes gets functions of these names that put the instant of
the replay in the place of ``now``, and leave the rest to SQLite itself.
"""

# ruff: noqa: TID251, TID252

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .after_import import after_import
from .constants import INSTANT, SEED
from .replacing import replace

_DATES = {"date": 0, "time": 0, "datetime": 0, "julianday": 0, "unixepoch": 0, "strftime": 1}
_CURRENT = {"current_timestamp": "datetime", "current_date": "date", "current_time": "time"}


def install() -> None:
    """Arm each connection of SQLite."""
    after_import("sqlite3", _patch)


def _patch(module: Any) -> None:
    clean = module.connect(":memory:", check_same_thread=False)

    def connecting(real: Callable[..., Any]) -> Callable[..., Any]:
        def connect(*words: Any, **named: Any) -> Any:
            made = real(*words, **named)
            _arm(made, clean)
            return made

        return connect

    replace(module, "connect", connecting)
    module.dbapi2.connect = module.connect


def _arm(made: Any, clean: Any) -> None:
    import random

    generator = random.Random(SEED)
    for name, place in _DATES.items():
        if _known(clean, name, place):
            made.create_function(name, -1, _dated(clean, name, place), deterministic=True)
    for name, asked in _CURRENT.items():
        made.create_function(name, 0, _dated(clean, asked, 0), deterministic=True)
    made.create_function("random", 0, lambda: generator.getrandbits(64) - 2**63)
    made.create_function("randomblob", 1, lambda size: generator.randbytes(max(1, size or 0)))


def _dated(clean: Any, name: str, place: int) -> Callable[..., Any]:
    def dated(*words: Any) -> Any:
        given = list(words)
        if len(given) == place:
            given.append(INSTANT)
        elif isinstance(given[place], str) and given[place].lower() == "now":
            given[place] = INSTANT
        marks = ",".join("?" * len(given))
        return clean.execute(f"SELECT {name}({marks})", given).fetchone()[0]

    return dated


def _known(clean: Any, name: str, place: int) -> bool:
    try:
        _dated(clean, name, place)(*["%s"][:place])
    except Exception:
        return False
    return True
