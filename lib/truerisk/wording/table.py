"""Rows as a table in a terminal, laid out by Rich; a cell is text and never markup."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

Cell = str | Text
ENDLESS = 1_000_000  # columns: no cell is folded


def table(
    heads: Sequence[str], rows: Iterable[Sequence[Cell]], right: Collection[str] = ()
) -> Table:
    """One line of heads and one per row; the columns whose heads are in ``right`` hold numbers."""
    made = _plain()
    for head in heads:
        made.add_column(_text(head), justify="right" if head in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*map(_text, row))
    return made


def facts(values: Mapping[str, Cell]) -> Table:
    """Names beside their values, without heads."""
    made = _plain()
    made.show_header = False
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in values.items():
        made.add_row(_text(name), _text(value))
    return made


def lines(made: Table) -> str:
    """The table as text, as wide as its widest row: for what is not a terminal."""
    out = Console(file=StringIO(), width=ENDLESS, color_system=None, force_terminal=False)
    with out.capture() as capture:
        out.print(made)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def show(out: Console, made: Table) -> None:
    """Print it: folded to the width of a terminal, and whole where there is none."""
    if out.file.isatty():
        out.print(made, soft_wrap=False)
    else:
        out.print(Text(lines(made)), soft_wrap=True)


def _plain() -> Table:
    return Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(cell)
