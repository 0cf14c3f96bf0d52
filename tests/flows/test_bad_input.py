"""Bad input ends every command with one clear sentence and exit code 2, and writes nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import truerisk as tr
from tests.flows.conftest import Run
from truerisk.errors import TrueriskError

KNOWN_AT = "2025-06-01"

PROBLEM = """
name = "loans"
[sources.applications]
path = "applications.csv"
key = "application_id"
time = "applied_at"
[sources.applications.contract]
amount = { type = "money", nullable = false, min = 0 }
[sources.outcomes]
path = "outcomes.csv"
key = "application_id"
time = "observed_at"
[application]
source = "applications"
subject = "customer_id"
decide_from = 2025-01-01
[outcome]
source = "outcomes"
event = "defaulted"
observed = "observed_at"
horizon = "90d"
[features]
columns = ["amount", "purpose"]
[candidates.prior]
[candidates.scorecard]
[actions.approve]
reveals = true
if_event = "-0.6 * amount"
if_no_event = "0.1 * amount"
[actions.decline]
reveals = false
if_event = "0"
if_no_event = "0"
"""

Tables = dict[str, pd.DataFrame]


@pytest.fixture
def tables() -> Tables:
    rng = np.random.default_rng(0)
    n = 1200
    applied = pd.date_range("2024-01-01", periods=n, freq="10h")
    applications = pd.DataFrame(
        {
            "application_id": range(n),
            "customer_id": rng.integers(0, 900, n),
            "applied_at": applied.strftime("%Y-%m-%dT%H:%M:%S"),
            "amount": rng.integers(1000, 9000, n),
            "purpose": rng.choice(["car", "home"], n),
        }
    )
    outcomes = pd.DataFrame(
        {
            "application_id": range(n),
            "defaulted": (rng.random(n) < 0.2).astype(int),
            "observed_at": (applied + pd.Timedelta(days=60)).strftime("%Y-%m-%dT%H:%M:%S"),
        }
    )
    return {"applications": applications, "outcomes": outcomes}


def as_it_should_be(tables: Tables) -> None:
    pass


def repeated_keys(tables: Tables) -> None:
    tables["applications"].loc[7, "application_id"] = 6


def null_times(tables: Tables) -> None:
    tables["applications"].loc[[3, 4], "applied_at"] = None


def zones_mixed(tables: Tables) -> None:
    tables["applications"].loc[5, "applied_at"] += "+02:00"


def no_times(tables: Tables) -> None:
    tables["applications"].loc[5, "applied_at"] = "last Tuesday"


def column_missing(tables: Tables) -> None:
    tables["applications"] = tables["applications"].rename(columns={"purpose": "purposes"})


def wrong_type(tables: Tables) -> None:
    tables["applications"]["amount"] = "much"


def null_amounts(tables: Tables) -> None:
    tables["applications"].loc[[1, 2, 3], "amount"] = np.nan


def outcome_first(tables: Tables) -> None:
    tables["outcomes"].loc[9, "observed_at"] = "2020-01-01T00:00:00"


def strange_event(tables: Tables) -> None:
    tables["outcomes"].loc[9, "defaulted"] = 7


def empty_table(tables: Tables) -> None:
    tables["outcomes"] = tables["outcomes"].head(0)


def one_class(tables: Tables) -> None:
    tables["outcomes"]["defaulted"] = 0


def nothing_followed(tables: Tables) -> None:
    tables["outcomes"]["application_id"] += 1_000_000


CASES = [
    (repeated_keys, 'key "application_id" repeats in 1 of 1,200 rows'),
    (null_times, 'time "applied_at" is null in 2 of 1,200 rows'),
    (zones_mixed, "mixes times with an offset (1 row) and without one (1,199 rows)"),
    (no_times, "cannot be read in 1 of 1,200 rows, such as AAAA AAAAAAA, first in row 6"),
    (column_missing, 'has no column "purpose"; did you mean "purposes"?'),
    (wrong_type, 'column "amount" cannot be read as a number in'),
    (null_amounts, 'column "amount" is null in 3 of 1,200 rows'),
    (outcome_first, "lies before the application in 1 of"),
    (strange_event, "event is neither 0 nor 1 in 1"),
    (empty_table, "is empty"),
    (one_class, "hold 0 events; both outcomes are needed"),
    (nothing_followed, 'its "application_id" meets no "application_id" of applications'),
]


def written(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*")) if root.exists() else []


def put(tables: Tables, folder: Path, problem: str = PROBLEM) -> Path:
    for name, rows in tables.items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    (folder / "loans.toml").write_text(problem)
    return folder / "loans.toml"


def refused(done: Run, *needles: str) -> str:
    """The one sentence of a command that refused."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    [sentence] = done.stderr.strip().splitlines()
    assert sentence.startswith("truerisk: ") and sentence.endswith(".")
    for needle in needles:
        assert needle in sentence
    return sentence.removeprefix("truerisk: ")


@pytest.fixture(autouse=True)
def _paths_begin_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def begun(file: Path, lake: tr.Lake, known_at: str = KNOWN_AT) -> None:
    """What the first step of train.py does."""
    problem = tr.load_problem(file)
    tr.split(problem, tr.build_dataset(problem, lake, known_at))


@pytest.mark.slow
@pytest.mark.parametrize(("spoil", "needle"), CASES, ids=[case[0].__name__ for case in CASES])
def test_training_says_what_is_wrong_with_the_data(
    spoil: Callable[[Tables], None], needle: str, tables: Tables, tmp_path: Path, lake: tr.Lake
) -> None:
    spoil(tables)
    file = put(tables, tmp_path)
    with pytest.raises(TrueriskError) as caught:
        begun(file, lake)
    [sentence] = str(caught.value).splitlines()
    assert needle in sentence and sentence.endswith(".")
    assert "source" in sentence or "outcomes" in needle
    assert written(Path(lake.root)) == []


@pytest.mark.slow
def test_the_same_data_unspoilt_begin_a_training(
    tables: Tables, tmp_path: Path, lake: tr.Lake
) -> None:
    begun(put(tables, tmp_path), lake)


@pytest.mark.slow
def test_the_command_ends_with_the_sentence_and_writes_nothing(
    tables: Tables, tmp_path: Path, truerisk: Callable[..., Run]
) -> None:
    spoil, needle = CASES[-1]
    spoil(tables)
    file = put(tables, tmp_path)
    lake = tmp_path / "lake"
    words = ["train", "--problem", str(file), "--known-at", KNOWN_AT, "--lake", str(lake)]
    refused(truerisk(*words, cwd=tmp_path), needle)
    assert written(lake) == []


@pytest.mark.slow
def test_a_flow_file_run_directly_ends_with_the_same_sentence(
    tables: Tables, tmp_path: Path, quick: Callable[..., Run], flow: Callable[..., Run]
) -> None:
    repeated_keys(tables)
    file = put(tables, tmp_path)
    words = ["--known-at", "2025-06-01", "--lake", str(tmp_path / "lake")]
    said = refused(quick("train", "--problem", str(file), *words, cwd=tmp_path))
    known = ["run", "--known-at", "2025-06-01"]
    direct = flow("train", *known, lake=tmp_path / "lake", problem=file, cwd=tmp_path)
    assert direct.returncode == 2
    last = direct.stderr.strip().splitlines()[-1]
    assert last.split(": ", 1)[1] == said.split(": ", 1)[1]


@pytest.mark.slow
def test_a_missing_file_is_named_with_the_way_out(
    tables: Tables, tmp_path: Path, quick: Callable[..., Run]
) -> None:
    file = put(tables, tmp_path)
    (tmp_path / "outcomes.csv").unlink()
    here = ["--problem", str(file), "--lake", str(tmp_path / "lake")]
    refused(quick("train", *here, cwd=tmp_path), "there is no such file", "--source outcomes=")
    other = [*here, "--source", "outcome=x.csv"]
    refused(quick("train", *other), "its sources are applications or outcomes")
    refused(quick("train", *here, "--source", "outcomes"), "write NAME=PATH")


@pytest.mark.slow
def test_a_misspelt_key_of_the_problem_file_stops_every_command_before_anything_runs(
    tables: Tables, tmp_path: Path, quick: Callable[..., Run]
) -> None:
    file = put(tables, tmp_path, PROBLEM.replace("horizon", "horizn"))
    for verb in ("train", "score", "measure", "models", "decisions"):
        sentence = refused(quick(verb, "--problem", str(file)), "outcome.horizn is not a known")
        assert str(file) in sentence
    refused(quick("models", "--problem", "credits"), "problems/ has bank_marketing, credit,")
    refused(quick("models", "--problem", "no/such.toml"), "there is no such problem file")


@pytest.mark.slow
def test_a_lake_of_another_format_and_one_that_cannot_be_written_are_refused(
    tables: Tables, tmp_path: Path, quick: Callable[..., Run], truerisk: Callable[..., Run]
) -> None:
    file = put(tables, tmp_path)
    later = tmp_path / "later"
    later.mkdir()
    (later / "truerisk-lake.json").write_text('{"format": 99}')
    known = ["--problem", str(file), "--known-at", "2025-06-01"]
    refused(quick("train", *known, "--lake", str(later)), "has format 99", "docs/formats.md")
    assert written(later) == ["truerisk-lake.json"]
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    done = truerisk("train", *known, "--lake", str(blocked / "lake"), cwd=tmp_path)
    refused(done, "cannot be written")


@pytest.mark.slow
def test_score_and_report_say_what_comes_first(
    tables: Tables, tmp_path: Path, quick: Callable[..., Run]
) -> None:
    file = put(tables, tmp_path)
    here = ["--problem", str(file), "--lake", str(tmp_path / "lake")]
    refused(quick("score", *here, cwd=tmp_path), "has no champion", "no model awaits approval")
    refused(quick("report", *here, "0123"), "There is no model 0123", "none yet")
    refused(quick("measure", *here), "holds no decision of loans", "truerisk score")
    refused(quick("train", *here, "--known-at", "soon"), "'soon' is not a time")
