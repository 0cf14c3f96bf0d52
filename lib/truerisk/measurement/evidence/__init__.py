"""A log of decisions made ready: checked, matured, clustered and weighted."""
