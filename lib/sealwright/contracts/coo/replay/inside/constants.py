"""What each replay sees, on whatever machine: the numbers and names of document 003, §11.1."""

from __future__ import annotations

SEED = 0xDEADBEEF
EPOCH = 1735689600  # 2025-01-01T00:00:00Z
INSTANT = "2025-01-01 00:00:00"  # the same, in UTC, as libfaketime and SQLite write it
HOST = USER = "replay"
NUMBER = 1000  # of the user and the group
NODE = 0x02005EADBEEF  # the hardware address in a `uuid.uuid1`: locally administered
