"""Models of several outcomes beside each other, on worlds whose truth is known."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truerisk.decisions.policy import by_action, choose, dollars
from truerisk.evaluation import outcomes_log
from truerisk.evaluation.contest import Contest, How
from truerisk.evaluation.gate import not_worse, outcomes_checks
from truerisk.evaluation.judging import Compared, policy_of
from truerisk.evaluation.outcomes import OutcomesReview
from truerisk.evaluation.outcomes_judging import OutcomesJudging
from truerisk.evaluation.review import review
from truerisk.features.dataset import Dataset, build_dataset
from truerisk.jobs.submit import submit
from truerisk.lake.home import repository
from truerisk.lake.lake import open_lake
from truerisk.measurement.best import best
from truerisk.measurement.uplift.beside import policies
from truerisk.models.package import save
from truerisk.models.parts import split
from truerisk.models.training import fit
from truerisk.problem.load import problem_from, read_text
from truerisk.problem.spec import Problem
from truerisk.simulator import simulate_prospects

TEXT = (repository() / "problems" / "prospects.toml").read_text()
MAIL = """[actions.mail]
reveals = true
own_outcome = true
if_event = "margin - 1"
if_no_event = "-1"
"""
FEATURES = ["age", "products", "discount_share", "complaints"]


def of(text: str) -> Problem:
    return problem_from(read_text(text))


@cache
def world() -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of a data set, old random contacts, and the true probabilities, (n, 2)."""
    made = simulate_prospects(3_000, 10, 3)
    truth, frame = made.truth, made.prospects
    did = truth["old_contact"].to_numpy()
    chance = np.where(did, truth["old_chance"], 1 - truth["old_chance"])
    event = np.where(did, truth["event_contact"], truth["event_skip"]).astype(float)
    frame = frame.assign(
        subject=frame["customer_id"],
        as_of=frame["listed_at"],
        mature=True,
        shown=np.where(did, "contact", "skip"),
        chance=chance,
        event=event,
        p_reveal=np.nan,
    )
    return frame, truth[["p_contact", "p_skip"]].to_numpy()


def dataset(frame: pd.DataFrame) -> Dataset:
    at = frame["as_of"].max() + pd.Timedelta(days=60)
    return Dataset(
        frame=frame, features=FEATURES, definition={}, versions={}, known_at=at,
        fingerprint="", counts={}, newest={},
    )  # fmt: skip


@cache
def judging() -> OutcomesJudging:
    frame, _ = world()
    return OutcomesJudging.of(of(TEXT), dataset(frame), np.ones(len(frame), bool), FEATURES)


def scores() -> tuple[np.ndarray, np.ndarray]:
    """Those of a champion that thinks a contact adds to whoever buys anyway, and the truth."""
    _, p = world()
    likeliest = np.column_stack([np.minimum(p[:, 1] * 1.25, 1), p[:, 1]])
    return likeliest, p


@cache
def compared() -> Compared:
    likeliest, truth = scores()
    rows = np.ones(len(truth), bool)
    (made,), _, _ = judging().compare("true", likeliest, truth, [rows])
    assert made is not None
    return made


def dollars_of(policy: pd.DataFrame) -> float:
    """What a policy is worth in truth, per application."""
    frame, p = world()
    v1, v0 = dollars(of(TEXT), frame)
    return float((policy.to_numpy() * (p * v1 + (1 - p) * v0)).sum(axis=1).mean())


@pytest.mark.slow
def test_the_paired_dollars_and_rankings_are_the_true_ones() -> None:
    likeliest, truth = scores()
    gain = best(compared().estimates, "policy_gain")
    true = dollars_of(judging().policy(truth)) - dollars_of(judging().policy(likeliest))
    assert true > 0 and gain["low"] - 0.1 <= true <= gain["high"] + 0.1
    apart = [best(compared().estimates[compared().estimates["policy"].eq(name)], "policy_value")
             for name in ("as run", "true")]  # fmt: skip
    assert gain["high"] - gain["low"] < sum(r["high"] - r["low"] for r in apart) / 2, "it is paired"
    rows = compared().estimates
    area = rows[rows["metric"].eq("qini_area_gain")].iloc[0]
    assert area["low"] > 0, "the true effects rank better than who buys anyway"
    many = rows[rows["metric"].eq("incremental_response_gain")].iloc[0]
    tau = truth[:, 0] - truth[:, 1]
    share = float(str(many["at"]).split()[1])
    k = round(share * len(tau))
    effects = [s[:, 0] - s[:, 1] for s in (truth, likeliest)]
    new, old = (tau[np.argsort(-effect)[:k]].sum() / len(tau) for effect in effects)
    assert many["low"] <= new - old <= many["high"]
    assert many["value"] == pytest.approx(new - old, abs=0.02)


@pytest.mark.slow
def test_what_a_contact_adds_is_true_and_with_a_fair_coins_chances_it_is_not() -> None:
    """The mutant takes every contact, which were likelier for likely buyers, for a coin's."""
    frame, p = world()
    rows = np.ones(len(frame), bool)
    coin = OutcomesJudging.of(of(TEXT), dataset(frame.assign(chance=0.5)), rows, FEATURES)
    true, found = float((p[:, 0] - p[:, 1]).mean()), []
    for made in (judging(), coin):
        added = policies(made.log.scored(p), action="contact", instead="skip")
        added = added[added["policy"].eq("all") & added["population"].eq("all")]
        found.append(added.set_index("figure").loc["incremental_response"])
    assert found[0]["low"] <= true <= found[0]["high"]
    assert found[1]["low"] > true + 0.02


def gate(estimates: pd.DataFrame) -> dict[str, bool]:
    made = Contest(
        champion="abc", how=How.RECIPES, because="", stake=10.0,
        new=Compared(rows=1, estimates=estimates), known=None, package=None, judged=pd.DataFrame(),
    )  # fmt: skip
    return {c.name: c.passed for c in not_worse(of(TEXT), made)}


@pytest.mark.slow
def test_the_gate_passes_a_better_model_and_its_twin_and_stops_a_worse_one() -> None:
    _, truth = scores()
    rows = np.ones(len(truth), bool)
    assert set(gate(compared().estimates)) == {
        "Qini area not below that of champion abc", "dollars not worse than champion abc"
    }  # fmt: skip
    assert all(gate(compared().estimates).values())
    (twin,), _, stake = judging().compare("twin", truth, truth, [rows])
    (worse,), _, _ = judging().compare("worse", truth, 1 - truth, [rows])
    assert twin is not None and worse is not None and 1 < stake.mean() < 100
    assert all(gate(twin.estimates).values())
    assert not any(gate(worse.estimates).values())


def test_a_policy_must_add_dollars_and_rank_better_than_the_likeliest() -> None:
    row = pd.Series({"value": 0.5, "low": 0.1, "high": 0.9, "status": "ok"})
    area = pd.DataFrame([{"action": "contact", "value": 0.01, "low": -0.01, "high": 0.03}])
    made = outcomes_checks("skip", row, area.assign(status="ok"))
    assert [c.passed for c in made] == [True, False]
    assert made[0].seen.startswith("+$500 (+$100 … +$900)")
    lost = row.where(row.index == "status", None).replace("ok", "withheld: few")
    assert outcomes_checks("skip", lost, area.assign(status="ok"))[0].seen == "withheld: few"


@cache
def of_three() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows of which a source says the action of three and its chance; true p and chances, (n, 3)"""
    rng = np.random.default_rng(5)
    frame, two = world()
    mail = np.clip(two[:, 1] + 0.3 * (two[:, 0] - two[:, 1]) + 0.01, 0, 1)
    p = np.column_stack([two[:, 0], two[:, 1], mail])
    chance = np.where((frame["age"] > 40).to_numpy()[:, None], [0.5, 0.3, 0.2], [0.2, 0.4, 0.4])
    did = (rng.random(len(p))[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    at = np.arange(len(p)), did
    told = frame.assign(
        shown=np.array(["contact", "skip", "mail"])[did],
        chance=chance[at],
        event=(rng.random(len(p)) < p[at]).astype(float),
    )
    return told, p, chance


@pytest.mark.slow
def test_with_three_outcomes_the_chance_of_what_was_done_is_enough() -> None:
    """The same to the last digits as with the chances of all."""
    problem, (told, *known) = of(TEXT + MAIL), of_three()
    told, (p, chance) = told.iloc[::3].reset_index(drop=True), (a[::3] for a in known)
    assert list(problem.outcomes) == ["contact", "skip", "mail"]
    rows = np.ones(len(told), bool)
    ours = told.assign(p_contact=chance[:, 0], p_skip=chance[:, 1], p_mail=chance[:, 2])
    likeliest = np.minimum(p[:, [1, 1, 1]] * [1.2, 1.0, 1.1], 1)
    found = []
    for frame in (told, ours):
        made = OutcomesJudging.of(problem, dataset(frame), rows, FEATURES)
        (one,), _, _ = made.compare("true", likeliest, p, [rows])
        assert one is not None
        found.append(best(one.estimates, "policy_gain"))
        new, old = (made.policy(s).to_numpy() for s in (p, likeliest))
    for end in ("value", "low", "high"):
        assert found[0][end] == pytest.approx(found[1][end], abs=1e-9)
    v1, v0 = dollars(problem, told)
    worth = p * v1 + (1 - p) * v0
    true = float(((new - old) * worth).sum(axis=1).mean())
    assert true > 0 and found[0]["low"] - 0.1 <= true <= found[0]["high"] + 0.1


def test_chances_of_several_actions_add_up_and_what_never_was_has_none() -> None:
    problem, (told, _, _) = of(TEXT + MAIL), of_three()
    some = told.iloc[:300].reset_index(drop=True)
    p, exact = outcomes_log._chances(problem, some)
    assert np.allclose(p.sum(axis=1), 1) and (p > 0).all() and not exact
    two = some[some["shown"] != "mail"].reset_index(drop=True)
    p, exact = outcomes_log._chances(problem, two)
    assert exact and (p[:, 2] == 0).all() and np.allclose(p.sum(axis=1), 1)
    unknown = two.assign(event=two["event"].mask(two.index < 10))
    p, _ = outcomes_log._chances(problem, unknown)
    assert np.isnan(p[:10]).all() and not np.isnan(p[10:]).any()


@pytest.mark.slow
def test_a_recipe_faces_the_champions_on_subjects_that_neither_was_fitted_on(
    tmp_path: Path,
) -> None:
    problem, lake = of(TEXT), open_lake(tmp_path)
    made = simulate_prospects(900, 12, 2)
    lake.append("prospects", made.prospects, "prospect_id")
    lake.append("visits", made.visits, "visit_id")
    truth = made.truth
    seen = made.responses(dict(zip(truth["prospect_id"], truth["old_contact"])))
    chance = truth["old_chance"].where(truth["old_contact"], 1 - truth["old_chance"])
    lake.append("responses", seen.assign(chance=chance.to_numpy()), "prospect_id")
    first = build_dataset(problem, lake, "2025-11-15")
    before = fit(problem, first, "response")
    champion = save(problem.name, lake, before.model, {"known_at": first.known_at.isoformat()})
    data = build_dataset(problem, lake, "2026-01-15")
    parts = split(problem, data)
    fitted = [fit(problem, data, "response", parts)]
    found = review(problem, lake, data, parts, fitted, champion)
    assert isinstance(found, OutcomesReview) and found.contest is not None
    assert found.contest.how is How.RECIPES and found.rival == f"champion {champion}"
    assert found.contest.new is not None and found.contest.new.rows == parts.judge.sum()
    assert found.contest.known is None, "no subject that judges is in a fit"
    names = [c.name for c in found.checks]
    assert f"dollars not worse than champion {champion}" in names
    assert not any("compared yet" in c.seen or "cannot be compared" in c.seen for c in found.checks)
    page = submit(problem, lake, data, parts, fitted, found).page
    for shown in (f"Compared with champion {champion}", "Qini area gained", "compared as recipes"):
        assert shown in page, shown
    assert "could not be made" not in page


def test_a_candidate_is_valued_within_the_seats_of_each_day() -> None:
    problem = of(TEXT.replace("[actions.contact]", "[actions.contact]\ncapacity = 40"))
    (frame, p), half = world(), slice(0, None, 2)
    part, some = frame[half].reset_index(drop=True), p[half]
    money = dollars(problem, part)
    policy = policy_of(problem, part, some, money, frame["as_of"])
    free = choose(problem, part, by_action(problem, some), money)
    gain = free.expected[:, 0] - free.expected[:, 1]
    day = part["as_of"].dt.floor("D")
    every = frame["as_of"].dt.floor("D").value_counts()
    wanted = np.zeros(len(part), bool)
    for today, rows in part.groupby(day).groups.items():
        seats = round(38 * len(rows) / every[today])  # two of 40 are exploration's
        order = rows[np.argsort(-gain[rows], kind="stable")][:seats]
        wanted[order[gain[order] > 0]] = True
    assert 0 < wanted.sum() < 0.7 * (gain > 0).sum(), "the seats bind"
    assert (policy["contact"].to_numpy() == wanted).all()
    unlimited = policy_of(of(TEXT), part, some, money, frame["as_of"])
    assert (unlimited["contact"].to_numpy() == (gain > 0)).all()
