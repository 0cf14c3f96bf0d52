"""The catalogue: every source, column, feature and model, who uses it, and what nobody uses."""
