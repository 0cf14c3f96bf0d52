"""What measure() is asked beside its log: whom to flag, what to compare, how to read the log."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.metrics.policies import AS_RUN

ALLOWED: dict[str, tuple[str, Callable[[float], bool], str]] = {
    "thresholds": ("threshold", lambda t: -inf < t < inf, "that is finite"),
    "shares": ("share", lambda q: 0 < q <= 1, "above 0 and at most 1"),
    "capacities": ("capacity", lambda k: 0 < k < inf, "above 0"),
    "recalls": ("recall", lambda r: 0 < r < 1, "above 0 and below 1"),
    "below": ("threshold", lambda t: -inf < t < inf, "that is finite"),
}


@dataclass(frozen=True, kw_only=True)
class Flagging:
    """Whom a use of the scores flags; recall, precision and false positives are measured of them.

    ``thresholds`` flag scores from there on, ``shares`` the highest scores as a share of all,
    ``capacities`` the highest of each UTC day up to so many, which needs ``as_of`` in the log,
    ``recalls`` the highest scores that hold so large a share of the events.
    ``below`` asks of those with lower scores than these for the event rate alone.
    Raises LogError for a threshold that is no finite number, a share outside (0, 1], a capacity
    that is not above 0, a recall outside (0, 1).
    """

    thresholds: Sequence[float] = ()
    shares: Sequence[float] = ()
    capacities: Sequence[float] = ()
    recalls: Sequence[float] = ()
    below: Sequence[float] = ()

    def __post_init__(self) -> None:
        for name, (one, fine, allowed) in ALLOWED.items():
            _refuse_single(name, values := getattr(self, name))
            for value in values:
                if not fine(value):
                    raise LogError(f"A {one} is {value:g}; allowed is a number {allowed}.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Changes:
    """Changes to what ran, to be valued on the same log before they decide anything.

    ``policies``: name → frame of one probability per action, rows as in the log. ``rivals``: name →
    other scores of the same rows, compared pairwise with the log's; of several outcomes a frame of
    ``score_<outcome>``, each compared with the log's own and ranked by what an action adds. The
    gain of a policy is over what ran, or over ``against``, another such frame. Frames and Series
    are matched by the log's index, arrays by order. Raises LogError for what has no names, or the
    name of what ran.
    """

    policies: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    rivals: Mapping[str, np.ndarray | pd.Series | pd.DataFrame] = field(default_factory=dict)
    against: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        for what in ("policies", "rivals"):
            if not isinstance(given := getattr(self, what), Mapping):
                raise LogError(
                    f"{what} is a {type(given).__name__}; give each a name, such as "
                    f'{what}={{"challenger": …}}.'
                )
        if AS_RUN in self.policies:
            raise LogError(f'A changed policy cannot be called "{AS_RUN}"; name it otherwise.')


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a log does not say of itself.

    ``same_outcome`` (action → action) pools actions that show one outcome; ``reveals`` names the
    actions that show outcomes, where the log has no ``p_<action>``; ``cluster`` names columns that
    connect rows that are alike (default: the subject). Raises LogError for a name that is not in a
    list.
    """

    same_outcome: Mapping[str, str] = field(default_factory=dict)
    reveals: Sequence[str] = ()
    cluster: Sequence[str] = ()

    def __post_init__(self) -> None:
        _refuse_single("reveals", self.reveals)
        _refuse_single("cluster", self.cluster)


def _refuse_single(name: str, given: Any) -> None:
    if np.ndim(given) == 0:  # a text as well
        raise LogError(f"{name} is {given!r}; give a list, such as {name}=[{given!r}].")
