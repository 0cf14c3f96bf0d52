"""Verdicts: what people say of applications in review, each once, by name and with a reason.

``verdicts/<problem>`` is append-only and a chain, as the ledger is: one verdict per decision.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import is_datetime64_any_dtype

from truerisk.columns import AUDIT_CHANCE, DUE
from truerisk.decisions.ledger import read_ledger
from truerisk.errors import RegistryError
from truerisk.lake import chain
from truerisk.lake.former_actions import with_former_actions
from truerisk.lake.lake import Lake
from truerisk.lake.reviews import verdicts
from truerisk.lake.tables import LEDGER_KEY, VERDICTS_SCHEMA, contests_of, ledger, verdicts_of
from truerisk.problem.instant import instant
from truerisk.problem.shown import shown
from truerisk.problem.spec import Problem
from truerisk.registry.person import person, reason
from truerisk.wording.counted import counted
from truerisk.wording.lists import listed, one_of

NEEDED = ("decision_id", "verdict", "because", "by")


def give_verdict(
    problem: Problem,
    lake: Lake,
    decision_id: str,
    verdict: str,
    because: str,
    by: str,
    at: object = None,
) -> pd.Timestamp:
    """Give the verdict on one decision; until when it was due, UTC.

    ``at`` is when it was given (default now): after the due time the review's default has acted,
    and the verdict changes it by hand. Raises RegistryError as ``give_verdicts`` does.
    """
    row = {"decision_id": decision_id, "verdict": verdict, "because": because, "by": by}
    return _give(problem, lake, pd.DataFrame([row]), at)[DUE].iloc[0]


def give_verdicts(problem: Problem, lake: Lake, given: pd.DataFrame, at: object = None) -> int:
    """Give many verdicts in one commit, all of them or none; how many.

    ``given`` has ``decision_id``, ``verdict``, ``because`` and ``by`` per row, and maybe ``at``
    (UTC, when each was given), else ``at`` holds for all (default now). Raises RegistryError for a
    decision that is unknown or not in review, has a verdict or was contested since, a verdict that
    the problem does not have, a name that is no person's, no reason, a time before the application.
    """
    return len(_give(problem, lake, given, at))


def _give(problem: Problem, lake: Lake, given: pd.DataFrame, at: object) -> pd.DataFrame:
    if not isinstance(given, pd.DataFrame) or given.columns.has_duplicates:
        raise RegistryError(
            f"The verdicts are a table with a row each and the columns {listed([*NEEDED])}, once."
        )
    missing = [c for c in NEEDED if c not in given]
    if missing:
        raise RegistryError(f"The verdicts have no column {one_of(missing)}; each row needs it.")
    if given.empty:
        return given
    rows = _checked(problem, lake, given.reset_index(drop=True), at)
    table = verdicts_of(problem.name)
    new = pa.Table.from_pandas(rows[VERDICTS_SCHEMA.names], VERDICTS_SCHEMA, preserve_index=False)
    heads = []

    def seal(version: int, unseen: pa.Table) -> pa.Table:
        if unseen.num_rows < new.num_rows:  # somebody was faster
            _refuse_second(problem, lake, rows)
        sealed, head = chain.link(chain.head(lake, table, version, LEDGER_KEY), unseen, LEDGER_KEY)
        heads.append(head)
        return sealed

    if not lake.append(table, new, LEDGER_KEY, seal):
        _refuse_second(problem, lake, rows)
    chain.note(lake, table, heads[-1])
    return rows


def _checked(problem: Problem, lake: Lake, given: pd.DataFrame, at: object) -> pd.DataFrame:
    """The rows as they are kept, with when each was due; RegistryError for what may not be."""
    if problem.reviews or lake.version(ledger(problem.name)) is not None:
        held = read_ledger(problem, lake).set_index("decision_id")
        problem = with_former_actions(problem, lake, held)
    if not problem.reviews:
        raise RegistryError(
            f"{problem.where}: no action is a review; write within, verdicts, late and audit in "
            "the action that a person decides."
        )
    ids = given["decision_id"].astype(str)
    unknown = ~ids.isin(held.index)
    if unknown.any():
        raise RegistryError(
            f"The ledger of {problem.name} has no decision of the id in {_of(unknown)}; "
            "`truerisk queue` lists those that wait."
        )
    twice = pd.Series(ids.duplicated())
    if twice.any():
        raise RegistryError(f"A decision stands twice among the verdicts, in {_of(twice)}.")
    own = held.loc[ids.to_list()]
    taken = own["action"].to_numpy()
    none = np.zeros(len(own), dtype=bool)
    waits = own[AUDIT_CHANCE].notna().to_numpy() if AUDIT_CHANCE in own else none
    if not waits.all():
        other = taken[~waits][0]
        raise RegistryError(
            f'Not in review: {_of(pd.Series(~waits))} is on "{other}"; only '
            f"{one_of(problem.reviews)} waits for a verdict."
        )
    becomes = [problem.actions[a].verdicts.get(v) for a, v in zip(taken, given["verdict"])]
    odd = pd.isna(pd.Series(becomes, dtype=object))
    if odd.any():
        i = int(odd.to_numpy().argmax())
        raise RegistryError(
            f"The verdict {shown(str(given['verdict'].iloc[i]), 40)} is none that "
            f"{problem.name} has; allowed: {one_of(problem.actions[taken[i]].verdicts)}."
        )
    if lake.version(contests_of(problem.name)) is not None:
        contested = ids.isin(lake.read(contests_of(problem.name))["decision_id"])
        if contested.any():
            which = "this decision" if len(given) == 1 else f"the decisions of {_of(contested)}"
            raise RegistryError(
                f"Applicants have contested {which}; what a person says now is the answer to the "
                "contest (`truerisk contest decide`)."
            )
    said = given[["by", "because"]].astype(object).where(given[["by", "because"]].notna(), "")
    names = {by: person(str(by)) for by in said["by"].unique()}
    reasons = {text: reason(str(text)) for text in said["because"].unique()}
    if "at" in given:
        when = given["at"]
        if not is_datetime64_any_dtype(when):
            when = pd.Series([instant(t) for t in when], index=given.index)
        when = pd.to_datetime(when, utc=True)
    else:
        when = pd.Series(instant(at), index=given.index)  # type: ignore[arg-type]
    if when.isna().any():
        raise RegistryError(f"at is missing in {_of(when.isna())}; give when it was given, in UTC.")
    early = when < own["as_of"].set_axis(when.index)
    if early.any():
        raise RegistryError(f"A verdict was given before its application came, in {_of(early)}.")
    rows = pd.DataFrame(
        {
            "decision_id": ids,
            "verdict": given["verdict"],
            "action": becomes,
            "by": said["by"].map(names),
            "because": said["because"].map(reasons),
            "at": when.astype("datetime64[us, UTC]"),
            DUE: own[DUE].to_numpy(),
        }
    )
    _refuse_second(problem, lake, rows)
    return rows.assign(**{DUE: pd.to_datetime(rows[DUE], utc=True)})


def _refuse_second(problem: Problem, lake: Lake, rows: pd.DataFrame) -> None:
    """RegistryError that says who gave the first verdict, where there is one."""
    held = verdicts(problem, lake)
    held = held[held["decision_id"].isin(rows["decision_id"])]
    if len(held):
        first = held.iloc[0]
        more = f", and {counted(len(held) - 1, 'more decision')} too" if len(held) > 1 else ""
        raise RegistryError(
            f'{first["by"]} gave the verdict "{first["verdict"]}" on decision '
            f"{first['decision_id']} at {first['at']:%Y-%m-%d %H:%M} UTC{more}; a decision has one "
            "verdict, and a contest may change it."
        )


def _of(rows: pd.Series) -> str:
    """How many of the verdicts; a single one is the one that was named."""
    return "the verdict" if len(rows) == 1 else f"{int(rows.sum()):,} of {len(rows):,} verdicts"
