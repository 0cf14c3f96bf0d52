"""A log from CSV, SQL or Arrow: what means one thing gives the same estimates, to the bit."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.measure import measure

TRUTHS = ("mature", "revealed")
NUMBERS = ("score", "p_reveal", "p_approve", "p_decline", "value_approve_if_event")


def plain() -> pd.DataFrame:
    log = worlds.draw(0, n=400)
    log["mature"] = np.arange(len(log)) % 20 > 0
    return log.assign(event=log["event"].where(log["mature"])).drop(columns=["p", "y", "u"])


def text(log: pd.DataFrame) -> pd.DataFrame:
    """As a CSV read without types: truths in words or digits, null an empty place."""
    return log.assign(
        mature=log["mature"].map({True: "true", False: "False"}),
        revealed=log["revealed"].map({True: "1", False: "0"}),
        event=log["event"]
        .map({1.0: "TRUE", 0.0: " false "})
        .astype(object)
        .where(log["event"].notna(), None),
        **{c: log[c].map(repr) for c in NUMBERS},
    )


def nullable(log: pd.DataFrame) -> pd.DataFrame:
    revealed = log["revealed"].astype("boolean").where(log["mature"], pd.NA)
    types = {**dict.fromkeys(NUMBERS, "Float64"), "event": "Int64", "mature": "boolean"}
    return log.astype(types).assign(revealed=revealed, action=log["action"].astype("string"))


def objects(log: pd.DataFrame) -> pd.DataFrame:
    event = log["event"].astype(object).where(log["event"].notna(), pd.NA)
    return log.astype(dict.fromkeys([*TRUTHS, *NUMBERS], object)).assign(event=event)


def arrow(log: pd.DataFrame) -> pd.DataFrame:
    table = pa.Table.from_pandas(nullable(log), preserve_index=False)
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def integers(log: pd.DataFrame) -> pd.DataFrame:
    return log.astype({"mature": int, "revealed": "Int8"})


@pytest.mark.parametrize("form", [text, nullable, objects, arrow, integers])
def test_every_form_of_a_log_gives_the_same_estimates(
    form: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    log = plain()
    pd.testing.assert_frame_equal(measure(form(log)), measure(log), check_exact=True)


@pytest.mark.parametrize("column", TRUTHS)
def test_what_is_no_truth_is_refused_with_what_is_allowed(column: str) -> None:
    log = plain().astype({column: object})
    log.loc[1:3, column] = "yes"
    allowed = "in 3 of 400 rows; allowed is true or false, or 1 or 0, and null"
    with pytest.raises(LogError, match=f'"{column}" does not hold truths {allowed}'):
        measure(log)
    log.loc[1:3, column] = 2
    with pytest.raises(LogError, match=f"{column} is neither true nor false .* 3 of 400 rows"):
        measure(log)


@pytest.mark.parametrize("null", [None, np.nan, pd.NA])
def test_a_null_where_a_truth_is_needed_is_refused(null: object) -> None:
    log = plain().astype({"revealed": object})
    log.loc[1:3, "revealed"] = null
    with pytest.raises(LogError, match="revealed is null in 3 of 400 rows"):
        measure(log)


def test_words_are_no_event_and_no_score() -> None:
    log = plain().astype({"event": object, "score": object})
    log.loc[log.index[log["revealed"]][:2], "event"] = "default"
    with pytest.raises(LogError, match='"event" does not hold truths in 2 of 400 rows'):
        measure(log)
    log = plain().astype({"score": object})
    log.loc[:1, "score"] = "0,5"
    with pytest.raises(LogError, match='"score" does not hold numbers in 2 of 400 rows'):
        measure(log)
