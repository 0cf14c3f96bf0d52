"""A lender whose truth is known, so that every estimate can be compared with it."""

from truerisk.simulator.credit import World, simulate

__all__ = ["World", "simulate"]
