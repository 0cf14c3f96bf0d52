"""The review of a training run: candidates, baseline and champion on the same unused rows.

Everything a reviewer decides from is computed here, from the half of the holdout that neither
fitted, calibrated nor chose anything; the report only shows it.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from truerisk.columns import VALUE
from truerisk.decisions.policy import dollars
from truerisk.evaluation.choice import Choice, choose_candidate
from truerisk.evaluation.contest import Contest, contest
from truerisk.evaluation.gate import Check, checks
from truerisk.evaluation.judging import cut_policy, judged_rows, judging_log, policy_of
from truerisk.evaluation.outcomes import OutcomesReview, review_outcomes
from truerisk.evaluation.promise import promised
from truerisk.features.dataset import Dataset
from truerisk.features.feature_notes import strange_levels
from truerisk.lake.lake import Lake
from truerisk.measurement.best import best
from truerisk.measurement.evidence.evidence import outcome_model
from truerisk.measurement.measure import measure
from truerisk.measurement.metrics.requested_metrics import At, Kind
from truerisk.measurement.options import Changes, Flagging
from truerisk.models.parts import Split, among
from truerisk.models.training import Fitted, baseline, calibration_notes
from truerisk.problem.spec import Problem
from truerisk.statistics import influence
from truerisk.statistics.threads import one_thread

BANDS = 10
BAND, SEGMENT = "band", "segment "  # columns made here: what people named stands apart
EVERYONE = "{action} everyone"
EVENT_RATE = "the event rate alone"


@dataclass(frozen=True, kw_only=True)
class Review:
    """``estimates`` holds measure()'s rows for every candidate (column ``model``); ``choice`` says
    which was chosen and why. ``baseline`` compares it with the event rate alone, calibrated as any
    candidate, and with revealing everyone; ``contest`` with the champion, None without one;
    ``comparison`` is what the page leads with: the contest's rows, else the baseline's. ``m`` is
    the outcome model of every judging row.

    ``judged`` has a row per application that ``comparison`` is about: its key, the outcome model's
    m, the rival's score and p_<action>, the chosen candidate's chosen_score and chosen_p_<action>,
    and the dollars of every action. ``subjects`` holds the chosen candidate's estimates on subjects
    that it was fitted on and on others (group_by "subject": known, new), empty where none returns.
    ``notes`` are sentences on inputs and calibration that a person should know.
    """

    choice: Choice
    champion: str | None
    rows: int
    estimates: pd.DataFrame
    baseline: pd.DataFrame
    contest: Contest | None
    comparison: pd.DataFrame
    gap_auc: dict[str, float]
    bands: pd.DataFrame
    curve: pd.DataFrame
    segments: pd.DataFrame
    subjects: pd.DataFrame
    m: np.ndarray
    judged: pd.DataFrame
    checks: list[Check]
    notes: list[str] = field(default_factory=list)

    @property
    def chosen(self) -> str:
        """The candidate that is submitted."""
        return self.choice.name

    @property
    def rival(self) -> str:
        """What ``comparison`` compares it with."""
        compared = self.contest is not None and self.contest.gated is not None
        return f"champion {self.champion}" if compared else EVENT_RATE

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
            "gate": [{**vars(c), "seen": c.seen} for c in self.checks],
            "promised": promised(self.estimates, self.baseline, self.chosen),
        }


@one_thread
def review(
    problem: Problem,
    lake: Lake,
    dataset: Dataset,
    parts: Split,
    fitted: list[Fitted],
    champion: str | None,
) -> Review | OutcomesReview:
    """Judge every candidate; compare the chosen one with the event rate and with the champion.

    Where actions show outcomes of their own they are judged by what acting on them adds
    (evaluation/outcomes.py).
    """
    if len(problem.outcomes) > 1:
        return review_outcomes(problem, lake, dataset, parts, fitted, champion)
    problem = problem.typed(dataset.definition)
    frame = dataset.frame.loc[parts.judge].reset_index(drop=True)
    scores = {f.name: f.scores[parts.judge] for f in fitted}
    gaps = {f.name: f.gap_scores[parts.judge] for f in fitted if f.gap_scores is not None}
    choice = choose_candidate(dataset, parts, fitted)
    chosen = next(f for f in fitted if f.name == choice.name)
    money = dollars(problem, frame)
    rate = baseline(dataset, parts)[parts.judge]
    ran = np.zeros((len(frame), len(problem.actions)))
    ran[:, list(problem.actions).index(problem.offer)] = 1
    reference = pd.DataFrame(ran, columns=[*problem.actions])
    log = judging_log(problem, frame, scores[choice.name], money)
    log["m"] = outcome_model(log, dataset.features)
    estimates = pd.concat(
        measure(log.assign(score=s), changes=Changes(against=reference)).assign(model=name)
        for name, s in scores.items()
    )
    policy = policy_of(problem, frame, scores[choice.name], money, dataset.frame["as_of"])
    against_rate = measure(
        log.assign(score=rate),
        changes=Changes(
            policies={choice.name: policy},
            rivals={choice.name: scores[choice.name]},
            against=reference,
        ),
    ).assign(reference=EVERYONE.format(action=problem.offer))
    faced = contest(problem, lake, dataset, parts, chosen, champion) if champion else None
    gated = faced.gated if faced else None
    comparison, judged = (
        against_rate,
        judged_rows(problem, log.assign(score=rate), scores[choice.name], reference, policy),
    )
    if faced is not None and gated is not None:
        comparison, judged = gated.estimates, faced.judged
        comparison = comparison.assign(reference=f"champion {champion}")
    cuts_at = np.quantile(log["score"], np.linspace(0.05, 1, 20))
    rounded = np.unique([float(f"{cut:.4g}") for cut in cuts_at])
    thresholds = {str(At(Kind.BELOW, float(t))): float(t) for t in rounded}
    cut_off = measure(
        log,
        flagging=Flagging(below=list(thresholds.values())),
        changes=Changes(
            policies={
                name: cut_policy(problem, scores[choice.name] < t, money)
                for name, t in thresholds.items()
            },
            against=reference,
        ),
    )
    segments = {SEGMENT + name: name for name in problem.training.segments}
    tenths = _bands(log["score"].to_numpy())
    in_groups = log.assign(**{BAND: tenths}, **{key: log[name] for key, name in segments.items()})
    grouped = measure(_without_dollars(in_groups), by=[BAND, *segments])
    column = grouped["group_by"]
    return Review(
        choice=choice,
        champion=champion,
        rows=len(frame),
        estimates=estimates,
        baseline=against_rate,
        contest=faced,
        comparison=comparison,
        gap_auc={name: _auc(frame, s) for name, s in gaps.items()},
        bands=_with_mean_score(grouped[column == BAND], tenths, log["score"]),
        curve=_curve(cut_off, scores[choice.name], thresholds),
        segments=grouped[column.isin(list(segments))].replace({"group_by": segments}),
        subjects=_by_subject(dataset, parts, log),
        m=log["m"].to_numpy(),
        judged=judged,
        checks=checks(
            problem,
            best(against_rate, "auc_gain"),
            best(estimates[estimates["model"] == choice.name], "calibration_error"),
            faced,
        ),
        notes=[
            *strange_levels(dataset.frame[parts.early], frame, dataset.features),
            *calibration_notes(chosen),
        ],
    )


def _auc(frame: pd.DataFrame, score: np.ndarray) -> float:
    """AUC over the labelled rows of a frame."""
    seen = frame["event"].notna().to_numpy()
    y = frame["event"].to_numpy()[seen]
    return influence.auc(y, 1 - y, score[seen]).theta


def _by_subject(dataset: Dataset, parts: Split, log: pd.DataFrame) -> pd.DataFrame:
    """The chosen candidate on subjects that its early fit knew and on new ones."""
    known = among(log["subject"], dataset.frame.loc[parts.early, "subject"])
    if known.all() or not known.any():
        return pd.DataFrame()
    log = _without_dollars(log)
    return pd.concat(
        measure(log[rows].reset_index(drop=True)).assign(group_by="subject", group=name)
        for name, rows in (("known", known), ("new", ~known))
    )


def _without_dollars(log: pd.DataFrame) -> pd.DataFrame:
    """A log whose groups are not asked what they earn."""
    return log.drop(columns=[c for c in log.columns if c.startswith(VALUE)])


def _bands(score: np.ndarray) -> np.ndarray:
    """Tenths by score, 1 the lowest; equal scores share a band."""
    rank = pd.Series(score).rank(method="min", pct=True)
    return np.ceil(rank.to_numpy() * BANDS).clip(1, BANDS).astype(int)


def _with_mean_score(bands: pd.DataFrame, band: np.ndarray, score: pd.Series) -> pd.DataFrame:
    means = score.groupby(band.astype(str)).mean()
    rates = bands[bands["metric"] == "event_rate"]
    return rates.assign(mean_score=rates["group"].map(means).to_numpy())


def _curve(measured: pd.DataFrame, score: np.ndarray, thresholds: dict[str, float]) -> pd.DataFrame:
    """Per threshold: share below it, their event rate and the dollars of revealing only them."""
    of_policy = measured["metric"].eq("policy_value")
    named = measured["policy"].where(of_policy, measured["at"].astype(str))
    wanted = (of_policy | measured["metric"].eq("event_rate_below")) & named.isin(list(thresholds))
    rows = measured[wanted]
    threshold = named[wanted].map(thresholds).astype(float)
    return rows.assign(threshold=threshold, share=[float((score < t).mean()) for t in threshold])
