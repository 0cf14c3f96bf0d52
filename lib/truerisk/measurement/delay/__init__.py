"""Outcomes that take time: what is known of young applications, and what is only foreseen."""
