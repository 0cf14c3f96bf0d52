"""The problem file: its grammar, its strict parser, its durations and expressions."""
