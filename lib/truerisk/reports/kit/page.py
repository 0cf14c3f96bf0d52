"""A page that needs nothing but itself: style, charts and the code that draws them are inside."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import altair as alt
from markupsafe import Markup

from truerisk.isolated import Lost, isolated
from truerisk.reports.kit.blocks import (
    Across,
    Beside,
    Block,
    Bullets,
    Figure,
    Pair,
    Text,
    Verdict,
)
from truerisk.reports.kit.chart_library import chart_library
from truerisk.reports.kit.markup import as_json, drawn, filled

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
    specs: dict[str, Markup] = {}
    top = _drawn(summary, specs)
    inside = [(section, _drawn(section.blocks, specs)) for section in sections]
    return filled(
        "page.html",
        title=title,
        lead=lead,
        summary=top,
        sections=inside,
        specs=specs,
        library=chart_library() if specs else "",
    )


def _drawn(blocks: Blocks, specs: dict[str, Markup]) -> Markup:
    """The blocks as markup, and the specifications of their charts by id, added to ``specs``."""

    def draw() -> tuple[Markup, dict[str, Markup]]:
        figures: list[Figure] = []
        made = _numbered(blocks() if callable(blocks) else blocks, figures, len(specs))
        inside = drawn("all", _laid_out(made))
        return inside, {f.id: _spec(f.chart) for f in figures}

    found = isolated(draw)
    if isinstance(found, Lost):
        return Text(found, "warning").__html__()
    specs |= found[1]
    return found[0]


def _laid_out(blocks: Iterable[Block]) -> list[Pair]:
    """The blocks in order, each run of words beside what is shown next."""
    pairs: list[Pair] = []
    said: list[Block] = []
    for kind, run in groupby(blocks, _kind):
        own = list(run)
        if kind == "words":
            said = own
        elif kind == "shown":
            pairs.append(Pair(said, own))
            said = []
        else:
            pairs += [Pair(said, []), Pair([], own)]
            said = []
    return [*pairs, Pair(said, [])]


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


def _spec(chart: alt.TopLevelMixin) -> Markup:
    spec = chart.to_dict(validate=False)  # the browser test draws them all
    spec.pop("$schema", None)  # an address, and the page names none
    return as_json(spec, sort_keys=True)
