"""Dollars for people: what a score is worth, to everyone who applied, with intervals.

``tr.worth.review_curve(log)`` and its neighbours take a decision log;
``tr.worth.action_values(log)`` makes its pseudo-labels once for several of them.
"""

from truerisk.measurement.worth.action_values import action_values
from truerisk.measurement.worth.auc_point import value_of_auc_point
from truerisk.measurement.worth.emp import emp
from truerisk.measurement.worth.loan import loan_value
from truerisk.measurement.worth.needle import needle
from truerisk.measurement.worth.perfect import perfect_model
from truerisk.measurement.worth.policy_dollars import policy_dollars
from truerisk.measurement.worth.review_curve import review_curve
from truerisk.measurement.worth.shadow_price import shadow_price

__all__ = [
    "action_values",
    "emp",
    "loan_value",
    "needle",
    "perfect_model",
    "policy_dollars",
    "review_curve",
    "shadow_price",
    "value_of_auc_point",
]
