"""Search answers "do we have …?", at the terminal as on the page."""

import json

import pytest
from typer.testing import CliRunner

from truerisk.catalog.search import distance, nearest, search
from truerisk.cli import app
from truerisk.commands import catalog as command_of
from truerisk.errors import LakeError

pytestmark = pytest.mark.xdist_group("catalog")  # what they look at is made once


def ids(catalog, words):
    return [hit.document.id for hit in search(catalog, words)]


def test_a_name_comes_first_then_what_mentions_it(catalog):
    assert ids(catalog, "device") == [
        "column/small.applications.device_id",
        "source/small.payments",
        *sorted(c.id for c in catalog.column_entries if c.source == "payments"),
    ]


def test_a_name_that_is_all_asked_for_beats_longer_ones(catalog):
    assert ids(catalog, "customer id")[0].endswith(".customer_id")
    assert ids(catalog, "paid")[0] == "column/small.payments.paid"


def test_all_words_in_any_case_and_from_their_beginning(catalog):
    assert ids(catalog, "LATE paid") == ids(catalog, "paid late")
    assert ids(catalog, "late paid")[0] == "feature/small.payments__late_paid__30d"
    assert ids(catalog, "burd") == ids(catalog, "burden")
    assert ids(catalog, "burden nonsense") == []


@pytest.mark.parametrize("typed", ["incme", "icnome", "inncome"])
def test_a_typing_error_is_forgiven(catalog, typed):
    assert ids(catalog, typed)[:2] == ["feature/small.income", "column/small.applications.income"]


def test_owner_kind_and_definition_are_searched(catalog):
    assert "source/small.payments" in ids(catalog, "open banking")
    assert ids(catalog, "champion")[0].startswith("model/small.")
    assert "feature/small.burden" in ids(catalog, "nullif")


def test_an_answer_says_state_and_users(catalog):
    (income, *_) = search(catalog, "device_id")
    assert (income.document.state, income.document.users) == ("100% filled", "nobody")
    burden = next(h.document for h in search(catalog, "burden") if h.document.name == "burden")
    assert (burden.state, burden.users) == ("75% filled", "1 model")


def test_no_hit_has_the_nearest_names(catalog):
    assert ids(catalog, "salary") == []
    assert nearest(catalog, "incoming")[0] == "income"


def test_distance():
    pairs = [("income", "income"), ("income", "incme"), ("income", "icnome"), ("late", "paid")]
    assert [distance(a, b) for a, b in pairs] == [0, 1, 1, 3]


@pytest.fixture
def command(world, tmp_path, monkeypatch):
    """Run ``truerisk catalog`` on the world, as typed."""
    file = tmp_path / "small.toml"

    def run(*arguments):
        monkeypatch.setattr("truerisk.commands.catalog.find", lambda name: _problem)
        return CliRunner(env={"COLUMNS": "100"}).invoke(
            app, ["catalog", "--problem", str(file), "--lake", world.root, *arguments]
        )

    return run


_problem = None


@pytest.fixture(autouse=True)
def _this_problem(problem):
    global _problem
    _problem = problem


@pytest.mark.slow
def test_the_command_prints_an_overview_and_writes_the_page(command, world, tmp_path):
    done = command("--as-of", "2026-03-03")
    assert done.exit_code == 0, done.output
    assert "2 columns nobody uses" in done.output
    assert f"The page: {world.root}/reports/catalog.html" in done.output
    assert all(len(line) <= 100 for line in done.output.splitlines() if "The page" not in line)
    command("--page", str(tmp_path / "here.html"))
    assert (tmp_path / "here.html").read_text().startswith("<!doctype html>")


def test_the_page_replaces_nothing_but_a_catalogue(tmp_path):
    mine = tmp_path / "mine.html"
    mine.write_text("<!doctype html><title>Mine</title>")
    for page, why in ((mine, "holds no catalogue"), (tmp_path / "p.toml", r"must end in \.html")):
        with pytest.raises(LakeError, match=why):
            command_of._place(str(page))
    assert mine.read_text().endswith("<title>Mine</title>")
    mine.write_text("<!doctype html><title>Catalogue</title>")
    assert command_of._place(str(mine)) == str(mine)


@pytest.mark.slow
def test_the_command_answers(command):
    assert "nobody" in command("--search", "device").output
    assert "No: nothing" in command("--search", "zebra").output
    shown = command("--feature", "burden").output
    assert "1 of 2" in shown and "amount / nullif(income, 0)" in shown
    assert "share of nulls 0.0% -> 30.0%" in command("--source", "small.payments").output
    said = json.loads(command("--json").output)
    assert len(said["sources"]) == 3 and said["lineage"]


@pytest.mark.slow
def test_an_unknown_name_is_one_sentence(command):
    done = command("--feature", "burdn")
    assert str(done.exception) == 'There is no feature "burdn"; did you mean burden?'
