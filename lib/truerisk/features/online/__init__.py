"""The online store: one application's features at once, equal to the batch build bit for bit.

``tr.online.sync_online`` fills it from the lake, ``add_events`` from a stream, and ``features_for``
reads it.
"""

from truerisk.features.online.add import add_events
from truerisk.features.online.features_for import features_for
from truerisk.features.online.sync import sync_online

__all__ = ["add_events", "features_for", "sync_online"]
