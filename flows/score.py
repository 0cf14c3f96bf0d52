"""Decide every application that has no decision yet.

python flows/score.py --config problem problems/credit.toml run --since 2026-07-01
"""

import truerisk as tr
from truerisk.flow import BaseFlow, Parameter, main, step


class ScoreFlow(BaseFlow):
    """Decide every undecided application once, with the champion, and log the propensity."""

    since = Parameter("since", default="", help="First time to decide, UTC.")
    until = Parameter("until", default="", help="Time to stop before, UTC; default none.")

    @step
    def start(self):
        """Pin the model by version and the applications nobody has decided yet."""
        self.begin()
        champion = tr.registry.champion_of(self.problem.name, self.lake)
        self.batch = tr.plan_batch(self.problem, self.lake, champion, self.since, self.until)
        self.shards = self.batch.shards
        self.next(self.score, foreach="shards")

    @step
    def score(self):
        """Features as of each application's own time; the same definitions built the training."""
        self.scored = tr.score(self.problem, self.lake, self.batch, self.input)
        self.next(self.decide)

    @step
    def decide(self, shards):
        """Exploration and seats see the whole batch; a commit neither repeats nor loses a row."""
        self.merge_artifacts(shards, exclude=["scored"])
        scored = [shard.scored for shard in shards]
        made = tr.decide_and_commit(self.problem, self.lake, scored, self.batch, self.run)
        self.said = tr.describe(self.problem, made.decided, made.new, made.batch, scored)
        self.next(self.end)

    @step
    def end(self):
        """Say how many decisions are new, and what exploration could not afford."""
        print(self.said)


if __name__ == "__main__":
    main(ScoreFlow)
