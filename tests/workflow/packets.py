"""A packet that a person could have written, and edits of it."""

from __future__ import annotations

from sealwright.contracts.workflow import packet
from sealwright.contracts.workflow.packet import Packet

ID = "CTO-WORK-049"
TARGET = "targets/strings"
ADMISSION = "admissions/strings.json"
SENTENCE = f"I approve {ID} against {TARGET} for the slug alignment task."
NAME = "docs/packet.md"
_FILLED = [
    ("name: REPLACE-ME", "name: first-packet"),
    ("status: draft ", "status: validated "),
    ("Status: draft of an", "Status: validated as an"),
    ("owner: REPLACE-ME", "owner: jp"),
    ("source: REPLACE-ME", "source: docs/plan.md"),
    ("description: REPLACE-ME", "description: The first packet."),
    ("# REPLACE-ME\n\nLocal", "# A first packet\n\nLocal"),
    ("What says REPLACE-ME has", "What is open has"),
    ("`targets/REPLACE-ME`", f"`{TARGET}`"),
    ("`admissions/REPLACE-ME.json`", f"`{ADMISSION}`"),
    ("Repository owner: `REPLACE-ME`", "Repository owner: `jp`"),
    ("state: REPLACE-ME", "state: clean `main` branch"),
    ("Task: REPLACE-ME", "Task: align the slugs of `src/strings.py`\nwith those of `strings.py`."),
    ("- `REPLACE-ME`\n", "- `src/strings.py`\n- `test_strings.py`\n"),
    ("- REPLACE-ME\n", "- `src/strings.py` splits at white space.\n"),
    ("execution, REPLACE-ME must", "execution, JP must"),
    (f"I approve {ID} against targets/REPLACE-ME for the REPLACE-ME task.", SENTENCE),
]


def edited(text: str, *edits: tuple[str, str]) -> str:
    """Return ``text`` with each edit made at the one place that it fits."""
    for before, after in edits:
        assert text.count(before) == 1, (before, text.count(before))
        text = text.replace(before, after)
    return text


TEXT = edited(packet.template(ID).decode(), *_FILLED)


def parsed(*edits: tuple[str, str]) -> Packet:
    """Return the packet with some edits."""
    return packet.parse(edited(TEXT, *edits).encode(), NAME)


def line_of(text: str, *edits: tuple[str, str]) -> int:
    """Return the number of the first line of the packet that holds ``text``."""
    lines = edited(TEXT, *edits).split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)
