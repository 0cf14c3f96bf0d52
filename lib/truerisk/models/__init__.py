"""Candidates, calibration, the training protocol, and the model package on disk."""
