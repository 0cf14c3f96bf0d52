"""The append-only history of models: who submitted, approved, rejected or rolled back, and why.

``tr.registry.champion(problem, lake)`` is the version that decides; ``list_models`` and ``history``
say how it came to that.
"""

from truerisk.registry.approval import approve, champion_of, list_models, reject, rollback
from truerisk.registry.events import champion, history

__all__ = [
    "approve",
    "champion",
    "champion_of",
    "history",
    "list_models",
    "reject",
    "rollback",
]
