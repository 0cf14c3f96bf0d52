"""Sources and columns as they are: counted, compared with what ingest recorded, never revealing."""

import json
import re
import shutil

import pytest

from tests.catalog.conftest import AS_OF
from truerisk.catalog.catalog import read_catalog
from truerisk.features.definitions import with_features_of
from truerisk.lake.lake import open_lake
from truerisk.problem.load import problem_from
from truerisk.reports.catalog.page import catalog_page

pytestmark = pytest.mark.xdist_group("catalog")  # what they look at is made once


def entry(catalog, name):
    return next(s for s in catalog.source_entries if s.name == name)


def column(catalog, name):
    return next(c for c in catalog.column_entries if f"{c.source}.{c.name}" == name)


def test_a_source_is_counted_and_judged(catalog):
    s = entry(catalog, "applications")
    assert (s.rows, s.owner, s.place) == (60, "originations", "lake table applications")
    assert f"{s.newest:%Y-%m-%d}" == "2026-03-01"
    assert s.status == "fresh" and s.behind == 2 * 86_400
    assert [(p.at, p.rows) for p in s.history] == [
        ("2026-01", 31),
        ("2026-02", 28),
        ("2026-03", 1),
    ]
    assert s.seen.startswith("never ingested")
    assert entry(catalog, "payments").available == "1 day after paid_at"


@pytest.mark.slow
def test_freshness_is_judged_as_of_a_time(world, problem):
    assert entry(read_catalog([problem], world, "2026-03-04"), "applications").status == "stale"
    early = entry(read_catalog([problem], world, "2026-01-10T12:00:00Z"), "applications")
    assert (f"{early.newest:%Y-%m-%d}", early.ahead) == ("2026-01-10", 50)


def test_a_column_has_its_profile(catalog):
    amount, income = column(catalog, "applications.amount"), column(catalog, "applications.income")
    assert amount.contract == "money, never null, at least 0"
    assert amount.quantiles[2] == pytest.approx(129.5, abs=1.5)
    assert income.nulls == pytest.approx(0.2)
    assert [round(p.nulls, 3) for p in income.history] == [round(7 / 31, 3), round(5 / 28, 3), 0]
    assert column(catalog, "applications.purpose").values == [("home", 40), ("car", 20)]


def test_nothing_that_names_somebody_is_shown(catalog):
    for name in ("customer_id", "application_id", "device_id"):
        c = column(catalog, f"applications.{name}")
        assert (c.values, c.quantiles, c.mean) == ([], [], None), name
    page = catalog_page(catalog)
    assert "Jane-" not in page and "D17" not in page and "P17" not in page


def test_ingests_and_changes_come_with_date_and_file(catalog):
    s = entry(catalog, "payments")
    assert [(b.accepted, b.file.rsplit("/", 1)[-1]) for b in s.ingests] == [
        (400, "payments-0.csv"),
        (400, "payments-1.csv"),
    ]
    late = column(catalog, "payments.late")
    assert [p.nulls for p in late.history] == [0, pytest.approx(0.3)]
    assert late.history[1].psi is not None
    said = [(c.file.rsplit("/", 1)[-1], c.sentence) for c in late.changes if c.kind == "nulls"]
    assert said == [("payments-1.csv", "share of nulls 0.0% -> 30.0%")]
    assert s.seen.startswith("ingested 2 times")


@pytest.mark.slow
def test_a_missing_source_says_so_and_stops_nothing(world, problem, make_problem):
    lost = make_problem(
        name="lost",
        sources={"applications": {"path": "${NOWHERE_SET}"}, "outcomes": {"table": "no_such"}},
    )
    found = read_catalog([problem, lost], world, AS_OF)
    troubles = {s.id: s.trouble for s in found.source_entries if s.trouble}
    assert set(troubles) == {"source/lost.applications", "source/lost.outcomes"}
    assert "${NOWHERE_SET}" in troubles["source/lost.applications"]
    assert "no_such" in troubles["source/lost.outcomes"]
    amount = next(c for c in found.column_entries if c.id == "column/lost.applications.amount")
    assert amount.type == "" and amount.used
    assert [f.name for f in found.feature_entries if f.problem == "lost"] == ["amount"]


@pytest.mark.slow
@pytest.mark.parametrize("table", ["payments", "registry", "ingests", "decisions/small"])
def test_what_is_damaged_is_said_to_be_and_stops_nothing(table, world, problem, tmp_path):
    shutil.copytree(world.root, tmp_path / "lake")
    for commit in (tmp_path / "lake" / table / "_delta_log").glob("*.json"):
        commit.write_text("{")
    found = read_catalog([problem], open_lake(tmp_path / "lake"), AS_OF)
    status = found.sources.set_index("name")["status"]
    assert (status == "damaged").tolist() == [n == table for n in status.index]
    said = [*found.troubles, *found.sources["trouble"], *found.sources["seen"]]
    assert any(f'Table "{table}" of the lake' in s and "is damaged (" in s for s in said)
    assert status["applications"] == "fresh"


@pytest.mark.slow
def test_a_source_that_became_a_query_is_found_by_its_models(world, problem, make_problem):
    """The rows lie elsewhere now; the model knows them by name, key and time."""
    raw = problem.model_dump(mode="json", exclude_none=True)
    asked = dict(raw["sources"]["payments"], query="SELECT * FROM kept")
    del asked["table"]
    kept = {"table": "payments"}
    raw["sources"] = {**raw["sources"], "payments": asked, "kept": kept}
    found = read_catalog([problem_from(raw, "small.toml")], world, AS_OF)
    assert found.troubles == [] and not found.models["trouble"].any()
    [model] = found.model_entries
    then = with_features_of(problem_from(raw, "small.toml"), model.definition)
    assert then.sources["payments"].query == "SELECT * FROM kept"


@pytest.mark.slow
def test_a_problem_file_that_cannot_be_read_is_told(world, problem, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("name = 3")
    found = read_catalog([wrong, problem], world, AS_OF)
    assert len(found.troubles) == 1 and "wrong.toml" in found.troubles[0]
    assert len(found.source_entries) == 3


def test_descriptions_cannot_become_markup(catalog):
    page = catalog_page(catalog)
    assert "<script>document" not in page and "<img" not in page
    data = page.split('id="data">')[1].split("</script>")[0]
    assert "<script>" in json.loads(data)["sources"][0]["description"]
    addresses = set(re.findall(r"[a-z]+://[\w./]+", page.replace(data, "")))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name; the page loads nothing
