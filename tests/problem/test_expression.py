"""Expressions see the columns of one row, and nothing else of the machine."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from truerisk.problem.evaluate import evaluate
from truerisk.problem.expression import columns_of, sandbox

ROWS = pd.DataFrame(
    {"amount": [100.0, 250.0, None], "purpose": ["car", None, "home"], "age": [17, 18, 40]},
    index=[7, 3, 5],
)


def test_the_columns_an_expression_reads_are_known_before_any_data() -> None:
    assert columns_of("-0.65 * amount") == {"amount"}
    assert columns_of("amount / nullif(annual_income, 0) -- a ratio") == {"amount", "annual_income"}
    assert columns_of("case when age < 18 then 1 else 0 end") == {"age"}
    assert columns_of("0") == set()


def test_values_come_in_the_order_of_the_rows() -> None:
    made = evaluate(ROWS, {"loss": "-0.65 * amount", "young": "age < 18", "zero": "0"})
    assert made["loss"].tolist()[:2] == [-65.0, -162.5]
    assert pd.isna(made["loss"][2])
    assert made["young"].tolist() == [True, False, False]
    assert made["zero"].tolist() == [0, 0, 0]


def test_column_names_are_found_in_either_case_as_sql_has_it() -> None:
    assert evaluate(ROWS, {"x": "AGE + 1"})["x"].tolist() == [18, 19, 41]


def test_order_holds_over_many_rows() -> None:
    many = pd.DataFrame({"n": range(300_000)})
    assert evaluate(many, {"n": "n"})["n"].equals(many["n"])


@pytest.mark.parametrize(
    "expression",
    [
        "(select 1)",
        "(select content from read_text('/etc/passwd'))",
        "exists(select 1)",
        "amount in (select 1)",
        "array(select 1)",
        "1), (2",
        "*",
        "columns(*)",
        "sum(amount) over ()",
        "",
        "-- nothing",
    ],
)
def test_anything_beyond_one_row_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="must be one SQL expression over the columns of a row"):
        columns_of(expression)


@pytest.mark.parametrize(
    "expression", ["amount +", "a; drop table x", "1) from x where (1", "sel("]
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="is not a SQL expression"):
        columns_of(expression)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("incom * 2", "incom"),
        ("amount + purpose", "cannot be computed"),
        ("amount::date", "cannot be computed"),
    ],
)
def test_what_these_rows_cannot_give_names_the_expression(expression: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        evaluate(ROWS, {"x": expression})
    assert repr(expression) in str(refused.value)


def test_the_connection_behind_expressions_cannot_open_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with sandbox() as con:
        for sql in (f"SELECT * FROM '{secret}'", f"SELECT * FROM read_text('{secret}')"):
            with pytest.raises(duckdb.PermissionException):
                con.execute(sql)
        with pytest.raises(duckdb.Error):
            con.execute("SET enable_external_access = true")
    assert duckdb.sql(f"SELECT * FROM '{secret}'").fetchall() == [(1,)]
