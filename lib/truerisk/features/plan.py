"""Which formulation computes each group of windows, and why.

A group is all windows over one source by one entity. The range join is general; running totals
over rows sorted once are faster where every aggregate is exact; buckets save short windows on hot
keys; chunks by entity keep what is left within the memory limit. Every choice gives the same
numbers.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd
import pyarrow as pa

from truerisk.features.sql.bucketed import bucketed
from truerisk.features.sql.group import Group, microseconds
from truerisk.features.sql.range_join import range_join
from truerisk.features.sql.running_totals import (
    entity_rows,
    is_reversible,
    is_sorted,
    running_totals,
    spine_edges,
)

TOTALS = "running totals"
FORMULATIONS: dict[str, Callable[[Group], str]] = {
    "range join": range_join,
    TOTALS: entity_rows,
    "bucketed": bucketed,
}
HOT = 8  # pairs to compare per row read, above which buckets are worth their extra work
SHORT = 1 / 8  # of the span of the events: two buckets then hold at most a quarter of them
ROW_BYTES = 48  # of memory per event and aggregate column, as measured by benchmarks/features.py
CELL_BYTES = 24  # per row of the spine and aggregate


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What the planner looks at: rows of the spine, those of them that have any event, events of
    the spine's entities, pairs by entity alone, and the microseconds that the events span."""

    spine: int
    events: int
    pairs: int
    span: int
    matched: int = 0


@dataclass(frozen=True)
class Choice:
    """One query to run: a group, its formulation, in how many chunks, and the reason in words."""

    group: Group
    formulation: str
    because: str
    chunks: int = 1

    def groups(self) -> list[Group]:
        """The group, a part for each chunk."""
        if self.chunks == 1:
            return [self.group]
        return [self.group.part(i, self.chunks) for i in range(self.chunks)]

    def queries(self) -> list[str]:
        """The SQL of each chunk."""
        return [FORMULATIONS[self.formulation](group) for group in self.groups()]

    def run(self, fetch: Callable[[str], pa.Table]) -> pa.Table:
        """The row numbers and the group's features, one row per row of the spine, in any order."""
        return pa.concat_tables([self._part(group, fetch) for group in self.groups()])

    def _part(self, group: Group, fetch: Callable[[str], pa.Table]) -> pa.Table:
        rows = fetch(FORMULATIONS[self.formulation](group))
        if self.formulation == TOTALS:
            return running_totals(group, rows, fetch(spine_edges(group)))
        return rows


def sizes_query(group: Group) -> str:
    """One row: spine, matched, events, pairs, span (µs); what ``Sizes`` holds."""
    by = '"' + group.by.replace('"', '""') + '"'
    return f"""SELECT CAST((SELECT COUNT(*) FROM __spine) AS BIGINT) AS spine,
  CAST(COALESCE(SUM(s.n), 0) AS BIGINT) AS matched,
  CAST(COALESCE(SUM(e.n), 0) AS BIGINT) AS events,
  CAST(LEAST(COALESCE(SUM(CAST(e.n AS DOUBLE) * s.n), 0), 9e18) AS BIGINT) AS pairs,
  CAST((SELECT COALESCE(MAX(__time_us) - MIN(__time_us), 0) FROM {group.view}) AS BIGINT) AS span
FROM (SELECT {by} AS __k, COUNT(*) AS n FROM __spine GROUP BY {by}) s
JOIN (SELECT {by} AS __k, COUNT(*) AS n FROM {group.view} GROUP BY {by}) e ON e.__k = s.__k"""


def sizes(row: pd.DataFrame) -> Sizes:
    """The answer to ``sizes_query``."""
    return Sizes(**{str(k): int(v) for k, v in row.iloc[0].items()})


def plan(group: Group, seen: Sizes, memory: int | None) -> list[Choice]:
    """The queries that together compute the group, each within about ``memory`` bytes.

    ``memory`` is None where a cluster looks after it: nothing is chunked, and all stays SQL.
    """
    chosen = _formulate(group, seen, in_process=memory is not None)
    if memory is not None:
        chosen = [replace(c, chunks=_chunks(c.group, seen, memory)) for c in chosen]
    return [
        replace(c, because=f"{c.because}; {c.chunks} chunks by {group.by} to stay within memory")
        if c.chunks > 1
        else c
        for c in chosen
    ]


def _formulate(group: Group, seen: Sizes, in_process: bool) -> list[Choice]:
    if in_process and is_reversible(group):
        return [Choice(group, TOTALS, "every aggregate is a count or an exact sum")]
    short = [w for w in group.windows if microseconds(w) < SHORT * seen.span]
    if seen.pairs > HOT * (seen.events + seen.spine) and short:
        hot = (
            f"{seen.pairs:,} pairs of applications and events by {group.by} alone, "
            f"{seen.pairs // max(1, seen.events + seen.spine)} to a row"
        )
        long = [w for w in group.windows if w not in short]
        choices = [Choice(group.only(short), "bucketed", f"short windows on hot keys: {hot}")]
        if long:
            rest = group.only(long)
            form = TOTALS if in_process and is_sorted(rest) else "range join"
            choices.append(Choice(rest, form, "windows too long for buckets"))
        return choices
    if in_process and is_sorted(group):
        return [Choice(group, TOTALS, "every aggregate is exact in rows sorted once")]
    if group.delay is None:
        return [Choice(group, "range join", "every row has its own availability")]
    return [Choice(group, "range join", "the general formulation")]


def _chunks(group: Group, seen: Sizes, memory: int) -> int:
    """How many parts by entity keep a query within memory: events sorted and joined, and cells."""
    wide = 3 + len(group.columns) + len(group.filters) + len(group.distinct)
    needed = seen.events * ROW_BYTES * wide + seen.spine * CELL_BYTES * len(group.aggregates)
    return max(1, math.ceil(needed / memory))
