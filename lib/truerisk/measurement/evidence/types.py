"""A log's columns as plain numbers, truths, instants and names: converted exactly, or refused.

A log may come from a CSV, from SQL or from Arrow: truth as "true" or 1, null as None, NaN or NA,
numbers as text. What means one thing only is converted; all else is refused with its counts.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from truerisk.columns import ARM, chance_of, m_of, score_of, value_of, valued_actions
from truerisk.errors import LogError
from truerisk.measurement.evidence.outcomes import refuse
from truerisk.wording.counted import counted
from truerisk.wording.lists import did_you_mean, one_of

NEEDED = ("subject", "mature", "score", "p_reveal", "revealed", "event")
NUMBERS = ("score", "p_reveal", "m", "m2", "realised_value", "arm_share", "arm_p_reveal")
INSTANTS = ("as_of", "event_at", "followed_until")
NAMES = ("action", "override", "status", "verdict", "reviewer")
REVIEWS = ("q", "audited")  # what a log with verdicts needs
STATUSES = (
    "followed", "closed", "not_taken", "lost", "pending", "not revealed", "without an outcome",
)  # fmt: skip
WORDS = {"true": 1.0, "false": 0.0}


def typed(log: pd.DataFrame) -> pd.DataFrame:
    """The log with the columns that estimates read as float64, bool, UTC instants or text.

    Raises LogError for a column that is missing or there twice, and for what is no number, truth,
    instant or name, with the count of its rows.
    """
    if not isinstance(log, pd.DataFrame):
        raise LogError(f"A log is a pandas DataFrame, and a {type(log).__name__} came.")
    twice = log.columns[log.columns.duplicated()]
    if len(twice):
        raise LogError(f'The log has the column "{twice[0]}" more than once.')
    for column in NEEDED:
        if column not in log:
            raise LogError(
                f'The log has no column "{column}", without which no estimate is unbiased; '
                f"{did_you_mean(column, map(str, log.columns))}."
            )
    names = {name: _name(log, name) for name in NAMES if name in log}
    made: dict[str, Any] = {}
    made["mature"] = mature = _truth(log, "mature", np.ones(len(log), bool))
    made["revealed"] = _truth(log, "revealed", mature)
    made["event"] = _numbers(log, "event", WORDS)
    if "verdict" in log:
        made |= _reviews(log, names["verdict"].notna().to_numpy())
    for column in _numeric(log.assign(action=names["action"]) if "action" in names else log):
        made[column] = _numbers(log, column)
    for column in INSTANTS:
        if column in log:
            made[column] = _instants(log, column)
    # A column that is what it should be is not copied.
    return log.assign(**names, **{c: v for c, v in made.items() if log[c].dtype != v.dtype})


def _reviews(log: pd.DataFrame, reviewed: np.ndarray) -> dict[str, Any]:
    """The columns of reviews as numbers and truths."""
    for column in REVIEWS:
        if column not in log:
            raise LogError(
                f'The log has verdicts and no column "{column}"; reviews need q, the chance that '
                "an audit lets the row pass all the same (1 where the verdict passes), and "
                "audited, whether its draw did."
            )
    chances = {c: _numbers(log, c) for c in ("q", "audit_q") if c in log}
    return {**chances, "audited": _truth(log, "audited", reviewed)}


def numbers(values: pd.Series, name: str) -> np.ndarray:
    """The values as floats, null as NaN, shape (n,); text is parsed.

    Raises LogError with the count of what is neither a number nor null.
    """
    return _numbers(pd.DataFrame({name: values}), name)


def utc(instants: pd.Series) -> np.ndarray:
    """Typed instants as numbers, (n,): with their time zone they would be objects."""
    zoned = instants.dt.tz is not None
    return (instants.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else instants).to_numpy()


def _numeric(log: pd.DataFrame) -> Iterator[str]:
    """The columns of numbers that are there, those of every action included."""
    yield from (c for c in NUMBERS if c in log)
    worth = valued_actions(log.columns)
    for action in worth:
        for side in ("if_event", "if_no_event"):
            if value_of(action, side) not in log:
                raise LogError(
                    f'The log has no column "value_{action}_{side}"; every action needs both its '
                    "dollars."
                )
            yield value_of(action, side)
    taken = [] if "action" not in log else sorted(log["action"].dropna().unique())
    for action in dict.fromkeys([*worth, *taken]):
        chance = chance_of(action)
        own = (chance, f"{ARM}{chance}", score_of(action), m_of(action))
        yield from (c for c in own if c in log)


def _numbers(log: pd.DataFrame, column: str, words: dict[str, float] | None = None) -> np.ndarray:
    values = log[column]
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_numeric_dtype(values.dtype):
        if pd.api.types.is_complex_dtype(values.dtype):
            raise LogError(f'The log\'s column "{column}" does not hold numbers (complex ones).')
        return values.to_numpy(dtype=float, na_value=np.nan)
    if not (
        pd.api.types.is_object_dtype(values.dtype)
        or pd.api.types.is_string_dtype(values.dtype)
        or isinstance(values.dtype, pd.CategoricalDtype)
    ):
        raise LogError(f'The log\'s column "{column}" does not hold numbers ({values.dtype}).')
    try:
        code, found = pd.factorize(values)  # null is −1
    except TypeError:
        raise LogError(f'The log\'s column "{column}" does not hold numbers (lists).') from None
    parsed = np.array([_number(value, words or {}) for value in found] + [np.nan])
    made = parsed[code]
    wrong = np.isnan(made) & (code >= 0)
    if wrong.any():
        kind = "numbers" if words is None else "truths"
        allowed = "a number" if words is None else "true or false, or 1 or 0"
        raise LogError(
            f'The log\'s column "{column}" does not hold {kind} in {int(wrong.sum()):,} of '
            f"{counted(len(log), 'row')}; allowed is {allowed}, and null where it is not known."
        )
    return made


def _number(value: object, words: dict[str, float]) -> float:
    try:
        text = str(value).strip().lower() if isinstance(value, str) else ""
        return words[text] if text in words else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return np.nan


def _truth(log: pd.DataFrame, column: str, needed: np.ndarray) -> np.ndarray:
    """Truth as bool; null only where it is not ``needed``, as False there."""
    if log[column].dtype == bool:
        return log[column].to_numpy()
    made = _numbers(log, column, WORDS)
    null = np.isnan(made)
    refuse(f"{column} is null", null & needed)
    wrong = ~null & ~np.isin(made, (0, 1))
    refuse(f"{column} is neither true nor false (nor 1 nor 0)", wrong)
    return np.where(null, 0.0, made) == 1


def _instants(log: pd.DataFrame, column: str) -> pd.Series:
    values = log[column]
    if values.isna().all():
        return pd.Series(pd.NaT, values.index, dtype="datetime64[us, UTC]")
    if pd.api.types.infer_dtype(values, skipna=True) not in ("datetime", "datetime64", "date"):
        raise LogError(
            f'The log\'s column "{column}" holds {_kind(values)} where instants are needed; '
            "convert them first: "
            f'log["{column}"] = pd.to_datetime(log["{column}"], format=…, utc=True).'
        )
    try:
        made = pd.to_datetime(values)
        return made if made.dt.tz is None else made.dt.tz_convert("UTC")
    except (ValueError, TypeError, AttributeError):
        raise LogError(
            f'The log\'s column "{column}" mixes instants with and without a time zone; give '
            "all of them in UTC."
        ) from None


def _name(log: pd.DataFrame, column: str) -> pd.Series:
    """Text or null; a truth or a number is no name, and a blank is not null."""
    code, found = pd.factorize(log[column])  # null is −1
    names = np.array([*found, None], dtype=object)  # each text once, whoever has it
    other = np.array([not isinstance(v, str) for v in found] + [False])[code]
    if other.any():
        of = {"verdict": "a verdict's name", "reviewer": "a person's name"}
        allowed = one_of(STATUSES) if column == "status" else of.get(column, "an action's name")
        raise LogError(
            f'The log\'s column "{column}" holds no text in {int(other.sum()):,} of {len(log):,} '
            f"rows; allowed is {allowed}, or null."
        )
    blank = np.array([not str(v).strip() for v in found] + [False])[code]
    refuse(f"{column} is blank, neither a name nor null,", blank)
    if column == "status":
        unknown = np.array([v not in STATUSES for v in found] + [False])[code]
        refuse(f"status is none of {one_of(STATUSES)}", unknown)
    return pd.Series(names[code], index=log.index, name=column, dtype=object)


def _kind(values: pd.Series) -> str:
    return str(pd.api.types.infer_dtype(values, skipna=True)).replace("string", "text")
