"""Cost-aware Neyman allocation: explore where a dollar buys most certainty (Neyman, 1934)."""

import numpy as np

from truerisk.decisions.exploration.explorable import Explorable, target_variances
from truerisk.problem.exploration import Exploration


def weights(exploration: Exploration, rows: Explorable) -> np.ndarray:
    """√(Σ_k h²_ki / V_k · v_i / c_i), shape (n open,).

    This minimises Σ_k (variance of metric k) / V_k for a given expected cost Σ π_i c_i: the row's
    part in a doubly robust estimate's variance is v_i (1/π_i − 1) h_ki² / n². h is ∂IF/∂y, v in
    squared probability, c in dollars; of V only the ratios matter, the budget sets the level.
    """
    wanted, at = target_variances(exploration, rows), rows.open
    need = sum(metric.squared[at] / wanted[name] for name, metric in rows.metrics.items())
    return np.sqrt(need * rows.variance[at] / rows.cost[at])
