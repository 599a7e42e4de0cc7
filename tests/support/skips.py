"""Skipping a test that needs a foreign program, or failing where none may be skipped."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def skip(reason: str) -> NoReturn:
    """Skip this test by name; with SEALWRIGHT_NO_SKIPS set, fail it."""
    if os.environ.get("SEALWRIGHT_NO_SKIPS"):
        pytest.fail(f"nothing may be skipped here, but {reason}")
    pytest.skip(reason)
