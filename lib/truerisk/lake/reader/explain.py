"""A column of texts explained: what it looks like, how many cells, and the line to write."""

from dataclasses import dataclass

import duckdb

from truerisk.lake.duck import quote
from truerisk.lake.reader.forms import Proposal, forms_of, propose
from truerisk.wording.counted import counted

VALUES = 5000  # different values that are looked at, the most frequent first


@dataclass(frozen=True)
class Explained:
    """``proposal`` is None for a column of texts; ``forms`` shows its most frequent forms."""

    column: str
    proposal: Proposal | None
    forms: str

    @property
    def line(self) -> str:
        """The contract's line to paste, or what keeps the column as it is."""
        text = f'{self.column} = {{ type = "text" }}'
        return self.proposal.line(self.column) if self.proposal else text

    @property
    def advice(self) -> str:
        """What to write, to follow ``write``."""
        text = f'{self.column} = {{ type = "text" }}'
        if self.proposal and self.proposal.mixed:
            return (
                f"{text} in its contract to keep texts, or {self.column} = "
                '{ type = "float", null_values = […] } with the words that mean nothing'
            )
        return f"{self.line} in its contract, or {text} to keep texts"

    @property
    def said(self) -> str:
        """What was found, in words, to follow ``column "x"``."""
        p = self.proposal
        if p is None:
            return f"holds texts such as {self.forms}"
        nothing = counted(p.nulls, "word that means", "words that mean")
        left = p.cells - p.read - p.nulls
        words = f", {nothing} nothing" if p.nulls else ""
        other = f", {counted(left, 'other')}" if left else ""
        return f"holds {counted(p.read, p.kind)} as {self.forms}{words}{other}"

    @property
    def suspicious(self) -> bool:
        """True for numbers or times that would pass for texts."""
        return self.proposal is not None and not self.proposal.plain


def explain_column(
    con: duckdb.DuckDBPyConnection, view: str, column: str, time: bool = False
) -> Explained:
    """Explain a text column of ``view`` (SQL); ``time`` where it must be one.

    Looks at the 5,000 most frequent values; numbers are explained through their texts.
    """
    c = quote(column)
    found = con.sql(
        f"SELECT CAST({c} AS VARCHAR) AS v, count(*) AS n FROM {view} WHERE {c} IS NOT NULL "
        f"GROUP BY 1 ORDER BY n DESC, v LIMIT {VALUES}"
    ).fetchall()
    values = dict(found)
    proposal = propose(values, time)
    return Explained(column, proposal, forms_of(values))
