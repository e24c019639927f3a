"""Keeps personal data out of the logs of a process, whatever its loggers, handlers and libraries.

Records are masked when they are made: handlers that a library adds later get masked ones too.
"""

import logging
import re
import traceback
from pathlib import Path
from typing import Any

from allobot.masking import mask

LONGEST = 10_000  # characters of a line; the rest is cut
# JSON logs write "é" and no-break spaces as \u00e9, \u00a0: masking must see the characters.
ESCAPED = re.compile(r"\\u(?!00[0-9])([0-9a-c][0-9a-f]{3})", re.IGNORECASE)


class MaskedRecord(logging.LogRecord):
    """A log record without personal data, nor the text or the source lines of an exception."""

    def __init__(self, *args: Any, **more: Any) -> None:
        """Make the record, then replace its message by the masked line."""
        super().__init__(*args, **more)
        line = _line(self)
        error = self.exc_info[1] if isinstance(self.exc_info, tuple) else None
        if error is not None:
            line = f"{line} [{describe(error)}]"
        self.msg, self.args = mask(ESCAPED.sub(_character, line[:LONGEST])).text, ()
        self.exc_info = self.exc_text = self.stack_info = None


def mask_logs() -> None:
    """Make every log record of this process a masked one; harmless when called again."""
    logging.setLogRecordFactory(MaskedRecord)


def describe(error: BaseException) -> str:
    """Return the types and places of an error and its causes, without their messages."""
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < 5:
        frames = traceback.extract_tb(current.__traceback__)[-3:]
        places = ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
        parts.append(f"{type(current).__name__} at {places or '?'}")
        current = current.__cause__ or current.__context__
    return " from ".join(parts)


def _line(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit: still no crash, no leak
        return f"{record.msg} {record.args}"


def _character(escaped: re.Match[str]) -> str:
    return chr(int(escaped[1], 16))
