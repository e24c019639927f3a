"""Errors that the command line tells in one sentence, without a traceback.

AllobotError
├── ConfigurationError   a setting does not fit
├── DataError            a file of data/ does not fit
├── UsageError           an option of the command does not fit
├── DatabaseError        the database does not answer
├── PortError            a port is taken, or asked for twice
├── ServiceError         one of the three processes died, or never became ready
├── TrainingError        Rasa's training failed
├── NotRunning           the bot was asked something but does not run
├── Refused              the gateway answered with an error
├── StepFailed           a step of `test` or `check` failed
└── Interrupted          Ctrl-C, or the end of the terminal
"""

from __future__ import annotations


class AllobotError(Exception):
    """`str(error)` is the whole French sentence; `exit_code` is the command's."""

    exit_code = 1


class ConfigurationError(AllobotError):
    """A setting does not fit."""


class DataError(AllobotError):
    """A file of data/ does not fit: names the file, the field and the fix."""


class UsageError(AllobotError):
    """An option of the command does not fit; the sentence says what it takes."""

    exit_code = 2


class DatabaseError(AllobotError):
    """The database does not answer, or refuses."""


class PortError(AllobotError):
    """A port is taken by another program, or wanted by two of ours."""


class ServiceError(AllobotError):
    """One of the three processes died, or never became ready."""


class TrainingError(AllobotError):
    """Rasa's training failed."""


class NotRunning(AllobotError):
    """No bot answers at the gateway's address."""


class Refused(AllobotError):
    """The gateway answered with an error; the sentence is its own."""


class StepFailed(AllobotError):
    """A step of `test` or `check` failed."""


class Interrupted(AllobotError):
    """The operator asked to stop."""

    exit_code = 130
