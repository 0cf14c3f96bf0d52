"""A problem looked at before anything is trained: sources, keys, labels, leaks.

Every source is opened by itself: one that cannot be is said with its reason, and the others are
looked at all the same.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from truerisk.errors import SourceError, TrueriskError
from truerisk.features.dataset import applications, labels
from truerisk.features.matching import refuse_strangers
from truerisk.lake.duck import quote
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources
from truerisk.problem.expression import columns_of
from truerisk.problem.spec import Problem
from truerisk.profiling.alone import EQUAL, Alone, alone, later_columns, stand_out
from truerisk.profiling.columns import Column, profile_columns
from truerisk.wording.counted import counted

KINDS = ("number", "text", "boolean", "time")  # what features are made of


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Two columns that are joined: rows of each side that find one on the other (shares)."""

    source: str
    ours: str
    theirs: str
    applications_with: float
    rows_with: float


@dataclass(kw_only=True)
class Checkup:
    """What was found; ``errors`` must be mended before training, ``notes`` be looked at.

    ``read`` are the sources that the problem itself reads, not only its queries. ``months`` has a
    row a month of application: applied, mature, followed, events; ``counts`` are their sums, and
    applications until ``mature_until`` are mature. ``lines`` are contracts' lines, by source.
    """

    problem: str
    known_at: str
    read: list[str] = field(default_factory=list)
    sources: dict[str, list[Column]] = field(default_factory=dict)
    overlaps: list[Overlap] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    mature_until: str = ""
    months: list[dict] = field(default_factory=list)
    alone: list[Alone] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lines: dict[str, list[str]] = field(default_factory=dict)


def checkup(problem: Problem, lake: Lake, known_at: pd.Timestamp) -> Checkup:
    """Look at everything; errors are collected, not raised."""
    found = Checkup(problem=problem.where, known_at=f"{known_at:%Y-%m-%d}")
    found.read = [name for name, source in problem.sources.items() if source.key]
    with Sources(problem, lake) as sources:
        for name in problem.sources:
            _said(found, partial(_source, sources, name, found))
        if found.errors:
            return found
        _said(found, partial(refuse_strangers, sources))
        if not found.errors:
            _said(found, partial(_overlaps, sources, found))
            _said(found, partial(_labels, sources, found, known_at))
    return found


def column_notes(columns: list[Column], where: str = "") -> tuple[list[str], list[str]]:
    """What to look at in a profile, and the contract's lines to paste."""
    notes, lines = [], []
    for c in columns:
        name = f"{where}{c.name}"
        if c.means:
            notes.append(f"{name} {c.means}; unless it is declared it is read as {c.kind}")
        elif c.codes:
            codes = ", ".join(map(str, c.codes))
            notes.append(f"{name}: {codes} in {c.coded:.1%} of rows looks like a code for no value")
        elif c.rows and c.nulls == c.rows:
            notes.append(f"{name} is always null")
        elif c.kind not in KINDS:
            notes.append(f"{name} holds {c.stored}, which no feature can be")
        elif c.constant:
            notes.append(f"{name} has one value in all its rows")
        if c.line:
            lines.append(c.line)
    return notes, lines


def _said(found: Checkup, look: Callable[[], None]) -> None:
    try:
        look()
    except TrueriskError as error:
        found.errors.append(str(error))


def _source(sources: Sources, name: str, found: Checkup) -> None:
    problem, source = sources.problem, sources.problem.sources[name]
    raw = quote(sources.raw(name))
    columns = profile_columns(sources.con, raw)
    found.sources[name] = columns
    declared = {c for c, rule in source.contract.items() if rule.null_values or rule.format}
    told = {line for lines in found.lines.values() for line in lines}
    shown = [c for c in columns if c.name not in declared and not (source.query and c.line in told)]
    if not source.key:  # read by queries only, which choose: what says nothing is no matter
        shown = [c for c in shown if c.line]
    notes, lines = column_notes(shown, f"{name}: ")
    found.notes += notes
    if lines:
        found.lines[name] = lines
    if source.key and source.time:
        sources.view(name)
        if untimed := sources.untimed.get(name):
            found.notes.append(
                f"{name}: {counted(untimed, 'row')} have no {source.time} and are not read"
            )
    elif source.key or name in (problem.application.source, problem.outcome.source):
        raise SourceError(f"{sources.where(name)} needs a key and a time.")


def _overlaps(sources: Sources, found: Checkup) -> None:
    problem, features = sources.problem, sources.problem.features
    ours = problem.application.source
    pairs = [(problem.outcome.source, problem.key, problem.sources[problem.outcome.source].key)]
    pairs += [(f.source, f.by, f.by) for f in features.latest]
    pairs += [(f.source, f.by, f.by) for f in features.window]
    for name, left, right in dict.fromkeys(pairs):
        if name == ours:
            continue
        a, b = sources.view(ours, [left]), sources.view(name, [right])
        one, other = quote(left), quote(right)
        mine, theirs = sources.con.sql(
            f"SELECT (SELECT avg(CASE WHEN {one} IN (SELECT {other} FROM {b}) THEN 1.0 ELSE 0 END) "
            f"FROM {a}), (SELECT avg(CASE WHEN {other} IN (SELECT {one} FROM {a}) THEN 1.0 ELSE 0 "
            f"END) FROM {b})"
        ).fetchall()[0]
        found.overlaps.append(
            Overlap(
                source=name,
                ours=left,
                theirs=right,
                applications_with=float(mine or 0),
                rows_with=float(theirs or 0),
            )
        )


def _labels(sources: Sources, found: Checkup, known_at: pd.Timestamp) -> None:
    problem = sources.problem
    spine = applications(sources, problem, None, None, known_at)
    if spine.empty:
        newest = max(
            c.high or ""
            for c in found.sources[problem.application.source]
            if c.name == problem.applications.time
        )
        found.errors.append(f"no application is known at {found.known_at}; the newest is {newest}")
        return
    seen = labels(sources, spine, known_at)
    frame = spine.join(seen, on=problem.key)
    month = frame["as_of"].dt.strftime("%Y-%m")
    flags = pd.DataFrame(
        {
            "applied": 1,
            "mature": frame["mature"].astype(int),
            "followed": frame["event"].notna().astype(int),
            "events": frame["event"].fillna(0).astype(int),
        }
    )
    by_month = flags.groupby(month.rename("month")).sum().reset_index()
    found.months = json.loads(by_month.to_json(orient="records"))
    found.counts = {str(name): int(n) for name, n in flags.sum().items()}
    found.mature_until = f"{known_at - problem.maturing:%Y-%m-%d}"
    labelled = frame["event"].notna().to_numpy()
    total = flags.sum()
    if not total["mature"]:
        first = frame["as_of"].min() + problem.maturing
        found.errors.append(
            f"no application is older than the horizon at {found.known_at}; the first is on "
            f"{first:%Y-%m-%d}"
        )
    elif not total["followed"]:
        found.errors.append("no mature application has an outcome")
    elif total["events"] in (0, total["followed"]):
        found.errors.append(
            f"all {counted(total['followed'], 'outcome')} are alike; the event is "
            f"{problem.outcome.event}"
        )
    window = known_at - problem.training.window
    outside = int((frame["as_of"] < window).sum())
    if outside:
        found.notes.append(
            f"{outside:,} of {counted(len(frame), 'application')} are older than training.window "
            f"({problem.training.window.days}d before known_at) and train nothing"
        )
    _leaks(sources, found, frame, labelled)


def _leaks(sources: Sources, found: Checkup, frame: pd.DataFrame, labelled: np.ndarray) -> None:
    problem = sources.problem
    inputs = set(problem.features.columns)
    for derived in problem.features.derived.values():
        inputs |= columns_of(derived.sql)
    view = sources.view(problem.application.source)
    held = sources.columns(problem.application.source)
    named = {problem.key, problem.application.subject, problem.applications.time}
    wanted = [c for c in held if c not in named and c in inputs]
    if not wanted:
        return
    listed = ", ".join(map(quote, wanted))
    rows = sources.frame(f"SELECT __key, {listed} FROM {view}").set_index("__key")
    rows = rows.loc[frame[problem.key]].reset_index(drop=True)
    event = frame.loc[labelled, "event"].to_numpy(dtype=float)
    found.alone = alone(rows[labelled], event, wanted)
    for column in found.alone:
        if column.auc >= EQUAL:
            found.errors.append(
                f"{column.column} is the outcome in another form (AUC "
                f"{column.auc:.3f} alone); take it out of features"
            )
        elif column.too_good:
            found.notes.append(
                f"{column.column} ranks the event with AUC {column.auc:.3f} alone, which is too "
                "good to have been known at the application"
            )
    if asked := stand_out(found.alone):
        found.notes.append(asked)
    rows["as_of"] = frame["as_of"].to_numpy()
    rows["as_of"] = pd.to_datetime(rows["as_of"], utc=True)
    for name, why in later_columns(problem, rows, frame["mature"].to_numpy()).items():
        found.notes.append(f"{name} {why}: it is known only later")
