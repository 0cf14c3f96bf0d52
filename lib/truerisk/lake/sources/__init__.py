"""The sources of a problem, opened at pinned versions and held to their contracts."""
