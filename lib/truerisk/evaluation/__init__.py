"""Candidates judged before a person decides: the review, the gate, the promise."""
