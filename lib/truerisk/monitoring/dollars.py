"""What a score is worth to everyone who applied, with its pseudo-labels made once."""

from collections.abc import Callable

import pandas as pd

from truerisk.isolated import Lost, isolated
from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.worth.action_values import ActionValues
from truerisk.measurement.worth.auc_point import value_of_auc_point
from truerisk.measurement.worth.emp import emp
from truerisk.measurement.worth.figure import COLUMNS, table
from truerisk.measurement.worth.needle import needle
from truerisk.measurement.worth.perfect import perfect_model
from truerisk.measurement.worth.policy_dollars import policy_dollars
from truerisk.measurement.worth.review_curve import review_curve
from truerisk.measurement.worth.shadow_price import shadow_price

RECALLS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def worth(
    evidence: Evidence, s: ActionValues, capacity: float | None
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """The review curve, every other figure in dollars, and what would move the needle, in words.

    ``s`` holds the action values of ``evidence``. A figure that cannot be made is a row without a
    value that says why.
    """
    makes: dict[str, Callable[[], pd.DataFrame]] = {
        "policy_dollars": lambda: policy_dollars(evidence, known=s),
        "perfect_gain": lambda: perfect_model(s),
        "auc_point": lambda: value_of_auc_point(s),
        "emp": lambda: emp(s),
    }
    if capacity is not None:
        makes["shadow_price"] = lambda: shadow_price(s, capacity)
    makes["auc_gain_needed"] = lambda: needle(s)
    found = {name: _made(name, len(s), make) for name, make in makes.items()}
    moved = found["auc_gain_needed"]
    sentence = str(moved["sentence"].iloc[0]) if "sentence" in moved else ""
    figures = pd.concat(found.values(), ignore_index=True)[list(COLUMNS)]
    curve = _made(
        "review_curve", len(s), lambda: review_curve(s, capacity_per_day=capacity, recalls=RECALLS)
    )
    return curve, figures, sentence


def _made(name: str, n: int, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    found = isolated(make)
    if not isinstance(found, Lost):
        return found
    return table(
        [dict.fromkeys(COLUMNS) | {"figure": name, "n": n, "status": f"withheld: {found}"}]
    )
