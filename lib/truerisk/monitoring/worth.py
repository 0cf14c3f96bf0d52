"""What a score is worth to everyone who applied, with its pseudo-labels made once."""

import pandas as pd

from truerisk.measurement.worth.auc_point import value_of_auc_point
from truerisk.measurement.worth.emp import emp
from truerisk.measurement.worth.needle import needle
from truerisk.measurement.worth.perfect import perfect_model
from truerisk.measurement.worth.policy_dollars import policy_dollars
from truerisk.measurement.worth.review_curve import review_curve
from truerisk.measurement.worth.shadow_price import shadow_price
from truerisk.measurement.worth.stakes import stakes

RECALLS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def worth(log: pd.DataFrame, capacity: float | None) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """The review curve, every other figure in dollars, and what would move the needle, in words.

    Raises LogError as ``stakes`` does.
    """
    s = stakes(log)
    parts = [policy_dollars(log), perfect_model(s), value_of_auc_point(s), emp(s)]
    if capacity is not None:
        parts.append(shadow_price(s, capacity))
    moved = needle(s)
    figures = pd.concat([*parts, moved.drop(columns="sentence")], ignore_index=True)
    return (
        review_curve(s, capacity_per_day=capacity, recalls=RECALLS),
        figures,
        str(moved["sentence"].iloc[0]),
    )
