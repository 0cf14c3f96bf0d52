"""What a page is made of. Every block escapes the text it is given."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from typing import Any, Protocol

import pandas as pd

from truerisk.wording.dollars import NOTHING

NUMBER = re.compile(r"^[+\N{MINUS SIGN}]?\$?\d[\d,.]*(%| pts)?$")
VERDICTS = {True: ("passed", "✓"), False: ("failed", "✗"), None: ("open", "?")}
TALL = 14  # rows beyond which a table scrolls inside its box


class Block(Protocol):
    def html(self) -> str: ...


@dataclass(frozen=True)
class Cell:
    """A value with its interval, or with the word for why there is none."""

    main: str
    beside: str = ""
    muted: bool = False
    text: bool = False  # words, not a number: stands to the left

    def html(self) -> str:
        main = f'<span class="{"muted" if self.muted else "main"}">{escape(self.main)}</span>'
        return f'{main} <span class="range">{escape(self.beside)}</span>' if self.beside else main


@dataclass(frozen=True)
class Text:
    text: str
    kind: str = ""  # "", "lead", "note" or "warning"

    def html(self) -> str:
        return f'<p class="{self.kind}">{escape(self.text)}</p>' if self.kind else _p(self.text)


@dataclass(frozen=True)
class Bullets:
    items: Sequence[str]

    def html(self) -> str:
        return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in self.items) + "</ul>"


@dataclass(frozen=True)
class Code:
    """Lines to copy into a shell."""

    text: str

    def html(self) -> str:
        return f"<pre><code>{escape(self.text)}</code></pre>"


@dataclass(frozen=True)
class Verdict:
    """The one line that a reader must not miss: said in words, a sign and a border.

    ``passed`` is None where nothing can be said yet.
    """

    passed: bool | None
    text: str

    def html(self) -> str:
        kind, sign = VERDICTS[self.passed]
        return f'<p class="verdict {kind}"><b>{sign}</b> {escape(self.text)}</p>'


@dataclass(frozen=True)
class Tiles:
    """The few figures of a summary: label → (value, what it is about)."""

    facts: Mapping[str, tuple[str, str]]

    def html(self) -> str:
        tiles = "".join(
            f"<div><dt>{escape(label)}</dt><dd>{escape(value)}<small>{escape(about)}</small></dd>"
            "</div>"
            for label, (value, about) in self.facts.items()
        )
        return f'<dl class="tiles">{tiles}</dl>'


@dataclass(frozen=True)
class Table:
    """A frame of text and cells; numbers stand to the right, a wide table scrolls in its box.

    A column named in two lines stands under its first line, which neighbours share.
    """

    frame: pd.DataFrame
    caption: str = ""

    def html(self) -> str:
        if self.frame.empty:
            return '<p class="note">Nothing to show.</p>'
        right = [self._is_number(self.frame.iloc[:, i]) for i in range(self.frame.shape[1])]
        kinds = [' class="number"' if r else "" for r in right]
        rows = [
            "<tr>" + "".join(f"<td{k}>{_cell(v)}</td>" for k, v in zip(kinds, row)) + "</tr>"
            for row in self.frame.itertuples(index=False, name=None)
        ]
        # Above the box, not in it: a wide table would carry its caption out of a phone's sight.
        said = escape(self.caption)
        caption, label = ("", "")
        if said:
            caption, label = f'<p class="caption">{said}</p>', f' aria-label="{said}"'
        box = "box tall" if len(rows) > TALL else "box"
        head = self._head(kinds)
        return (
            f'{caption}<div class="{box}" tabindex="0"><table{label}><thead>{head}</thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )

    def _head(self, kinds: Sequence[str]) -> str:
        """One row, or two where a name has two lines: what is measured over about whom."""
        names = [str(name).partition("\n") for name in self.frame.columns]
        if not any(line for _, line, _ in names):
            cells = (f'<th scope="col"{k}>{escape(n)}</th>' for (n, _, _), k in zip(names, kinds))
            return f"<tr>{''.join(cells)}</tr>"
        over, under = [], []
        for (first, line), group in groupby(zip(names, kinds), lambda x: x[0][:2]):
            columns = list(group)
            if not line:
                kind = columns[0][1]
                over.append(f'<th scope="col" rowspan="2"{kind}>{escape(first)}</th>')
                continue
            over.append(f'<th class="over" colspan="{len(columns)}">{escape(first)}</th>')
            under += [f'<th scope="col"{kind}>{escape(who)}</th>' for (_, _, who), kind in columns]
        return f'<tr>{"".join(over)}</tr><tr class="who">{"".join(under)}</tr>'

    @staticmethod
    def _is_number(column: pd.Series) -> bool:
        return all(
            not v.text if isinstance(v, Cell) else v == NOTHING or NUMBER.match(str(v))
            for v in column
        )


@dataclass(frozen=True)
class Cards:
    """A frame of sentences: the first column says it, the others stand below with their name."""

    frame: pd.DataFrame

    def html(self) -> str:
        names = [str(name) for name in self.frame.columns[1:]]
        cards = []
        for first, *others in self.frame.itertuples(index=False, name=None):
            lines = "".join(
                f"<div><dt>{escape(name)}</dt><dd>{escape(str(text))}</dd></div>"
                for name, text in zip(names, others)
            )
            cards.append(f"<div><p>{escape(str(first))}</p><dl>{lines}</dl></div>")
        return f'<div class="cards">{"".join(cards)}</div>'


@dataclass(frozen=True)
class Bars:
    """Names with a bar each: value and the text that stands for it."""

    rows: Sequence[tuple[str, float, str]]

    def html(self) -> str:
        most = max((value for _, value, _ in self.rows), default=0) or 1
        lines = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td class="bar"><span style="width:'
            f'{100 * value / most:.1f}%"></span></td><td class="number">{escape(text)}</td></tr>'
            for name, value, text in self.rows
        )
        return f'<div class="box"><table class="bars"><tbody>{lines}</tbody></table></div>'


@dataclass(frozen=True)
class Figure:
    """A chart with a heading that says what its axis measures; the page draws it by its id."""

    title: str
    chart: Any
    caption: str = ""
    id: str = field(default="", kw_only=True)

    def html(self) -> str:
        caption = f'<p class="note">{escape(self.caption)}</p>' if self.caption else ""
        return (
            f"<figure><figcaption>{escape(self.title)}</figcaption>"
            f'<div class="chart" id="{self.id}" role="img" aria-label="{escape(self.title)}">'
            f"</div>{caption}</figure>"
        )


@dataclass(frozen=True)
class Folded:
    """Blocks that a reader opens by their title; for tables, as a chart needs its width."""

    title: str
    blocks: Sequence[Block]

    def html(self) -> str:
        inside = "".join(b.html() for b in self.blocks)
        return f"<details><summary>{escape(self.title)}</summary>{inside}</details>"


@dataclass(frozen=True)
class Across:
    """A block that takes the whole width, with no words beside it."""

    block: Block

    def html(self) -> str:
        return self.block.html()


@dataclass(frozen=True)
class Beside:
    """Blocks next to each other where there is room, below each other where there is not."""

    blocks: Sequence[Block]

    def html(self) -> str:
        return f'<div class="beside">{"".join(b.html() for b in self.blocks)}</div>'


def _p(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _cell(value: object) -> str:
    return value.html() if isinstance(value, Cell) else escape(str(value))
