"""Who gets the seats of a day: prices, the lottery among equals, and what a row lost."""

from dataclasses import dataclass

import numpy as np

from truerisk.decisions.capacity.cutoff import cutoff, lottery, on_grid
from truerisk.decisions.capacity.duals import duals
from truerisk.decisions.capacity.ties import ROUNDING, Draw, settle
from truerisk.errors import TrueriskError
from truerisk.wording.counted import counted

PASSES = 3  # over several prices, each down to the least that supports the same assignment


@dataclass(frozen=True, kw_only=True)
class Competing:
    """n rows that want seats, those at hand first, then those that are expected later.

    ``worth`` (n, actions) are expected dollars, ``sent`` (n,) the action that a rule sends a row
    to, −1 where dollars decide, ``weight`` (n,) how many rows each stands for, 1 at hand.
    """

    worth: np.ndarray
    sent: np.ndarray
    weight: np.ndarray
    hand: int


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """The rows at hand, h of them, and L limited actions.

    ``action`` (h,) is the index into the actions. ``price`` λ (L,), dollars, infinite where rules
    fill every seat; ``tau`` (h, L); ``gain`` g (h, L): +inf where a rule sends the row there, −inf
    where one sends it elsewhere. ``lost`` (h,) is the action that the row would have taken had
    there been seats, −1 where it has what it wants.
    """

    action: np.ndarray
    price: np.ndarray
    tau: np.ndarray
    gain: np.ndarray
    lost: np.ndarray


def assign(rows: Competing, limited: list[int], seats: np.ndarray, draw: Draw) -> Assigned:
    """Prices and actions for the ``seats`` (L,) that are left of the ``limited`` actions.

    Rows that a rule sends to a limited action compete first. Of the others those with
    g = v − (the best other action less its price) above λ take a seat, and of those at λ the ones
    whose ``draw``, a hash, is below τ; who gains nothing does not compete. The rows at hand never
    take more than the seats. Raises TrueriskError for dollars that are no number.
    """
    unknown = int(np.isnan(rows.worth).any(axis=1).sum())
    if unknown:
        raise TrueriskError(
            f"The expected dollars of {unknown:,} of {counted(len(rows.worth), 'application')} are "
            "no number, so that no seat can be priced; look for nulls in the score or the dollars."
        )
    exact = on_grid(rows.worth)
    worth, sent, left = exact.copy(), rows.sent.copy(), seats.astype(float)
    price, tau = np.zeros(len(limited)), np.zeros((rows.hand, len(limited)))
    for j, a in enumerate(limited):
        to = np.flatnonzero(sent == a)
        wanted = rows.weight[to].sum()
        if wanted <= left[j]:
            left[j] -= wanted
            continue
        here = to[to < rows.hand]
        drawn = draw(here)
        tau[:, j] = lottery(drawn, wanted - len(here), left[j])
        price[j], left[j] = np.inf, 0.0
        out = here[drawn >= tau[here, j]]
        worth[out, a], sent[out] = -np.inf, -1  # by rule to another action: the best that is left
    free = np.delete(np.arange(worth.shape[1]), limited)
    action, by_dollars = sent.copy(), np.flatnonzero(sent < 0)
    mine, weight = worth[by_dollars], rows.weight[by_dollars]
    best = free[mine[:, free].argmax(axis=1)]
    gain = mine[:, limited] - mine[np.arange(len(mine)), best][:, None]
    price = np.maximum(price, prices(gain, weight, left))
    value = np.column_stack([gain - price, np.zeros(len(gain))])
    hand = np.where(by_dollars < rows.hand, by_dollars, -1)
    taken, among = settle(value, weight, hand, left, price, draw)
    action[by_dollars] = np.where(taken < len(limited), np.append(limited, -1)[taken], best)
    now = hand >= 0
    tau[by_dollars[now]] = np.where(np.isinf(price), tau[by_dollars[now]], among[now])
    at_hand = slice(rows.hand)
    return Assigned(
        action=action[at_hand],
        price=price,
        tau=tau,
        gain=_gains(worth[at_hand], sent[at_hand], rows.sent[at_hand], limited, price),
        lost=_lost(exact[at_hand], rows.sent[at_hand], action[at_hand], limited),
    )


def prices(gain: np.ndarray, weight: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """λ (L,) for rows that gain ``gain`` (n, L) dollars over what nothing limits."""
    wants = (gain > 0).any(axis=1)
    gain, weight = gain[wants], weight[wants]
    if len(seats) == 1:
        return np.array([cutoff(gain[:, 0], weight, seats[0])])
    found, some = np.zeros(len(seats)), seats > 0
    closed = np.where(some, gain, -np.inf)
    first = closed.argmax(axis=1)
    wanted = np.bincount(first, weight * (closed.max(axis=1, initial=0.0) > 0), len(seats))
    if (wanted > seats + ROUNDING).any():
        found[some] = duals(closed[:, some], weight, seats[some])
    for _ in range(PASSES):
        before = found.copy()
        for j in range(len(seats)):
            others = np.delete(np.where(some | (found > 0), gain - found, -np.inf), j, axis=1)
            rest = others.max(axis=1, initial=0.0)
            found[j] = cutoff(gain[:, j] - rest, weight, seats[j])
        if (found == before).all():
            break
    return found


def _gains(
    worth: np.ndarray, sent: np.ndarray, first: np.ndarray, limited: list[int], price: np.ndarray
) -> np.ndarray:
    """g of every row at hand for every limited action, (h, L); ``first`` is what rules said."""
    net = worth.copy()
    net[:, limited] -= price
    found = [worth[:, a] - np.delete(net, a, axis=1).max(axis=1) for a in limited]
    gains = np.where(sent[:, None] < 0, np.column_stack(found), -np.inf)
    return np.where(first[:, None] == np.array(limited), np.inf, gains)


def _lost(
    worth: np.ndarray, sent: np.ndarray, action: np.ndarray, limited: list[int]
) -> np.ndarray:
    """The limited action each row would take at no price and does not take, −1 for none, (h,)."""
    seats = worth[:, limited]
    wants = seats.max(axis=1) > np.delete(worth, limited, axis=1).max(axis=1)
    by_dollars = np.where(wants, np.array(limited)[seats.argmax(axis=1)], -1)
    wanted = np.where(sent < 0, by_dollars, np.where(np.isin(sent, limited), sent, -1))
    return np.where(wanted != action, wanted, -1)
