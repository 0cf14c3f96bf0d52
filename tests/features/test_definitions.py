"""A definition's hash travels with a model: it changes with the numbers and with nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from truerisk.errors import ProblemError
from truerisk.features.definitions import (
    by_feature,
    definition,
    definition_hash,
    names,
    with_features_of,
)
from truerisk.problem.aggregate import aggregates
from truerisk.problem.duration import parse_duration
from truerisk.problem.names import derived_order

LATEST = {"source": "bureau", "by": "customer_id", "columns": ["score"], "max_age": "90d"}
WINDOW = {
    "source": "payments",
    "by": "customer_id",
    "over": ["30d"],
    "compute": ["count", "sum(amount)"],
}
GIVEN = {
    "sources": {
        "bureau": {"table": "bureau", "key": "bureau_id", "time": "seen_at", "delay": "1d"},
        "payments": {"table": "payments", "key": "payment_id", "time": "paid_at"},
    },
    "features": {
        "columns": ["amount"],
        "derived": {"half": "amount / 2"},
        "latest": [LATEST],
        "window": [WINDOW],
    },
}
Make = Callable[..., Any]


def test_names_say_source_function_column_and_window(make_problem: Make) -> None:
    assert names(make_problem(**GIVEN)) == [
        "amount",
        "half",
        "bureau__score",
        "payments__count__30d",
        "payments__sum_amount__30d",
    ]


def test_one_length_of_time_gives_one_name() -> None:
    spellings = [
        [a.name for a in aggregates("payments", [parse_duration(text)], ["since_last"])]
        for text in ["1d", "24h", "86400s"]
    ]
    assert spellings == [["payments__since_last__1d"]] * 3


def test_two_definitions_of_one_name_are_refused(make_problem: Make) -> None:
    with pytest.raises(ProblemError) as told:
        make_problem(**{**GIVEN, "features": {"window": [WINDOW, WINDOW]}})
    assert str(told.value) == (
        'small.toml: features.window[1].compute[0] defines "payments__count__30d", as '
        "features.window[0].compute[0] does already; keep one, or name one of two aggregates "
        "with `as`."
    )


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ({"columns": ["amount", "Amount"]}, 'features.columns[1] defines "Amount"'),
        ({"columns": ["Half"], "derived": {"half": "1"}}, 'features.derived.half defines "half"'),
        (
            {"window": [{**WINDOW, "compute": ["sum(amount)", "sum(Amount)"]}]},
            'features.window[0].compute[1] defines "payments__sum_Amount__30d"',
        ),
    ],
)
def test_features_that_differ_only_in_capitals_are_refused(
    make_problem: Make, features: dict[str, Any], said: str
) -> None:
    with pytest.raises(ProblemError, match="only in capitals") as told:
        make_problem(**{**GIVEN, "features": features})
    assert str(told.value).startswith(f"small.toml: {said}, which differs from")


def test_derived_features_come_after_what_they_read(make_problem: Make) -> None:
    derived = {"c": "b + a", "b": "a * 2", "a": "amount"}
    assert derived_order(make_problem(features={"derived": derived}).features) == ["a", "b", "c"]


def hash_with(make_problem: Make, **changes: Any) -> str:
    sources = {**GIVEN["sources"], **changes.pop("sources", {})}
    features = {**GIVEN["features"], **changes.pop("features", {})}
    return definition_hash(definition(make_problem(sources=sources, features=features, **changes)))


def changed(name: str, **settings: Any) -> dict[str, Any]:
    return {"sources": {name: {**GIVEN["sources"].get(name, {}), **settings}}}


@pytest.mark.parametrize(
    "change",
    [
        {"features": {"columns": []}},
        {"features": {"derived": {"half": "amount / 2.5"}}},
        {"features": {"latest": [{**LATEST, "max_age": "91d"}]}},
        {"features": {"latest": [{**LATEST, "by": "application_id"}]}},
        {"features": {"window": [{**WINDOW, "over": ["31d"]}]}},
        {"features": {"window": [{**WINDOW, "compute": ["count", "mean(amount)"]}]}},
        changed("bureau", delay="2d"),
        changed("bureau", key="row_id"),
        changed("payments", time="booked_at"),
        changed("payments", available_at="loaded_at"),
        changed("payments", contract={"amount": {"type": "money"}}),
        changed("payments", contract={"amount": {"null_values": [-1]}}),
        changed("payments", contract={"amount": {"infinite": "null"}}),
        changed("payments", contract={"Amount": {"decimal": ",", "thousands": "."}}),
        changed("payments", contract={"paid_at": {"format": "%d/%m/%Y"}}),
        changed("bureau", contract={"score": {"format": "# points"}}),
    ],
    ids=str,
)
def test_the_hash_changes_with_what_the_numbers_depend_on(
    change: dict[str, Any], make_problem: Make
) -> None:
    assert hash_with(make_problem, **change) != hash_with(make_problem)


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Another text."},
        {"name": "other"},
        changed("bureau", description="Snapshots.", owner="risk", freshness="2d"),
        changed("payments", table="payments_v2"),
        changed("payments", contract={"amount": {"type": "float", "max": 5}}),
        changed("payments", contract={"nobody_reads": {"null_values": [-1]}}),
        changed("outcomes", delay="9d"),
        {"outcome": {"horizon": "60d"}},
        {"features": {"window": [{**WINDOW, "over": ["720h"]}]}},
    ],
    ids=str,
)
def test_the_hash_stays_with_texts_places_and_labels(
    change: dict[str, Any], make_problem: Make
) -> None:
    assert hash_with(make_problem, **change) == hash_with(make_problem)


def test_a_model_brings_its_own_features_to_a_problem_that_has_others(make_problem: Make) -> None:
    old = definition(make_problem(**GIVEN))
    today = make_problem(sources=GIVEN["sources"], features={"columns": ["term"]})
    again = with_features_of(today, old)
    assert names(again) == names(make_problem(**GIVEN))
    assert definition_hash(definition(again)) == definition_hash(old)
    assert (again.where, names(today)) == (today.where, ["term"])


def test_a_model_reads_its_columns_as_they_were_written_when_it_was_trained(
    make_problem: Make,
) -> None:
    """A rule that came, went or changed since then; what it must hold is today's to say."""
    then = {"amount": {"null_values": [-1], "max": 5.0}, "other": {"null_values": [-1]}}
    paid = {"paid_at": {"format": "%d/%m/%Y"}}
    for was, now in ((then, {}), ({}, then), (then, paid), (paid, {"amount": {"max": 9.0}})):
        old = definition(make_problem(**{**GIVEN, **with_contract(was)}))
        today = make_problem(**{**GIVEN, **with_contract(now)})
        assert definition_hash(definition(today)) != definition_hash(old)
        again = with_features_of(today, old)
        assert definition_hash(definition(again)) == definition_hash(old)
        contract = again.sources["payments"].contract
        assert contract.get("other") == today.sources["payments"].contract.get("other")
        held = {c: rule.max for c, rule in contract.items() if rule.max is not None}
        assert held == {c: rule["max"] for c, rule in now.items() if "max" in rule}
        for source in old["sources"].values():  # a model of before this was kept
            del source["reading"]
        assert with_features_of(today, old).sources == today.sources


def with_contract(contract: dict[str, Any]) -> dict[str, Any]:
    return {"sources": {**GIVEN["sources"], **changed("payments", contract=contract)["sources"]}}


def test_a_feature_means_the_same_when_another_column_is_written_otherwise(
    make_problem: Make,
) -> None:
    def hashes(contract: dict[str, Any]) -> dict[str, str]:
        defined = definition(make_problem(**{**GIVEN, **with_contract(contract)}))
        return {n: definition_hash(d) for n, d in by_feature(defined, "applications").items()}

    plain, other = hashes({}), hashes({"amount": {"null_values": [-1]}})
    assert (
        {name for name in plain if plain[name] != other[name]}
        == {name for name in plain if name.startswith("payments__") and "amount" in name}
        != set()
    )


def test_a_model_brings_the_rows_its_sources_had(make_problem: Make) -> None:
    was = {
        **GIVEN,
        "sources": {
            **GIVEN["sources"],
            "payments": {
                **GIVEN["sources"]["payments"],
                "table": None,
                "query": "select * from read_parquet('march.parquet')",
                "contract": {"amount": {"type": "money"}},
            },
        },
    }
    old = definition(make_problem(**was))
    now = {
        "bureau": {"table": "bureau_2", "key": "row_id", "time": "asked_at", "delay": "9d"},
        "payments": {
            **was["sources"]["payments"],
            "query": "select * from read_parquet('april.parquet') where amount > 0",
            "contract": {"amount": {"type": "float", "max": 5}},
        },
    }
    today = make_problem(**{**GIVEN, "sources": now})
    assert definition_hash(definition(today)) != definition_hash(old)
    again = with_features_of(today, old)
    assert definition_hash(definition(again)) == definition_hash(old)
    assert again.sources["bureau"].table == "bureau_2", "where the rows lie is today's to say"
    assert again.sources["payments"].query == was["sources"]["payments"]["query"]
    moved = make_problem(
        **{
            **was,
            "sources": {
                **was["sources"],
                "payments": {
                    **was["sources"]["payments"],
                    "query": "select * from read_parquet('april.parquet')",
                },
            },
        }
    )
    assert "april" in (with_features_of(moved, old).sources["payments"].query or "")


def test_each_feature_has_a_definition_of_its_own(make_problem: Make) -> None:
    whole = definition(make_problem(**GIVEN))
    own = by_feature(whole, "applications")
    assert list(own) == names(make_problem(**GIVEN))
    assert own["payments__sum_amount__30d"] == {
        "kind": "window",
        "source": "payments",
        "by": "customer_id",
        "version": 1,
        "function": "sum",
        "column": "amount",
        "where": None,
        "seconds": 30 * 86400,
        "rows": whole["sources"]["payments"],
    }
    assert own["half"] == {"kind": "derived", "sql": "amount / 2", "version": 1}


def test_a_source_that_is_gone_is_named_with_what_it_held(make_problem: Make) -> None:
    old = definition(make_problem(**GIVEN))
    said = r'reads source "bureau" \(key bureau_id, time seen_at\)'
    with pytest.raises(ProblemError, match=said):
        with_features_of(make_problem(features={"columns": ["amount"]}), old)
