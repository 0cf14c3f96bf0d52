"""A source in a problem file: where its rows lie, when they can be seen, what they must hold."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from truerisk.problem.duration import Duration
from truerisk.problem.expression import check_regex
from truerisk.problem.time_format import check_time_format
from truerisk.problem.types import (
    ColumnName,
    Line,
    MaybeColumn,
    Name,
    Part,
    Place,
    Positive,
    Query,
    Text,
    Version,
)
from truerisk.wording.lists import one_of

NUMBER = "#"  # in a format: where the number stands
NUMBERS = ("float", "integer", "money")
REFERENCE = r"^[a-z][a-z0-9_]{0,62}\.\w+$"  # another source's column

# Tables and folders that truerisk itself writes in a lake.
OWN = frozenset(
    [
        "arms",
        "chains",
        "contests",
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
    """How a column is read and what it must hold; on ingest and whenever the source is read.

    ``format`` says how a time is written (``%d/%m/%Y``, as strptime does, or ``epoch``,
    ``epoch_ms``), or what stands around a number (``$#``, ``#%``, ``# months``; the number is taken
    as it is written, 5.5% is 5.5). ``decimal`` and ``thousands`` are the marks inside a number,
    ``null_values`` the texts or numbers that mean null, ``infinite = "null"`` says the same of
    infinities. ``first_year`` is the year that the hundred of a two-digit year begins with.
    ``references`` names another source's column, as ``customers.customer_id``, and is checked on
    ingest only.
    """

    type: Literal["float", "integer", "text", "boolean", "time", "money"] | None = None
    format: str | None = Field(None, min_length=1)
    first_year: int | None = Field(None, ge=1000, le=9900)
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'"] | None = None
    null_values: list[str | float] = []
    infinite: Literal["null"] | None = None
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

    @model_validator(mode="before")
    @classmethod
    def _type_that_follows(cls, value: Any) -> Any:
        """A format, or the marks of a number, say the type where the file leaves it out."""
        if isinstance(value, dict) and value.get("type") is None:
            form = value.get("format")
            number = isinstance(form, str) and NUMBER in form
            if number or value.get("decimal") or value.get("thousands"):
                return {**value, "type": "float"}
            if form is not None:
                return {**value, "type": "time"}
        return value

    @field_validator("null_values", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @model_validator(mode="after")
    def _one_way_to_read(self) -> Self:
        number = self.type in NUMBERS
        if (self.decimal != "." or self.thousands or self.infinite) and self.type and not number:
            raise ValueError(f"has the marks of a number and type {self.type}; keep one")
        if self.decimal == self.thousands:
            raise ValueError(f"has {self.decimal!r} as decimal and as thousands; one must differ")
        if self.format is not None and number and self.format.count(NUMBER) != 1:
            raise ValueError(
                f"has format {self.format!r} for a number; write what stands around it with one "
                "# in its place, such as '$#', '#%' or '# months'"
            )
        if self.format is not None and self.type == "time":
            check_time_format(self.format, self.first_year)
        if self.format is not None and not number and self.type != "time":
            raise ValueError(f"has a format and type {self.type}; only numbers and times have one")
        if self.first_year is not None and "%y" not in (self.format or ""):
            raise ValueError("has first_year, and no format with %y, a year of two digits")
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
    called: Line = ""  # to applicants, who are told where a reason came from
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
