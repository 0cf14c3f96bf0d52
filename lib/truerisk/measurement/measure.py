"""measure(): every estimate beside its naive twin, with intervals, counts and populations."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from truerisk.columns import valued_actions
from truerisk.errors import LogError
from truerisk.measurement.estimate import Metric, estimates
from truerisk.measurement.evidence.alike import policy_of, score_of
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.outcome_model import expected_value, guesses
from truerisk.measurement.evidence.outcomes import Outcome, outcomes_of, revealing_actions
from truerisk.measurement.evidence.pseudo import Guess
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.groups import BAND, UNKNOWN, groups
from truerisk.measurement.groups import bands as score_bands
from truerisk.measurement.metrics import policies as dollars
from truerisk.measurement.metrics import requested_metrics
from truerisk.measurement.metrics.booked import booked
from truerisk.measurement.options import Changes, Flagging, Reading
from truerisk.statistics.threads import one_thread
from truerisk.wording.lists import did_you_mean

FLOATS = ("value", "low", "high", "lowest", "highest", "effective_n", "largest_weight")


@one_thread
def measure(
    log: Log | Evidence,
    features: Sequence[str] = (),
    by: Sequence[str] = (),
    bands: int = 0,
    flagging: Flagging | None = None,
    changes: Changes | None = None,
    reading: Reading | None = None,
) -> pd.DataFrame:
    """Quality, calibration and dollars, of what ran and of changes to it, for everyone.

    ``log``, a frame, an Arrow table or reader or the path of a file of it (source.py), has a row
    per application: ``subject``, ``mature``, ``score``, ``p_reveal``,
    ``revealed``, ``event`` (0/1, null where not seen); for dollars also ``p_<action>`` and
    ``value_<action>_if_event``, ``value_<action>_if_no_event`` (log.py says more). ``features``
    names columns of it that the outcome model may use beside the score; ``by`` columns whose groups
    are measured as well, null being the group "not known"; ``bands`` asks for that many score bands
    (``group`` "1" has the lowest scores, ``at`` says which). Options (options.py): ``flagging``
    says whom to flag, ``changes`` which policies and scores to compare with what ran, ``reading``
    what the log does not say of itself.

    Returns a tidy frame: group_by, group, action (where actions show different outcomes), metric,
    policy, at, estimator (naive, ipw, dr; "booked" for realised dollars), population (revealed,
    eligible, all), value, low, high (95%), lowest, highest (worst cases of lost outcomes), n,
    effective_n, labels, explored_labels, largest_weight, share_not_identified, status. Quote
    estimator "dr", population "all", or "eligible" where some could not be revealed. Dollars are
    per application. Where status is not "ok" it says why a value is missing or only bounded.
    Raises LogError for a log that cannot be measured.
    """
    flagging, changes = flagging or Flagging(), changes or Changes()
    reading = reading or Reading()
    known = evidence_of(log, [*features, *by, *reading.cluster])
    frame, mature = known.frame, known.mature
    _check(frame, features, by, flagging.capacities, bands)
    actions, against = valued_actions(frame.columns), changes.against
    if (changes.policies or against is not None) and not actions:
        raise LogError(
            "The log holds no dollars, so no policy can be valued; add value_<action>_if_event "
            "and value_<action>_if_no_event."
        )
    if against is not None:
        against = policy_of(known.log, against, actions, "The policy to compare with", mature)
    offered = {
        **dollars.offered(frame, against),
        **{
            name: policy_of(known.log, policy, actions, f'The policy "{name}"', mature)
            for name, policy in changes.policies.items()
        },
    }
    scores = {
        requested_metrics.rival(name): score_of(known.log, score, f'The rival "{name}"', mature)
        for name, score in changes.rivals.items()
    }
    quality = [
        *requested_metrics.quality(),
        *requested_metrics.flagged(flagging),
        *requested_metrics.rivals(list(changes.rivals)),
    ]
    outcomes = outcomes_of(frame, reading.same_outcome)
    shows = list(reading.reveals) or revealing_actions(frame)
    made: list[tuple[Outcome, Rows, Guess]] = []
    found: list[dict] = []
    for outcome in outcomes:
        rows = known.rows_of(outcome, reading.cluster)
        guess = guesses(frame, rows, features)
        own: dict[Any, np.ndarray] = {
            **scores,
            **dollars.columns(frame, offered, outcome, shows, first=not made),
        }
        if "realised_value" in frame:
            own[dollars.REALISED] = frame["realised_value"].to_numpy()
            own[dollars.EXPECTED] = expected_value(frame, rows, features)
        order = np.argsort(rows.cluster, kind="stable")  # of all outcomes the same
        made.append((outcome, rows.adding(own).at(order), guess.at(order)))
    groups_of = {column: groups(frame[column])[order] for column in dict.fromkeys(by)}
    for outcome, rows, guess in made:
        for metrics, column, group, mask in _groups(groups_of, rows, quality, bands):
            about = {"group_by": column, "group": group, "action": outcome.name or None}
            found += [
                about | row for row in estimates(rows.where(mask), guess.where(mask), metrics)
            ]
    found += _earned(groups_of, made, offered, bool(shows))
    return pd.DataFrame(found).astype(dict.fromkeys(FLOATS, "Float64"))


def _check(
    frame: pd.DataFrame,
    features: Sequence[str],
    by: Sequence[str],
    capacities: Sequence[float],
    bands: int,
) -> None:
    if capacities and "as_of" not in frame:
        raise LogError('The log has no column "as_of", which a capacity per day needs.')
    for name in (*features, *by):
        if name not in frame:
            raise LogError(
                f'The log has no column "{name}"; {did_you_mean(str(name), map(str, frame))}.'
            )
    if bands < 0:
        raise LogError(f"bands is {bands}; allowed is a whole number of at least 0.")


def _earned(
    groups_of: Mapping[str, np.ndarray],
    made: Sequence[tuple[Outcome, Rows, Guess]],
    offered: dollars.Policies,
    swaps: bool,
) -> Iterator[dict]:
    """Dollars of every policy, from all outcomes of the log together."""
    every, guessed = together(made)
    realised = dollars.REALISED in every.also
    if realised:
        about = {"group_by": "", "group": "", "action": None}
        yield about | booked(made[0][1], made[0][1].also[dollars.REALISED])
    whole = np.ones(len(made[0][1]), bool)
    for column, group, mask in [("", "", whole), *_split(groups_of)]:
        metrics = list(dollars.values(offered, len(made)))
        if not column and len(made) == 1:
            metrics += dollars.swaps(offered) if swaps else []
            metrics += dollars.realised(offered) if realised else []
        some = np.tile(mask, len(made))
        for row in estimates(every.where(some), guessed.where(some), metrics):
            about = {"group_by": column, "group": group, "action": None}
            yield about | row | {"n": row["n"] // len(made)}


def together(made: Sequence[tuple[Outcome, Rows, Guess]]) -> tuple[Rows, Guess]:
    """The outcomes of one log one below the other: a policy's dollars come from all of them."""
    if len(made) == 1:
        return made[0][1:]
    return Rows.stacked([rows for _, rows, _ in made]), Guess.stacked([g for _, _, g in made])


def _groups(
    groups_of: Mapping[str, np.ndarray], rows: Rows, quality: list[Metric], bands: int
) -> Iterator[tuple[list[Metric], str, str, np.ndarray]]:
    """What is measured on which rows: all of them, those of each group, those of each band."""
    yield quality, "", "", np.ones(len(rows), bool)
    plain = [m for m in quality if m.at is None and m.policy is None]
    for column, group, mask in _split(groups_of):
        yield plain, column, group, mask
    if bands:
        code, count = score_bands(rows.score, bands)
        for k in range(1, count + 1):
            mask = code == k
            low, high = rows.score[mask].min(), rows.score[mask].max()
            yield (
                requested_metrics.band(count, f"{low:.4g} ≤ score ≤ {high:.4g}"),
                BAND,
                str(k),
                mask,
            )


def _split(groups_of: Mapping[str, np.ndarray]) -> Iterator[tuple[str, str, np.ndarray]]:
    for column, names in groups_of.items():
        for name in sorted(set(names), key=lambda n: (n == UNKNOWN, n)):
            yield str(column), name, names == name
