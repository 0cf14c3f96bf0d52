"""A page that needs nothing but itself: style, charts and the code that draws them are inside."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from pathlib import Path

import altair as alt
import vl_convert

from truerisk.reports.blocks import Beside, Block, Figure

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "script-src 'unsafe-inline' 'unsafe-eval'; base-uri 'none'; form-action 'none'"
)
DRAW = """
for (const el of document.querySelectorAll(".chart")) {
  const spec = JSON.parse(document.getElementById(el.id + "-spec").textContent);
  vegaEmbed(el, spec, {mode: "vega-lite", renderer: "svg", actions: false}).catch((error) => {
    el.textContent = "This chart could not be drawn: " + error.message;
    el.classList.add("broken");
  });
}
"""


@dataclass(frozen=True)
class Section:
    title: str
    blocks: Sequence[Block]


def page(title: str, lead: str, summary: Sequence[Block], sections: Sequence[Section]) -> str:
    """A whole HTML page; equal inputs give equal bytes.

    The page's own policy forbids every load, so it shows the same in a mail, in a card and in
    ten years.
    """
    figures: list[Figure] = []
    top = "".join(block.html() for block in _numbered(summary, figures))
    body, links = [], []
    for i, section in enumerate(sections, start=1):
        inside = "".join(block.html() for block in _numbered(section.blocks, figures))
        heading = escape(section.title)
        body.append(f'<section id="part-{i}"><h2>{heading}</h2>{inside}</section>')
        links.append(f'<a href="#part-{i}">{heading}</a>')
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_style()}</style></head>\n<body><main>"
        f'<header><h1>{escape(title)}</h1><p class="lead">{escape(lead)}</p></header>'
        f'<div class="summary">{top}</div><nav>{" ".join(links)}</nav>{"".join(body)}</main>\n'
        f"{_scripts(figures)}</body></html>\n"
    )


def _numbered(blocks: Sequence[Block], figures: list[Figure]) -> Iterator[Block]:
    """The blocks with an id for every figure, which is added to ``figures``."""
    for block in blocks:
        if isinstance(block, Beside):
            yield replace(block, blocks=list(_numbered(block.blocks, figures)))
        elif isinstance(block, Figure):
            figures.append(replace(block, id=f"chart-{len(figures) + 1}"))
            yield figures[-1]
        else:
            yield block


def _scripts(figures: Sequence[Figure]) -> str:
    if not figures:
        return ""
    specs = "".join(
        f'<script type="application/json" id="{f.id}-spec">{_json(f.chart)}</script>\n'
        for f in figures
    )
    return f"{specs}<script>{_library()}</script>\n<script>{DRAW}</script>\n"


def _json(chart: alt.TopLevelMixin) -> str:
    """The chart's specification as text that no script element can be left from."""
    spec = chart.to_dict(validate=False)  # the browser test draws them all
    spec.pop("$schema", None)  # an address, and the page names none
    text = json.dumps(spec, sort_keys=True, allow_nan=False)
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


@cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed in the version this Altair writes for; takes 2 seconds."""
    version = ".".join(alt.SCHEMA_VERSION.split(".")[:2])
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", version)).replace(
        "</script", r"<\/script"
    )


@cache
def _style() -> str:
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")
