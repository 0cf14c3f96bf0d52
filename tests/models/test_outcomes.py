"""Several outcomes from the lake to a judged model: what was done is known, none judges itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from truerisk.decisions.batch import plan_batch, score
from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit, decision_log
from truerisk.errors import ModelError, ProblemError, RegistryError, SourceError
from truerisk.evaluation.outcomes import OutcomesReview
from truerisk.evaluation.review import review
from truerisk.features.dataset import Dataset, build_dataset
from truerisk.jobs.measure_ledger import measure_ledger
from truerisk.jobs.submit import submit
from truerisk.lake.home import repository
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.tables import ESTIMATES
from truerisk.models.calibration import Calibration
from truerisk.models.package import load, save
from truerisk.models.parts import Split, split
from truerisk.models.training import Fitted, fit
from truerisk.problem.load import load_problem, problem_from, read_text
from truerisk.problem.spec import Problem
from truerisk.registry import approval
from truerisk.simulator import Campaigns, simulate_prospects

KNOWN = pd.Timestamp("2025-07-01", tz="UTC")
SECTIONS = (
    "Who the numbers are about",
    "The candidates",
    "Compared with the highest response",
    "How many to act on",
    "Calibration",
    "Segments",
    "What the model looks at",
    "Drift",
    "What is open",
    "Assumptions and limits",
)
TEXT = (repository() / "problems" / "prospects.toml").read_text()


@pytest.fixture(scope="module")
def problem() -> Problem:
    return load_problem(repository() / "problems" / "prospects.toml")


@pytest.fixture(scope="module")
def world() -> Campaigns:
    return simulate_prospects(1_500, campaigns=7)


@pytest.fixture(scope="module")
def lake(world: Campaigns, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = open_lake(tmp_path_factory.mktemp("prospects"))
    lake.append("prospects", world.prospects, "prospect_id")
    lake.append("visits", world.visits, "visit_id")
    truth = world.truth[(world.prospects["listed_at"] < KNOWN).to_numpy()]
    seen = world.responses(dict(zip(truth["prospect_id"], truth["old_contact"])))
    chance = truth["old_chance"].where(truth["old_contact"], 1 - truth["old_chance"])
    lake.append("responses", seen.assign(chance=chance.to_numpy()), "prospect_id")
    return lake


@pytest.fixture(scope="module")
def dataset(problem: Problem, lake: Lake) -> Dataset:
    return build_dataset(problem, lake, KNOWN)


@pytest.fixture(scope="module")
def parts(problem: Problem, dataset: Dataset) -> Split:
    return split(problem, dataset)


@pytest.fixture(scope="module")
def fitted(problem: Problem, dataset: Dataset, parts: Split) -> Fitted:
    return fit(problem, dataset, "response", parts)


@pytest.fixture(scope="module")
def found(
    problem: Problem, lake: Lake, dataset: Dataset, parts: Split, fitted: Fitted
) -> OutcomesReview:
    made = review(problem, lake, dataset, parts, [fitted], None)
    assert isinstance(made, OutcomesReview)
    return made


@pytest.mark.slow
def test_rows_say_what_was_done_and_with_which_chance(dataset: Dataset, world: Campaigns) -> None:
    frame = dataset.frame.set_index("prospect_id")
    truth = world.truth.set_index("prospect_id").loc[frame.index]
    there = frame["shown"].notna()
    assert there.any() and (frame["event"].notna() == (there & frame["mature"])).all()
    assert (frame["shown"].eq("contact") == truth["old_contact"])[there].all()
    chance = truth["old_chance"].where(truth["old_contact"], 1 - truth["old_chance"])
    assert (frame["chance"] == chance)[there].all()
    assert not {"shown", "chance"} & set(dataset.features)


@pytest.mark.slow
def test_what_judges_shares_no_subject_with_what_was_fitted(
    dataset: Dataset, parts: Split, fitted: Fitted, found: OutcomesReview
) -> None:
    subject = dataset.frame["subject"]
    assert parts.judge.sum() > 200 and parts.early.sum() > 1_000
    fits = set(subject[parts.early]) | set(subject[parts.choose])
    assert not set(subject[parts.judge]) & fits
    scores = fitted.scores[parts.judge]
    assert scores.shape[1] == 2 and ((scores >= 0) & (scores <= 1)).all()
    assert found.chosen == "response" and found.said.startswith("response: ")
    assert set(found.table["policy"]) == {"what ran", "response", "all", "highest response"}
    assert set(found.curves["score"]) == {"response", "highest response"}


@pytest.mark.slow
def test_a_package_decides_by_the_score_of_each_outcome_and_the_ledger_teaches(
    problem: Problem, lake: Lake, fitted: Fitted, world: Campaigns
) -> None:
    version = save(problem.name, lake, fitted.model, {"known_at": KNOWN.isoformat()})
    assert load(problem.name, lake, version).version == version
    batch = plan_batch(problem, lake, version, str(KNOWN))
    scored = score(problem, lake, batch)
    assert (scored["score"] == scored["score_contact"]).all()
    decided = decide(problem, scored, batch)
    adds = decided["score_contact"] - decided["score_skip"]
    margin = decided["value_skip_if_event"]
    pays = adds * margin > -decided["value_contact_if_no_event"]
    assert (decided["own_action"].eq("contact") == pays).mean() > 0.999
    assert set(decided["p_contact"].round(9)) <= {0.95, 0.1}
    assert commit(problem, lake, decided) == len(decided)
    did = dict(zip(decided["prospect_id"], decided["action"].eq("contact")))
    # The source says nothing of the chance of our own decisions: the ledger does.
    lake.append("responses", world.responses(did).assign(chance=np.nan), "prospect_id")
    later = KNOWN + pd.Timedelta(days=60)
    log = decision_log(problem, lake, later)
    rival = replace(fitted.model, calibration=Calibration(-0.5, 1.0))
    other = save(problem.name, lake, rival, {"known_at": KNOWN.isoformat()})
    measured = measure_ledger(problem, lake, log, later, compare=other)
    assert measured.verdict.startswith("What ran added ")
    for section in ("Qini curves", f"Compared with {other}", "Drift", "Segments", "Exploration"):
        assert section in measured.page, section
    assert "could not be made" not in measured.page
    made = measured.estimates[measured.estimates["policy"].eq(other)]
    paired = made[made["metric"].isin(["policy_gain", "qini_area_gain", "auc_gain"])]
    assert set(paired["group"]) == {"", "known"}, "subjects new to both stand apart"
    ranked = paired[paired["metric"].eq("qini_area_gain") & paired["group"].eq("known")]
    assert (ranked["value"].abs() < 1e-9).all(), "another level ranks alike"
    told = lake.read(ESTIMATES)
    added = told[told["metric"] == "incremental_dollars"].set_index(["policy", "population"])
    assert added.loc[("what ran", "all"), "n"] == len(decided)
    assert {"contact", "skip"} == set(told["action"].dropna())
    again = build_dataset(problem, lake, later).frame
    ours = again.set_index("prospect_id").loc[decided["prospect_id"]]
    assert (ours["shown"].to_numpy() == decided["action"].to_numpy()).all()
    assert (ours["chance"].to_numpy() == decided["propensity"].to_numpy()).all()
    assert ours["event"].notna().all()


@pytest.mark.slow
def test_a_model_of_several_outcomes_is_offered_with_its_page_and_approved(
    problem: Problem,
    lake: Lake,
    dataset: Dataset,
    parts: Split,
    fitted: Fitted,
    found: OutcomesReview,
) -> None:
    offered = submit(problem, lake, dataset, parts, [fitted], found)
    assert offered.new and "could not be made" not in offered.page
    for shown in ("Qini curves", "Acted on", "Qini area above", "truerisk approve", *SECTIONS):
        assert shown in offered.page, shown
    assert "beside “skip” for all" in offered.told[-3]
    row = approval.list_models(problem.name, lake).iloc[0]
    assert (row["version"], row["candidate"]) == (offered.version, "response")
    failed = row["gate"] == "failed"
    digest = str(row["report_hash"])
    said = (problem.name, lake, offered.version, "Ada", "a test", digest)
    if failed:
        with pytest.raises(RegistryError, match="failed its gate"):
            approval.approve(*said)
    approval.approve(*said, override=failed)
    assert approval.champion_of(problem.name, lake) == offered.version
    again = submit(
        problem, lake, dataset, parts, [fitted], replace(found, champion=offered.version)
    )
    assert not again.new, "the champion is not offered again"


@pytest.mark.slow
def test_seats_of_a_contact_go_to_the_greatest_gains(lake: Lake, fitted: Fitted) -> None:
    text = TEXT.replace('"prospects"', '"limited"', 1)
    text = text.replace("[actions.contact]", "[actions.contact]\ncapacity = 20")
    limited = problem_from(read_text(text))
    version = save(limited.name, lake, fitted.model, {"known_at": KNOWN.isoformat()})
    batch = plan_batch(limited, lake, version, str(KNOWN), str(KNOWN + pd.Timedelta(days=20)))
    decided = decide(limited, score(limited, lake, batch), batch)
    gain = (decided["score_contact"] - decided["score_skip"]) * decided["value_skip_if_event"]
    gain += decided["value_contact_if_no_event"]
    took = decided["own_action"].eq("contact")
    price = decided["seat_lambda_contact"]
    assert (price > 0).any() and (took == (gain > price)).mean() > 0.995
    for _, day in decided.groupby(decided["as_of"].dt.floor("D")):
        mine = took[day.index]
        assert mine.sum() <= 19, "one seat of 20 is exploration's"
        if mine.any() and (price[day.index] > 0).all():
            assert mine.sum() == 19 and gain[day.index][mine].min() >= gain[day.index][~mine].max()


@pytest.mark.slow
def test_what_cannot_be_fitted_is_said(
    problem: Problem, lake: Lake, dataset: Dataset, parts: Split
) -> None:
    with pytest.raises(ModelError, match="no candidate of several outcomes; there are response or"):
        fit(problem, dataset, "boosting", parts)
    text = TEXT.replace('action = "action"\nchance = "chance"\n', "")
    silent = problem_from(read_text(text.replace('"prospects"', '"mailing"', 1)))
    with pytest.raises(SourceError, match=r"none says which action was taken .* outcome\.chance"):
        build_dataset(silent, lake, KNOWN)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('action = "action"\n', "", "outcome needs both or neither of action and chance"),
        ("own_outcome = true", "", "nothing says how their outcomes relate"),
        (
            "own_outcome = true",
            'same_outcome_as = "skip"',
            "candidates.response needs actions with outcomes of their own",
        ),
    ],
)
def test_a_problem_file_that_contradicts_itself(old: str, new: str, said: str) -> None:
    text = TEXT.replace(old, new, 1)
    if "same" in new:
        text = text.replace("own_outcome = true", "")
    if not new and old.startswith("own"):
        text = text.replace(old, new)
    with pytest.raises(ProblemError, match=said):
        problem_from(read_text(text))
