"""Charts, drawn from estimates."""
