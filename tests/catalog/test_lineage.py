"""Lineage both ways, features with their models, and the columns nobody uses."""

import pytest

from tests.catalog.conftest import AS_OF
from truerisk.catalog.catalog import read_catalog
from truerisk.catalog.column_lineage import UnresolvedError, column_lineage
from truerisk.catalog.lineage import reach

pytestmark = pytest.mark.xdist_group("catalog")  # what they look at is made once

C, F = "column/small.", "feature/small."


def names(found, kind):
    return {n.removeprefix(f"{kind}/small.") for n in found if n.startswith(f"{kind}/")}


def how(catalog, up, down):
    return {e.how for e in catalog.edges if (e.up, e.down) == (up, down)}


@pytest.mark.slow
def test_from_a_column_to_decisions(catalog):
    below = catalog.downstream(C + "applications.income")
    assert names(below, "feature") == {"income", "burden", "squared"}
    assert len(names(below, "model")) == len(names(below, "decisions")) == 1
    model = catalog.model_entries[0]
    assert model.decisions == {"approve": 30, "decline": 10}
    assert (model.first, model.latest) == ("2026-01-01", "2026-02-09")


@pytest.mark.slow
def test_from_a_feature_back_to_columns(catalog):
    above = catalog.upstream(F + "payments__late_paid__30d")
    assert names(above, "column") == {
        "payments.paid",
        "payments.late",
        "payments.customer_id",
        "applications.customer_id",
        "payments.paid_at",
    }
    feature = F + "payments__late_paid__30d"
    assert how(catalog, C + "payments.paid", feature) == {"value"}
    assert how(catalog, C + "payments.late", feature) == {"filter"}
    assert how(catalog, C + "payments.paid_at", feature) == {"time"}
    assert catalog.upstream(F + "burden") == {
        F + "amount": 1,
        F + "income": 1,
        C + "applications.amount": 2,
        C + "applications.income": 2,
    }


@pytest.mark.slow
def test_money_rules_segments_and_outcome_use_columns(catalog):
    assert how(catalog, C + "applications.fee", "use/small.actions.approve") == {"money"}
    assert how(catalog, C + "applications.amount", "use/small.actions.approve") == {"money"}
    assert how(catalog, C + "applications.age", "use/small.rules[0]") == {"rule"}
    assert how(catalog, C + "applications.purpose", "use/small.training.segments") == {"segment"}
    assert how(catalog, C + "outcomes.defaulted", "use/small.outcome") == {"event"}


@pytest.mark.slow
def test_a_model_s_older_definition_has_its_own_lineage(catalog):
    inputs = {i.feature: i for i in catalog.model_entries[0].inputs}
    assert inputs["burden"].current and not inputs["squared"].current
    assert (inputs["burden"].importance, inputs["burden"].rank) == (20.0, 1)
    assert inputs["squared"].rank is None
    (said,) = how(catalog, C + "applications.fee", F + "squared")
    assert said == f"value, in model {catalog.model_entries[0].version}"


def test_columns_nobody_uses(catalog):
    assert set(catalog.unused["id"]) == {C + "applications.device_id", C + "payments.memo"}


@pytest.mark.slow
def test_a_column_that_another_problem_reads_is_used(world, problem, make_problem):
    other = make_problem(name="other", features={"columns": ["device_id"]})
    found = read_catalog([problem, other], world, AS_OF)
    unused = set(found.unused["id"])
    assert C + "payments.memo" in unused
    assert not {n for n in unused if n.endswith("device_id")}
    assert "column/other.applications.income" not in unused  # small reads the same table


def test_a_feature_is_described_and_covered(catalog):
    about = {f.name: f for f in catalog.feature_entries}
    assert about["burden"].coverage == pytest.approx(30 / 40)
    assert about["burden"].covered == "40 decisions"
    assert about["income"].coverage == pytest.approx(0.8)
    assert about["income"].covered == "the latest 60 applications"
    late = about["payments__late_paid__30d"]
    assert late.words == (
        "sum of paid over payments with the application's customer_id in the 30 days before it, "
        "where late > 5"
    )
    assert 'compute = ["sum(paid) where late > 5 as late_paid"]' in late.toml
    assert len({f.hash for f in about.values()}) == len(about)


def test_frames(catalog):
    assert set(catalog.lineage) == {"up", "down", "how"}
    assert len(catalog.sources) == 3 and len(catalog.features) == 6
    assert {"amount", "income"} <= set(catalog.columns["name"])


COLUMNS = {"loans": ["id", "a", "b", "status"], "notes": ["id", "text"], "closed": []}


@pytest.mark.parametrize(
    ("query", "columns", "filters"),
    [
        ("SELECT id, a + b AS c FROM loans", {"id": "loans.id", "c": "loans.a loans.b"}, ""),
        ("SELECT L.A FROM loans l WHERE l.STATUS = 'x'", {"A": "loans.a"}, "loans.status"),
        (
            "SELECT l.a, n.text FROM loans l JOIN notes n ON l.id = n.id",
            {"a": "loans.a", "text": "notes.text"},
            "loans.id notes.id",
        ),
        (
            "WITH c AS (SELECT a AS x FROM loans WHERE b > 0) SELECT max(x) AS y FROM c GROUP BY x",
            {"y": "loans.a"},
            "loans.a loans.b",
        ),
        (
            "SELECT id FROM loans UNION ALL SELECT id FROM (SELECT * FROM notes)",
            {"id": "loans.id notes.id"},
            "",
        ),
        ("SELECT x AS y FROM closed", {"y": "closed.x"}, ""),
        (
            "SELECT * EXCLUDE (text) FROM notes",
            {"id": "notes.id"},
            "",
        ),
    ],
)
def test_columns_through_a_query(query, columns, filters):
    def said(reads):
        return " ".join(sorted(".".join(r) for r in reads))

    made = column_lineage(query, COLUMNS)
    assert {c: said(reads) for c, reads in made.columns.items()} == columns
    assert said(made.filters) == filters


@pytest.mark.parametrize(
    "query", ["SELECT * FROM closed", "SELECT (SELECT max(a) FROM loans) AS m FROM notes"]
)
def test_a_query_that_cannot_be_followed_says_so(query):
    with pytest.raises(UnresolvedError):
        column_lineage(query, COLUMNS)


@pytest.mark.slow
def test_lineage_goes_through_a_query_source(world, make_problem):
    problem = make_problem(
        name="asked",
        sources={
            "raw": {"table": "applications"},
            "applications": {
                "query": "SELECT application_id, applied_at, customer_id, amount * fee AS cost, "
                "amount FROM raw WHERE age > 3",
            },
        },
        features={"columns": ["cost"]},
    )
    found = read_catalog([problem], world, AS_OF)
    above = reach(found.edges, "feature/asked.cost", up=True)
    assert {n for n in above if ".raw." in n} == {"column/asked.raw.amount", "column/asked.raw.fee"}
    unused = {n.removeprefix("column/asked.") for n in found.unused["id"]}
    assert unused == {"raw.income", "raw.purpose", "raw.device_id", "applications.amount"}


@pytest.mark.slow
def test_a_query_that_is_not_followed_uses_its_sources_as_a_whole(world, make_problem):
    problem = make_problem(
        name="whole",
        sources={
            "raw": {"table": "applications"},
            "applications": {
                "query": "SELECT application_id, applied_at, customer_id, amount, "
                "(SELECT max(age) FROM raw) AS oldest FROM raw"
            },
        },
    )
    found = read_catalog([problem], world, AS_OF)
    hows = {e.how for e in found.edges if e.down == "source/whole.applications"}
    assert hows == {"through query, column by column unknown"}
    assert not {n for n in found.unused["id"] if ".raw." in n}
