"""From scores to decisions: dollars choose, rules come first, exploration is drawn and logged."""
