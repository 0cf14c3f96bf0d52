"""What a page is made of; ``templates/blocks.html`` has a macro for each, named after it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

import pandas as pd
from markupsafe import Markup

from truerisk.reports.kit.markup import drawn
from truerisk.wording.dollars import NOTHING

NUMBER = re.compile(r"^[+\N{MINUS SIGN}]?\$?\d[\d,.]*(%| pts)?$")
TALL = 14  # rows beyond which a table scrolls inside its box


class Block:
    """A part of a page, which a template writes as ``{{ block }}``."""

    def __html__(self) -> Markup:
        return drawn(type(self).__name__.lower(), self)


@dataclass(frozen=True)
class Cell(Block):
    """A value with its interval, or with the word for why there is none."""

    main: str
    beside: str = ""
    muted: bool = False
    text: bool = False  # words, not a number: stands to the left


@dataclass(frozen=True)
class Text(Block):
    text: str
    kind: str = ""  # "", "lead", "note" or "warning"


@dataclass(frozen=True)
class Bullets(Block):
    items: Sequence[str]


@dataclass(frozen=True)
class Code(Block):
    """Lines to copy into a shell."""

    text: str


@dataclass(frozen=True)
class Verdict(Block):
    """The one line that a reader must not miss: said in words, a sign and a border.

    ``passed`` is None where nothing can be said yet.
    """

    passed: bool | None
    text: str


@dataclass(frozen=True)
class Tiles(Block):
    """The few figures of a summary: label → (value, what it is about)."""

    facts: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Heading:
    """A name's first line, and the second lines of the neighbours that share it, if it has any.

    ``numbers``: whether each column below holds numbers.
    """

    name: str
    under: Sequence[str]
    numbers: Sequence[bool]


@dataclass(frozen=True)
class Table(Block):
    """A frame of text and cells; numbers stand to the right, a wide table scrolls in its box.

    A column named in two lines stands under its first line, which neighbours share.
    """

    frame: pd.DataFrame
    caption: str = ""

    @property
    def tall(self) -> bool:
        return len(self.frame) > TALL

    @cached_property
    def numbers(self) -> list[bool]:
        """Whether each column holds numbers."""
        return [_is_number(self.frame.iloc[:, i]) for i in range(self.frame.shape[1])]

    @property
    def headings(self) -> Iterator[Heading]:
        """From left to right: what is measured, over about whom."""
        names = [str(name).partition("\n") for name in self.frame.columns]
        for (first, line), group in groupby(zip(names, self.numbers), lambda pair: pair[0][:2]):
            columns = list(group)
            under = [second for (_, _, second), _ in columns] if line else []
            yield Heading(first, under, [number for _, number in columns])

    @property
    def rows(self) -> Iterator[tuple[Any, ...]]:
        return self.frame.itertuples(index=False, name=None)


@dataclass(frozen=True)
class Cards(Block):
    """A frame of sentences: the first column says it, the others stand below with their name."""

    frame: pd.DataFrame

    @property
    def rows(self) -> Iterator[tuple[object, list[tuple[str, object]]]]:
        """Each row's first value, and the others with their column's name."""
        names = [str(name) for name in self.frame.columns[1:]]
        for first, *others in self.frame.itertuples(index=False, name=None):
            yield first, list(zip(names, others))


@dataclass(frozen=True)
class Bars(Block):
    """Names with a bar each: value and the text that stands for it."""

    rows: Sequence[tuple[str, float, str]]

    @property
    def most(self) -> float:
        """The value of the longest bar."""
        return max((value for _, value, _ in self.rows), default=0) or 1


@dataclass(frozen=True)
class Figure(Block):
    """A chart with a heading that says what its axis measures; the page draws it by its id."""

    title: str
    chart: Any
    caption: str = ""
    id: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Folded(Block):
    """Blocks that a reader opens by their title; for tables, as a chart needs its width."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Across(Block):
    """A block that takes the whole width, with no words beside it."""

    block: Block


@dataclass(frozen=True)
class Beside(Block):
    """Blocks next to each other where there is room, below each other where there is not."""

    blocks: Sequence[Block]


@dataclass(frozen=True)
class Pair(Block):
    """Where there is room, words beside what they are about; either may be missing."""

    words: Sequence[Block]
    shown: Sequence[Block]


def _is_number(column: pd.Series) -> bool:
    return all(
        not v.text if isinstance(v, Cell) else v == NOTHING or NUMBER.match(str(v)) for v in column
    )
