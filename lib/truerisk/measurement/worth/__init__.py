"""Dollars for people: what a score is worth, to everyone who applied, with intervals."""
