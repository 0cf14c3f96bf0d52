"""The price of a day's seats: 1,000,000 competing applications, and three capacities at once."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from truerisk.decisions.capacity.assign import Competing, assign

COMPETING, SEVERAL = 1_000_000, 200_000


def prepare(folder: Path, seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    one, three = int(COMPETING * scale), int(SEVERAL * scale)
    common = rng.normal(5, 5, (three, 1))
    np.savez(
        folder / "price.npz",
        one=np.column_stack([np.zeros(one), rng.gamma(2, 20, one)]),
        three=np.column_stack([np.zeros(three), rng.normal(0, 10, (three, 3)) + common]),
        lots=rng.random(max(one, three)),
    )


def work(folder: Path) -> dict[str, Any]:
    with np.load(folder / "price.npz") as held:
        one, three, lots = held["one"], held["three"], held["lots"]
    said: dict[str, Any] = {}
    for name, worth, shares in (("one", one, [0.1]), ("three", three, [0.03, 0.04, 0.02])):
        n = len(worth)
        rows = Competing(worth=worth, sent=np.full(n, -1), weight=np.ones(n), hand=n)
        seats = np.floor(np.array(shares) * n)
        started = time.perf_counter()
        made = assign(rows, list(range(1, len(seats) + 1)), seats, lambda at: lots[at])
        said[f"{name}_seconds"] = round(time.perf_counter() - started, 3)
        said[f"{name}_prices"] = [round(float(price), 4) for price in made.price]
        said[f"{name}_taken"] = int((made.action > 0).sum())
    return said
