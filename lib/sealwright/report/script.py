"""The page's only script: it hides rows that are not looked for, and switches light and dark.

The page is whole without it: what it works with is hidden until it runs.  It makes no request,
keeps nothing, and puts no text in the page but numbers.
"""

from __future__ import annotations

SCRIPT = """
"use strict";
(() => {
  const root = document.documentElement, find = id => document.getElementById(id);
  const words = find("words"), only = find("only"), told = find("told"), theme = find("theme");
  const parts = [...document.querySelectorAll("#steps .part")].map(part => ({
    part, open: part.open,
    rows: [...part.querySelectorAll("tbody tr")].map(row => ({
      row, status: row.dataset.status, text: row.textContent.toLowerCase()}))}));
  const filter = () => {
    const text = words.value.trim().toLowerCase(), status = only.value;
    const all = !text && !status;
    let shown = 0;
    for (const {part, open, rows} of parts) {
      let here = 0;
      for (const {row, status: is, text: said} of rows) {
        const fits = (!status || is === status) && said.includes(text);
        row.hidden = !fits;
        here += fits;
      }
      shown += here;
      part.hidden = !here;
      part.open = all ? open : here > 0 && shown <= 500;
    }
    told.textContent = all ? "" : shown + (shown === 1 ? " step" : " steps");
  };
  let timer;
  words.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(filter, 120); });
  only.addEventListener("change", filter);
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme:dark)").matches;
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; });
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll(".part:not([open])")];
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of closed) each.open = false; });
  for (const each of document.querySelectorAll(".tools")) each.hidden = false;
})();
"""
