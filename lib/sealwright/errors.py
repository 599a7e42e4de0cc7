"""What can go wrong, split by who has to act.

=================  ====  ==========================================================
kind               exit  who acts
=================  ====  ==========================================================
``Refused``        1     the operator: a rule says no, and the message says what
                         would satisfy it
``ProgramFailed``  1     whoever owns the program that ran
``Damaged``        2     the keeper of the evidence: bytes are not what was recorded
``Misconfigured``  3     the author of a configuration file or of a graph
=================  ====  ==========================================================

A message is one sentence: the object, what was expected, what was found, and what
to do about it; no capital at the start, no full stop at the end.  Anything that is
not one of these is a bug, and keeps its traceback (exit 2).
"""

from __future__ import annotations


class SealwrightError(Exception):
    """The root of all expected failures; ``code`` is the exit code of its kind."""

    code = 2


class Refused(SealwrightError):
    """A rule said no: a dirty tree, a held lock, a missing approval."""

    code = 1


class ProgramFailed(SealwrightError):
    """A program that we ran ended badly, too late, or could not be started."""

    code = 1


class Damaged(SealwrightError):
    """Recorded bytes and present bytes differ, or a record cannot be read."""

    code = 2


class Misconfigured(SealwrightError):
    """A configuration file or a graph of steps makes no sense; ``file:line:col`` where known."""

    code = 3
