"""Where a page of a list ends, as text that only we read."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from web.conversation_log.shapes import BadCursor
from web.conversation_log.writing import utc


def write_cursor(*values: object) -> str:
    """The values of the last row of a page, as text."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *kinds: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """The values of a cursor of that shape. Raises BadCursor."""
    if not cursor:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise BadCursor
        read = tuple(kind(value) for kind, value in zip(kinds, values, strict=True))
    except (ValueError, TypeError, OverflowError) as error:
        raise BadCursor from error
    if any(isinstance(value, int) and not -(2**62) < value < 2**62 for value in read):
        raise BadCursor
    return read


def moment_of(written: str) -> dt.datetime:
    """The moment written in a cursor. Raises BadCursor."""
    try:
        return utc(dt.datetime.fromisoformat(written))
    except (ValueError, OverflowError) as error:
        raise BadCursor from error
