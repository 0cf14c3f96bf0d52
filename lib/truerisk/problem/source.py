"""A source in a problem file: where its rows lie, when they can be seen, what they must hold."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from truerisk.errors import one_of
from truerisk.problem.duration import Duration
from truerisk.problem.expression import check_regex
from truerisk.problem.location import Place
from truerisk.problem.terms import (
    ColumnName,
    Line,
    MaybeColumn,
    Name,
    Part,
    Positive,
    Query,
    Text,
    Version,
)

REFERENCE = r"^[a-z][a-z0-9_]{0,62}\.\w+$"  # another source's column

# Tables and folders that truerisk itself writes in a lake.
OWN = frozenset(
    [
        "arms",
        "chains",
        "decisions",
        "estimates",
        "experiments",
        "features",
        "ingests",
        "logs",
        "models",
        "online",
        "profiles",
        "quarantine",
        "registry",
        "reports",
        "runs",
        "verdicts",
    ]
)


def _table(value: str) -> str:
    if value in OWN:
        raise ValueError(f'is "{value}", which truerisk itself writes; give the table another name')
    return value


Table = Annotated[Name, AfterValidator(_table)]


class Column(Part):
    """What a column must hold; checked on ingest and whenever the source is read.

    ``references`` names another source's column, as ``customers.customer_id``, and is checked on
    ingest only.
    """

    type: Literal["float", "integer", "text", "boolean", "time", "money"] | None = None
    nullable: bool = True
    min: float | None = None
    max: float | None = None
    allowed: list[str | float] | None = Field(None, min_length=1)
    regex: Line | None = None
    unique: bool = False
    references: str | None = Field(None, pattern=REFERENCE, max_length=320)

    @model_validator(mode="after")
    def _some_value(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"has a min of {self.min} above its max of {self.max}")
        if self.regex is not None:
            check_regex(self.regex)
        return self


class Ingest(Part):
    """Where new rows of a lake table come from, and what stops a batch of them.

    ``max_rejected`` is the share of rows of a batch that may break the contract; ``row_change``
    how far the number of rows may lie from that of earlier batches, as a share of it.
    """

    path: Place | None = None
    query: Query | None = None
    max_rejected: float = Field(0.05, ge=0, le=1)
    row_change: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _at_most_one_place(self) -> Self:
        if self.path is not None and self.query is not None:
            raise ValueError("has both path and query; keep one")
        return self


class Source(Part):
    """A table the lender has: a lake table, files, or a query over files and other sources.

    One that only other sources' queries read needs neither key nor time.
    """

    table: Table | None = None
    path: Place | None = None
    query: Query | None = None
    version: Version = 1
    key: MaybeColumn = ""
    time: MaybeColumn = ""
    delay: Duration = timedelta(0)
    available_at: ColumnName | None = None
    owner: Line = ""
    description: Text = ""
    freshness: Positive | None = None
    contract: dict[ColumnName, Column] = {}
    ingest: Ingest | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = [p for p in ("table", "path", "query") if getattr(self, p) is not None]
        if len(places) != 1:
            came = one_of(places).replace(" or ", " and ") if places else "none of them"
            raise ValueError(f"needs exactly one of table, path or query, and has {came}")
        if self.available_at and self.delay:
            raise ValueError("has both delay and available_at; keep one")
        if self.ingest and self.table is None:
            raise ValueError("has ingest, which fills a lake table; give it table = NAME")
        return self
