"""Conversations: what was said, by whom, and where it is kept."""
