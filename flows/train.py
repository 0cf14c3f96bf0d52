"""Train the problem's candidates as known at one instant and submit the best for approval.

python flows/train.py --config problem problems/credit.toml run --known-at 2026-06-30
"""

import truerisk as tr
from truerisk.flow import BaseFlow, Parameter, card, main, step


class TrainFlow(BaseFlow):
    """Fit every candidate, judge them on rows nobody used, write the report, submit the best."""

    known_at = Parameter("known-at", default="", help="Knowledge cutoff, UTC; default now.")

    @step
    def start(self):
        """Pin the data: applications, features and matured outcomes as they were known."""
        self.begin(self.known_at)
        self.dataset = tr.build_dataset(self.problem, self.lake, self.at)
        self.parts = tr.split(self.problem, self.dataset)
        self.candidates = list(self.problem.candidates.chosen)
        self.next(self.fit, foreach="candidates")

    @step
    def fit(self):
        """Fit on the earlier applications, calibrate on the later ones, fit again on all."""
        self.fitted = tr.fit(self.problem, self.dataset, self.input, self.parts)
        self.next(self.compare)

    @card(type="report")
    @step
    def compare(self, inputs):
        """Judge all candidates on the same unused rows; a person decides from the report."""
        self.merge_artifacts(inputs, exclude=["fitted"])
        fitted = [i.fitted for i in inputs]
        champion = tr.registry.champion(self.problem.name, self.lake)
        self.review = tr.review(self.problem, self.lake, self.dataset, self.parts, fitted, champion)
        self.found = tr.predictability(self.problem, self.dataset, self.parts, fitted, self.review)
        attached = tr.Attachments(
            run=self.run, code=self.code, person=self.person, found=self.found
        )
        submission = tr.submit(
            self.problem, self.lake, self.dataset, self.parts, fitted, self.review, attached
        )
        self.gate = self.review.verdict
        self.version = submission.version
        self.report, self.told = submission.page, submission.told
        self.next(self.end)

    @step
    def end(self):
        """Say what was submitted, what it could not see, and what a person does next."""
        for line in self.told:
            print(line)


if __name__ == "__main__":
    main(TrainFlow)
