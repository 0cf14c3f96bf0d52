"""What is true for everyone who applied: estimates with intervals from a log of decisions."""
