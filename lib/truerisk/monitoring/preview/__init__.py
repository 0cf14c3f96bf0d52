"""A changed policy on the decisions of the past: what it moves, and what of that can be known."""
