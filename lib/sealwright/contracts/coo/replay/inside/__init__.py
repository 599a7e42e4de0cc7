"""The layer inside a Python: what a program of a mission, and each Python it starts, sees.

This package is copied into a folder that stands first in ``PYTHONPATH``, as ``_replay``, beside a
``sitecustomize`` that calls `install`.  It needs the standard library and nothing else, and works
in any Python from 3.9 on; only ``time_machine``, which sets the clock where no preloaded library
does, lies beside it.  What it is to do stands in ``settings.json`` beside it::

    {"clock": "time-machine", "host": "replay", "seeded": ["secrets"], "user": "replay"}

``clock``   ``time-machine``, or empty where something else has set the clock
``host``    the name of the host, or null where the machine itself has that name
``user``    the name of the user, likewise
``seeded``  which of ``secrets`` and ``os.urandom`` are seeded

A ``sitecustomize`` of the environment itself is not run.  A Python that is told to ignore its
environment (``-I``, ``-E``, ``-S``) has no layer, and what it draws is found by comparison.

A layer that cannot be installed ends the Python: one without a layer would only look like a replay.
"""

# ruff: noqa: TID252 - it is imported under another name, and is what it replaces

from __future__ import annotations

import json
import os
import sys
import traceback

from . import clock, databases, identity, listings, randomness
from .after_import import watch

FAILED = 70  # the exit code of a Python whose layer could not be installed


def install() -> None:
    """Put the layer between this Python and the world."""
    try:
        place = os.path.join(os.path.dirname(__file__), "settings.json")
        with open(place, encoding="utf-8") as file:
            settings = json.load(file)
        watch()
        identity.install(settings["host"], settings["user"])  # first: others ask, and remember
        clock.install(settings["clock"])
        randomness.install(settings["seeded"])
        listings.install()
        databases.install()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(FAILED)
