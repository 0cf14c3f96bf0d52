"""Other software that is told what happened here."""
