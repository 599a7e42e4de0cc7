"""What every Python of the environment does first: see `sealwright.contracts.coo.suite`.

It is called by a ``.pth`` file of the environment, therefore in children with a cleaned
environment as well.
"""

from __future__ import annotations

import os
import sys

from . import place  # noqa: TID252 - its name is another there


def begin() -> None:
    """Set up the search path, the tripwire, and what listens to tests."""
    sys.dont_write_bytecode = True
    at = sys.path.index(os.path.dirname(os.path.dirname(__file__)))
    sys.path[at:at] = [folder for folder in place.FIRST if folder not in sys.path]
    if place.HIDDEN:
        from . import looks  # noqa: TID252

        looks.install()
    if "SEALWRIGHT_SUITE" in os.environ:  # noqa: TID251 - there is no Sealwright here
        os.umask(0o022)
        from . import on_unittest  # noqa: TID252

        on_unittest.install()
