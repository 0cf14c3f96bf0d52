"""The baseline ladder: what each step from no feature at all to boosting adds, on the same rows."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from truerisk.decisions.policy import dollars
from truerisk.evaluation.judging import cut_policy
from truerisk.evaluation.predictability.judging_weights import JudgingWeights
from truerisk.features.dataset import Dataset
from truerisk.models.candidates import CANDIDATES
from truerisk.models.parts import Split
from truerisk.models.single_feature import SingleFeatureModel
from truerisk.models.training import Fitted
from truerisk.problem.spec import Part, Prior, Problem, SingleFeature
from truerisk.statistics.influence import Value
from truerisk.statistics.interval import clustered_se, share_interval, wald

# Cheap enough to fit where the problem file does not ask for them.
BASELINES: dict[str, Part] = {"prior": Prior(), "single_feature": SingleFeature()}


def scores(
    problem: Problem, dataset: Dataset, parts: Split, fitted: list[Fitted]
) -> tuple[dict[str, np.ndarray], str]:
    """Rung → scores by the early fit, (n,) over the whole frame, null before the holdout; and the
    name of the best single feature.

    From the lowest rung up. The baselines' are not calibrated, which no rung's figures need.
    """
    frame, features = dataset.frame, dataset.features
    found = {f.name: f.scores for f in fitted}
    models = {f.name: f.model.fitted for f in fitted}
    early, late = parts.early, parts.choose | parts.judge
    for name in BASELINES.keys() - found.keys():
        model = CANDIDATES[name].fit(
            frame.loc[early, features],
            frame.loc[early, "event"].to_numpy(),
            BASELINES[name],
            problem.training.seed,
        )
        found[name] = np.full(len(frame), np.nan)
        found[name][late] = model.predict(frame.loc[late, features])
        models[name] = model
    single = models["single_feature"]
    assert isinstance(single, SingleFeatureModel)
    return {name: found[name] for name in CANDIDATES if name in found}, single.feature


def ladder(
    problem: Problem,
    dataset: Dataset,
    parts: Split,
    rungs: Mapping[str, np.ndarray],
    weights: JudgingWeights,
) -> pd.DataFrame:
    """Columns rung, metric, value, low, high (95%), share.

    Per rung its auc, auc_gain (paired: over the rung below, on the same rows) and policy_value,
    dollars per application of revealing up to the rung's best cutoff, which reveals ``share`` of
    them. The cutoff is the one that earned most on the choosing half, so the dollars of the
    judging half do not flatter it.
    """
    rows, below = [], None
    judging, choosing = dataset.frame.loc[parts.judge], dataset.frame.loc[parts.choose]
    money = dollars(problem, judging)
    for name, score in rungs.items():
        judged = score[parts.judge]
        auc = weights.auc(judged)
        shown = {"auc": (auc, share_interval)}
        if below is not None:
            slope = auc.slope - below.slope
            gain = Value(auc.theta - below.theta, auc.influence - below.influence, slope)
            shown["auc_gain"] = gain, wald
        reveal = judged <= _best_cutoff(problem, choosing, score[parts.choose])
        policy = cut_policy(problem, reveal, money).to_numpy()
        earned = weights.dollars(*((policy * side).sum(axis=1) for side in money))
        shown["policy_value"] = earned, wald
        for metric, (value, interval) in shown.items():
            low, high = interval(value.theta, clustered_se(value.influence, weights.cluster))
            rows.append((name, metric, value.theta, low, high, float(reveal.mean())))
        below = auc
    return pd.DataFrame(rows, columns=["rung", "metric", "value", "low", "high", "share"])


def _best_cutoff(problem: Problem, frame: pd.DataFrame, score: np.ndarray) -> float:
    """The score up to which revealing earned most, by Σ(R/π)[y·g₁ + (1 − y)·g₀] over the known
    outcomes of these rows (R where no propensity was logged); −∞ where nobody is worth it.

    g is the gain in dollars over the best other action.
    """
    known = frame["event"].notna().to_numpy()
    frame, score = frame[known], score[known]
    weight = (1 / frame["p_reveal"].where(frame["p_reveal"] > 0)).fillna(1.0).to_numpy()
    if_event, if_no_event = dollars(problem, frame)
    to = list(problem.actions).index(problem.offer)
    middle = (if_event + if_no_event) / 2
    middle[:, to] = -np.inf
    other, row = middle.argmax(axis=1), np.arange(len(frame))
    y = frame["event"].to_numpy()
    gain = y * (if_event[:, to] - if_event[row, other]) + (1 - y) * (
        if_no_event[:, to] - if_no_event[row, other]
    )
    order = np.argsort(score, kind="stable")
    earned, ordered = np.cumsum((weight * gain)[order]), score[order]
    last = np.append(ordered[1:] > ordered[:-1], True)  # equal scores are decided alike
    most = earned[last].argmax()
    return float(ordered[last][most]) if earned[last][most] > 0 else -np.inf
