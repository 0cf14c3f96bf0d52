"""New files: read, judged, kept or set aside, and recorded."""
