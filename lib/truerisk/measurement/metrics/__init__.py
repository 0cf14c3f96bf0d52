"""What is estimated: each metric as a function of rows and pseudo-labels."""
