"""The monitor page: what a risk manager opens on Monday, of the model that decides."""

import pandas as pd

from truerisk.measurement.groups import BAND
from truerisk.monitoring.monitor import Monitor
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Block, Bullets, Table, Text
from truerisk.reports.kit.estimate_tables import by_group
from truerisk.reports.kit.page import Section, page
from truerisk.reports.kit.wording import whos
from truerisk.reports.monitor import decided
from truerisk.reports.monitor.contests import contests
from truerisk.reports.monitor.dollars import in_dollars
from truerisk.reports.monitor.drift import drifted
from truerisk.reports.monitor.exploration import exploration
from truerisk.reports.monitor.fairness import fair
from truerisk.reports.monitor.open import still_open
from truerisk.reports.monitor.quality import quality
from truerisk.reports.monitor.reviews import reviews
from truerisk.reports.monitor.verdict import summary
from truerisk.reports.monitor.vintages import SHOWN, vintages
from truerisk.reports.monitor.watching import watching
from truerisk.wording.counted import lasting
from truerisk.wording.numbers import day, moment

NO_SEGMENT = ("", "vintage", BAND)


def measure_page(problem: Problem, monitor: Monitor) -> str:
    """One model's decisions as known at one instant, as a self-contained page."""
    log = monitor.log
    first, last = day(log["as_of"].min()), day(log["as_of"].max())
    by = f" Approved by {monitor.approved}." if monitor.approved else ""
    lead = f"Applications from {first} to {last}, known as of {day(monitor.known_at)}.{by}"
    people = Section("Contests", lambda: contests(monitor))
    review = Section("Review", lambda: reviews(problem, monitor))
    reviewed = [review] if problem.reviews else []
    return page(
        f"{problem.name}: what model {monitor.version} decided, monitored",
        lead,
        lambda: summary(problem, monitor),
        [
            Section("Watched since approval", lambda: watching(problem, monitor)),
            Section("Month by month", lambda: vintages(problem, monitor)),
            Section("Quality now", lambda: quality(problem, monitor)),
            Section("Dollars", lambda: in_dollars(problem, monitor)),
            Section("Exploration", lambda: exploration(problem, monitor)),
            *reviewed,
            Section("Drift", lambda: drifted(monitor)),
            Section("Fairness", lambda: fair(problem, monitor)),
            Section("Segments", lambda: _segments(problem, monitor), folded=True),
            Section("What was decided", lambda: decided.decisions(problem, log), folded=True),
            *([] if isinstance(monitor.contested, str) else [people]),
            Section("What is open", lambda: still_open(problem, monitor)),
            Section("How this was measured", lambda: _how(problem, monitor), folded=True),
        ],
    )


def _segments(problem: Problem, monitor: Monitor) -> list[Block]:
    there, estimates = whos(problem, monitor.overall), monitor.estimates
    columns = [c for c in estimates["group_by"].unique() if c not in NO_SEGMENT]
    return [
        Table(by_group(estimates[estimates["group_by"].eq(c)], there, str(c), SHOWN))
        for c in columns
    ] or [Text("No segments were measured.")]


def _how(problem: Problem, monitor: Monitor) -> list[Block]:
    facts = {
        "Model": monitor.version,
        "Approved": f"by {monitor.approved}" if monitor.approved else "not recorded",
        "Known at": moment(monitor.known_at),
        "Policies": ", ".join(sorted(monitor.log["policy_version"].astype(str).unique())),
        "Run": monitor.run or "outside a flow",
        "Code": monitor.code or "not recorded",
    }
    return [
        Bullets(
            [
                "An application counts once it is "
                f"{lasting(problem.maturing)} old, whatever was decided "
                "and whatever is known of it already.",
                "Every decision logged the probability of its action before the draw; weights are "
                "one over it. The draws were held to these probabilities: all of them, those of "
                "first and of returning applications, and each month's; what differs is said "
                "above.",
                "Intervals hold 95% of the time each, and allow for applications of one subject "
                "being alike. Only watched series may be looked at again and again: theirs hold at "
                "all looks at once.",
                "An outcome that should be known and is not widens the interval to its worst case.",
            ]
        ),
        Table(pd.DataFrame({"What": list(facts), "Value": [str(v) for v in facts.values()]})),
    ]
