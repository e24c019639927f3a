"""For every test: a property is not refused because the machine was busy for an instant."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
