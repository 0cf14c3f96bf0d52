"""Capacity as a price: what a seat costs today, and which applications are worth more."""
