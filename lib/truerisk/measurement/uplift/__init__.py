"""What an action adds to what would have happened without it, for everyone, with intervals.

``tr.uplift.qini(log, scores)`` ranks people by scores; ``tr.uplift.policies(log)`` says what
policies add beside acting on all, on none and on the highest response.
"""

from truerisk.measurement.uplift.beside import policies
from truerisk.measurement.uplift.qini import qini

__all__ = ["policies", "qini"]
