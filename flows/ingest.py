"""Bring new rows into the lake, once, each row accounted for.

python flows/ingest.py --config problem problems/credit.toml run --files '{"payments": ["new.csv"]}'
"""

import json

import truerisk as tr
from truerisk.flow import BaseFlow, Parameter, main, step


class IngestFlow(BaseFlow):
    """Ingest the files that no ingest has seen; rows that break the contract go to quarantine."""

    files = Parameter("files", default="", help='Instead of the declared: {"source": ["file"]}.')

    @step
    def start(self):
        """Find the new files of every source; sources that refer to each other stay together."""
        self.begin()
        given = json.loads(self.files) if self.files else None
        found = tr.find_new_files(self.problem, self.lake, given)
        self.quiet = found.said
        self.groups = found.groups or [[]]
        self.next(self.ingest, foreach="groups")

    @step
    def ingest(self):
        """Check each file against its contract and commit what is good, one file at a time."""
        done = tr.ingest(self.problem, self.lake, self.input, self.run)
        self.said = [line for file in done for line in file.said]
        self.next(self.join)

    @step
    def join(self, groups):
        """Gather what became of every file."""
        self.said = [line for group in groups for line in group.said] + groups[0].quiet
        self.next(self.end)

    @step
    def end(self):
        """Say what was accepted, rejected and held already, and what changed."""
        for line in self.said:
            print(line)


if __name__ == "__main__":
    main(IngestFlow)
