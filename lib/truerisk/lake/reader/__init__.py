"""One reader of files: which files a place names, how they are typed, and what to write if not."""
