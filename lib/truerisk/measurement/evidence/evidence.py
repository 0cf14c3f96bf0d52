"""A log made ready once, for every estimate that is asked of it: checked, matured, clustered."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property

import numpy as np
import pandas as pd

from truerisk.columns import SAME_OUTCOME, m_of
from truerisk.errors import LogError
from truerisk.measurement.evidence.audits import check_audits
from truerisk.measurement.evidence.draws import check_draws
from truerisk.measurement.evidence.log import check_values, revealing_of, rows_of
from truerisk.measurement.evidence.outcome_model import cross_fit, guesses
from truerisk.measurement.evidence.outcomes import Outcome, outcomes_of
from truerisk.measurement.evidence.propensities import as_assigned
from truerisk.measurement.evidence.pseudo import Guess
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.source import Log, as_frame
from truerisk.measurement.evidence.types import typed
from truerisk.statistics.clusters import closed_up, codes


class Evidence:
    """What a decision log (log.py) says, each part found once, when it is first asked for.

    ``log`` is the log as it came, typed; ``every`` its rows in the same order with the propensities
    that hold for them; ``mature`` (n,) marks those whose horizon is over. ``as_logged``: the draws
    of its mature rows are to be checked. ``same`` (action → action) pools actions that show one
    outcome.
    """

    def __init__(
        self,
        log: pd.DataFrame,
        every: pd.DataFrame,
        as_logged: bool,
        same: Mapping[str, str] | None = None,
    ) -> None:
        self.log, self.every, self.as_logged = log, every, as_logged
        self.same = dict(same or {})
        self.mature: np.ndarray = every["mature"].to_numpy()
        self._rows: dict[tuple, Rows] = {}

    def __len__(self) -> int:
        return len(self.every)

    @property
    def version(self) -> str:
        """The model that decided, of a log with ``model_version``."""
        return str(self.log["model_version"].iloc[0])

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The mature rows; LogError where they contradict themselves, or their draws their chances.

        Immature rows leave before anything else is formed: coding them as not revealed, or dropping
        only the revealed ones, biases every estimate.
        """
        if self.as_logged:
            _ = self.doubts  # refuses
        return self._matured

    @cached_property
    def _matured(self) -> pd.DataFrame:
        every = self.every
        frame = every if self.mature.all() else every[self.mature].reset_index(drop=True)
        if frame.empty:
            raise LogError(
                f"The log has no mature row among its {len(every):,}: every horizon is still "
                "running; measure later."
            )
        check_values(frame, self.as_logged)
        return frame

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """A sentence for each group whose draws, those of immature rows too, differ from their
        chances; often none. LogError where they cannot be, or where audits were no secret."""
        check_audits(self.every)
        return tuple(check_draws(self.every, revealing_of(self._matured), self.subjects))

    @cached_property
    def subjects(self) -> np.ndarray:
        """A code of the subject of each of ``every`` rows, (n,)."""
        return codes(self.every, ["subject"])

    @cached_property
    def outcome(self) -> Outcome:
        """The one outcome that the log's actions show; LogError where there are several."""
        outcome, *others = outcomes_of(self.frame, self.same)
        if others:
            names = ", ".join([outcome.name, *(o.name for o in others)])
            raise LogError(f"The log's actions show different outcomes ({names}); say which.")
        return outcome

    @property
    def rows(self) -> Rows:
        """The mature rows as arrays, about the one outcome."""
        return self.rows_of(self.outcome)

    def rows_of(self, outcome: Outcome, cluster: Sequence[str] = ()) -> Rows:
        """The mature rows as arrays, about one of several outcomes.

        ``cluster`` names columns whose connected rows are alike (else ``cluster``, else
        ``subject``).
        """
        key = (outcome, *cluster)
        if key not in self._rows:
            subject = self.subjects
            if not self.mature.all():
                subject = closed_up(subject[self.mature])
            self._rows[key] = rows_of(self.frame, subject, outcome, cluster)
        return self._rows[key]

    def guess(self, features: Sequence[str] = ()) -> Guess:
        """What stands for the unseen outcomes of ``rows``: the column ``m``, or a model of the
        score and ``features``."""
        return guesses(self.frame, self.rows, features)

    def as_if_mature(self, revealed: np.ndarray, event: np.ndarray) -> "Evidence":
        """Every row as if its horizon were over, with these outcomes, (n,) each."""
        supposed = self.every.assign(mature=True, revealed=revealed, event=event)
        return Evidence(self.log, supposed, as_logged=False, same=self.same)

    def with_m(self, m: np.ndarray) -> "Evidence":
        """The same with an outcome model's P(event) of every row, (n,)."""
        frame = self.frame.assign(m=m[self.mature])
        made = copy(self)  # with all that was found by now
        made.log, made.every = self.log.assign(m=m), self.every.assign(m=m)
        made.__dict__["frame"] = frame
        return made

    def without_m(self) -> "Evidence":
        """The same without an outcome model."""
        made = copy(self)
        for name in ("log", "every", "frame"):
            made.__dict__[name] = getattr(self, name).drop(columns=["m", "m2"], errors="ignore")
        return made


def evidence_of(
    log: Log | Evidence,
    columns: Iterable[str] = (),
    as_logged: bool = True,
    same: Mapping[str, str] | None = None,
) -> Evidence:
    """A log made ready: a frame, an Arrow table or reader, or the path of a file (source.py).

    Of what is no frame only what estimates read and ``columns`` is loaded. Evidence is given back.
    Draws are checked against their chances unless the log is not ``as_logged`` but what a caller
    made of one; ``same`` (action → action) pools actions that show one outcome: if left out, those
    that a frame's ``attrs["same_outcome"]`` names, as ``tr.decision_log`` writes it. Raises
    LogError for columns that are missing or of the wrong kind; what rows contradict is said when
    they are first read.
    """
    if isinstance(log, Evidence):
        return log
    frame = as_frame(log, columns)
    same = frame.attrs.get(SAME_OUTCOME) if same is None else same
    known = typed(frame)
    return Evidence(known, as_assigned(known.reset_index(drop=True)), as_logged, same)


def outcome_model(log: Log | Evidence, features: Sequence[str]) -> pd.Series:
    """m(x) for every row of a log, null where immature: a log that carries it as ``m`` is measured
    again and again without fitting again."""
    known = evidence_of(log, features)
    return _models(known, known.outcome, features)


def outcome_models(known: Evidence, features: Sequence[str]) -> dict[str, pd.Series]:
    """The same of several outcomes, m_<outcome> → of every row."""
    outcomes = outcomes_of(known.frame, known.same)
    return {m_of(outcome.name): _models(known, outcome, features) for outcome in outcomes}


def _models(known: Evidence, outcome: Outcome, features: Sequence[str]) -> pd.Series:
    m = np.full(len(known), np.nan)
    m[known.mature] = cross_fit(known.frame, known.rows_of(outcome), features)
    return pd.Series(m, index=known.log.index)
