"""How long the page of a report takes: to be made, and to be opened by Chromium.

``python -m benchmarks.surface [STEPS…]``, by default 60 and 5,000 steps.  A page is opened in a
window that nobody sees, until its elements are there and its script has run; a peer of as many
elements without style, script or picture (a flat table) is opened in turn, and the ratio
is told.  Nothing is asserted, and nothing is kept but what is printed.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import Sample, Wrong
from sealwright.clock import Stopwatch
from sealwright.report import page
from tests.report import scenes

SIZES = (60, 5000)
QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-extensions"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
ELEMENT = re.compile(rb"<[a-z]")


def peer(elements: int) -> bytes:
    """Return a page of about as many elements, with nothing to it but a flat table."""
    row = b"<tr><td>a</td><td>b</td><td>c</td></tr>\n"
    return b"<!doctype html><title>t</title><table>" + row * (elements // 4) + b"</table>"


def opened(browser: str, place: Path, whole: bytes) -> Sample:
    """Open a page once, in a new profile, and see that all of it arrived."""
    with tempfile.TemporaryDirectory() as profile:
        argv = (browser, *QUIET, f"--user-data-dir={profile}", "--dump-dom", place.as_uri())
        sample = measure.once(argv, place.parent)
    if whole.decode() not in sample.printed:
        raise Wrong(f"{place.name}: did not arrive whole")
    return sample


def take(browser: str, steps: int, folder: Path) -> Mapping[str, object]:
    report = scenes.large(steps)
    watch = Stopwatch()
    data = page.page(report)
    made = watch.seconds()
    elements = len(ELEMENT.findall(data))
    pages = {"report": (data, b"</footer>"), "peer": (peer(elements), b"</table>")}
    takes = {}
    for name, (bytes_of, end) in pages.items():
        place = folder / f"{name}-{steps}.html"
        place.write_bytes(bytes_of)
        takes[name] = lambda _, place=place, end=end: opened(browser, place, end)
    blank = folder / "blank.html"
    blank.write_text("<!doctype html><title>t</title><p>blank</p>")
    takes["blank"] = lambda _: opened(browser, blank, b"blank")
    found = measure.interleaved(takes)
    base = found["blank"].seconds
    return {
        "steps": steps,
        "elements": elements,
        "bytes": len(data),
        "made": round(made, 3),
        **{f"opened: {name}": round(figure.seconds, 3) for name, figure in found.items()},
        "peak MiB": round(found["report"].peak_mib),
        "ratio": round(found["report"].seconds / found["peer"].seconds, 2),
        "ratio without the start of the browser": round(
            (found["report"].seconds - base) / max(found["peer"].seconds - base, 0.001), 2
        ),
    }


def main(*sizes: str) -> int:
    browser = shutil.which("chromium")
    if browser is None:
        print("surface: expected chromium, found none; apt-get install chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        for steps in map(int, sizes or SIZES):
            for name, value in take(browser, steps, Path(folder)).items():
                print(f"{name:<40}{value:>12}")
            print()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
