"""The results as a picture: a panel for each question, at its largest size, a bar for each tool.

Bars are in proportion, and ours ends at a third of the way.  One that would leave the panel
is cut, and says so by its open end; its seconds stand beside it all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from benchmarks.contest import Row
from benchmarks.goals import Results

WIDTH, PANEL, ROW, NAMES, BAR = 980, 490, 20, 176, 210
PAPER, INK, QUIET, OURS, OTHERS = "#fbfaf7", "#222222", "#555555", "#3f73ad", "#b8b7ab"


def draw(results: Results, titles: Mapping[tuple[str, str], str]) -> str:
    """Return the picture of all results as SVG."""
    panels = [
        (title, _largest(results[family]["rows"], what))
        for (family, what), title in titles.items()
        if family in results and what != "first run"  # taken once: for the tables only
    ]
    pairs = [panels[n : n + 2] for n in range(0, len(panels), 2)]
    parts, top = [], 56
    for pair in pairs:
        for column, (title, rows) in enumerate(pair):
            parts += _panel(title, rows, column * PANEL, top)
        top += 46 + ROW * max(len(rows) for _, rows in pair)
    return "\n".join([*_frame(top + 8), *parts, "</svg>\n"])


def _frame(height: int) -> Iterator[str]:
    size = f'width="{WIDTH}" height="{height}"'
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {size} role="img" '
        'aria-labelledby="title desc" font-family="Helvetica, Arial, sans-serif">'
    )
    yield '  <title id="title">Sealwright beside its peers</title>'
    yield (
        '  <desc id="desc">Seconds of each tool for each question, at the largest size that was '
        "measured; the tables of docs/benchmarks.md hold the same figures.</desc>"
    )
    yield f'  <rect {size} fill="{PAPER}"/>'
    yield _text(20, 30, "Seconds, shorter is better", 15, INK, 'font-weight="bold"')
    yield _text(290, 30, "medians of one interleaved run; a bar with an open end is cut", 12, QUIET)


def _largest(rows: Sequence[Row], what: str) -> list[Row]:
    asked = [row for row in rows if row["what"] == what]
    size = max((row["size"] for row in asked), default=0)
    return [row for row in asked if row["size"] == size]


def _panel(title: str, rows: Sequence[Row], left: int, top: int) -> Iterator[str]:
    yield f'  <g class="panel" transform="translate({left} {top})">'
    size = f"{rows[0]['size']:,}" if rows else ""
    told = title.replace("N ", f"{size} ") if "N " in title else title
    yield _text(20, 14, told, 13, INK, 'font-weight="bold"')
    for number, row in enumerate(rows):
        yield from _bar(row, 26 + ROW * number)
    yield "  </g>"


def _bar(row: Row, top: int) -> Iterator[str]:
    yield _text(NAMES, top + 12, row["tool"], 12, INK, 'text-anchor="end"')
    if "seconds" not in row:
        yield _text(NAMES + 8, top + 12, "not run", 12, QUIET)
        return
    full = BAR / 3 * row["ratio"]
    length, colour = min(full, BAR), OURS if row["tool"].startswith("Sealwright") else OTHERS
    x, y, right = NAMES + 8, top + 2, NAMES + 8 + length
    tip = f"L{right + 8:.1f} {y} l-5 6.5 l5 6.5" if full > BAR else f"L{right:.1f} {y} v13"
    yield f'    <path d="M{x} {y} {tip} L{x} {y + 13} z" fill="{colour}"/>'
    told = f"{row['seconds']:.2f}" if row["seconds"] >= 0.1 else f"{row['seconds']:.3f}"
    yield _text(right + (14 if full > BAR else 6), top + 12, told, 12, QUIET)


def _text(x: float, y: float, words: str, size: int, colour: str, more: str = "") -> str:
    place = f'x="{x:.1f}" y="{y}" font-size="{size}" fill="{colour}"'
    return f"    <text {place}{' ' + more if more else ''}>{escape(words, quote=False)}</text>"
