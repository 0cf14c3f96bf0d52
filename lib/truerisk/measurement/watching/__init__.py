"""Looking every week without being fooled: sequences, series, alerts in dollars."""
