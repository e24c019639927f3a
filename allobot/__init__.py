"""Command line and modules shared by the action server and the gateway."""
