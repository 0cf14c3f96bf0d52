"""The catalogue as a page that works from disk."""
