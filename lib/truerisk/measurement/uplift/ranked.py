"""Scores of several outcomes beside a log's own: what each action adds to whom they put first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from truerisk.columns import score_of
from truerisk.errors import LogError
from truerisk.measurement.estimate import AS_RUN
from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.evidence.outcomes import outcomes_of
from truerisk.measurement.metrics.requested_metrics import At, Kind
from truerisk.measurement.uplift.qini import AREA, SHARES, qini

GAINS = ("incremental_response_gain", "incremental_dollars_gain")


def ranked_beside(
    known: Evidence,
    rivals: Mapping[str, Any],
    shares: Sequence[float] = (),
    features: Sequence[str] = (),
) -> Iterator[dict]:
    """measure()'s rows of Qini: every action that shows an outcome against the last one.

    ``qini_area`` of the log's own scores (policy "as run") and ``qini_area_gain`` of each rival's
    frame over it, paired, by score_<action> less that of the last; at each of ``shares`` what
    acting on a rival's highest adds more, in events and in dollars. None where the log's actions
    show one outcome.
    """
    rivals = {name: score for name, score in rivals.items() if isinstance(score, pd.DataFrame)}
    outcomes = [outcome.name for outcome in outcomes_of(known.frame, known.same)]
    if len(outcomes) < 2:
        return
    lost = [c for c in map(score_of, outcomes) if c not in known.log]
    if lost:
        raise LogError(f'The log has no column "{lost[0]}", which its rivals are compared with.')
    for name, frame in rivals.items():
        if missing := [c for c in map(score_of, outcomes) if c not in frame]:
            raise LogError(
                f'The rival "{name}" has no column "{missing[0]}"; allowed is a frame of '
                "score_<outcome>, one for each outcome of the log."
            )
    frames = {AS_RUN: known.log, **rivals}
    *acting, instead = outcomes
    for action in acting:
        effects = {
            name: frame[score_of(action)] - frame[score_of(instead)]
            for name, frame in frames.items()
        }
        every = sorted({*SHARES, *map(float, shares)})
        made = qini(known, effects, every, action, instead, AS_RUN, features)
        asked = made["figure"].isin(GAINS) & made["share"].isin([float(q) for q in shares])
        for row in made[asked | made["figure"].str.startswith(AREA)].to_dict("records"):
            at = None if pd.isna(row["share"]) else str(At(Kind.SHARE, row["share"]))
            yield {
                "group_by": "",
                "group": "",
                "action": action,
                "metric": row["figure"],
                "policy": row["score"],
                "at": at,
                "estimator": "dr",
                **{k: row[k] for k in ("population", "value", "low", "high", "n", "status")},
                "share_not_identified": row["share_not_identified"],
            }
