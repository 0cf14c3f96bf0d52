"""The problem file: what it may say is read exactly; anything else is one sentence."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from truerisk.errors import ProblemError
from truerisk.problem.load import as_config, load_problem, problem_from, read_text
from truerisk.problem.source import OWN

COMPLETE = Path(__file__).parent / "complete.toml"
SHIPPED = sorted((Path(__file__).parents[2] / "problems").glob("*.toml"))

# What is wrong: text of complete.toml → what replaces it, and what the sentence must say.
MISTAKES = {
    "unknown key": (
        'freshness = "1d"',
        'frishness = "1d"',
        ["sources.applications.frishness is not a known key", "available_at", "freshness"],
    ),
    "unknown section": (
        "[gate]",
        "[gates]",
        ["gates is not a known key", "actions, application", "training"],
    ),
    "unknown candidate": (
        "[candidates.prior]",
        "[candidates.forest]",
        [
            "candidates.forest is not a known key",
            "boosting, prior, response, scorecard, single_feature or uplift",
        ],
    ),
    "unknown parameter of a candidate": (
        "depth = 6",
        "deep = 6",
        ["candidates.boosting has deep, which is no parameter of CatBoost", 'mean "depth"'],
    ),
    "a parameter that writes files": (
        "depth = 6",
        'train_dir = "here"',
        ["candidates.boosting has train_dir", "would write files"],
    ),
    "one parameter under two names": (
        "depth = 6",
        "depth = 6\nmax_depth = 6",
        ["candidates.boosting has both max_depth and depth"],
    ),
    "an unknown boosting recipe": (
        "depth = 6",
        'recipe = "magic"',
        ["candidates.boosting has recipe 'magic', which must be one_step or ten_steps"],
    ),
    "no key": (
        'key = "payment_id"\n',
        "",
        ["sources.payments.key is missing, and features.window[0].source needs it"],
    ),
    "missing subject": ('subject = "customer_id"', "", ["application.subject is missing"]),
    "misspelt source": (
        'source = "bureau"',
        'source = "bureu"',
        [
            'features.latest[0].source is "bureu"',
            "the sources are applications, bureau, outcomes or payments",
        ],
    ),
    "calendar months": (
        'max_age = "90d"',
        'max_age = "6 months"',
        ["features.latest[0].max_age", "'6 months' is not a duration", "s, h or d"],
    ),
    "empty window": (
        'over = ["12h", "365d"]',
        'over = ["12h", "0d"]',
        ["features.window[0].over[1]", "'0d'", "above 0"],
    ),
    "bad SQL": (
        'if_event = "-0.65 * amount"',
        'if_event = "-0.65 * "',
        ["actions.approve.if_event", "'-0.65 * ' is not a SQL expression"],
    ),
    "subquery": (
        'when = "age < 18"',
        'when = "age < (select 18)"',
        ["rules[0].when", "'age < (select 18)'", "no subquery"],
    ),
    "number in place of text": (
        'owner = "originations"',
        "owner = 5",
        ["sources.applications.owner is 5", "a text in quotes"],
    ),
    "unknown aggregate": (
        '"sum(amount)"',
        '"median(amount)"',
        ["features.window[0].compute[1] is 'median(amount)'", "mean(x)", "distinct(x)"],
    ),
    "unknown type in a contract": (
        'type = "integer"',
        'type = "number"',
        ["sources.applications.contract.age.type is 'number'", "'integer'"],
    ),
    "two places of one source": (
        'table = "payments"',
        'table = "payments"\npath = "payments.csv"',
        ["sources.payments needs exactly one of table, path or query", "path and table"],
    ),
    "no place of a source": (
        'table = "payments"\n',
        "",
        ["sources.payments needs exactly one of table, path or query", "none"],
    ),
    "delay beside available_at": (
        'available_at = "loaded_at"',
        'available_at = "loaded_at"\ndelay = "1d"',
        ["sources.payments has both delay and available_at"],
    ),
    "unsupported design": (
        'design = "uniform"',
        'design = "taper"',
        ["exploration[0].design is 'taper'", "allowed: 'neyman' or 'uniform'"],
    ),
    "both budgets": (
        "share_of_profit = 0.02",
        "share_of_profit = 0.02\ndollars_per_day = 500",
        ["exploration[0] needs exactly one of share_of_profit, dollars_per_day or share"],
    ),
    "no budget": (
        "share_of_profit = 0.02",
        "",
        ["exploration[0] needs exactly one of share_of_profit, dollars_per_day or share"],
    ),
    "floor above the cap": ("floor = 0.01", "floor = 0.3", ["exploration[0] has a floor of 0.3"]),
    "share above one": (
        "share_of_profit = 0.02",
        "share_of_profit = 2",
        ["exploration[0].share_of_profit is 2", "a number above 0 and at most 1"],
    ),
    "two revealing actions": (
        "reveals = false",
        "reveals = true",
        ["decline reveals, as approve does", 'same_outcome_as = "approve"', "own_outcome = true"],
    ),
    "no revealing action": (
        "reveals = true",
        "reveals = false",
        ["actions have none with reveals = true"],
    ),
    "exploring by hiding": (
        '[[exploration]]\naction = "approve"',
        '[[exploration]]\naction = "decline"',
        ['exploration[0].action is "decline"', "approve"],
    ),
    "a rule with an unknown action": (
        'action = "decline"\nreason',
        'action = "refuse"\nreason',
        ['rules[0].action is "refuse"', "approve or decline"],
    ),
    "bad cron": (
        'train = "0 6 1 * *"',
        'train = "monthly"',
        ["schedule.train", "'monthly' is not a cron line of five fields", "0 6 1 * *"],
    ),
    "bad time": (
        "decide_from = 2026-01-01",
        "decide_from = 20260101",
        ["application.decide_from", "20260101 is not a time", "2026-06-30"],
    ),
    "capital letters in a name": (
        "[sources.bureau]",
        "[sources.Bureau]",
        ["sources.Bureau is 'Bureau'", "lower-case letters, digits and _"],
    ),
    "invalid TOML": ("[gate]", "[gate", ["is not valid TOML", "line"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_with_file_path_what_came_and_what_is_allowed(
    mistake: str, tmp_path: Path
) -> None:
    right, wrong, said = MISTAKES[mistake]
    text = COMPLETE.read_text()
    assert right in text
    file = tmp_path / "complete.toml"
    file.write_text(text.replace(right, wrong, 1))
    with pytest.raises(ProblemError) as refused:
        load_problem(file)
    sentence = str(refused.value)
    assert sentence.startswith(f"{file}: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert [part for part in said if part not in sentence] == [], sentence


@pytest.mark.parametrize(
    ("part", "value"),
    [("sources", 3), ("sources", []), ("sources", {"bureau": "x"}), ("features", []), ("gate", 1)],
)
def test_a_value_where_a_table_belongs_is_named(part: str, value: object) -> None:
    raw = {**read_text(COMPLETE.read_text()), part: value}
    with pytest.raises(ProblemError, match=f"^mine: {part}.* is .*must be a table of settings"):
        problem_from(raw, "mine")


def test_a_table_where_a_list_of_tables_belongs_is_named() -> None:
    raw = read_text(COMPLETE.read_text())
    raw["features"]["latest"] = {"pay": {"source": "payments"}}
    with pytest.raises(ProblemError, match=r"must be a list: write \[\[features\.latest\]\]"):
        problem_from(raw, "mine")


def test_what_the_file_says_is_what_the_problem_holds() -> None:
    problem = load_problem(COMPLETE)
    assert problem.where == str(COMPLETE)
    assert (problem.key, problem.offer) == ("application_id", "approve")
    assert problem.outcomes == {"approve": ("approve",)}
    assert problem.application.decide_from == pd.Timestamp("2026-01-01", tz="UTC")
    assert problem.outcome.horizon == timedelta(days=180)
    assert problem.sources["bureau"].delay == timedelta(days=1)
    assert problem.sources["applications"].contract["age"].max == 120
    assert problem.features.window[0].over == [timedelta(hours=12), timedelta(days=365)]
    assert list(problem.candidates.chosen) == ["prior", "scorecard", "boosting"]
    assert problem.actions["decline"].if_event == "0"
    assert problem.rules[0].absolute


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_problem_that_ships_parses_under_its_own_name(file: Path) -> None:
    assert load_problem(file).name == file.stem


@pytest.mark.parametrize("file", [COMPLETE, *SHIPPED], ids=lambda file: file.stem)
def test_the_configuration_of_a_flow_reads_back_as_the_same_problem(file: Path) -> None:
    problem = load_problem(file)
    carried = json.dumps(as_config(problem))
    again = problem_from(read_text(carried))
    assert again.model_dump() == problem.model_dump()
    assert json.dumps(as_config(again)) == carried


@pytest.mark.parametrize("window", ["90d", "180d"])
def test_a_window_in_which_nothing_matures_is_refused_with_both_figures(window: str) -> None:
    text = COMPLETE.read_text().replace('window = "1095d"', f'window = "{window}"')
    with pytest.raises(ProblemError) as refused:
        problem_from(read_text(text), "mine")
    said = str(refused.value)
    assert f'training.window is "{window}" and outcome.horizon "180d"' in said
    assert 'write more than "270d"' in said


@pytest.mark.parametrize(("horizon", "days"), [("180d", 1095), ("1825d", 3740)])
def test_a_window_that_is_not_named_fits_the_horizon(horizon: str, days: int) -> None:
    text = COMPLETE.read_text().replace('window = "1095d"', "")
    problem = problem_from(read_text(text.replace('horizon = "180d"', f'horizon = "{horizon}"')))
    assert problem.training.window == timedelta(days=days)
    assert problem_from(as_config(problem)) == problem


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"none\.toml: there is no such problem file\.$"):
        load_problem(tmp_path / "none.toml")


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_is_no_text_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "binary.toml"
    file.write_bytes(content) if content else file.mkdir()
    with pytest.raises(ProblemError, match=r"binary\.toml: cannot be read as a UTF-8 text file"):
        load_problem(file)


PLACES = (
    "gs://b/p.csv s3a://b/p.csv s3:// s3:///p.csv S3://b/p s3:/b/p http://h/p file:///p abfss://c"
)
NAMES = r"Registry registry/ ../x decisions/credit 1a a-b naïve a\\nb"


def with_payments_from(path: str, tmp_path: Path) -> Path:
    file = tmp_path / "problem.toml"
    old = 'table = "payments"'
    file.write_text(COMPLETE.read_text().replace(old, f'path = "{path}"'))
    return file


def test_a_variable_stays_for_whoever_reads_the_source_and_its_value_goes_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK", "/data/bank-s3cr3t")
    problem = load_problem(with_payments_from("${BANK}/payments.csv", tmp_path))
    assert problem.sources["payments"].path == "${BANK}/payments.csv"
    assert "s3cr3t" not in json.dumps(as_config(problem)) + repr(problem)
    assert str(ProblemError("at /data/bank-s3cr3t/x.csv")) == "at ${BANK}/x.csv"


@pytest.mark.parametrize(
    "place",
    PLACES.split(),
)
def test_a_place_that_truerisk_cannot_read_is_refused(place: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"sources\.payments\.path is .*s3://BUCKET/PATH\.$"):
        load_problem(with_payments_from(place, tmp_path))
    with pytest.raises(ProblemError, match=r"sources\.payments\.path is .*s3://BUCKET/PATH\.$"):
        load_problem(COMPLETE, {"payments": place})


@pytest.mark.parametrize("table", sorted(OWN))
def test_no_source_may_name_a_table_of_truerisks_own(table: str, tmp_path: Path) -> None:
    file = tmp_path / "problem.toml"
    file.write_text(COMPLETE.read_text().replace('table = "payments"', f'table = "{table}"'))
    with pytest.raises(ProblemError, match=f'payments.table is "{table}", which truerisk itself'):
        load_problem(file)


@pytest.mark.parametrize(
    "table",
    [
        "",
        "a b",
        "a" * 64,
        *["Registry", "registry/", "../x", "decisions/credit", "1a", "a-b", "naïve", "a\\nb"],
    ],
)
def test_the_name_of_a_table_is_plain(table: str, tmp_path: Path) -> None:
    file = tmp_path / "problem.toml"
    file.write_text(COMPLETE.read_text().replace('table = "payments"', f'table = "{table}"'))
    with pytest.raises(ProblemError, match=r"payments\.table is .*; allowed: at most 63 "):
        load_problem(file)


def test_an_unset_variable_stays_for_whoever_reads_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BANK", raising=False)
    file = with_payments_from("${BANK}/payments.csv", tmp_path)
    assert load_problem(file).sources["payments"].path == "${BANK}/payments.csv"
    pointed = load_problem(file, {"payments": "/data/mine.csv"})
    assert pointed.sources["payments"].path == "/data/mine.csv"


def test_local_paths_become_absolute_and_remote_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    there = "s3://bucket/payments.parquet"
    for came, kept in [("data/../p.csv", os.path.join(tmp_path, "p.csv")), (there, there)]:
        problem = load_problem(with_payments_from(came, tmp_path))
        assert problem.sources["payments"].path == kept


def test_a_source_can_be_pointed_at_a_file(tmp_path: Path) -> None:
    problem = load_problem(COMPLETE, {"bureau": f"{tmp_path}/bureau.parquet"})
    bureau = problem.sources["bureau"]
    assert (bureau.table, bureau.path) == (None, f"{tmp_path}/bureau.parquet")
    assert (bureau.key, bureau.delay) == ("bureau_id", timedelta(days=1))


def test_pointing_at_an_unknown_source_lists_the_sources() -> None:
    with pytest.raises(ProblemError) as refused:
        load_problem(COMPLETE, {"burau": "x.csv"})
    assert str(refused.value) == (
        f'{COMPLETE}: --source names "burau"; '
        "its sources are applications, bureau, outcomes or payments."
    )
