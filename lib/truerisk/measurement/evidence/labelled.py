"""Rows with their pseudo-labels: the ground on which dollars and what is watched are built."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import pandas as pd

from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.pseudo import Guess, dr
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.source import Log


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Mature rows, what their outcomes were expected to be, and what stands for them; (n,) each.

    ``a`` is the doubly robust weight of the event, ỹ = m + (R/π)(y − m), left outside [0, 1], ``b``
    that of no event, ``w`` the weight of what is seen, R/π; ``last`` is m, or m₂ where an audit
    decides (pseudo.py). Rows with π = 0 have no pseudo-label:
    only ``eligible`` ones may enter an estimate.
    """

    rows: Rows
    m: np.ndarray
    last: np.ndarray
    a: np.ndarray
    b: np.ndarray
    w: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def eligible(self) -> np.ndarray:
        return self.rows.pi > 0

    def where(self, mask: np.ndarray) -> Self:
        """The rows of a mask."""
        return self if mask.all() else self.at(np.flatnonzero(mask))

    def at(self, places: np.ndarray) -> Self:
        """The rows at these places, in their order, with all that is known of them."""
        return type(self)(**{f.name: _at(getattr(self, f.name), places) for f in fields(self)})


def _at(known: Any, places: np.ndarray) -> Any:
    if isinstance(known, Rows):
        return known.at(places)
    if isinstance(known, pd.DataFrame):
        return known.iloc[places]
    if isinstance(known, dict):
        return {name: tuple(v[places] for v in sides) for name, sides in known.items()}
    return known[places] if isinstance(known, np.ndarray) else known


def with_labels(rows: Rows, guess: Guess) -> Labelled:
    """Rows with what the guesses and the seen outcomes make of them."""
    p = dr(rows, guess)
    return Labelled(rows=rows, m=guess.event, last=guess.last, a=p.a, b=p.b, w=p.w)


def labelled(log: Log | Evidence, features: Sequence[str] = ()) -> Labelled:
    """A log's mature rows with their pseudo-labels; raises LogError as ``measure`` does.

    ``features`` names columns that the outcome model may use beside the score; a column ``m`` in
    the log is taken as it is.
    """
    known = evidence_of(log, features)
    return with_labels(known.rows, known.guess(features))
