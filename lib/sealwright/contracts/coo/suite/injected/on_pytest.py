"""What pytest found, test by test: a plugin that the environment loads.  PYTEST_DONT_REWRITE.

It is loaded by a variable that it takes away, so that a session in a session, or a worker, does
not load it.  The results of workers reach the session that started them.
"""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from . import place  # noqa: TID252 - its name is another there
from .session import Session, claim, legible  # noqa: TID252

_FOLDER = claim()
_FINAL = {"passed", "failed", "skipped"}
_CACHE, _LONG = "cache_dir", "parametrize_long_str_id_strategy"
_session: Session | None = None
_collected: dict[str, None] = {}
_rows: list[tuple[str, str]] = []
_failures: list[tuple[str, str, str]] = []


def _outcome(report: Any) -> str:
    """Return what a terminal would count a report as."""
    expected = hasattr(report, "wasxfail")
    if report.outcome == "skipped":
        return "xfailed" if expected else "skipped"
    if report.outcome == "failed":
        return "error" if report.when in ("setup", "teardown") else "failed"
    return "xpassed" if expected else "passed"


def _name(report: Any) -> str:
    """Return a test's id; a part of a test has the test's and its own."""
    context = getattr(report, "context", None)
    if context is None or not hasattr(context, "kwargs"):
        return legible(report.nodeid)
    given = ", ".join(f"{key}={value}" for key, value in context.kwargs.items())
    return legible(f"{report.nodeid} <{context.msg or ''} ({given})>")


def _note(name: str, outcome: str, report: Any) -> None:
    _rows.append((name, outcome))
    if outcome in ("failed", "error"):
        crash = getattr(report.longrepr, "reprcrash", None)
        line = f"{crash.path}:{crash.lineno}" if crash else ""
        text = crash.message if crash else report.longrepr
        _failures.append((name, legible(line), legible(text, 2000)))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: Any) -> None:
    """Keep no cache in the tree, and give long parameters ids that tell which they are."""
    for name, value in ((_CACHE, place.CACHE), (_LONG, "legacy")):
        with contextlib.suppress(ValueError, KeyError):  # a version that does not know it
            config.getini(name)
            config._inicache[name] = value
            _tell_workers(config, f"--override-ini={name}={value}")
    for each in place.RETIRED:
        _tell_workers(config, f"--ignore={each}")


def _tell_workers(config: Any, option: str) -> None:
    """Add an option to those with which workers are started, if there will be any."""
    if not config.getoption("numprocesses", None):
        return
    given = config.invocation_params
    config.invocation_params = type(given)(
        args=(option, *given.args), plugins=given.plugins, dir=given.dir
    )


def pytest_sessionstart(session: Any) -> None:
    """Begin."""
    global _session
    _session = Session(_FOLDER, "pytest") if _FOLDER else None


def pytest_collection_finish(session: Any) -> None:
    """Keep what will be run."""
    _collected.update((legible(item.nodeid), None) for item in session.items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Any) -> None:
    """Keep what workers will run."""
    _collected.update((legible(name), None) for name in ids)


def pytest_collectreport(report: Any) -> None:
    """Keep what could not be collected, or was skipped as a whole."""
    if report.outcome != "passed":
        outcome = "error" if report.outcome == "failed" else "skipped"
        _note(legible(report.nodeid), outcome, report)


def pytest_runtest_logreport(report: Any) -> None:
    """Keep what one phase of one test came to, unless it is followed by what tells more."""
    if report.outcome in _FINAL and (report.when == "call" or report.outcome != "passed"):
        _note(_name(report), _outcome(report), report)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_sessionfinish(session: Any) -> Any:
    """Write all of it, after everybody else's end."""
    yield
    if _session is not None:
        _session.end(
            collected=list(_collected),
            exit_code=int(session.exitstatus),
            failures=_failures,
            results=_rows,
        )


def _retired(path: object) -> bool | None:
    found = str(path)
    inside = any(found == each or found.startswith(each + "/") for each in place.RETIRED)
    return True if inside else None


if int(pytest.__version__.split(".")[0]) >= 7:

    def pytest_ignore_collect(collection_path: Any) -> bool | None:
        """Leave out the legacy package, whose tests were ported."""
        return _retired(collection_path)

else:

    def pytest_ignore_collect(path: Any) -> bool | None:  # type: ignore[misc]
        """Leave out the legacy package, whose tests were ported."""
        return _retired(path)
