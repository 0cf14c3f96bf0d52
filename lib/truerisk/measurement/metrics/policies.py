"""What policies earn: dollars of what ran and of changes to it, and whom a change swaps.

A policy is a frame with its probability of each action, rows as in the log. Its dollars are
Σ_a d_a[v_a1·ỹ_a + v_a0(1 − ỹ_a)], d_a its probability of action a and never the draw, ỹ_a what
stands for the outcome that action a shows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum, auto

import numpy as np
import pandas as pd

from truerisk.columns import (
    IF_EVENT,
    IF_NO_EVENT,
    SIDES,
    chance_of,
    value_of,
    valued_actions,
)
from truerisk.errors import LogError
from truerisk.measurement.estimate import AS_RUN, Metric
from truerisk.measurement.evidence.outcomes import Outcome
from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics import influence
from truerisk.statistics.influence import Value
from truerisk.wording.counted import counted

CELLS = {
    "in-in": (1, 1),
    "in-out": (1, 0),
    "out-in": (0, 1),
    "out-out": (0, 0),
}

Of = Callable[[Rows, Pseudo], Value]
REALISED, EXPECTED = "realised", "expected"  # keys of the columns of booked dollars


class Part(Enum):
    """What the metrics read of a policy in every row: dollars if the event happens and if not, the
    probability of an action that shows this outcome, of one that reveals any, and the part of the
    dollars that comes from those."""

    IF_EVENT = auto()
    IF_NO_EVENT = auto()
    SHOWN = auto()
    INSIDE = auto()
    INSIDE_IF_EVENT = auto()
    INSIDE_IF_NO_EVENT = auto()


Key = tuple[str, Part]  # of a column: the policy's name, and which of its parts
WHOLE = (Part.IF_EVENT, Part.IF_NO_EVENT)
INSIDE = (Part.INSIDE_IF_EVENT, Part.INSIDE_IF_NO_EVENT)
Policies = Mapping[str, pd.DataFrame]


def offered(frame: pd.DataFrame, against: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    """The policy to compare with: the log's own, from its p_<action>, or another."""
    actions = valued_actions(frame.columns)
    if not actions:
        return {}
    if against is None:
        for a in actions:
            if chance_of(a) not in frame:
                raise LogError(
                    f'The log holds dollars of the action "{a}" and no column "p_{a}", its '
                    "probability before the draw."
                )
        against = frame[[chance_of(a) for a in actions]].set_axis(actions, axis=1)
    return {AS_RUN: against}


def columns(
    frame: pd.DataFrame,
    policies: Policies,
    outcome: Outcome,
    reveals: Sequence[str],
    first: bool = True,
) -> dict[Key, np.ndarray]:
    """What the metrics below read of every row, each (n,), by policy and part.

    Dollars are those of the actions whose outcome is this one (all of them, where there is one
    outcome). What reveals nothing counts with the ``first`` outcome. Raises LogError where it
    would earn more or less by an outcome that is not its own.
    """
    made: dict[Key, np.ndarray] = {}
    compared = len(policies) > 1  # else nobody is swapped
    several = bool(outcome.actions)
    parts = [part for part in Part if compared or part in WHOLE]
    parts = [part for part in parts if part is not Part.SHOWN] + [Part.SHOWN] * several
    for name, policy in policies.items():
        total = {part: np.zeros(len(frame)) for part in parts}
        for action in valued_actions(frame.columns):
            given = policy[action].to_numpy(float)
            inside = action in reveals
            if compared:
                total[Part.INSIDE] += given * inside
            if several and not inside:
                _needs_no_outcome(frame, action)
            if action in outcome.actions:
                total[Part.SHOWN] += given
            if several and action not in outcome.actions and (inside or not first):
                continue
            for whole, part, side in zip(WHOLE, INSIDE, SIDES, strict=True):
                worth = frame[value_of(action, side)].to_numpy(float)
                # What is never done needs no dollars: rows older than an action have none.
                dollars = np.multiply(given, worth, out=np.zeros(len(given)), where=given != 0)
                total[whole] += dollars
                if compared:
                    total[part] += dollars * inside
        made |= {(name, part): values for part, values in total.items()}
    return made


def values(policies: Iterable[str], outcomes: int = 1) -> Iterator[Metric]:
    """Dollars per application of what ran and of changes to it, summed over its outcomes."""
    for name in policies:
        of = dollars(name, outcomes)
        yield Metric(name="policy_value", of=of, policy=name)
        if name != AS_RUN:
            yield Metric(name="policy_gain", of=gain(of, dollars(AS_RUN, outcomes)), policy=name)


def responses(policies: Iterable[str], outcomes: int) -> Iterator[Metric]:
    """Events per application under each policy, Σ_a d_a·ỹ_a, and what it adds to what ran."""
    for name in policies:
        of = _response(name, outcomes)
        yield Metric(name="policy_event_rate", of=of, policy=name)
        if name != AS_RUN:
            added = gain(of, _response(AS_RUN, outcomes))
            yield Metric(name="policy_event_gain", of=added, policy=name)


def swaps(policies: Iterable[str]) -> Iterator[Metric]:
    """Whom each change moves: the share, event rate and gain of in-in, in-out, out-in, out-out.

    In is an action that reveals. Dollars are per application of everyone, so the cells add up to
    the policy's gain.
    """
    for name in policies:
        if name == AS_RUN:
            continue
        for cell in CELLS:
            yield Metric(name="swap_share", of=_share(name, cell), policy=name, at=cell)
            yield Metric(
                name="swap_event_rate", of=_rate(name, cell), share=True, policy=name, at=cell
            )
            yield Metric(name="swap_gain", of=_swapped(name, cell), policy=name, at=cell)


def realised(policies: Iterable[str]) -> Iterator[Metric]:
    """Dollars per application on realised values: m_v + (R/π)(v − m_v) for actions that reveal,
    the assumed dollars for those that do not."""
    for name in policies:
        if name != AS_RUN:
            yield Metric(
                name="realised_policy_value", of=_realised(name), bounded=False, policy=name
            )


def gain(new: Of, old: Of) -> Of:
    """New minus old on the same pseudo-labels: the SE is that of the difference of influences."""

    def of(rows: Rows, p: Pseudo) -> Value:
        return influence.minus(new(rows, p), old(rows, p), len(rows))

    return of


def dollars(policy: str, outcomes: int = 1) -> Of:
    """With several outcomes the rows of each stand below those of the other."""

    def of(rows: Rows, p: Pseudo) -> Value:
        if_event, if_no_event = (rows.also[policy, part] for part in WHOLE)

        def terms(k: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
            v1, v0, a, b = outcomes * if_event[k], outcomes * if_no_event[k], p.a[k], p.b[k]
            return v1 * a + v0 * b, a + b, v1 - v0, 0.0

        return influence.Ratio(len(rows), terms)

    return of


def _response(policy: str, outcomes: int) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        shown = rows.also[policy, Part.SHOWN]

        def terms(k: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
            given = outcomes * shown[k]
            return given * p.a[k], p.a[k] + p.b[k], given, 0.0

        return influence.Ratio(len(rows), terms)

    return of


def _needs_no_outcome(frame: pd.DataFrame, action: str) -> None:
    differ = frame[value_of(action, IF_EVENT)] != frame[value_of(action, IF_NO_EVENT)]
    if differ.any():
        raise LogError(
            f'The log cannot be measured: the action "{action}" shows no outcome, the others show '
            f"different ones, and its dollars depend on one in {int(differ.sum()):,} of "
            f"{counted(len(frame), 'row')}; say with same_outcome whose it shares."
        )


def _mass(rows: Rows, policy: str, cell: str) -> np.ndarray:
    """The probability that a row is in the cell: what ran and the change draw apart."""
    old, new = rows.also[AS_RUN, Part.INSIDE], rows.also[policy, Part.INSIDE]
    was, is_ = CELLS[cell]
    return (old if was else 1 - old) * (new if is_ else 1 - new)


def _share(policy: str, cell: str) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        mass = _mass(rows, policy, cell)
        return influence.ratio(mass, np.ones(len(rows)), np.zeros(len(rows)))

    return of


def _rate(policy: str, cell: str) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        mass = _mass(rows, policy, cell)
        return influence.ratio(mass * p.a, mass * (p.a + p.b), mass)

    return of


def _swapped(policy: str, cell: str) -> Of:
    """Σ over old actions a and new actions b of the cell: d_a·d'_b·(v_b − v_a)."""

    def of(rows: Rows, p: Pseudo) -> Value:
        was, is_ = CELLS[cell]
        before, after = _inside(rows, AS_RUN, was), _inside(rows, policy, is_)
        if_event, if_no_event = (
            before * _part(rows, policy, side, is_) - after * _part(rows, AS_RUN, side, was)
            for side in (0, 1)
        )
        return influence.dollars(p.a, p.b, if_event, if_no_event)

    return of


def _inside(rows: Rows, policy: str, inside: int) -> np.ndarray:
    chance = rows.also[policy, Part.INSIDE]
    return chance if inside else 1 - chance


def _part(rows: Rows, policy: str, side: int, inside: int) -> np.ndarray:
    of_revealing = rows.also[policy, INSIDE[side]]
    return of_revealing if inside else rows.also[policy, WHOLE[side]] - of_revealing


def _realised(policy: str) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        booked = np.where(rows.seen, rows.also[REALISED], np.nan)
        stands, both = p.of(booked, rows.also[EXPECTED]), p.a + p.b
        kept = _part(rows, policy, 1, 0)
        value = rows.also[policy, Part.INSIDE] * stands + kept * both
        # What a loss is worth beyond the assumed dollars of an event stays in the influence.
        assumed = rows.also[policy, INSIDE[0]] - rows.also[policy, INSIDE[1]]
        return influence.ratio(value, both, assumed)

    return of
