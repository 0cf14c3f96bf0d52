"""Measure what the decisions were worth, for everyone who applied.

python flows/measure.py --config problem problems/credit.toml run --known-at 2026-12-31
"""

import truerisk as tr
from truerisk.flow import BaseFlow, Parameter, card, main, step


class MeasureFlow(BaseFlow):
    """Join decisions with matured outcomes and estimate quality and dollars without bias."""

    known_at = Parameter("known-at", default="", help="Knowledge cutoff, UTC; default now.")
    compare = Parameter("compare", default="", help="A model to value on the same log.")

    @step
    def start(self):
        """The ledger with its outcomes as known; what was not revealed stays unknown."""
        self.begin(self.known_at)
        self.log = tr.decision_log(self.problem, self.lake, self.at)
        self.next(self.end)

    @card(type="report")
    @step
    def end(self):
        """Naive, IPW and DR side by side, watched since approval, kept in the lake with a page."""
        found = tr.measure_ledger(
            self.problem, self.lake, self.log, self.at, self.compare, run=self.run, code=self.code
        )
        self.estimates, self.report, self.page = found.estimates, found.page, found.path
        print(found.headline)
        print(found.verdict)
        print(f"Read it: {self.page}")


if __name__ == "__main__":
    main(MeasureFlow)
