"""Compensation: how the effects of an operation that failed are taken back, as data.

Nothing is run here.  A compensation is a type and a command; the command is a list of words
that the caller's executor is given, never a line for a shell.  Each type has one form:

==================  ==================================================================
type                command
==================  ==================================================================
``none``            nothing
``git_checkout``    ``git --literal-pathspecs checkout COMMIT -- PATH…``
``git_reset_head``  ``git --literal-pathspecs reset HEAD -- PATH…``
``git_reset_soft``  ``git reset --soft COMMIT``
``git_reset_hard``  ``git reset --hard COMMIT``
``git_clean``       ``git --literal-pathspecs clean -f -d -- PATH…``
``fs_delete``       ``fs_delete PATH…``
``fs_restore``      ``fs_restore PATH…``
``custom``          one of the commands that the caller pinned, word for word
==================  ==================================================================

``COMMIT`` is ``HEAD`` or the 40 or 64 hexadecimal digits of a commit.  There is at least one
``PATH``, and each is one of the paths of the operation, so an envelope that allows the
operation has been asked about it.  ``fs_delete`` and ``fs_restore`` are no programs: the
executor knows what they mean, and from where it restores.  The two resets without paths
reach the whole repository; what they did to protected files is asked afterwards.

>>> undo = Compensation("fs_delete", ("fs_delete", "a"))
>>> validate(undo, ["a"])
>>> try:
...     validate(undo, ["b"])
... except ValueError as problem:
...     print(problem)
compensation fs_delete: expected paths of the operation, found 'a'
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_GIT = ("git", "--literal-pathspecs")
_COMMIT = "COMMIT"
_FORMS = {  # the words before the paths
    "git_checkout": (*_GIT, "checkout", _COMMIT, "--"),
    "git_reset_head": (*_GIT, "reset", "HEAD", "--"),
    "git_clean": (*_GIT, "clean", "-f", "-d", "--"),
    "fs_delete": ("fs_delete",),
    "fs_restore": ("fs_restore",),
}
_WHOLE = {  # without paths
    "git_reset_soft": ("git", "reset", "--soft", _COMMIT),
    "git_reset_hard": ("git", "reset", "--hard", _COMMIT),
    "none": (),
}
TYPES = (*_WHOLE, *_FORMS, "custom")
_IS_COMMIT = re.compile(r"HEAD|[0-9a-f]{40}|[0-9a-f]{64}")
_BAD = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def _is_word(word: object) -> bool:
    return type(word) is str and word != "" and not _BAD.search(word)


@dataclass(frozen=True)
class Compensation:
    """How effects are taken back; `ValueError` for a type or a word that there is not."""

    type: str = "none"
    command: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"compensation: expected one of {TYPES}, found {self.type!r}")
        if type(self.command) is not tuple or not all(map(_is_word, self.command)):
            raise ValueError(
                f"compensation {self.type}: expected a tuple of words without control characters, "
                f"found {self.command!r:.200}"
            )


NONE = Compensation()


def validate(compensation: Compensation, paths: Collection[str]) -> None:
    """Raise `ValueError` unless the command has the form of its type and names only ``paths``.

    Of ``custom`` it is only asked that there is a command; `permit` asks which.
    """
    kind, command = compensation.type, compensation.command
    if kind == "custom":
        if not command:
            raise ValueError("compensation custom: expected a command, found none")
        return
    form = _FORMS.get(kind, _WHOLE.get(kind, ()))
    named = command[len(form) :]
    if not _fits(command[: len(form)], form) or bool(named) is not (kind in _FORMS):
        wanted = " ".join((*form, "PATH…") if kind in _FORMS else form) or "nothing"
        raise ValueError(f"compensation {kind}: expected {wanted}, found {list(command)!r:.200}")
    for path in named:
        if path not in paths:
            raise ValueError(
                f"compensation {kind}: expected paths of the operation, found {path!r}"
            )


def permit(compensation: Compensation, custom: Collection[tuple[str, ...]]) -> None:
    """Raise `ValueError` for a custom command that is not, word for word, one of ``custom``."""
    if compensation.type == "custom" and compensation.command not in custom:
        raise ValueError(
            "compensation custom: expected one of the pinned commands, "
            f"found {list(compensation.command)!r:.200}"
        )


def _fits(words: tuple[str, ...], form: tuple[str, ...]) -> bool:
    return len(words) == len(form) and all(
        _IS_COMMIT.fullmatch(word) if wanted == _COMMIT else word == wanted
        for word, wanted in zip(words, form, strict=True)
    )
