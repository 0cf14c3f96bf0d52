"""Exploration designs: how π is shared out among the applications that may be explored.

A design is a file with ``weights(exploration, open_rows)`` and a line here. It returns one positive
number per row, shape (n,): π before budget, floor and cap, on any scale.
"""

from collections.abc import Callable

import numpy as np

from truerisk.decisions.exploration.designs import neyman, uniform
from truerisk.decisions.exploration.explorable import Explorable
from truerisk.problem.exploration import Exploration

DESIGNS: dict[str, Callable[[Exploration, Explorable], np.ndarray]] = {
    "neyman": neyman.weights,
    "uniform": uniform.weights,
}
