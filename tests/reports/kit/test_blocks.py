"""Blocks as markup: every text that a block is given stays text, whatever block holds it."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from markupsafe import escape

from tests.reports.reading import HOSTILE, visible
from truerisk.errors import LogError
from truerisk.reports.kit import blocks
from truerisk.reports.kit.blocks import (
    Across,
    Bars,
    Beside,
    Block,
    Bullets,
    Cards,
    Cell,
    Code,
    Figure,
    Folded,
    Pair,
    Table,
    Text,
    Tiles,
    Verdict,
)
from truerisk.reports.kit.markup import TEMPLATES, as_json
from truerisk.reports.kit.page import Section, page

FRAME = pd.DataFrame({HOSTILE: [HOSTILE], f"{HOSTILE}\nx": [Cell(HOSTILE, HOSTILE)], "n": [1]})
MADE = [
    Cell(HOSTILE, HOSTILE, muted=True),
    Text(HOSTILE),
    Text(HOSTILE, "warning"),
    Bullets([HOSTILE]),
    Code(HOSTILE),
    Verdict(None, HOSTILE),
    Tiles({HOSTILE: (HOSTILE, HOSTILE)}),
    Table(FRAME, HOSTILE),
    Cards(FRAME),
    Bars([(HOSTILE, 2.0, HOSTILE), ("none", 0.0, "0")]),
    Figure(HOSTILE, None, HOSTILE, id="chart-1"),
    Folded(HOSTILE, [Text(HOSTILE)]),
    Across(Text(HOSTILE)),
    Beside([Text(HOSTILE)]),
    Pair([Text(HOSTILE)], [Code(HOSTILE)]),
]


class Tags(HTMLParser):
    """The elements that a browser would make of a text, with those left open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []
        self.events: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.seen.add(tag)
        self.open.append(tag)
        self.events += [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_block_is_tried_here() -> None:
    own = {c for c in vars(blocks).values() if isinstance(c, type) and issubclass(c, Block)}
    assert {type(block) for block in MADE} == own - {Block}


@pytest.mark.parametrize("block", MADE, ids=lambda block: type(block).__name__)
def test_what_a_block_is_given_stays_text(block: Block) -> None:
    text = str(escape(block))
    tags = Tags(text)
    assert tags.open == [] and tags.events == []
    assert not tags.seen & {"script", "img"}
    assert HOSTILE in visible(text)


def test_titles_leads_and_reasons_stay_text() -> None:
    def refused() -> list[Block]:
        raise LogError(HOSTILE)

    text = page(HOSTILE, HOSTILE, refused, [Section(HOSTILE, refused, folded) for folded in (0, 1)])
    assert "<script>alert" not in text and "<img" not in text
    assert visible(text).count(HOSTILE) == 10  # titles, lead, reasons, links
    assert text.count("</script>") == 1


def test_no_text_leaves_a_script_element() -> None:
    text = as_json({"name": HOSTILE, "é": 1.5}, ensure_ascii=False)
    assert not set("<>&'") & set(text)
    assert "é" in text
    with pytest.raises(ValueError):
        as_json({"share": float("nan")})


def test_a_name_in_two_lines_stands_over_its_neighbours() -> None:
    columns = ["Metric", "AUC\nusual", "AUC\neveryone", "n"]
    text = str(
        escape(Table(pd.DataFrame([["x", "0.7", Cell("0.8", "0.7 … 0.9"), "9"]], columns=columns)))
    )
    assert text.count('<th class="over" colspan="2">AUC</th>') == 1
    assert text.count('rowspan="2"') == 2
    assert text.index(">AUC<") < text.index('<th scope="col" class="number">usual</th>')
    assert '<td class="number">0.7</td>' in text and "<td>x</td>" in text


def test_nothing_escapes_by_hand_and_no_template_switches_it_off() -> None:
    library = TEMPLATES.parents[1]
    for path in library.rglob("*.py"):
        text = path.read_text()
        assert not re.search(r"^(from|import) html\b", text, re.M), path
        assert "Markup(" not in text or path.parent.name == "kit", path
    for path in TEMPLATES.glob("*.html"):
        assert not re.search(r"\|\s*safe\b|autoescape", path.read_text()), path
