"""Rules: pure functions from a typed situation and a date to a decision."""
