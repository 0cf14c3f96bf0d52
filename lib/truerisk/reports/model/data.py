"""What a training run read: versions, how fresh each source was, applications by month."""

import numpy as np
import pandas as pd

from truerisk.features.dataset import Dataset
from truerisk.problem.spec import Problem
from truerisk.wording.counted import lasting
from truerisk.wording.dollars import NOTHING
from truerisk.wording.numbers import moment, percent, span, whole
from truerisk.wording.past import past


def sources(problem: Problem, dataset: Dataset) -> pd.DataFrame:
    """One row per source read, the ledger too: version, newest row, and whether that is fresh."""
    rows = []
    joined = {match.source: match for match in dataset.matches}
    for name, version in dataset.versions.items():
        source, newest = problem.sources.get(name), dataset.newest.get(name)
        limit, age = source.freshness if source else None, _age(dataset, name)
        fresh = "no limit set" if limit is None else f"limit {span(pd.Timedelta(limit))}"
        if limit is not None and age is not None:
            fresh = ("fresh, " if age <= limit else "STALE, ") + fresh
        rows.append(
            {
                "Source": name,
                "Version": _short(str(version)),
                "Read": dataset.read.get(name, NOTHING),
                "Newest row": NOTHING if newest is None else moment(newest),
                "Age": NOTHING if age is None else span(age),
                "Freshness": fresh if source else "our own decisions",
                "Applications with no row": (
                    percent(joined[name].unmatched) if name in joined else NOTHING
                ),
                "Owner": (source.owner if source else "") or NOTHING,
            }
        )
    return pd.DataFrame(rows)


def stale(problem: Problem, dataset: Dataset) -> list[str]:
    """The sources older than their limit."""
    limits = {name: source.freshness for name, source in problem.sources.items()}
    ages = {name: _age(dataset, name) for name in dataset.versions}
    return [
        name
        for name, age in ages.items()
        if age is not None and (limit := limits.get(name)) is not None and age > limit
    ]


def _age(dataset: Dataset, name: str) -> pd.Timedelta | None:
    """How long before ``known_at`` the newest row of a source came; None where none is known."""
    newest = dataset.newest.get(name)
    return None if newest is None or pd.isna(newest) else dataset.known_at - newest


def by_month(dataset: Dataset) -> pd.DataFrame:
    """Counts per calendar month of application: applied, mature, followed, events."""
    frame = dataset.frame
    month = frame["as_of"].dt.strftime("%Y-%m").rename("month")
    counted = pd.DataFrame(
        {
            "applied": 1,
            "mature": frame["mature"].astype(int),
            "followed": frame["event"].notna().astype(int),
            "events": frame["event"].fillna(0).astype(int),
        }
    )
    return counted.groupby(month).sum().reset_index()


def month_table(months: pd.DataFrame) -> pd.DataFrame:
    """The counts as text, newest month first."""
    shown = months.iloc[::-1].set_index("month").map(whole).reset_index()
    return shown.rename(columns=lambda c: str(c).capitalize())


def flow(problem: Problem, dataset: Dataset) -> pd.DataFrame:
    """From applied to the event: how many applications reached each stage, and what it means."""
    horizon = lasting(problem.outcome.horizon)
    one = len(problem.outcomes) == 1
    shown = past(problem.offer) if one else "with a known action and its chance"
    meaning = {
        "applications": "known by the cutoff, in the training window",
        "mature": f"at least {horizon} old: long enough for the event to have happened",
        "followed": f"mature, {shown} and with an outcome: these train models",
        "events": f"followed, and {problem.outcome.event} within {horizon}",
        "closed early": "followed, and ended before the horizon without the event: counted as none",
        "without an outcome": "mature, but not followed: never taken for “no event”",
    }
    return pd.DataFrame(
        [
            {"Stage": name.capitalize(), "Applications": whole(n), "Meaning": meaning.get(name, "")}
            for name, n in dataset.counts.items()
        ]
    )


def without_a_chance(dataset: Dataset, rows: np.ndarray) -> str:
    """Why applications among ``rows`` are not identified, in one sentence, or ''."""
    logged = dataset.frame.loc[rows, "p_reveal"]
    unlogged, ruled = int(logged.isna().sum()), int(logged.eq(0).sum())
    parts = []
    if unlogged:
        parts.append(f"{whole(unlogged)} were decided without a logged propensity")
    if ruled:
        parts.append(f"{whole(ruled)} were decided by an absolute rule")
    if not parts:
        return ""
    return f"Of {whole(len(logged))} judging applications {' and '.join(parts)}."


def _short(version: str) -> str:
    return version[:19] if version.startswith("sha256:") else version
