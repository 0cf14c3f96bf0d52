"""Starting flows, and where they stand."""
