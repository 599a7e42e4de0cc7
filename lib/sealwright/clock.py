"""Time as an argument: a run has one `Instant`, taken at the doorway.

An instant is a whole number of seconds since 1970-01-01T00:00:00Z, so that two runs
with the same ``SOURCE_DATE_EPOCH`` write the same bytes.  Durations come from a
monotonic `Stopwatch` and appear in receipts only, never in a digest.

>>> Instant(1735689600).iso(), Instant(1735689600).compact()
('2025-01-01T00:00:00Z', '20250101T000000Z')
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sealwright.errors import Misconfigured

LAST = 253402300799  # 9999-12-31T23:59:59Z, the last second that ISO 8601 writes with four digits


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """A point in time, in whole seconds of UTC."""

    seconds: int

    def iso(self) -> str:
        """Return ``YYYY-MM-DDTHH:MM:SSZ``."""
        return self._format("%Y-%m-%dT%H:%M:%SZ")

    def compact(self) -> str:
        """Return ``YYYYMMDDTHHMMSSZ``, the time stamp used in names."""
        return self._format("%Y%m%dT%H%M%SZ")

    def _format(self, pattern: str) -> str:
        return datetime.fromtimestamp(self.seconds, UTC).strftime(pattern)


@dataclass(slots=True)
class Stopwatch:
    """Seconds since it was made, from a clock that never goes back."""

    started: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        """Return the seconds passed so far."""
        return time.monotonic() - self.started


def now(environment: Mapping[str, str]) -> Instant:
    """Return the instant of this run: ``SOURCE_DATE_EPOCH`` if set, else the system's clock.

    Raises `Misconfigured` if the variable is not a whole number of seconds up to the year 9999.
    """
    stated = environment.get("SOURCE_DATE_EPOCH")
    if stated is None:
        return Instant(int(time.time()))
    if not (stated.isascii() and stated.isdigit() and int(stated) <= LAST):
        raise Misconfigured(
            f"SOURCE_DATE_EPOCH: expected whole seconds from 0 to {LAST}, found {stated!r}"
        )
    return Instant(int(stated))
