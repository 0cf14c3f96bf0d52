"""Exploration: who may be explored, with which chance, and what it costs."""
