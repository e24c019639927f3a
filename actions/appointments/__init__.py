"""Appointments: what is offered, what a person wishes, and who holds which slot."""
