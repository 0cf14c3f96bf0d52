"""The words a problem file is made of: names, texts, expressions, durations, queries, checked."""

import re
from datetime import timedelta
from math import isfinite
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from truerisk.problem.aggregate import parse_aggregate
from truerisk.problem.cron import parse_cron
from truerisk.problem.duration import Duration, short
from truerisk.problem.expression import columns_of, parse_sql, query_nodes
from truerisk.problem.location import VARIABLE, on_s3
from truerisk.problem.shown import shown, visible

NAME = r"^[a-z][a-z0-9_]{0,62}$"  # of tables too: no path, no case, no space
MEMORY = r"^[1-9]\d{0,8}(MB|GB)$"
LONGEST_COLUMN = 255
LONGEST_SENTENCE, LONGEST_TEXT = 200, 4_000  # characters that an applicant is to read


def _text(value: str) -> str:
    visible(re.sub(r"[\n\r\t]", " ", value))
    return value


def _sentence(value: str) -> str:
    if not value.strip():
        raise ValueError("is blank; write a sentence that an applicant understands")
    if len(value) > LONGEST_SENTENCE:
        raise ValueError(f"has {len(value):,} characters; {LONGEST_SENTENCE} do for a sentence")
    return visible(value)


def _passage(value: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"has {len(value):,} characters; {LONGEST_TEXT:,} do for a letter")
    return _text(value)


def _column(value: str) -> str:
    if not value.strip() or len(value) > LONGEST_COLUMN:
        raise ValueError(
            f"{shown(value)} is no name of a column; write 1 to {LONGEST_COLUMN} characters"
        )
    return visible(value)


def _expression(value: Any) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    text = str(value) if whole or (isinstance(value, float) and isfinite(value)) else value
    if not isinstance(text, str):
        raise ValueError(f"{shown(value)} is not a SQL expression")
    columns_of(_text(text))
    return text


def _positive(value: timedelta) -> timedelta:
    if not value:
        raise ValueError(f"{short(value)!r} is no time at all; write a duration above 0, as '30d'")
    return value


def _place(value: str) -> str:
    if not value.startswith("${"):  # what the environment says is known at read time
        try:
            on_s3(value)
        except ValueError as error:
            raise ValueError(f"is {shown(value)}, which {error}") from error
    return visible(value)


def _aggregate(value: str) -> str:
    parse_aggregate("source", _text(value), timedelta(days=1))
    return value


def _query(value: str) -> str:
    filled = re.sub(VARIABLE, "filled", _text(value))
    try:
        parse_sql(filled)
    except ValueError as error:
        if filled != value:  # a variable may stand for anything: checked again when it is filled
            return value
        raise ValueError(f"is not one SELECT ({error})") from error
    try:
        query_nodes(filled)
    except ValueError as error:
        raise ValueError(f"is not a function of its rows alone: {error}") from error
    return value


Name = Annotated[str, StringConstraints(pattern=NAME)]
Place = Annotated[str, AfterValidator(_place)]
Line = Annotated[str, AfterValidator(visible)]
Text = Annotated[str, AfterValidator(_text)]
Sentence = Annotated[str, AfterValidator(_sentence)]  # that an applicant reads
Passage = Annotated[str, AfterValidator(_passage)]  # likewise
ColumnName = Annotated[str, AfterValidator(_column)]
MaybeColumn = Annotated[str, AfterValidator(lambda name: name and _column(name))]
Expression = Annotated[str, BeforeValidator(_expression)]
Cron = Annotated[str, AfterValidator(parse_cron)]
Positive = Annotated[Duration, AfterValidator(_positive)]
Aggregate = Annotated[str, AfterValidator(_aggregate)]
Version = Annotated[int, Field(ge=1, lt=10**6, description="Raised whenever a definition changes.")]
Query = Annotated[str, AfterValidator(_query)]


class Part(BaseModel):
    """One table of the file. Strict: a boolean is no number, a text no number, NaN no limit."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, serialize_by_alias=True
    )
