"""How values are said to people, the same on every page and in every message."""
