"""check and init on somebody's files: what they say, as data too, and a file that trains."""

import json
import tomllib

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from truerisk.cli import app
from truerisk.errors import ProblemError, SourceError, TrueriskError
from truerisk.features.dataset import build_dataset
from truerisk.models.parts import split
from truerisk.problem.load import load_problem
from truerisk.profiling.checkup import checkup
from truerisk.profiling.starter import starter

N = 1200


@pytest.fixture
def lender(tmp_path, monkeypatch):
    """applications.csv and outcomes.csv as a lender might export them, and a lake of its own."""
    rng = np.random.default_rng(4)
    at = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 600, N)), "D")
    risk = rng.normal(size=N)
    bad = rng.random(N) < 1 / (1 + np.exp(1.5 - risk))
    applications = pd.DataFrame(
        {
            "application_id": [f"A{i:05d}" for i in range(N)],
            "customer_id": [f"C{i:05d}" for i in rng.integers(0, 900, N)],
            "applied_at": at.strftime("%d.%m.%Y"),
            "amount": [f"${v:,.2f}" for v in rng.integers(10, 400, N) * 100.0],
            "risk": risk.round(3),
            "days_employed": np.where(rng.random(N) < 0.1, 365_243, -rng.integers(1, 9000, N)),
            "purpose": rng.choice(["car", "house"], N),
            "recovered": np.where(bad, rng.integers(1, 900, N), 0),
            "branch": [f"{b:03d}" for b in rng.integers(1, 30, N)],
            "comment": [f"note {i}" for i in range(N)],
        }
    )
    seen = at + pd.to_timedelta(np.where(bad, rng.integers(5, 170, N), 180), "D")
    outcomes = pd.DataFrame(
        {
            "application_id": applications["application_id"],
            "defaulted": np.where(bad, "yes", "no"),
            "observed_at": seen.strftime("%Y-%m-%d"),
        }
    )
    applications.to_csv(tmp_path / "applications.csv", index=False)
    outcomes.sample(1000, random_state=2).to_csv(tmp_path / "outcomes.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUERISK_LAKE", str(tmp_path / "lake"))
    return bad


def run(*words):
    return CliRunner().invoke(app, list(words))


def test_a_file_is_described_and_lines_are_proposed(lender):
    found = run("check", "applications.csv", "--json")
    content = json.loads(found.stdout)
    assert content["columns"][0]["levels"] == N
    assert content["lines"] == [
        'applied_at = { type = "time", format = "%d.%m.%Y" }',
        'amount = { type = "float", format = "$#", thousands = "," }',
        "days_employed = { null_values = [365243] }",
    ]
    shown = run("check", "applications.csv").stdout
    assert "365243 in 1" in shown and "looks like a code for no value" in shown
    assert "A00001" not in shown and "note 1" not in shown, "ids and names are not shown"


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_times_kept_as_texts_are_times(lender, ending):
    frame = pd.read_csv("outcomes.csv")
    if ending == "jsonl":
        frame.to_json("seen.jsonl", orient="records", lines=True)
    else:
        frame.assign(nested=[[1, 2]] * len(frame)).to_parquet("seen.parquet")
    content = json.loads(run("check", f"seen.{ending}", "--json").stdout)
    assert content["lines"] == ['observed_at = { type = "time" }']
    nested = [note for note in content["notes"] if "which no feature can be" in note]
    assert len(nested) == (ending == "parquet")
    made = starter(["applications.csv", f"seen.{ending}"])
    assert tomllib.loads(made.text)["outcome"]["observed"] == "observed_at"


@pytest.mark.slow
def test_init_writes_a_file_that_parses_checks_and_trains(lender, lake):
    said = run("init", "--from", "applications.csv", "outcomes.csv")
    assert said.exit_code == 0
    known_at = pd.Timestamp(said.stdout.split("--known-at ")[-1].strip(), tz="UTC")
    problem = load_problem("applications.toml")
    assert (problem.key, problem.application.subject) == ("application_id", "customer_id")
    assert problem.outcome.event == "defaulted = 'yes'"
    assert problem.outcome.horizon.days == 180
    assert problem.features.columns == ["amount", "risk", "days_employed", "purpose", "branch"]
    found = checkup(problem, lake, known_at)
    assert found.errors == []
    assert sum(m["followed"] for m in found.months) == 1000
    dataset = build_dataset(problem, lake, known_at)
    assert dataset.counts["followed"] == 1000
    assert dataset.counts["events"] == pytest.approx(lender.sum() * 1000 / N, rel=0.1)
    assert split(problem, dataset).judge.sum() > 50


@pytest.mark.slow
def test_a_file_that_exists_is_left_as_it_is(lender, tmp_path):
    (tmp_path / "applications.toml").write_text("mine")
    with pytest.raises(TrueriskError, match="is there already and is left as it is"):
        CliRunner().invoke(
            app, ["init", "--from", "applications.csv", "outcomes.csv"], catch_exceptions=False
        )
    assert (tmp_path / "applications.toml").read_text() == "mine"


@pytest.mark.slow
def test_one_file_holds_applications_and_outcome(lender, tmp_path, lake):
    one = pd.read_csv("applications.csv").drop(columns=["applied_at", "application_id"])
    one.assign(BAD=lender.astype(int)).to_csv("hmeq.csv", index=False)
    made = starter(["hmeq.csv"])
    assert any("row's number is the key" in g for g in made.guesses)
    assert any("in the file's order" in g for g in made.guesses)
    assert made.left_out["BAD"] == "the event"
    assert made.left_out["comment"] == "another key"
    assert "too well" in made.left_out["recovered"]
    (tmp_path / "hmeq.toml").write_text(made.text)
    dataset = build_dataset(load_problem("hmeq.toml"), lake, made.known_at)
    assert dataset.counts["followed"] == N
    assert dataset.counts["events"] == lender.sum()


@pytest.mark.slow
def test_a_leak_and_what_is_known_only_later_are_said(lender, lake):
    made = starter(["applications.csv", "outcomes.csv"])
    problem = load(with_input(made.text, "recovered"))
    found = checkup(problem, lake, pd.Timestamp(made.known_at, tz="UTC"))
    assert any("recovered is the outcome in another form" in e for e in found.errors)
    late = pd.read_csv("applications.csv")
    late["closed_by"] = np.where(np.arange(N) < 800, "desk", None)
    late.to_csv("applications.csv", index=False)
    problem = load(with_input(made.text, "closed_by"))
    found = checkup(problem, lake, pd.Timestamp("2024-08-15", tz="UTC"))
    assert any("closed_by is filled in 100% of old applications" in n for n in found.notes)


@pytest.mark.slow
def test_every_source_is_looked_at_whatever_another_holds(lender, lake):
    made = starter(["applications.csv", "outcomes.csv"])
    problem = load(made.text.replace('path = "outcomes.csv"', 'path = "nothing.csv"'))
    found = checkup(problem, lake, pd.Timestamp("2025-03-01", tz="UTC"))
    assert list(found.sources) == ["applications"]
    assert len(found.errors) == 1 and "nothing.csv" in found.errors[0]


@pytest.mark.slow
def test_files_that_share_no_key_and_files_without_an_event_are_refused(lender):
    pd.DataFrame({"nr": [1, 2], "bad": [0, 1]}).to_csv("other.csv", index=False)
    with pytest.raises(SourceError, match="share no column that names each row once"):
        starter(["applications.csv", "other.csv"])
    with pytest.raises(SourceError, match="holds none so named: name the applications first"):
        starter(["outcomes.csv", "applications.csv"])
    pd.DataFrame({"nr": [1, 2, 3], "size": [4, 5, 6]}).to_csv("no_event.csv", index=False)
    with pytest.raises(SourceError, match="no column of two values is named like an outcome"):
        starter(["no_event.csv"])


@pytest.mark.slow
def test_keys_of_two_names_a_status_and_a_doubtful_date(lender):
    one, two = pd.read_csv("applications.csv"), pd.read_csv("outcomes.csv")
    one["applied_at"] = "05/04/2024"
    two = two.rename(columns={"application_id": "case"})
    two["loan_status"] = two.pop("defaulted").map({"yes": "Charged Off", "no": "Fully Paid"})
    two.loc[:20, "loan_status"] = "Current"
    one.to_csv("one.csv", index=False)
    two.to_csv("two.csv", index=False)
    made = starter(["one.csv", "two.csv"])
    raw = tomllib.loads(made.text)
    assert raw["sources"]["outcomes"]["key"] == "case"
    assert raw["outcome"]["event"] == "loan_status = 'Charged Off'"
    assert any("case of the outcomes is application_id" in g for g in made.guesses)
    assert any("applied_at has two readings" in g for g in made.guesses)


@pytest.mark.slow
def test_outcomes_seen_before_their_application_are_not_taken(lender):
    two = pd.read_csv("outcomes.csv").assign(observed_at="2020-01-01")
    two.to_csv("early.csv", index=False)
    made = starter(["applications.csv", "early.csv"])
    assert any("observed_at lies before the application in 1,000 rows" in g for g in made.guesses)
    assert "INTERVAL 30 DAY AS observed_at" in made.text


def with_input(text, name):
    """The starter with one more input, and what an applicant is told of it."""
    with pytest.raises(ProblemError, match=f"no sentence for {name}; .* {name} ="):
        load(text.replace('    "amount",\n', f'    "amount",\n    "{name}",\n'))
    text = text.replace("[reasons]\n", f'[reasons]\n{name} = "Why {name}"\n')
    return text.replace('    "amount",\n', f'    "amount",\n    "{name}",\n')


def load(text):
    from truerisk.problem.load import problem_from

    return problem_from(tomllib.loads(text), "made.toml")


@pytest.mark.slow
def test_a_key_that_a_file_holds_as_floats_is_a_key_and_one_row_is_one_row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(7)
    file = pd.DataFrame({"UNIQUE_ID": np.arange(1.0, 401.0), "income": rng.random(400)})
    file["default"] = (rng.random(400) < 0.3).astype(int)
    file.to_parquet("people.parquet")
    made = starter(["people.parquet"])
    sources = tomllib.loads(made.text)["sources"]
    assert sources["applications"]["key"] == "UNIQUE_ID"
    assert sources["file"]["contract"]["UNIQUE_ID"] == {"type": "integer"}
    file[:1].to_parquet("one.parquet")
    assert "one.parquet: 1 file, 1 row, 3 columns" in run("check", "one.parquet").output
