"""Chromium without a window and without a network, on files: what a reader's browser does."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from sealwright import process
from sealwright.process import Finished
from tests.support.programs import needed

QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage"),
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--allow-file-access-from-files",  # so that a harness may look into its frame
)
HARNESS = """<!doctype html><meta charset="utf-8"><title>waits</title>
<iframe id="page" src="{page}" style="width:{width}px;height:2000px;border:0"></iframe>
<pre id="said"></pre>
<script>
const frame = document.getElementById("page");
const say = words => {{ document.getElementById("said").textContent += words + "\\n"; }};
const later = ms => new Promise(done => setTimeout(done, ms));
frame.addEventListener("load", async () => {{
  const page = frame.contentDocument, win = frame.contentWindow;
  try {{ {script} }} catch (problem) {{ say("problem " + problem); }}
  document.title = "done";
}});
</script>
"""


class Browser:
    """Chromium, with a profile of its own in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.program = needed("chromium")
        self.folder = folder

    def run(self, *argv: str, network: bool = False) -> Finished:
        profile = self.folder / "profile"
        shutil.rmtree(profile, ignore_errors=True)
        return process.run(
            [self.program, *QUIET, f"--user-data-dir={profile}", *argv],
            cwd=self.folder,
            env=process.allow_listed(extra={"HOME": str(self.folder)}),
            timeout=120,
            network=network,
        )

    def dom(self, page: Path, *argv: str, network: bool = False) -> str:
        """Return a page's elements, as they are after its script ran."""
        done = self.run("--dump-dom", *argv, page.as_uri(), network=network)
        return done.out.decode()

    def asked(self, page: Path, script: str, width: int = 1000) -> list[str]:
        """Return what ``script`` says of a page in a frame of that many pixels."""
        harness = self.folder / "harness.html"
        harness.write_text(HARNESS.format(page=page.as_uri(), width=width, script=script))
        dom = self.dom(harness, "--virtual-time-budget=20000")
        assert "<title>done</title>" in dom, dom[:2000]
        found = re.search(r'<pre id="said">(.*?)</pre>', dom, re.DOTALL)
        assert found
        return found[1].splitlines()

    def screenshot(self, page: Path, picture: Path, width: int = 1000, height: int = 800) -> bytes:
        self.run(f"--window-size={width},{height}", f"--screenshot={picture}", page.as_uri())
        return picture.read_bytes()
