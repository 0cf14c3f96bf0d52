"""The review of a training run: candidates, baseline and champion on the same unused rows.

Everything a reviewer decides from is computed here, from the half of the holdout that neither
fitted, calibrated nor chose anything; the report only shows it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from truerisk.decisions.policy import choose, dollars, probabilities
from truerisk.features.build import build_features
from truerisk.features.dataset import Dataset
from truerisk.features.definitions import with_features_of
from truerisk.lake.lake import Lake
from truerisk.measurement import metrics
from truerisk.measurement.measure import measure
from truerisk.measurement.outcome_model import outcome_model
from truerisk.models.package import Model, load
from truerisk.models.training import Fitted, Split
from truerisk.problem.spec import Problem
from truerisk.registry.gate import Check, check
from truerisk.registry.promise import promised

BANDS = 10
EVERYONE = "{action} everyone"


@dataclass(frozen=True)
class Review:
    """``estimates`` holds measure()'s rows for every candidate (column ``model``); ``chosen`` has
    the best AUC on the choosing half, ``rival`` is what it is compared with. ``judged`` has a row
    per judging application: its key, the outcome model's m, the rival's score and p_<action>, the
    chosen candidate's chosen_score and chosen_p_<action>, and the dollars of every action."""

    chosen: str
    rival: str
    champion: str | None
    rows: int
    estimates: pd.DataFrame
    comparison: pd.DataFrame
    gap_auc: dict[str, float]
    bands: pd.DataFrame
    curve: pd.DataFrame
    segments: pd.DataFrame
    judged: pd.DataFrame
    checks: list[Check]

    @property
    def verdict(self) -> str:
        """``gate passed``, or ``gate failed`` with what failed."""
        failed = [f"{c.name} {c.seen}" for c in self.checks if not c.passed]
        return f"gate failed: {'; '.join(failed)}" if failed else "gate passed"

    def summary(self) -> dict[str, Any]:
        """What the registry keeps with the submission."""
        auc = best(self.estimates[self.estimates["model"] == self.chosen], "auc")
        return {
            "candidate": self.chosen,
            "auc": float(auc["value"]),
            "auc_population": str(auc["population"]),
            "gate": [vars(c) for c in self.checks],
            "promised": promised(self.estimates, self.comparison, self.chosen),
        }


def review(
    problem: Problem,
    lake: Lake,
    dataset: Dataset,
    parts: Split,
    fitted: list[Fitted],
    champion: str | None,
) -> Review:
    """Judge every candidate and compare the chosen one with the champion, else the baseline."""
    frame = dataset.frame.loc[parts.judge].reset_index(drop=True)
    scores = {f.name: f.scores[parts.judge] for f in fitted}
    gaps = {f.name: f.gap_scores[parts.judge] for f in fitted if f.gap_scores is not None}
    chosen = max(fitted, key=lambda f: _auc_where_chosen(dataset, parts, f)).name
    money = dollars(problem, frame)
    if champion is not None:
        rival, against = (
            f"champion {champion}",
            _champion_scores(problem, lake, dataset, frame, load(lake, problem.name, champion)),
        )
        ran = _policy(problem, frame, against, money)
    else:
        rival, against = "the event rate alone", np.full(len(frame), 0.5)
        ran = np.zeros((len(frame), len(problem.actions)))
        ran[:, list(problem.actions).index(problem.revealing)] = 1
    log = judging_log(problem, frame, against, money)
    reference = pd.DataFrame(ran, columns=[*problem.actions])
    log["m"] = outcome_model(log, dataset.features)
    estimates = pd.concat(
        measure(log.assign(score=s), against=reference).assign(model=name)
        for name, s in scores.items()
    )
    policy = pd.DataFrame(
        _policy(problem, frame, scores[chosen], money), columns=[*problem.actions]
    )
    comparison = measure(
        log, policies={chosen: policy}, rivals={chosen: scores[chosen]}, against=reference
    )
    comparison["reference"] = rival if champion else EVERYONE.format(action=problem.revealing)
    detail = log.assign(score=scores[chosen], band=_bands(scores[chosen]))
    cuts_at = np.quantile(scores[chosen], np.linspace(0.05, 1, 20)).round(4)
    thresholds = [float(t) for t in np.unique(cuts_at)]
    cuts = {f"{t:g}": cut_policy(problem, scores[chosen] < t, money) for t in thresholds}
    by = ["band", *problem.training.segments]
    measured = measure(detail, policies=cuts, thresholds=thresholds, by=by, against=reference)
    grouped = measured["group_by"]
    return Review(
        chosen,
        rival,
        champion,
        len(frame),
        estimates,
        comparison,
        {name: _auc(frame, s) for name, s in gaps.items()},
        _with_mean_score(measured[grouped == "band"], detail),
        _curve(measured[grouped == ""], scores[chosen]),
        measured[grouped.isin(problem.training.segments)],
        _judged(problem, log, scores[chosen], reference, policy),
        check(
            problem,
            rival,
            best(comparison, "auc_gain"),
            best(estimates[estimates["model"] == chosen], "calibration_error"),
        ),
    )


def best(estimates: pd.DataFrame, metric: str) -> pd.Series:
    """The estimate to rely on: DR of everyone, else of the eligible, else naive."""
    rows = estimates[(estimates["metric"] == metric) & (estimates["group_by"] == "")]
    for estimator, population in (("dr", "all"), ("dr", "eligible"), ("naive", "revealed")):
        found = rows[(rows["estimator"] == estimator) & (rows["population"] == population)]
        if found["value"].notna().any():
            return found.iloc[0]
    return rows[rows["estimator"] == "naive"].iloc[0]


def judging_log(
    problem: Problem,
    frame: pd.DataFrame,
    score: np.ndarray,
    money: tuple[np.ndarray, np.ndarray],
) -> pd.DataFrame:
    """The judging rows as a decision log."""
    log = frame.assign(score=score, revealed=frame["event"].notna())
    for i, name in enumerate(problem.actions):
        log[f"value_{name}_if_event"] = money[0][:, i]
        log[f"value_{name}_if_no_event"] = money[1][:, i]
    return log


def _judged(
    problem: Problem,
    log: pd.DataFrame,
    score: np.ndarray,
    reference: pd.DataFrame,
    policy: pd.DataFrame,
) -> pd.DataFrame:
    dollars_ = [c for c in log.columns if c.startswith("value_")]
    both = log[[problem.key, "as_of", "score", "m", *dollars_]].assign(chosen_score=score)
    chances = [reference.add_prefix("p_"), policy.add_prefix("chosen_p_")]
    return pd.concat([both, *chances], axis=1)


def _policy(
    problem: Problem, frame: pd.DataFrame, score: np.ndarray, money: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    return probabilities(problem, choose(problem, frame, score, money))


def cut_policy(
    problem: Problem, below: np.ndarray, money: tuple[np.ndarray, np.ndarray]
) -> pd.DataFrame:
    """The policy that reveals below a score and takes the best other action above it."""
    names = list(problem.actions)
    to = names.index(problem.revealing)
    other = (money[0] + money[1]) / 2
    other[:, to] = -np.inf
    p = np.eye(len(names))[np.where(below, to, other.argmax(axis=1))]
    return pd.DataFrame(p, columns=names)


def _champion_scores(
    problem: Problem, lake: Lake, dataset: Dataset, frame: pd.DataFrame, model: Model
) -> np.ndarray:
    """The champion's scores of the judging rows, from its own definitions of its inputs."""
    if model.definition == dataset.definition:
        return model.score(frame)
    own = with_features_of(problem, model.definition)
    spine = frame[[problem.key, problem.applications.time]]
    return model.score(build_features(own, spine, lake, dataset.known_at, dataset.versions))


def _auc_where_chosen(dataset: Dataset, parts: Split, fitted: Fitted) -> float:
    rows = parts.choose & dataset.frame["event"].notna().to_numpy()
    value = _auc(dataset.frame[rows], fitted.scores[rows])
    return value if np.isfinite(value) else 0.5


def _auc(frame: pd.DataFrame, score: np.ndarray) -> float:
    """AUC over the labelled rows of a frame."""
    seen = frame["event"].notna().to_numpy()
    y = frame["event"].to_numpy()[seen]
    return metrics.auc(y, 1 - y, score[seen]).theta


def _bands(score: np.ndarray) -> np.ndarray:
    """Tenths by score, 1 the lowest; equal scores share a band."""
    rank = pd.Series(score).rank(method="min", pct=True)
    return np.ceil(rank.to_numpy() * BANDS).clip(1, BANDS).astype(int)


def _with_mean_score(bands: pd.DataFrame, log: pd.DataFrame) -> pd.DataFrame:
    means = log.groupby(log["band"].astype(str))["score"].mean()
    rates = bands[bands["metric"] == "event_rate"]
    return rates.assign(mean_score=rates["group"].map(means).to_numpy())


def _curve(measured: pd.DataFrame, score: np.ndarray) -> pd.DataFrame:
    """Per threshold: share below it, their event rate and the dollars of revealing only them."""
    wanted = measured["metric"].isin(["event_rate_below", "policy_value"])
    rows = measured[wanted & measured["policy"].ne("as run")]
    threshold = rows["at"].str.removeprefix("score < ").fillna(rows["policy"]).astype(float)
    return rows.assign(threshold=threshold, share=[float((score < t).mean()) for t in threshold])
