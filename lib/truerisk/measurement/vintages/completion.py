"""E[event | history]: what an immature row is expected to come to, and the error of that
forecast."""

from dataclasses import dataclass

import numpy as np

from truerisk.measurement.vintages.hazards import BINS, Hazards
from truerisk.measurement.vintages.history import History


@dataclass(frozen=True)
class Position:
    """Where open rows stand: their index, cell, bin of age, and the part of it still to come."""

    row: np.ndarray
    cell: np.ndarray
    bin: np.ndarray
    left: np.ndarray


def position(so_far: History, timing: Hazards) -> Position:
    row = np.flatnonzero(so_far.open & (timing.cell >= 0))
    age = so_far.age[row] * BINS
    at = np.minimum(age.astype(int), BINS - 1)
    return Position(row, timing.cell[row], at, at + 1 - age)


def expected(so_far: History, timing: Hazards) -> np.ndarray:
    """E[y | history] of every row, shape (n,): 1 after an event, 0 after closing or the horizon,
    and for an open row of age t in bin j, of which the part f is left,
    P = Q_{j+1} + f·(h_j·(1 − Q_{j+1}) − c_j·Q_{j+1}), Q the probability beyond the bin, h and c
    the hazards of event and closing."""
    y, p = so_far.rows.y.copy(), position(so_far, timing)
    q = timing.beyond[p.cell, p.bin + 1]
    h, c = timing.event[p.cell, p.bin], timing.close[p.cell, p.bin]
    y[p.row] = q + p.left * (h * (1 - q) - c * q)
    return y


def completion(so_far: History, timing: Hazards) -> tuple[np.ndarray, np.ndarray]:
    """F(age) and F(horizon) of every followed row's cell, each weighted by R/π, shape (n,)."""
    weight, cell = so_far.weight * (timing.cell >= 0), timing.cell
    at = np.minimum(so_far.age, 1) * BINS
    low = np.minimum(at.astype(int), BINS - 1)
    before, after = timing.by[cell, low], timing.by[cell, low + 1]
    return weight * (before + (at - low) * (after - before)), weight * timing.by[cell, BINS]


def influence(so_far: History, timing: Hazards, share: np.ndarray) -> np.ndarray:
    """How each row moves Σ share·E[y | history] of open rows through the hazards, shape (n,).

    ``share`` (n,) is a row's weight in a vintage's value. The delta method: with M_j the share
    that is open at the start of bin j, ∂/∂h_j = M_j(1 − Q_{j+1}) and ∂/∂c_j = −M_j·Q_{j+1}, and a
    row moves h_j by w(d_j − h_j·r_j) / Σw·r_j. Their squares, summed by subject, are a variance.
    """
    h, c = timing.event, timing.close
    p = position(so_far, timing)
    size, given = h.shape[0] * (BINS + 1), share[p.row]
    stays = 1 - p.left * (h + c)[p.cell, p.bin]
    at = p.cell * (BINS + 1) + p.bin
    arriving = np.bincount(at + 1, weights=given * stays, minlength=size).reshape(-1, BINS + 1)
    here = np.bincount(at, weights=given * p.left, minlength=size)
    mass = here.astype(float).reshape(-1, BINS + 1)[:, :BINS]
    still = np.zeros(len(h))
    for j in range(BINS):
        still = arriving[:, j] + still
        mass[:, j] += still
        still = still * (1 - h[:, j] - c[:, j])
    q, risk = timing.beyond[:, 1:], np.where(timing.at_risk > 0, timing.at_risk, np.inf)
    by_event, by_close = mass * (1 - q) / risk, -mass * q / risk
    spent = np.zeros((len(h), BINS + 1))
    spent[:, 1:] = np.cumsum(by_event * h + by_close * c, axis=1)
    cell, over = timing.cell, timing.ended
    moved = np.where(so_far.event, by_event[cell, timing.bin], by_close[cell, timing.bin])
    return so_far.weight * (moved * over - spent[cell, timing.stop])
