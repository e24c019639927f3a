"""Errors of the knowledge.

KnowledgeError
├── InvalidData      a file of data/ does not fit: names the file, the field and the fix
└── UnknownAtDate    nothing is known for that date
"""


class KnowledgeError(Exception):
    """Base of this package's errors."""


class InvalidData(KnowledgeError):
    """A file of data/ does not fit its schema, or refers to something that does not exist."""


class UnknownAtDate(KnowledgeError):
    """No value or version covers the date asked for."""
