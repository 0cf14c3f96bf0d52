"""The online store: one application's features at once, equal to the batch build bit for bit."""
