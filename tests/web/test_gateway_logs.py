"""What the gateway writes in its logs."""

import io
import logging
from collections.abc import Iterator

import pytest

from web.logs import LOGGER, OWN_LOGGERS, MaskingFilter, describe, protect_loggers


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    protect_loggers()
    LOGGER.addHandler(handler)
    yield stream
    LOGGER.removeHandler(handler)


def test_a_record_is_masked(lines: io.StringIO) -> None:
    LOGGER.warning("de %s, %d fois", "jean@exemple.fr", 2)
    assert lines.getvalue() == "de [adresse e-mail], 2 fois\n"


def test_an_exception_is_described_without_its_text(lines: io.StringIO) -> None:
    try:
        raise ValueError("un texte personnel")
    except ValueError:
        LOGGER.exception("échec")
    assert lines.getvalue().startswith("échec [ValueError at test_gateway_logs.py:")
    assert "personnel" not in lines.getvalue()
    assert "Traceback" not in lines.getvalue()


def test_causes_are_described_too() -> None:
    try:
        try:
            raise KeyError("secret")
        except KeyError as error:
            raise RuntimeError("secret") from error
    except RuntimeError as error:
        text = describe(error)
    assert "RuntimeError at" in text
    assert "from KeyError at" in text
    assert "secret" not in text


def test_the_loggers_are_protected_once() -> None:
    protect_loggers()
    protect_loggers()
    for name in OWN_LOGGERS:
        filters = logging.getLogger(name).filters
        assert sum(isinstance(known, MaskingFilter) for known in filters) == 1
