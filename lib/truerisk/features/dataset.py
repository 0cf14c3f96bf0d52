"""A data set as known at one instant: applications, features, labels, and its fingerprint."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from truerisk.errors import ProblemError, SourceError
from truerisk.features.build import build
from truerisk.features.definitions import definition, names
from truerisk.features.feature_notes import silent_features
from truerisk.features.label_times import late_events, nearly_all_events
from truerisk.features.labels import labels
from truerisk.features.matching import Match, matches, refuse_strangers
from truerisk.features.register import check_definitions
from truerisk.features.revealed import UNTOLD, refuse_untold, revealed
from truerisk.features.steps import entities
from truerisk.features.types import types_of
from truerisk.lake.duck import quote
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.versions import Version
from truerisk.lake.sources.views import checked
from truerisk.lake.tables import is_ours
from truerisk.problem.expression import columns_of
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted

RESERVED = (
    "subject",
    "as_of",
    "event",
    "mature",
    "p_reveal",
    "score",
    "action",
    "rule",
    "factors",
    "event_at",
    "followed_until",
)
TOLD = ["closed", "event_at", "followed_until"]  # what is known of the immature is no label


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Everything a training run may know, and nothing it may not.

    ``frame`` has a row per application known at ``known_at``, in order of time: its key,
    ``subject``, ``as_of`` (UTC), the features, ``mature``, ``event`` (1, 0 or null where not
    followed, not mature or not revealed by our own decision), ``p_reveal`` (null where no
    propensity was logged) and the application columns that money, rules and segments read.
    ``matches`` says how many of them have a row in each source that features join, ``notes`` what a
    person should know of the labels, in sentences.
    """

    frame: pd.DataFrame
    features: list[str]
    definition: dict
    versions: dict[str, Version]
    known_at: pd.Timestamp
    fingerprint: str
    counts: dict[str, int]
    newest: dict[str, pd.Timestamp]
    matches: list[Match] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)


def build_dataset(
    problem: Problem,
    lake: Lake,
    known_at: object,
    versions: Mapping[str, Version] | None = None,
) -> Dataset:
    """All applications of the training window as known at ``known_at`` (None is now).

    Raises SourceError when nothing has matured by then, and ProblemError for a feature whose name
    means something else in the lake (features/register.py).
    """
    check_definitions(problem, lake)
    known = instant(known_at)  # type: ignore[arg-type]
    with Sources(problem, lake, versions) as sources:
        spine = applications(sources, problem, known - problem.training.window, known, known)
        if spine.empty:
            raise SourceError(
                f"{problem.where}: no application is known at {known:%Y-%m-%d}; choose a later "
                "known_at or a longer training.window."
            )
        refuse_strangers(sources)
        frame = _known(sources, spine, known)
        matched = matches(sources, len(spine))
        newest = _newest(sources, known)
        types = types_of(sources, columns_read(problem))
        read = sources.many_files()
        pinned = dict(sorted(sources.versions.items()))
    refuse_untold(problem, frame)
    mature = frame["mature"]
    counts = {
        "applications": len(frame),
        "mature": int(mature.sum()),
        "followed": int(frame["event"].notna().sum()),
        "events": int(frame["event"].sum()),
        "closed early": int((frame["closed"] & mature).sum()),
        "without an outcome": int((mature & frame["event"].isna()).sum()),
    }
    if counts["followed"] == 0:
        raise SourceError(
            f"{problem.where}: no outcome has matured by {known:%Y-%m-%d}: of {len(frame):,} "
            f"applications {counts['mature']:,} are older than the horizon and none of these has "
            f'a row in source "{problem.outcome.source}" that was available by then; '
            + (
                "choose a later known_at or a longer training.window."
                if counts["mature"]
                else "choose a later known_at."
            )
        )
    notes = [
        *late_events(problem, frame),
        *nearly_all_events(problem, frame),
        *silent_features(frame, names(problem)),
    ]
    frame = frame.drop(columns=TOLD)
    return Dataset(
        frame=frame,
        features=names(problem),
        definition=definition(problem) | {"types": types},
        versions=pinned,
        known_at=known,
        fingerprint=fingerprint(frame),
        counts=counts,
        newest=newest,
        matches=matched,
        notes=notes,
        read=read,
    )


def rows_known(
    problem: Problem,
    lake: Lake,
    since: pd.Timestamp,
    until: pd.Timestamp,
    known_at: pd.Timestamp,
    versions: Mapping[str, Version],
) -> pd.DataFrame:
    """Rows as in Dataset.frame of the applications in [since, until), none where there are none."""
    with Sources(problem, lake, versions) as sources:
        spine = applications(sources, problem, since, until, known_at)
        if spine.empty:
            return spine
        frame = _known(sources, spine, known_at)
        return frame.drop(columns=[c for c in (*TOLD, UNTOLD) if c in frame])


def applications(
    sources: Sources,
    problem: Problem,
    since: pd.Timestamp | None,
    until: pd.Timestamp | None,
    known_at: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Application rows with time in [since, until): key, subject, as_of and what else is read.

    In order of (time, key). Beside the key they hold every column that features, money, rules or
    segments read, so that nobody has to open the source again.
    """
    columns = list(dict.fromkeys([problem.application.subject, *columns_read(problem)]))
    view = sources.view(problem.application.source, columns)
    bounds = [("__time >=", since), ("__time <", until), ("__available <=", known_at)]
    where = " AND ".join(
        f"{bound} TIMESTAMP '{at.strftime('%Y-%m-%d %H:%M:%S.%f')}'" for bound, at in bounds if at
    )
    listed = ", ".join(
        quote(c) for c in columns if c not in (problem.key, problem.applications.time)
    )
    frame = sources.frame(
        f"SELECT __key AS {quote(problem.key)}, "
        f"timezone('UTC', __time) AS {quote(problem.applications.time)}, {listed} "
        f"FROM {view} {'WHERE ' + where if where else ''} ORDER BY __time, __key"
    )
    lost = int(frame[problem.application.subject].isna().sum())
    if lost:
        raise SourceError(
            f'{problem.where}: subject "{problem.application.subject}" is null in {lost:,} of '
            f"{counted(len(frame), 'application')}; every application needs who applied."
        )
    return frame.assign(
        subject=frame[problem.application.subject], as_of=frame[problem.applications.time]
    )


def with_features(sources: Sources, spine: pd.DataFrame, known_at: object = None) -> pd.DataFrame:
    """The spine's own columns with the features beside them (which replace their namesakes)."""
    built = build(sources, spine, known_at).drop(columns=sources.problem.key)
    kept = spine.drop(columns=[c for c in built if c in spine])
    return pd.concat([kept, built], axis=1)


def columns_read(problem: Problem) -> list[str]:
    """Application columns that money, rules, segments and fairness read beside the features.

    Raises ProblemError when one bears a name that the ledger or a log uses for its own.
    """
    made = set(names(problem)) - set(problem.features.columns)
    expressions = [rule.when for rule in problem.rules]
    for action in problem.actions.values():
        expressions += [action.if_event, action.if_no_event]
    read = [c for e in expressions for c in sorted(columns_of(e))]
    read += [*problem.training.segments, *problem.training.protected]
    read = [c for c in dict.fromkeys(read) if c not in made]
    # These stand in the ledger, or in a log of it, under their own names.
    beside = [problem.key, *problem.training.segments, *problem.training.protected]
    taken = [c for c in beside if is_ours(c)]
    # The labels and the time stand beside whom the rows are about.
    whom = [problem.application.subject, *entities(problem)]
    taken += [c for c in whom if c in ("as_of", "event", "mature", "closed")]
    for column in [*read, *names(problem), *taken]:
        if column in RESERVED or column in taken:
            raise ProblemError(
                f'{problem.where}: the column name "{column}" is reserved; give it another name '
                "in the application source, for example with a query."
            )
    if "reveal" in problem.actions:
        raise ProblemError(
            f'{problem.where}: an action cannot be named "reveal": p_reveal is the probability of '
            "any action that reveals; give it another name."
        )
    return read


def fingerprint(frame: pd.DataFrame) -> str:
    """sha256 over every value of the frame, its column names and its order."""
    digest = hashlib.sha256("\n".join(frame.columns).encode())
    digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def _known(sources: Sources, spine: pd.DataFrame, known_at: pd.Timestamp) -> pd.DataFrame:
    """The applications with their features, their labels and their logged chances."""
    frame = with_features(sources, spine, known_at)
    frame = frame.join(labels(sources, frame, known_at), on=sources.problem.key)
    return revealed(frame, sources, known_at)


def _newest(sources: Sources, known_at: pd.Timestamp) -> dict[str, pd.Timestamp]:
    """The newest available row of each opened source: how fresh the data were."""
    bound = known_at.strftime("%Y-%m-%d %H:%M:%S.%f")
    return {
        name: pd.Timestamp(
            sources.con.sql(
                f"SELECT max(__available) FROM {quote(checked(name))} "
                f"WHERE __available <= TIMESTAMP '{bound}'"
            ).fetchall()[0][0],
            tz="UTC",
        )
        for name in sorted(sources.opened)
    }
