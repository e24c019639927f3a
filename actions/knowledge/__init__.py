"""Procedures, contacts, sources and parameters: read from data/, kept in the database."""
