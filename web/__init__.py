"""The public gateway: sessions, limits, masking, the widget and its demo page."""
