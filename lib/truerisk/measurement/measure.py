"""measure(): every estimate beside its naive twin, with intervals, counts and populations."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.estimate import Metric, estimates
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.groups import BAND, UNKNOWN
from truerisk.measurement.groups import bands as score_bands
from truerisk.measurement.measured_rows import MeasuredRows, measured_rows, together
from truerisk.measurement.metrics import policies as dollars
from truerisk.measurement.metrics import requested_metrics
from truerisk.measurement.metrics.booked import booked
from truerisk.measurement.options import Changes, Flagging, Reading
from truerisk.measurement.uplift.ranked import ranked_beside
from truerisk.statistics.threads import one_thread

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
    if bands < 0:
        raise LogError(f"bands is {bands}; allowed is a whole number of at least 0.")
    ranked: list[dict] = []
    if any(isinstance(score, pd.DataFrame) for score in changes.rivals.values()):
        same = (reading or Reading()).same_outcome
        log = evidence_of(log, [*features, *by, *(reading or Reading()).cluster], same=same)
        ranked = list(ranked_beside(log, changes.rivals, flagging.shares, features))
    measured = measured_rows(log, features, by, flagging, changes, reading or Reading())
    quality = [
        *requested_metrics.quality(),
        *requested_metrics.flagged(flagging),
        *requested_metrics.rivals(list(changes.rivals)),
    ]
    found: list[dict] = []
    earned: list[dict] = []
    one_outcome = len(measured.outcomes) == 1
    for outcome, rows, guess in measured.outcomes:
        for metrics, column, group, mask in _groups(measured, rows, quality, bands):
            about = {"group_by": column, "group": group, "action": outcome.name or None}
            worth = _worth(measured, column) if one_outcome and column != BAND else []
            asked = [*metrics, *worth]
            told = [about | row for row in estimates(rows.where(mask), guess.where(mask), asked)]
            end = len(told) // len(asked) * len(metrics)
            found += told[:end]
            earned += told[end:]
        rows.let_go()
    if not one_outcome:
        earned = list(_of_all_outcomes(measured))
    found += [*_booked(measured), *earned, *ranked]
    return pd.DataFrame(found).astype(dict.fromkeys(FLOATS, "Float64"))


def _worth(measured: MeasuredRows, column: str) -> list[Metric]:
    """Dollars of every policy; for all applications also whom a change swaps."""
    outcomes, policies = len(measured.outcomes), measured.policies
    metrics = list(dollars.values(policies, outcomes))
    if outcomes > 1:
        metrics += dollars.responses(policies, outcomes)
    if not column and outcomes == 1:
        metrics += dollars.swaps(policies) if measured.reveals else []
        metrics += dollars.realised(policies) if measured.realised is not None else []
    return metrics


def _booked(measured: MeasuredRows) -> Iterator[dict]:
    if measured.realised is not None:
        about = {"group_by": "", "group": "", "action": None}
        yield about | booked(measured.outcomes[0][1], measured.realised)


def _of_all_outcomes(measured: MeasuredRows) -> Iterator[dict]:
    """Dollars of every policy, from several outcomes of the log together."""
    every, guessed = together(measured.outcomes)
    outcomes = len(measured.outcomes)
    whole = np.ones(len(measured), bool)
    for column, group, mask in [("", "", whole), *_split(measured)]:
        some = np.tile(mask, outcomes)
        asked = _worth(measured, column)
        for row in estimates(every.where(some), guessed.where(some), asked, outcomes):
            about = {"group_by": column, "group": group, "action": None}
            yield about | row | {"n": row["n"] // outcomes}


def _groups(
    measured: MeasuredRows, rows: Rows, quality: list[Metric], bands: int
) -> Iterator[tuple[list[Metric], str, str, np.ndarray]]:
    """What is measured on which rows: all of them, those of each group, those of each band."""
    yield quality, "", "", np.ones(len(rows), bool)
    plain = [m for m in quality if m.at is None and m.policy is None]
    for column, group, mask in _split(measured):
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


def _split(measured: MeasuredRows) -> Iterator[tuple[str, str, np.ndarray]]:
    for column, names in measured.groups.items():
        code, found = pd.factorize(names)
        for k in sorted(range(len(found)), key=lambda k: (found[k] == UNKNOWN, found[k])):
            yield str(column), found[k], code == k
