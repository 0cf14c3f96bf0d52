"""The page in a real browser: searched, clicked, followed, on a screen and on a phone."""

import json
import re
from html import unescape

import pytest

from truerisk.reports.catalog.page import catalog_page

pytestmark = pytest.mark.xdist_group("catalog")  # what they look at is made once

DRIVE = """
const wait = () => new Promise((done) => setTimeout(done, 30));
const type = async (text) => {
  const box = document.getElementById("search");
  box.value = text; box.dispatchEvent(new Event("input")); await wait();
};
const names = () => [...document.querySelectorAll("#list .row")].map((r) => r.hash.slice(1));
const shown = () => document.getElementById("detail").innerText;
const wide = () => document.documentElement.scrollWidth > innerWidth;
const go = async (selector) => { document.querySelector(selector).click(); await wait(); };
(async () => {
  const said = {width: innerWidth, overview: names(), overflow: [wide()]};
  await type("device"); said.device = names();
  await type("icnome"); said.typo = names();
  await type("zebra"); said.none = document.getElementById("list").innerText;
  await type("late paid");
  await go('#list .row[href="#feature/small.payments__late_paid__30d"]');
  said.feature = shown(); said.overflow.push(wide());
  await go('#detail .tree a[href="#column/small.payments.late"]');
  said.column = shown(); said.title = document.title; said.overflow.push(wide());
  await go('#detail .tree a[href="#feature/small.payments__late_paid__30d"]');
  said.back = location.hash;
  location.hash = "source/small.applications"; await wait();
  said.source = shown(); said.overflow.push(wide());
  said.focus = document.activeElement.id;
  dispatchEvent(new KeyboardEvent("keydown", {key: "Escape"})); await wait();
  said.closed = location.hash; said.open = document.body.className;
  await type("");
  await go('#list .row[href^="#model/"]');
  said.model = shown(); said.overflow.push(wide());
  said.images = document.images.length; said.scripts = document.scripts.length;
  parent.postMessage(JSON.stringify(said), "*");
})().catch((error) => console.error(error.stack));
"""
# A browser window has a least width; a frame in it is as narrow as a phone.
FRAME = """<!doctype html><iframe src="page.html" style="width:{width}px;height:900px"></iframe>
<pre id="said"></pre><script>addEventListener("message", (event) => {{
  document.getElementById("said").textContent = event.data;
}});</script>"""


@pytest.fixture(params=[1300, 375])
def said(request, catalog, tmp_path, browse):
    """What the page showed while it was used, at two widths."""
    file, frame = tmp_path / "page.html", tmp_path / "frame.html"
    frame.write_text(FRAME.format(width=request.param), encoding="utf-8")
    page = catalog_page(catalog).replace("</body>", f"<script>{DRIVE}</script></body>")
    file.write_text(page, encoding="utf-8")
    shown, console = browse(frame)
    assert console == []
    found = re.search(r'<pre id="said">({.*?)</pre>', shown, re.S)
    assert found, shown[:2000]
    return json.loads(unescape(found[1]))


@pytest.mark.slow
def test_the_page_is_searched_clicked_and_followed(said):
    assert said["device"][0] == "column/small.applications.device_id"
    assert len(said["device"]) < len(said["overview"])
    assert said["typo"][0] == "feature/small.income"
    assert "Nothing here has" in said["none"]
    assert "sum of paid" in said["feature"].lower() and "late > 5" in said["feature"]
    assert "payments.late column, filter" in said["feature"]
    assert "share of nulls 0.0% → 30.0%" in said["column"]
    assert "payments-1.csv" in said["column"]
    assert said["title"] == "late · Catalogue"
    assert said["back"] == "#feature/small.payments__late_paid__30d"
    assert "<script>" in said["source"]  # shown as text
    assert said["scripts"] == 3 and said["images"] == 0
    assert said["focus"] == "detail"
    assert (said["closed"], said["open"]) == ("", "")
    assert "40 decisions: approve 30, decline 10" in said["model"]
    assert said["width"] in (1300, 375)
    assert said["overflow"] == [False] * 5
