"""Another model on a log that a model decided: judged only where neither was fitted.

A model valued on outcomes it was fitted on looks better than it is, corrected or not; so does one
that knows the subject from another application (AUC .66 on known subjects, .57 on new ones). What
counts are the mature decisions that neither model was fitted on, of subjects that neither knew; the
same on known subjects stands beside it, as group "known" of "subject".
"""

import numpy as np
import pandas as pd

from truerisk.columns import score_of
from truerisk.decisions.batch import rescore
from truerisk.decisions.capacity.whole_days import within_seats
from truerisk.decisions.policy import choose, dollars, probabilities, scores
from truerisk.errors import LogError
from truerisk.evaluation.outcomes_judging import acted_on
from truerisk.features.dataset import applications
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Changes, Flagging, Reading
from truerisk.models.package import read_manifest, was_fitted_on
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem


class Comparison:
    """The model ``version`` beside those that decided a log."""

    def __init__(self, problem: Problem, lake: Lake, version: str, log: pd.DataFrame) -> None:
        self.problem, self.lake, self.version = problem, lake, version
        read_manifest(problem.name, lake, version)  # an unknown model is refused before any work
        with Sources(problem, lake) as sources:
            last = log["as_of"].max() + pd.Timedelta(1, "us")
            self.applied = applications(sources, problem, None, last)

    def with_champion(
        self, decided_by: str, log: pd.DataFrame, features: list[str]
    ) -> pd.DataFrame:
        """measure()'s rows of the model's policy and scores against those of ``decided_by``.

        Raises LogError where no mature decision of a new subject is left.
        """
        keys, subjects = self._fitted({self.version, decided_by})
        mature = log["mature"].to_numpy(dtype=bool)
        unseen = mature & ~log[self.problem.key].isin(keys).to_numpy()
        new = unseen & ~log["subject"].isin(subjects).to_numpy()
        if not new.any():
            raise LogError(
                f"{self.problem.where}: of {int(mature.sum()):,} mature decisions by {decided_by}, "
                f"{int(unseen.sum()):,} are applications that neither it nor {self.version} was "
                "fitted on, and none of these is of a subject new to both; its report compares it "
                "on outcomes kept from it, or measure later."
            )
        made = [self._measured(log[new], features)]
        if (known := unseen & ~new).any():
            beside = self._measured(log[known], features)
            made.append(beside.assign(group_by="subject", group="known"))
        return pd.concat(made, ignore_index=True)

    def _measured(self, rows: pd.DataFrame, features: list[str]) -> pd.DataFrame:
        problem, log = self.problem, rows.reset_index(drop=True)
        frame = rescore(problem, self.lake, self.version, log[problem.key])
        chosen = choose(problem, frame, scores(problem, frame), dollars(problem, frame))
        within = within_seats(problem, frame, chosen, self.applied["as_of"])
        policy = pd.DataFrame(probabilities(problem, within), columns=list(problem.actions))
        several = len(problem.outcomes) > 1
        score = frame[list(map(score_of, problem.outcomes))] if several else frame["score"]
        found = measure(
            log,
            features,
            flagging=Flagging(shares=acted_on(problem, log) if several else ()),
            changes=Changes(policies={self.version: policy}, rivals={self.version: score}),
            reading=Reading(same_outcome=problem.same_outcome),
        )
        return found[found["policy"] == self.version]

    def _fitted(self, versions: set[str]) -> tuple[set[object], set[object]]:
        """Keys of the applications that any of the models was fitted on, and their subjects."""
        key, any_of = self.applied[self.problem.key], np.zeros(len(self.applied), dtype=bool)
        for version in versions:
            known = was_fitted_on(self.problem.name, self.lake, version, key)
            if known is None:  # older than its hashes: what had matured by then may be in it
                trained = read_manifest(self.problem.name, self.lake, version)["known_at"]
                wait = self.problem.maturing
                known = (self.applied["as_of"] + wait <= instant(trained)).to_numpy()
            any_of |= known
        return set(key[any_of]), set(self.applied.loc[any_of, "subject"])
