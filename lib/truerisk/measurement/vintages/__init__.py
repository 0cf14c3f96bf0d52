"""Outcomes that take time: what is known of immature applications, and what is only forecast."""
