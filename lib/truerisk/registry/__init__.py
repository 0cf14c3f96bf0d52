"""The append-only history of models: who submitted, approved, rejected or rolled back, and why."""
