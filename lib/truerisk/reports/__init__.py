"""Figures and pages from estimates: what a reviewer and a risk team read. Computes nothing new."""
