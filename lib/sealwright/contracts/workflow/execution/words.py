"""What a foreign program printed, fit to be kept: bounded, legible, and without secrets.

Each line is looked at by itself; one that looks like a secret says only which kind.  What would
steer a terminal becomes ``?``, and a last line says how much is missing.

>>> kept(b"done\\x1b[2J\\nkey: https://me:hunter22@example.org\\n", lost=7)
b'done?[2J\\n<scrubbed: Basic Auth Credentials>\\n<7 more bytes were not kept>\\n'
"""

from __future__ import annotations

from sealwright import secrets
from sealwright.sandbox.cage import Came
from sealwright.verdict import legible

LINE = 4096  # characters of a line that are kept


def scrubbed(came: Came) -> bytes:
    """Return what a program printed, as it may be kept."""
    return kept(came.output, lost=came.lost)


def kept(output: bytes, *, lost: int = 0) -> bytes:
    """Return ``output`` as it may be kept; ``lost`` bytes of it are missing already."""
    text = output.decode("utf-8", "replace")
    lines = [_line(line) for line in text.split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    if lost:
        lines.append(f"<{lost} more bytes were not kept>")
    return "".join(f"{line}\n" for line in lines).encode()


def _line(line: str) -> str:
    shown = legible(line.rstrip("\r"))
    if len(shown) > LINE:
        shown = f"{shown[:LINE]}<{len(shown) - LINE} more characters were not kept>"
    return str(secrets.scrubbed(shown))
