"""Fraud rings: bursts from shared devices, IPs and addresses that move on when they are caught."""

import numpy as np
import pandas as pd

from truerisk.simulator.analysts import draw_verdicts

ATTEMPTS_A_YEAR = 97  # of one ring, about: what the rests and the patience below come to
RING_EVENT = 0.93  # the rest are real people whose account the ring borrowed, and who pay
PATIENCE = (2, 5)  # attempts caught from one place until the ring leaves it, at least and below
GAP = 0.7  # days between two attempts in a burst, on average
REST = (4, 45)  # days between leaving a place and working from the next
SECOND_DEVICE = 0.4  # attempts from the second of a place's two devices
OWN_IP, PROXY = 0.40, 0.45  # attempts from the place's IP; from a carrier's; the rest from new ones
DROP_ADDRESS = 0.35  # attempts with goods sent to the ring's address of the time; the rest nowhere
KEEPS_ADDRESS = 0.5  # moves on which that address stays
BIG_SHARE, BIG_TIMES = 0.3, 2.5  # attempts that ask for much more than is usual

HOLD_AFTER, HOLD_DAYS = 3, 7.0  # the old policy holds an application after so many of its device
HOLD_EXPOSURE = 2_500  # and those that ask for so many dollars
PROXIED, FRESH = -1, -2  # codes of what the ring does not own, and of what it uses once


def draw_attempts(rng: np.random.Generator, rings: int, days: int, kappa: float) -> pd.DataFrame:
    """Every attempt of every ring, in order of time within each.

    Columns: ring, place (counts the ring's moves), day, device, ip, address (codes of the ring's
    own, or PROXIED or FRESH), exposure (dollars), event, held and caught (by the old
    policy and its analysts), and the fields of Verdicts. A ring leaves a place once the old policy
    has declined as many attempts from there as it has patience: its next ones come from new
    devices, a new IP and, half of the times, a new address.
    """
    ring = np.arange(rings)
    day = rng.uniform(0, REST[1], rings)
    place, address = ring.copy(), ring.copy()
    patience = rng.integers(*PATIENCE, size=rings)
    caught = np.zeros(rings, dtype=int)
    seen = np.full((rings, 2, HOLD_AFTER), -np.inf)  # when each device's last attempts were
    next_place = next_address = rings
    made = []
    while (day < days).any():
        second = (rng.random(rings) < SECOND_DEVICE).astype(int)
        from_ip, to_drop = rng.random(rings), rng.random(rings) < DROP_ADDRESS
        bigger = np.where(rng.random(rings) < BIG_SHARE, BIG_TIMES, 1.0)
        exposure = np.clip(700 * bigger * np.exp(rng.normal(0, 0.6, rings)), 50, 8_000)
        event = rng.random(rings) < RING_EVENT
        verdicts = draw_verdicts(rng, event, kappa)
        often = day - seen[ring, second].min(axis=1) < HOLD_DAYS
        held = often | (exposure >= HOLD_EXPOSURE)
        declined = held & (verdicts.declines | (verdicts.hours > 24))
        step = pd.DataFrame(
            {
                "ring": ring,
                "place": place,
                "day": day,
                "device": 2 * place + second,
                "ip": np.select(
                    [from_ip < OWN_IP, from_ip < OWN_IP + PROXY], [place, PROXIED], FRESH
                ),
                "address": np.where(to_drop, address, FRESH),
                "exposure": exposure,
                "event": event,
                "held": held,
                "caught": declined,
                **vars(verdicts),
            }
        )
        made.append(step[day < days])

        oldest = seen[ring, second].argmin(axis=1)
        seen[ring, second, oldest] = day
        caught += declined
        moves = caught >= patience
        rests = rng.uniform(*REST, rings)
        keeps = rng.random(rings) < KEEPS_ADDRESS
        new_patience = rng.integers(*PATIENCE, size=rings)
        day = day + rng.exponential(GAP, rings) + np.where(moves, rests, 0)
        place = np.where(moves, next_place + np.cumsum(moves) - 1, place)
        next_place += int(moves.sum())
        leaves = moves & ~keeps
        address = np.where(leaves, next_address + np.cumsum(leaves) - 1, address)
        next_address += int(leaves.sum())
        patience = np.where(moves, new_patience, patience)
        caught[moves] = 0
        seen[moves] = -np.inf
    attempts = pd.concat(made, ignore_index=True)
    return attempts.sort_values(["ring", "day"], kind="stable", ignore_index=True)
