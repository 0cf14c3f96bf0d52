"""Aggregates of a window as they are written: ``sum(amount) where kind = 'card' as card_spend``.

An aggregate takes the rows of one source in one window before as_of. ``where`` keeps the rows for
which a SQL expression over the source's own columns is true; ``as`` gives the result a name of its
own. Every name is a function of the text, so that equal definitions have equal names.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from truerisk.problem.duration import short
from truerisk.problem.expression import columns_of
from truerisk.problem.shown import shown

PLAIN = ("count", "since_last", "since_first", "share")
OVER_A_COLUMN = ("sum", "mean", "min", "max", "std", "distinct")
NUMERIC = ("sum", "mean", "min", "max", "std")
FORMS = ", ".join([*PLAIN[:-1], *(f"{f}(x)" for f in OVER_A_COLUMN)])
ALLOWED = f"{FORMS} or share, each with an optional where and as; share needs its where"
TEXT = re.compile(
    rf"^(?:(?P<plain>{'|'.join(PLAIN)})|(?P<function>{'|'.join(OVER_A_COLUMN)})\((?P<column>\w+)\))"
    r"(?:\s+where\s+(?P<where>.+?))?(?:\s+as\s+(?P<label>[a-z][a-z0-9_]{0,62}))?$",
    re.DOTALL,
)
LONGEST = 120
OPERATORS = {"<>": "ne", "!=": "ne", ">=": "ge", "<=": "le", ">": "gt", "<": "lt", "=": "eq"}


@dataclass(frozen=True, kw_only=True)
class Aggregate:
    """One feature: ``function`` of ``column`` over the rows of ``window`` that fulfil ``where``."""

    name: str
    function: str
    column: str | None
    window: timedelta
    where: str | None = None

    @property
    def columns(self) -> frozenset[str]:
        """The source's columns that it reads."""
        own = frozenset({self.column} if self.column else ())
        return own | (columns_of(self.where) if self.where else frozenset())


def parse_aggregate(source: str, text: str, window: timedelta) -> Aggregate:
    """One entry of ``compute`` over one window; raises ValueError for anything but ALLOWED."""
    found = TEXT.match(text.strip())
    if not found:
        raise ValueError(f"is {shown(text)}; allowed: {ALLOWED}")
    function, column, where = found["plain"] or found["function"], found["column"], found["where"]
    if function == "share" and not where:
        raise ValueError(
            f"is {shown(text)}, which needs its where, as in 'share where days_late > 0'"
        )
    if where:
        columns_of(where)
    what = found["label"] or "_".join([function, *([column] if column else []), *_slug(where)])
    if len(what) > LONGEST:
        raise ValueError(
            f"is {shown(text)}, whose name would have {len(what)} characters; end it with a "
            "shorter one, as in 'sum(amount) where kind = 1 as card_spend'"
        )
    return Aggregate(
        name=f"{source}__{what}__{short(window)}",
        function=function,
        column=column,
        window=window,
        where=where,
    )


def aggregates(source: str, over: list[timedelta], compute: list[str]) -> list[Aggregate]:
    """The features of one window entry, such as ``payments__sum_amount__30d``, in their order."""
    return [parse_aggregate(source, text, window) for window in over for text in compute]


def _slug(where: str | None) -> list[str]:
    """``where days_late > 30`` as ``where_days_late_gt_30``."""
    if not where:
        return []
    for sign, word in OPERATORS.items():
        where = where.replace(sign, f" {word} ")
    return ["where", re.sub(r"\W+", "_", where.lower()).strip("_")]
