"""The page in Chromium: it is read as it was written, asks for nothing, and fits a telephone."""

from __future__ import annotations

import re
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sealwright.report import page
from tests.report import scenes
from tests.report.browser import Browser
from tests.report.reading import read
from tests.report.test_page import HOSTILE, hostile


@pytest.fixture
def browser(tmp_path):
    return Browser(tmp_path)


@pytest.fixture
def written(tmp_path):
    """Write a report as a page, and return where."""

    def write(report):
        place = tmp_path / "report.html"
        place.write_bytes(page.page(report))
        return place

    return write


@pytest.fixture(scope="module")
def sixty(tmp_path_factory):
    return scenes.sixty(tmp_path_factory.mktemp("sixty")).report()


def shape(html: str, tags: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(n.tag, n.text) for n in read(html).all(*tags)]


@pytest.mark.parametrize("which", ["sixty", "hostile", "large"])
def test_the_browser_finds_the_elements_that_were_written(browser, written, sixty, which):
    place = written({"sixty": sixty, "hostile": hostile(), "large": scenes.large(300)}[which])
    tags = ("h1", "h2", "h3", "p", "pre", "td", "th", "summary", "text", "script")
    dom = browser.dom(place).replace("<!DOCTYPE", "<!doctype")
    assert shape(dom, tags) == shape(place.read_text(), tags)


def test_the_script_runs_under_the_policy_and_shows_the_search(browser, written, sixty):
    place = written(sixty)
    assert len(tools(place.read_text())) == 2
    assert all("hidden" in node.attributes for node in tools(place.read_text()))
    assert not any("hidden" in node.attributes for node in tools(browser.dom(place)))


def tools(html):
    return [node for node in read(html) if node.get("class") == "tools"]


SEARCH = """
const rows = () => [...page.querySelectorAll("#steps tbody tr")].filter(r => !r.hidden);
const words = page.getElementById("words"), only = page.getElementById("only");
const type = async text => {
  words.value = text; words.dispatchEvent(new Event("input")); await later(300); };
const choose = async text => {
  only.value = text; only.dispatchEvent(new Event("change")); await later(50); };
const told = () => page.getElementById("told").textContent;
say(rows().length);
await type("Gates:"); say(rows().length + " " + told());
say([...page.querySelectorAll("#steps .part")].filter(p => !p.hidden && p.open).length);
await choose("refused"); say(rows().length + " " + told());
await type(""); say(rows().map(r => r.querySelector("code").textContent).join());
await choose(""); say(rows().length + " " + told());
"""


def test_steps_are_found_by_words_and_by_status(browser, written, sixty):
    assert browser.asked(written(sixty), SEARCH) == [
        "60",
        "8 8 steps",
        "2",
        "0 0 steps",
        "sot_pack:preconditions,sot_pack:verify_head",
        "60 ",
    ]


THEME = """
const look = () => win.getComputedStyle(page.body).backgroundColor;
const before = look(); page.getElementById("theme").click();
say(before === look()); page.getElementById("theme").click(); say(before === look());
"""


def test_light_and_dark_are_switched_and_switched_back(browser, written, sixty):
    assert browser.asked(written(sixty), THEME) == ["false", "true"]


def test_dark_is_what_the_reader_prefers(browser, written, sixty):
    place = written(sixty)
    harness = "say(win.getComputedStyle(page.body).backgroundColor);"
    light = browser.asked(place, harness)
    browser.run = _preferring_dark(browser.run)
    assert light == ["rgb(250, 250, 247)"]
    assert browser.asked(place, harness) == ["rgb(20, 22, 26)"]


def _preferring_dark(run):
    return lambda *argv, **more: run("--blink-settings=preferredColorScheme=0", *argv, **more)


FITS = """
for (const each of page.querySelectorAll("details")) each.open = true;
await later(50);
say(page.documentElement.clientWidth + " " + page.documentElement.scrollWidth);
const size = parseFloat(win.getComputedStyle(page.body).fontSize);
say(size >= 16 ? "legible" : "small");
"""


@pytest.mark.parametrize("which", ["sixty", "hostile", "large"])
def test_nothing_is_wider_than_a_telephone(browser, written, sixty, which):
    place = written({"sixty": sixty, "hostile": hostile(), "large": scenes.large(300)}[which])
    assert browser.asked(place, FITS, width=360) == ["360 360", "legible"]


KEYS = """
const reach = [...page.querySelectorAll("a,button,input,select,summary,[tabindex]")]
  .filter(e => e.tabIndex >= 0 && e.checkVisibility());
let bare = 0;
for (const each of reach) {
  each.focus({focusVisible: true});
  const style = win.getComputedStyle(each);
  if (page.activeElement !== each || style.outlineStyle === "none") bare += 1;
}
say(reach.length > 50); say(bare); say(reach[0].textContent);
"""


def test_all_that_can_be_reached_by_key_shows_that_it_is(browser, written, sixty):
    assert browser.asked(written(sixty), KEYS) == ["true", "0", "Skip to the report"]


# no request


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """Listen on the loopback; yield where, and what was asked for."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def leaks(to: str) -> str:
    """Markup that asks for something in every way that there is without a person."""
    return f"""<img src="{to}/img"><link rel="stylesheet" href="{to}/css">
<link rel="prefetch" href="{to}/prefetch"><script src="{to}/script"></script>
<script>fetch("{to}/fetch", {{mode: "no-cors"}}); new Image().src = "{to}/image";
navigator.sendBeacon("{to}/beacon")</script>
<iframe src="{to}/frame"></iframe><object data="{to}/object"></object><embed src="{to}/embed">
<video src="{to}/video" autoplay></video><svg><image href="{to}/svg"/></svg>
<p style="background:url({to}/style)">x</p><style>p{{background:url({to}/sheet)}}</style>
<img src="x" onerror="fetch('{to}/handler')">
<form id="f" action="{to}/form" method="post"></form><script>f.submit()</script>"""


def test_even_markup_that_got_in_could_ask_for_nothing(browser, written, sixty):
    """As if nothing were escaped; and without the policy, so that this test can fail."""
    place = written(sixty)
    whole = place.read_text()
    with listening() as (to, heard):
        place.write_text(whole.replace("</main>", f"{leaks(to)}</main>"))
        browser.dom(place, "--virtual-time-budget=3000", network=True)
        assert heard == []
        bare = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", whole)
        place.write_text(bare.replace("</main>", f"{leaks(to)}</main>"))
        browser.dom(place, "--virtual-time-budget=3000", network=True)
        assert {"/img", "/css", "/script"} <= {*heard}


def test_hostile_words_ask_for_nothing_and_do_nothing(browser, written):
    report = hostile()
    with listening() as (to, heard):
        for step in report["steps"]:
            step["message"] = leaks(to)
        dom = browser.dom(written(report), "--virtual-time-budget=3000", network=True)
    assert heard == []
    assert f'&lt;img src="{to}/img"&gt;' in dom
    assert "⟨U+202E⟩" in dom and HOSTILE[4] not in dom


def test_a_picture_of_the_page_is_made(browser, written, sixty, tmp_path):
    data = browser.screenshot(written(sixty), tmp_path / "page.png", 900, 700)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (900, 700)
    assert len(data) > 20_000, "there is something on it"
