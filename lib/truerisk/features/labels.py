"""Labels as they were known: whole horizons only, and only outcomes that were available."""

import pandas as pd

from truerisk.errors import SourceError
from truerisk.lake.duck import quote
from truerisk.lake.sources.sources import Sources
from truerisk.problem.evaluate import evaluate
from truerisk.problem.expression import columns_of
from truerisk.problem.maturity import is_closed, is_mature, label
from truerisk.wording.counted import counted

TAKEN = ("shown", "chance")  # the action taken and its probability, where the source says it


def labels(sources: Sources, frame: pd.DataFrame, known_at: pd.Timestamp) -> pd.DataFrame:
    """mature, event, closed, event_at and followed_until per application key at ``known_at``.

    The last two tell of immature rows as well, whose ``event`` stays null: when an event was seen,
    and until when there was none or nothing more to follow (``known_at`` while no outcome is
    there).

    An outcome counts once its row is available. Where a fixed ``delay`` says when that is, nobody
    is mature before horizon, delay and the time of a review have passed, for events and non-events
    alike; where each row says it (``available_at``), a row that is not there yet is no outcome.

    Raises SourceError for an outcome observed never or before its application, and for events
    that are not 0 or 1.
    """
    problem = sources.problem
    outcome = problem.outcome
    source = problem.sources[outcome.source]
    taken = [c for c in (outcome.action, outcome.chance) if c is not None]
    read = sorted({*columns_of(outcome.event), *taken})
    view = sources.view(outcome.source, [outcome.observed, *read])
    where = f'{problem.where}: source "{outcome.source}"'
    kept = ", ".join(map(quote, read))
    observed, available_at = "__time", "__available"
    if outcome.observed != source.time:
        observed = sources.utc(  # the outcome's own clock may be another column than its time
            outcome.source, outcome.observed, sources.columns(outcome.source)[outcome.observed]
        )
        if source.available_at is None:
            available_at = f"{observed} + to_seconds({int(source.delay.total_seconds())})"
    rows = sources.frame(
        f"SELECT __key, timezone('UTC', {observed}) AS __observed, "
        f"timezone('UTC', {available_at}) AS __available{', ' + kept if kept else ''} FROM {view}"
    )
    try:
        rows["__event"] = evaluate(rows, {"event": outcome.event})["event"].to_numpy()
    except ValueError as error:
        raise SourceError(f"{problem.where}: outcome.event: {error}.") from error
    rows = rows.set_index("__key")
    told = rows[["__event", "__observed", "__available"]].assign(
        **{name: rows[column] for name, column in zip(TAKEN, taken)}
    )
    joined = frame[[problem.key, "as_of"]].join(told, on=problem.key)
    joined = joined.set_index(problem.key)
    event = pd.to_numeric(joined["__event"], errors="coerce").astype("float64")
    strange = int((joined["__event"].notna() & ~event.isin([0, 1])).sum())
    if strange:
        raise SourceError(f"{where}: event is neither 0 nor 1 in {counted(strange, 'row')}.")
    unseen = int((event.notna() & joined["__observed"].isna()).sum())
    if unseen:
        raise SourceError(
            f'{where}: "{outcome.observed}" is null in {unseen:,} of '
            f"{counted(len(joined), 'row')}; every outcome needs the time it was seen."
        )
    early = int((joined["__observed"] < joined["as_of"]).sum())
    if early:
        raise SourceError(
            f'{where}: "{outcome.observed}" lies before the application in {early:,} of '
            f"{counted(len(joined), 'row')}; an outcome follows its application."
        )
    by_row = source.available_at is not None
    mature = is_mature(joined["as_of"], problem.maturing, known_at)
    available = joined["__available"] <= known_at
    seen = label(event, joined["__observed"], joined["as_of"], outcome.horizon)
    closed = is_closed(event, joined["__observed"], joined["as_of"], outcome.horizon)
    if by_row:
        seen, closed = seen.where(available), closed & available
    return pd.DataFrame(
        {
            **{name: joined[name].where(available) for name in TAKEN[: len(taken)]},
            "mature": mature,
            "event": seen.where(mature),
            "closed": closed,
            "event_at": joined["__observed"].where(event.eq(1) & available),
            "followed_until": joined["__observed"].where(available, known_at),
        }
    )
