"""Other software that hears what happened here."""
