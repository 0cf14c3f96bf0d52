"""The last 28 days of applications as the model and the money that decide now see them."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.columns import IF_EVENT, IF_NO_EVENT, value_of
from truerisk.decisions.capacity.arrivals import PERIOD
from truerisk.decisions.capacity.calendar import moments
from truerisk.decisions.capacity.price import Arrivals
from truerisk.decisions.policy import (
    choose,
    dollars,
    expected_dollars,
    model_scores,
    policy_version,
    scores,
)
from truerisk.features.dataset import applications, with_features
from truerisk.features.definitions import with_features_of
from truerisk.lake.identity import alike, as_text
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.versions import Version
from truerisk.lake.tables import arrivals
from truerisk.models.package import Model, load
from truerisk.problem.spec import Problem

EXPECTED = "expected_"  # dollars of an action


@dataclass(frozen=True)
class SeenBy:
    """A model by version, its ``definition`` of features, and the ``versions`` of the sources."""

    model: str
    definition: dict
    versions: dict[str, Version]


def known_arrivals(
    problem: Problem,
    lake: Lake,
    seen_by: SeenBy,
    spine: pd.DataFrame,
    decided: pd.DataFrame | None,
) -> Arrivals | None:
    """Applications of the 28 days before the newest of the ``spine``, and of its own day.

    Those that this model and this policy decided are as the ledger holds them. All others, from
    before a swap, a change of money or the first decision, are scored once, by the model that
    decides now, and kept in the lake's table ``arrivals/<problem>``. None where there is none, or
    where no action is limited.
    """
    if not problem.limited or spine.empty:
        return None
    newest = spine["as_of"].max()
    first = moments(pd.Series([newest]), problem.calendar.zone).day[0] - PERIOD
    midnight = pd.Timestamp(first).tz_localize(
        problem.calendar.zone, ambiguous=True, nonexistent="shift_forward"
    )
    since = midnight.tz_convert("UTC")
    made = _decided(problem, decided, seen_by.model, since)
    wanted = with_features_of(problem, seen_by.definition)
    with Sources(wanted, lake, seen_by.versions) as sources:
        until = newest + pd.Timedelta(microseconds=1)
        rest = applications(sources, wanted, since, until)
        for held in (spine[problem.key], made[problem.key]):
            if len(held):
                rest = rest[~alike(rest[problem.key], held).isin(as_text(held))]
        if len(rest):
            once = _once(problem, lake, seen_by.model, sources, rest)
            made = pd.concat([made, once], ignore_index=True) if len(made) else once
    if made.empty:
        return None
    names = list(problem.actions)
    return Arrivals(
        at=moments(made["as_of"], problem.calendar.zone),
        worth=made[[EXPECTED + name for name in names]].to_numpy(dtype=float),
        sent=pd.Index(names).get_indexer(pd.Index(made["sent"])),
    )


def _decided(
    problem: Problem, decided: pd.DataFrame | None, model_version: str, since: pd.Timestamp
) -> pd.DataFrame:
    """Key, as_of, the action that a rule sends to and expected dollars, of rows of the ledger."""
    names = list(problem.actions)
    columns = [problem.key, "as_of", "sent", *(EXPECTED + name for name in names)]
    if decided is None:
        return pd.DataFrame(columns=columns)
    same = decided["model_version"].eq(model_version)
    same &= decided["policy_version"].eq(policy_version(problem)) & (decided["as_of"] >= since)
    rows = decided[same].reset_index(drop=True)
    if rows.empty:
        return pd.DataFrame(columns=columns)
    money = tuple(
        rows[[value_of(name, side) for name in names]].to_numpy(dtype=float)
        for side in (IF_EVENT, IF_NO_EVENT)
    )
    worth = expected_dollars(scores(problem, rows), (money[0], money[1]))
    wanted = rows["own_action"]
    if "seat_lost" in rows:
        wanted = rows["seat_lost"].fillna(wanted)
    found = pd.DataFrame(
        {
            problem.key: rows[problem.key],
            "as_of": rows["as_of"],
            "sent": wanted.where(rows["rule"].notna(), None),
        }
    )
    return found.assign(**{EXPECTED + name: worth[:, i] for i, name in enumerate(names)})


def _once(
    problem: Problem, lake: Lake, model_version: str, sources: Sources, rows: pd.DataFrame
) -> pd.DataFrame:
    """The same of applications that this model and policy did not decide; scored where new."""
    policy, table = policy_version(problem), arrivals(problem.name)
    ids = [
        hashlib.sha256(f"{model_version}|{policy}|{key}".encode()).hexdigest()[:20]
        for key in as_text(rows[problem.key])
    ]
    rows = rows.assign(arrival_id=ids)
    new = rows
    if lake.version(table) is not None:
        new = rows[~rows["arrival_id"].isin(lake.read(table)["arrival_id"])]
    if len(new):
        model = load(problem.name, lake, model_version)
        seen = _seen(problem, model, model_version, sources, new.reset_index(drop=True))
        lake.append(table, seen, "arrival_id")
    kept = lake.read(table)
    kept = kept[kept["arrival_id"].isin(rows["arrival_id"])]
    keys = rows.set_index("arrival_id")[problem.key]
    return kept.assign(**{problem.key: kept["arrival_id"].map(keys)}).drop(
        columns=["arrival_id", "model_version", "policy_version"]
    )


def _seen(
    problem: Problem, model: Model, model_version: str, sources: Sources, rows: pd.DataFrame
) -> pd.DataFrame:
    typed = problem.typed(model.definition)
    frame = with_features(sources, rows)
    frame = frame.assign(**model_scores(problem, model, frame))
    choice = choose(typed, frame, scores(typed, frame), dollars(typed, frame))
    names = np.array(list(problem.actions), dtype=object)
    found = pd.DataFrame(
        {
            "arrival_id": rows["arrival_id"],
            "model_version": model_version,
            "policy_version": policy_version(problem),
            "as_of": rows["as_of"],
            "sent": pd.Series(
                np.where(pd.isna(choice.rule), None, names[choice.action]), dtype="str"
            ),
        }
    )
    return found.assign(**{EXPECTED + n: choice.expected[:, i] for i, n in enumerate(names)})
