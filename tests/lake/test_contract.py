"""Every rule of a contract: what it lets through, what it breaks on, and how it says so."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from tests.lake.ingest.visits import counts, visits
from truerisk.errors import SourceError
from truerisk.lake.contract import holds, row_checks
from truerisk.lake.ingest.ingest import Ingested
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources
from truerisk.problem.source import Column

Bring = Callable[..., Ingested]

# rule: (contract, three values of which the last breaks it, rule that is named, sentence)
RULES: dict[str, tuple[dict[str, Any], list[Any], str, str]] = {
    "nullable": ({"nullable": False}, [1, 2, None], "nullable", "is null"),
    "min": ({"min": 0}, [0, None, -0.5], "min", "is below 0"),
    "max": ({"max": 120}, [120, None, 121], "max", "is above 120"),
    "allowed text": ({"allowed": ["a", "o'b"]}, ["a", "o'b", "c"], "allowed", "is not one of a, "),
    "allowed number": ({"allowed": [36, 60]}, [36, 60, 48], "allowed", "is not one of 36, 60"),
    "allowed number as text": (
        {"allowed": [36, 60], "type": "text"},
        ["36", "60", "060"],
        "allowed",
        "is not one of 36, 60",
    ),
    "regex": ({"regex": "[A-Z]{2}|x"}, ["NY", "x", "NYC"], "regex", "does not match [A-Z]{2}|x"),
    "float": ({"type": "float"}, ["1.5", "", "1,5"], "type", "cannot be read as a number"),
    "money": ({"type": "money"}, ["1.505", "-3", "$4"], "type", "cannot be read as a number"),
    "finite": ({"type": "float"}, ["1e3", "2", "inf"], "type", "cannot be read as a number"),
    "integer": (
        {"type": "integer"},
        ["7", "12.0", "6.5"],
        "type",
        "cannot be read as a whole number",
    ),
    "boolean": ({"type": "boolean"}, ["true", "False", "maybe"], "type", "as true or false"),
    "time": ({"type": "time"}, ["2024-01-01", "", "soon"], "type", "cannot be read as a time"),
}


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_a_row_that_breaks_a_rule_is_quarantined_with_the_rule_and_its_reason(
    rule: str, bring: Bring, lake: Lake
) -> None:
    contract, values, name, said = RULES[rule]
    done = bring(visits(1, 2, 3, x=values), contract={"x": contract}, rules={"max_rejected": 0.5})
    assert counts(done) == (2, 1, 0)
    assert sorted(lake.read("visits")["visit"]) == [1, 2]
    [row] = lake.read("quarantine").to_dict("records")
    assert (row["row"], row["rule"], row["column"]) == (3, name, "x")
    assert said in row["reason"]
    assert '"visit":"3"' in row["content"]
    assert any(said in line and "1 row (row 3)" in line for line in done.said)


@pytest.mark.slow
def test_values_that_must_be_unique_are_all_rejected_when_they_repeat(
    bring: Bring, lake: Lake
) -> None:
    contract, some = {"x": {"unique": True}}, {"max_rejected": 1.0}
    first = visits(1, 2, 3, 4, 5, x=["a", "b", "b", None, None])
    assert counts(bring(first, contract=contract, rules=some)) == (3, 2, 0)
    second = visits(6, 7, x=["a", "c"])
    assert counts(bring(second, contract=contract, rules=some)) == (1, 1, 0)
    assert set(lake.read("quarantine")["rule"]) == {"unique"}


@pytest.mark.slow
def test_a_foreign_key_needs_a_row_to_refer_to(bring: Bring, lake: Lake) -> None:
    lake.append("applications", visits(1, 2), "visit")
    contract = {"parent": {"references": "applications.visit"}}
    rows = visits(1, 2, 3, 4, parent=["1", "2", "9", None])
    assert counts(bring(rows, contract=contract, rules={"max_rejected": 0.5})) == (3, 1, 0)
    assert lake.read("quarantine")["reason"].tolist() == [
        'column "parent" has no match in applications.visit'
    ]
    with pytest.raises(SourceError, match='source "applications" has no column "loan"'):
        bring(visits(5, parent=[1]), contract={"parent": {"references": "applications.loan"}})


@pytest.mark.slow
def test_a_foreign_key_may_refer_to_a_row_of_the_same_file(bring: Bring) -> None:
    contract = {"parent": {"references": "visits.visit"}}
    some = {"max_rejected": 0.5}
    done = bring(visits(1, 2, 3, parent=[None, 1, 9]), contract=contract, rules=some)
    assert counts(done) == (2, 1, 0)
    assert counts(bring(visits(4, parent=[2]), contract=contract)) == (1, 0, 0)


@pytest.mark.slow
def test_a_missing_key_or_time_is_rejected_with_all_that_is_wrong_in_the_reason(
    bring: Bring, lake: Lake
) -> None:
    text = "visit,at_,x\n1,2024-01-01,1\n,2024-01-01,2\n3,,-1\n4,soon,4\n"
    done = bring(text, contract={"x": {"min": 0}}, rules={"max_rejected": 1.0})
    assert counts(done) == (1, 3, 0)
    reasons = lake.read("quarantine").sort_values("row")
    assert reasons["rule"].tolist() == ["key", "time", "type"]
    assert reasons["reason"].tolist() == [
        'column "visit" is null, and it is the key',
        'column "at_" is null, and it is the time; column "x" is below 0',
        'column "at_" cannot be read as a time',
    ]


READ = {
    "allowed": ({"allowed": ["a"]}, ["a", "b", None], "is not one of a in 1 of 3 rows"),
    "regex": ({"regex": "[a-z]"}, ["a", "ab", None], "does not match [a-z] in 1 of 3 rows"),
    "unique": ({"unique": True}, ["a", "a", None], "repeats in 1 of 3 rows"),
}


@pytest.mark.parametrize("rule", READ)
def test_a_source_that_is_read_is_held_to_the_same_rules(
    rule: str, lake: Lake, make_problem: Callable[..., Any]
) -> None:
    contract, values, said = READ[rule]
    lake.append("visits", visits(1, 2, 3, x=values), "visit")
    place = {"table": "visits", "key": "visit", "time": "at_", "contract": {"x": contract}}
    with (
        Sources(make_problem(sources={"visits": place}), lake) as sources,
        pytest.raises(SourceError) as refused,
    ):
        sources.view("visits")
    assert f'column "x" {said}, against its contract.' in str(refused.value)


def test_another_engine_runs_the_checks(lake: Lake, make_problem: Callable[..., Any]) -> None:
    lake.append("visits", visits(1, 2, x=[1.0, -1.0]), "visit")
    place = {"table": "visits", "key": "visit", "time": "at_", "contract": {"x": {"min": 0}}}
    asked: list[str] = []
    with Sources(make_problem(sources={"visits": place}), lake) as sources:

        def fetch(sql: str) -> tuple[Any, ...]:
            asked.append(sql)
            return sources.con.sql(sql).fetchall()[0]

        with pytest.raises(SourceError, match="is below 0 in 1 of 2 rows"):
            sources.view("visits", fetch=fetch)
        with pytest.raises(SourceError, match="is below 0 in 1 of 2 rows"):
            sources.verify("visits", fetch)
    assert any("source_visits" in sql for sql in asked)
    assert all(sql.startswith("SELECT count") for sql in asked)


def test_a_condition_is_never_true_for_null_but_for_nullable() -> None:
    rule = Column(min=0, max=1, allowed=[1], regex="1", nullable=False)
    for check in row_checks("x", rule, "DOUBLE"):
        sql = f"SELECT {check.condition} FROM (SELECT NULL::DOUBLE AS x)"
        assert (duckdb.sql(sql).fetchall() == [(True,)]) == (check.rule == "nullable")


def test_a_type_of_the_contract_takes_what_it_can_hold() -> None:
    assert holds(Column(type="money"), "DECIMAL(18,2)")
    assert holds(Column(type="integer"), "INTEGER")
    assert not holds(Column(type="integer"), "DOUBLE")
    assert holds(Column(), "BLOB")
