"""The whole loop on a simulated lender, and at its end the truth."""
