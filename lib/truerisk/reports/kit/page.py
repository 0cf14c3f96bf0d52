"""A page that needs nothing but itself: style, charts and the code that draws them are inside."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path

import altair as alt
import vl_convert

from truerisk.isolated import Lost, isolated
from truerisk.reports.kit.blocks import Across, Beside, Block, Bullets, Figure, Text, Verdict

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "script-src 'unsafe-inline' 'unsafe-eval'; base-uri 'none'; form-action 'none'"
)
WORDS = (Text, Bullets, Verdict)
Blocks = Sequence[Block] | Callable[[], Sequence[Block]]


@dataclass(frozen=True)
class Section:
    """A part of a page; ``folded`` where the decision can be taken without it.

    ``blocks`` makes them when the page is drawn: a section that fails then is one less.
    """

    title: str
    blocks: Blocks
    folded: bool = False


def page(title: str, lead: str, summary: Blocks, sections: Sequence[Section]) -> str:
    """A whole HTML page; equal inputs give equal bytes.

    A section, or the summary, that cannot be drawn says why in its place.

    The page's own policy forbids every load, so it shows the same in a mail, in a card and in
    ten years.
    """
    specs: dict[str, str] = {}
    top = _drawn(summary, specs)
    body, links = [], []
    for i, section in enumerate(sections, start=1):
        inside = _drawn(section.blocks, specs)
        heading = escape(section.title)
        if section.folded:
            head = f'<details class="part" open><summary><h2>{heading}</h2></summary>'
            part = f"{head}{inside}</details>"
        else:
            part = f"<h2>{heading}</h2>{inside}"
        body.append(f'<section id="part-{i}">{part}</section>')
        links.append(f'<a href="#part-{i}">{heading}</a>')
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_beside('page.css')}</style></head>\n<body><main>"
        f'<header><h1>{escape(title)}</h1><p class="lead">{escape(lead)}</p></header>'
        f'<div class="summary">{top}</div><nav>{" ".join(links)}</nav>{"".join(body)}</main>\n'
        f"{_scripts(specs)}</body></html>\n"
    )


def _drawn(blocks: Blocks, specs: dict[str, str]) -> str:
    """The blocks as HTML, and the specifications of their charts by id, added to ``specs``."""

    def draw() -> tuple[str, dict[str, str]]:
        figures: list[Figure] = []
        made = _numbered(blocks() if callable(blocks) else blocks, figures, len(specs))
        inside = _laid_out(made)
        return inside, {f.id: _json(f.chart) for f in figures}

    found = isolated(draw)
    if isinstance(found, Lost):
        return Text(found, "warning").html()
    specs |= found[1]
    return found[0]


def _laid_out(blocks: Iterable[Block]) -> str:
    """The blocks in order, where there is room each run of words beside what it is about."""
    made, said = [], ""
    for kind, run in groupby(blocks, _kind):
        inside = "".join(block.html() for block in run)
        if said and kind == "shown":
            made.append(
                f'<div class="pair"><div class="words">{said}</div>'
                f'<div class="shown">{inside}</div></div>'
            )
        else:
            made.append(said + inside * (kind != "words"))
        said = inside if kind == "words" else ""
    return "".join(made) + said


def _kind(block: Block) -> str:
    """Words explain what is shown; a note belongs to the figure or table that it stands under."""
    if isinstance(block, Across):
        return "across"
    note = isinstance(block, Text) and block.kind == "note"
    return "words" if isinstance(block, WORDS) and not note else "shown"


def _numbered(blocks: Sequence[Block], figures: list[Figure], before: int) -> Iterator[Block]:
    """The blocks with an id for every figure, which is added to ``figures``; ``before`` of them
    stand above."""
    for block in blocks:
        if isinstance(block, Beside):
            yield replace(block, blocks=list(_numbered(block.blocks, figures, before)))
        elif isinstance(block, Figure):
            figures.append(replace(block, id=f"chart-{before + len(figures) + 1}"))
            yield figures[-1]
        else:
            yield block


def _scripts(specs: Mapping[str, str]) -> str:
    charts = "".join(
        f'<script type="application/json" id="{name}-spec">{spec}</script>\n'
        for name, spec in specs.items()
    )
    library = f"<script>{_library()}</script>\n" if specs else ""
    return f"{charts}{library}<script>{_beside('page.js')}</script>\n"


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
def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
