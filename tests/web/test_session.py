"""How old what we signed may be."""

import time
from unittest.mock import patch

import pytest
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from web.session import loads_recent

HOUR = 3600


def signed(serializer: URLSafeTimedSerializer, ago: float) -> str:
    then = time.time() - ago
    with patch("time.time", return_value=then):
        value = serializer.dumps("abc")
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize("ago", [0, HOUR - 5, -1, -HOUR, -30 * 24 * HOUR])
def test_what_is_recent_is_read_even_after_the_clock_was_set_back(ago: float) -> None:
    serializer = URLSafeTimedSerializer("a key")
    assert loads_recent(serializer, signed(serializer, ago), HOUR) == "abc"


def test_what_is_too_old_is_not() -> None:
    serializer = URLSafeTimedSerializer("a key")
    with pytest.raises(SignatureExpired):
        loads_recent(serializer, signed(serializer, HOUR + 5), HOUR)


def test_nor_what_another_key_signed() -> None:
    other = signed(URLSafeTimedSerializer("another key"), -HOUR)
    with pytest.raises(BadSignature):
        loads_recent(URLSafeTimedSerializer("a key"), other, HOUR)
