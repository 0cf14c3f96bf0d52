"""The pages in a real browser: every chart is drawn and answers the mouse, on a phone too."""

import json
import re

import pytest

# Once all is drawn: how wide the page is, and whether a mark of each chart shows its tooltip.
PROBE = """
<script>
window.addEventListener("load", () => setTimeout(() => {
  const charts = [...document.querySelectorAll(".chart")];
  const folded = document.querySelectorAll("details.part:not([open])").length;
  for (const part of document.querySelectorAll("details.part")) part.open = true;
  const tells = (mark) => {
    const box = mark.getBoundingClientRect();
    const at = {bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2};
    for (const type of ["pointermove", "mousemove", "pointerover", "mouseover"]) {
      mark.dispatchEvent(new PointerEvent(type, at));
    }
    const tip = document.getElementById("vg-tooltip-element");
    const shown = tip !== null && tip.classList.contains("visible") && tip.innerText.length > 10;
    tip?.classList.remove("visible");
    return shown;
  };
  const marks = (el) => [...el.querySelectorAll(".mark-symbol path, .mark-rect path")];
  parent.postMessage({
    folded,
    wide: document.documentElement.scrollWidth,
    room: window.innerWidth,
    drawn: document.querySelectorAll("svg.marks").length,
    broken: document.querySelectorAll(".broken").length,
    cut: charts.filter((el) => el.scrollWidth > el.clientWidth + 1).length,
    told: charts.filter((el) => marks(el).some(tells)).length,
    usual: [...document.querySelectorAll("svg text")].filter(
      (el) => el.textContent === "the approved only").length,
  }, "*");
}, 2500));
</script>
"""
# A frame is as narrow as a phone; a window of the browser is not.
FRAME = """<!doctype html><body><script>
addEventListener("message", (m) => { document.title = JSON.stringify(m.data); });
</script><iframe src="page.html" style="border:0;width:{width}px;height:900px"></iframe></body>"""


@pytest.fixture
def probed(browse, tmp_path):
    """What the probe finds in a page so wide, and what the console said."""

    def look(text, width):
        body, _, rest = text.rpartition("</body>")
        (tmp_path / "page.html").write_text(f"{body}{PROBE}</body>{rest}", encoding="utf-8")
        frame = tmp_path / "frame.html"
        frame.write_text(FRAME.replace("{width}", str(width)), encoding="utf-8")
        shown, console = browse(frame)
        said = re.search(r"<title>(.*?)</title>", shown)
        assert said, shown[:2000]
        return json.loads(said[1]), console

    return look


@pytest.mark.slow
@pytest.mark.parametrize(
    ("which", "width"), [("train", 1200), ("measured", 1200), ("measured", 390)]
)
def test_every_chart_is_drawn_and_tells_of_its_marks(which, width, request, probed):
    text = request.getfixturevalue(which).__wrapped__()  # with the charting library
    found, console = probed(text, width)
    charts = text.count('<div class="chart"')
    assert charts >= {"train": 4, "measured": 13}[which]
    assert console == []
    assert (found["drawn"], found["broken"], found["cut"]) == (charts, 0, 0)
    assert found["told"] == charts
    assert found["room"] == width
    assert found["folded"] == 3
    assert found["wide"] <= width
    # The usual figure has its name in a legend wherever it is drawn, and nowhere else.
    assert found["usual"] == {"train": charts - 1, "measured": 3}[which]


@pytest.mark.slow
def test_the_probe_sees_a_broken_chart_a_silent_one_and_a_wide_page(measured, probed):
    text = measured.__wrapped__()
    text = text.replace('"type": "bar"', '"type": "no such mark"')
    wide = text.replace("<main>", '<main><div style="width:2000px">wide</div>', 1)
    silent = re.sub(r'"tooltip": \[[^\]]*\], ', "", wide)
    found, _ = probed(silent, 390)
    assert found["broken"] == 1
    assert found["told"] == 0
    assert found["wide"] > 390
