"""What analysts read of the conversations: one row a turn, kept up to date from Rasa's events.

See docs/decisions/0016-conversation-log.md.
"""
