"""The page of a report of N steps: how long it takes to be made, and to be opened by Chromium.

A page is opened in a window that nobody sees, from a profile that is new, until its elements are
there and its script has run.  The peer is a page of as many elements with nothing to it: a flat
table, without style, script or picture.  A blank page says what of both is Chromium's own start.
What makes the page is asked by a program of its own, which says how long that took.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks import contest, measure
from benchmarks.contest import Row
from benchmarks.measure import Sample, Wrong
from benchmarks.peers import OURS, find, said

SIZES = (60, 5_000)
TABLE, BLANK, BROWSER = "a flat table", "a blank page", "chromium"
QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-extensions"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
PROJECT = Path(__file__).resolve().parents[1]
SCRIPT = """
import sys, time
steps, place, *path = sys.argv[1:]
sys.path[:0] = path
from sealwright.report import page
from tests.report import scenes
report = scenes.large(int(steps))
start = time.perf_counter()
data = page.page(report)
taken = time.perf_counter() - start
open(place, "wb").write(data)
print(taken)
"""
ELEMENT = re.compile(rb"<[a-z]")
Take = Callable[[int], Sample]


def make(steps: int, place: Path, _: int = 0) -> Sample:
    """Make the page of a report in a program of its own, and return what it says that it took."""
    argv = [sys.executable, "-c", SCRIPT, str(steps), str(place), str(PROJECT)]
    sample = measure.once(argv, PROJECT)
    return Sample(float(sample.printed.splitlines()[-1]), sample.peak_kib, sample.printed)


def table(elements: int) -> bytes:
    """Return a page of about as many elements, with nothing to it but a flat table."""
    row = b"<tr><td>a</td><td>b</td><td>c</td></tr>\n"
    return b"<!doctype html><title>t</title><table>" + row * (elements // 4) + b"</table>"


def opened(browser: str, place: Path, end: str, _: int) -> Sample:
    """Open a page once, in a new profile, and see that all of it arrived."""
    with tempfile.TemporaryDirectory() as profile:
        argv = (browser, *QUIET, f"--user-data-dir={profile}", "--dump-dom", place.as_uri())
        sample = measure.once(argv, place.parent)
    if end not in sample.printed:
        raise Wrong(f"{place.name}: did not arrive whole")
    return sample


def takes(browser: str, page: Path) -> dict[str, Take]:
    """Return the opening of our page, and of the two others, which are written beside it."""
    flat, blank = page.with_name("table.html"), page.with_name("blank.html")
    flat.write_bytes(table(len(ELEMENT.findall(page.read_bytes()))))
    blank.write_text("<!doctype html><title>t</title><p>blank</p>")
    return {
        OURS.name: partial(opened, browser, page, "</footer>"),
        TABLE: partial(opened, browser, flat, "</table>"),
        BLANK: partial(opened, browser, blank, "blank"),
    }


def versions() -> dict[str, str]:
    """Return what was compared."""
    return {OURS.name: OURS.version()} | said({BROWSER: "--version"})


def run(sizes: Sequence[int], folder: Path, runs: int) -> list[Row]:
    """Return the rows of all sizes."""
    found, browser = [], find(BROWSER)
    for size in sizes or SIZES:
        page = folder / f"report-{size}.html"
        made = {OURS.name: partial(make, size, page)}
        found += contest.rows("made", size, measure.interleaved(made, runs))
        if browser:
            figures = measure.interleaved(takes(str(browser), page), runs)
            found += contest.rows("opened", size, figures)
        else:
            found.append(contest.missing("opened", size, OURS.name, f"{BROWSER} is not installed"))
    return found
