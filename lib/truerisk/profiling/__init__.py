"""What stands in files and sources, and whether a problem can be learned from them, in seconds."""
