"""Cron lines of a schedule: five plain fields that every scheduler reads alike."""

import re
from datetime import UTC, datetime

from croniter import CroniterError, croniter

from truerisk.problem.shown import shown

EXAMPLE = "'0 6 1 * *' (06:00 on the first of each month, UTC)"
FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
# What a single machine's cron, Argo and Airflow all know: no L, W, #, ?, no hashed or random times.
NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun"
ONE = rf"(?:\d{{1,2}}|{NAMES})"
PART = rf"(?:\*|{ONE}(?:-{ONE})?)(?:/\d{{1,2}})?"
PLAIN = re.compile(rf"{PART}(?:,{PART})*", re.ASCII | re.IGNORECASE)
LARGEST = (59, 23, 31, 12, 7)
FROM = datetime(2026, 1, 1, tzinfo=UTC)


def parse_cron(value: str) -> str:
    """``value`` with single spaces; ValueError naming the field that is wrong, or a day that never
    comes, such as 31 February."""
    fields = value.split()
    if len(fields) != len(FIELDS):
        raise ValueError(f"{shown(value, 60)} is not a cron line of five fields, such as {EXAMPLE}")
    for name, field, largest in zip(FIELDS, fields, LARGEST):
        backwards = any(int(a) > int(b) for a, b in re.findall(r"(\d+)-(\d+)", field))
        steps = [int(step) for step in re.findall(r"/(\d+)", field)]
        if not PLAIN.fullmatch(field) or backwards or any(s > largest for s in steps):
            raise ValueError(
                f"{shown(value, 60)} has {shown(field, 20)} for its {name}; write a number, *, "
                f"a list, a range or a step, as in {EXAMPLE}"
            )
    line = " ".join(fields)
    try:
        croniter(line, FROM).get_next(datetime)
    except CroniterError as error:
        raise ValueError(
            f"{shown(value, 60)} is no time that comes ({error}); write it as {EXAMPLE}"
        ) from error
    return line
