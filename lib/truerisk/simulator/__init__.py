"""Lenders whose truth is known, so that every estimate can be compared with it."""

from truerisk.simulator.credit import World, simulate
from truerisk.simulator.prospects import Campaigns, simulate_prospects

__all__ = ["Campaigns", "World", "simulate", "simulate_prospects"]
