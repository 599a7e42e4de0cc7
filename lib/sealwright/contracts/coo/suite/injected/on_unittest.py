"""What unittest found, test by test: its results are listened to as soon as it is imported.

The outermost result is that of the first runner that starts; results that tests make are theirs.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
from typing import Any

from . import place  # noqa: TID252 - its name is another there
from . import session as sessions  # noqa: TID252

_WORDS = {
    "addSuccess": "passed",
    "addError": "error",
    "addFailure": "failed",
    "addSkip": "skipped",
    "addExpectedFailure": "xfailed",
    "addUnexpectedSuccess": "xpassed",
}


class _Listener:
    """The session at work, if there is one."""

    def __init__(self) -> None:
        self.folder = ""
        self.result: Any = None
        self.session: sessions.Session | None = None
        self.clear()

    def clear(self) -> None:
        self.collected: list[str] = []
        self.rows: list[tuple[str, str]] = []
        self.failures: list[tuple[str, str, str]] = []

    def begin(self, result: Any) -> None:
        self.folder = self.folder or sessions.claim()
        if self.result is None and self.folder:
            self.result = result
            self.session = sessions.Session(self.folder, "unittest")

    def end(self) -> None:
        if self.session is not None:
            self.session.end(
                collected=self.collected, exit_code=None, failures=self.failures, results=self.rows
            )
        self.result = self.session = None
        self.clear()

    def start(self, test: Any) -> None:
        sessions.current = sessions.legible(test.id())
        self.collected.append(sessions.current)
        self._told = len(self.rows)

    def stop(self, test: Any) -> None:
        """Count a test of which only parts were told, since they failed, as failed."""
        if all(name != sessions.current for name, _ in self.rows[self._told :]):
            self.note(test, "failed", None)
        sessions.current = ""

    def note(self, test: Any, word: str, error: Any) -> None:
        name = sessions.legible(test.id())
        self.rows.append((name, word))
        if isinstance(error, tuple) and word in ("failed", "error"):
            self.failures.append((name, _line(error[2]), sessions.legible(error[1], 2000)))


def _line(trace: Any) -> str:
    """Return the last line of the suite's tree that a traceback goes through."""
    found = ""
    while trace is not None:
        file = os.path.abspath(trace.tb_frame.f_code.co_filename)
        if file.startswith(place.TREE + os.sep):
            found = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return sessions.legible(found)


_listener = _Listener()


def _heard(name: str, result: Any, *about: Any) -> None:
    """Take notice of a call of one method of a result."""
    if name == "startTestRun":
        _listener.begin(result)
    elif result is not _listener.result:
        return
    elif name == "stopTestRun":
        _listener.end()
    elif name == "startTest":
        _listener.start(about[0])
    elif name == "stopTest":
        _listener.stop(about[0])
    elif name == "addSubTest":
        test, part, error = about
        failed = error is not None and issubclass(error[0], test.failureException)
        word = "passed" if error is None else "failed" if failed else "error"
        _listener.note(part, word, error)
    else:
        _listener.note(about[0], _WORDS[name], about[1] if len(about) > 1 else None)


def _listen(module: Any) -> None:
    """Make the results of ``unittest.result`` tell what they are told."""
    others = ("startTestRun", "stopTestRun", "startTest", "stopTest", "addSubTest")
    for name in (*_WORDS, *others):
        _wrap(module.TestResult, name)


def _wrap(kind: Any, name: str) -> None:
    original = getattr(kind, name)

    def told(self: Any, *arguments: Any, **named: Any) -> Any:
        _heard(name, self, *arguments, *named.values())
        return original(self, *arguments, **named)

    told.__name__, told.__doc__ = name, original.__doc__
    setattr(kind, name, told)


def _overlook(module: Any) -> None:
    """Make the loaders of ``unittest.loader`` leave out the legacy package."""
    original = module.TestLoader._find_test_path

    def found(self: Any, full_path: str, *more: Any) -> Any:
        retired = os.path.abspath(full_path) in place.RETIRED
        return (None, False) if retired else original(self, full_path, *more)

    module.TestLoader._find_test_path = found


class _Watcher:
    """A finder that changes two modules when they are imported, and finds no other."""

    _CHANGES = {"unittest.result": _listen, "unittest.loader": _overlook}  # noqa: RUF012

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        change = self._CHANGES.get(name)
        spec = importlib.machinery.PathFinder.find_spec(name, path) if change else None
        if spec is None or spec.loader is None or change is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            change(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def install() -> None:
    """Wait for unittest."""
    sys.meta_path.insert(0, _Watcher())
