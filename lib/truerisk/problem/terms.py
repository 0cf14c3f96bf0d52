"""The words a problem file is made of: expressions, durations, cron lines, queries, checked."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from truerisk.problem.aggregate import parse_aggregate
from truerisk.problem.duration import Duration, short
from truerisk.problem.expression import columns_of, parse_sql

NAME = r"^[a-z][a-z0-9_]*$"
CRON_FIELDS = 5
MEMORY = r"^[1-9]\d*(MB|GB)$"


def _expression(value: Any) -> str:
    text = str(value) if isinstance(value, int | float) else value
    if not isinstance(text, str):
        raise ValueError(f"{value!r} is not a SQL expression")
    columns_of(text)
    return text


def _cron(value: str) -> str:
    if len(value.split()) != CRON_FIELDS:
        raise ValueError(f"{value!r} is not a cron line of five fields, such as '0 6 1 * *'")
    return value


def _positive(value: timedelta) -> timedelta:
    if not value:
        raise ValueError(f"{short(value)!r} is no time at all; write a duration above 0, as '30d'")
    return value


def _aggregate(value: str) -> str:
    parse_aggregate("source", value, timedelta(days=1))
    return value


def _query(value: str) -> str:
    if "${" not in value:  # a name that the environment does not set may stand for anything
        try:
            parse_sql(value)
        except ValueError as error:
            raise ValueError(f"is not one SELECT ({error})") from error
    return value


Expression = Annotated[str, BeforeValidator(_expression)]
Cron = Annotated[str, AfterValidator(_cron)]
Positive = Annotated[Duration, AfterValidator(_positive)]
Aggregate = Annotated[str, AfterValidator(_aggregate)]
Version = Annotated[int, Field(ge=1, description="Raised whenever a definition changes.")]
Query = Annotated[str, AfterValidator(_query)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
