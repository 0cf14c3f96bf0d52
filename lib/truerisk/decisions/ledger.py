"""The ledger: every decision exactly once, whatever was killed, resumed or run twice."""

import pandas as pd
import pyarrow as pa

from truerisk.columns import SAME_OUTCOME, chance_of, valued_actions
from truerisk.decisions.capacity.claims import refuse_taken
from truerisk.errors import LakeError
from truerisk.features.labels import TAKEN, labels
from truerisk.lake import chain
from truerisk.lake.former_actions import with_former_actions
from truerisk.lake.lake import Lake
from truerisk.lake.overrides import by_hand
from truerisk.lake.pins import pin
from truerisk.lake.problem_files import keep
from truerisk.lake.reviews import reviewed
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.versions import Version
from truerisk.lake.sticky import with_chances_held
from truerisk.lake.stored_types import as_arrow
from truerisk.lake.tables import DECISIONS_SCHEMA, LEDGER_KEY, ledger, verdicts_of
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem


def commit(problem: Problem, lake: Lake, decided: pd.DataFrame) -> int:
    """Append the decisions of applications that have none yet; how many were new.

    One commit for the batch. Two processes that commit the same applications leave one decision
    each: the first to commit decides, the second finds its rows there. The batch is a link of the
    ledger's chain: it holds the hash of the batch before. Raises SeatError where the seats left
    are no more those that the batch was priced with: jobs/decide_batch.py prices it again.
    """
    if decided.empty:
        return 0
    rows = as_arrow(decided.assign(decided_at=instant(None)))
    for field in DECISIONS_SCHEMA:
        at = rows.schema.get_field_index(field.name)
        rows = rows.set_column(at, field, rows[field.name].cast(field.type))
    keep(problem, lake)  # first: no decision without the file that explains it
    table, heads = ledger(problem.name), []

    def seal(version: int, new: pa.Table) -> pa.Table:
        refuse_taken(problem, lake, version, decided)
        before = chain.head(lake, table, version, LEDGER_KEY)
        sealed, head = chain.link(before, new, LEDGER_KEY)
        heads.append(head)
        return sealed

    new = lake.append(table, rows, problem.key, seal)
    if new:
        chain.note(lake, table, heads[-1])
    return new


def read_ledger(problem: Problem, lake: Lake, version: Version | None = None) -> pd.DataFrame:
    """All decisions of a problem, in order of time; LakeError when there is none yet.

    Rows of before each application had its own draw hold the chances that they had (lake/sticky).
    """
    if lake.version(ledger(problem.name)) is None:
        raise LakeError(
            f"The lake at {lake.root} holds no decision of {problem.name} yet; `truerisk score` "
            "makes them."
        )
    rows = lake.read(ledger(problem.name), None if version is None else int(version))
    return with_chances_held(rows.sort_values(["as_of", problem.key], ignore_index=True))


def _with_every_chance(log: pd.DataFrame) -> pd.DataFrame:
    """An action that the file did not have yet, or no longer has, had no chance in other rows."""
    logged = log["p_reveal"].notna()
    chances = [chance_of(action) for action in valued_actions(log.columns)]
    late = {c: log[c].fillna(0.0) for c in chances if (log[c].isna() & logged).any()}
    return log.assign(**{c: p.where(logged) for c, p in late.items()})


def decision_log(
    problem: Problem, lake: Lake, known_at: pd.Timestamp, versions: dict[str, Version] | None = None
) -> pd.DataFrame:
    """The ledger with its outcomes as known at ``known_at``: what tr.measure takes.

    Only decisions with as_of before ``known_at``. ``revealed`` is true where the action lets the
    outcome be seen and a mature outcome is there; everywhere else ``event`` is null, also where
    the source happens to know it. ``event_at`` and ``followed_until`` tell tr.vintages of immature
    rows too: null where the action hides the outcome, or where a mature row has none. ``override``
    is the action that a contest, a verdict that came too late or, by the source of outcomes, anyone
    put in place of what was decided, null where it stands. An action that the file no longer has
    is read as it was (lake/former_actions.py). Where people review, an outcome counts only where
    the row passed; the log tells of reviews by ``verdict``, ``q``, ``audited``, ``audit_q`` and
    ``reviewer`` (measurement/evidence/reviewed.py). ``attrs["same_outcome"]`` says which actions
    show one outcome, so that ``tr.measure`` pools them without being told.
    """
    log = read_ledger(problem, lake, (versions or {}).get(ledger(problem.name)))
    log = _with_every_chance(log[log["as_of"] < known_at].reset_index(drop=True))
    problem = with_former_actions(problem, lake, log)
    with Sources(problem, lake, versions) as sources:
        known = labels(sources, log, known_at)
    log = log.join(known.drop(columns=list(TAKEN), errors="ignore"), on=problem.key)
    pinned = versions or {}
    verdicts = pin(lake, verdicts_of(problem.name), pinned)
    review = reviewed(problem, lake, log, known_at, verdicts)
    hand = by_hand(problem, lake, log, known_at, review, pinned, known.get(TAKEN[0]))
    reveals = log["action"].isin(problem.revealing)
    if problem.reviews:
        log = log.assign(**{c: review[c] for c in ("verdict", "q", "audited", "reviewer")})
        passes = review["passes"].where(hand.isna(), hand.isin(problem.revealing))
        reveals &= ~log["action"].isin(problem.reviews) | passes
    shown = reveals & log["event"].notna() & log["mature"]
    followed = reveals & (shown | ~log["mature"])
    # Outcomes mature later than at the horizon, and what happens in between is no event.
    in_time = log["event_at"] <= log["as_of"] + problem.outcome.horizon
    status = pd.Series("pending", index=log.index).mask(log["mature"], "without an outcome")
    status = status.mask(shown, "followed").mask(shown & log["closed"], "closed")
    status = status.mask(~reveals, "not revealed")
    made = log.assign(
        revealed=shown,
        event=log["event"].where(shown),
        event_at=log["event_at"].where(followed & in_time),
        followed_until=log["followed_until"].where(followed),
        status=status,
        override=hand,
    ).drop(columns="closed")
    made.attrs[SAME_OUTCOME] = problem.same_outcome
    return made
