"""What the gateway and the action server write in their logs. The numbers are made up."""

import io
import logging
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from actions import __main__ as action_server
from allobot.masking.logs import MaskedRecord, mask_logs
from web.logs import LOGGER, describe, log_to_stderr

SECRETS = [
    "06 39 98 12 34",
    "+33639981234",
    "lea.martin@exemple.fr",
    "2 85 08 52 232 261 42",
    "285085223226142",
    "FR76 1922 6141 4661 4610 0330 772",
]
ANYONE = ["allobot.web", "aiohttp.server", "asyncio", "sqlalchemy.engine", "rasa_sdk.executor"]


@pytest.fixture(autouse=True)
def factory() -> Iterator[None]:
    """Put back what makes the records."""
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logging.LogRecord)
    yield
    logging.setLogRecordFactory(before)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a handler writes that knows nothing of the masking, added after it."""
    mask_logs()
    handler = logging.StreamHandler(io.StringIO())
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


def test_a_record_is_masked(lines: io.StringIO) -> None:
    LOGGER.warning("de %s, %d fois", "jean@exemple.fr", 2)
    assert lines.getvalue() == "de [adresse e-mail], 2 fois\n"


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", ANYONE)
def test_nothing_personal_reaches_a_handler(lines: io.StringIO, name: str, secret: str) -> None:
    logger = logging.getLogger(name)
    logger.error(f"message {secret}")
    logger.error("arguments %s %r", secret, {"texte": secret})
    logger.error("par nom %(texte)s", {"texte": secret})
    logger.error("argument de trop", secret)
    logger.error(ValueError(secret))
    try:
        raise ValueError(secret)
    except ValueError as error:
        logger.exception("exception")
        logger.error("donnée", exc_info=error, stack_info=True)
    written = lines.getvalue()
    assert written.count("\n") == 7
    assert secret not in written


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


def test_a_line_without_end_is_cut(lines: io.StringIO) -> None:
    LOGGER.error("a" * 1_000_000)
    assert len(lines.getvalue()) < 20_000


def test_the_gateway_masks_its_logs() -> None:
    with patch("logging.basicConfig"):
        log_to_stderr()
    assert logging.getLogRecordFactory() is MaskedRecord


def test_the_action_server_masks_its_logs() -> None:
    with (
        patch("logging.basicConfig"),
        patch.object(action_server, "create_app") as create_app,
        patch.object(action_server, "make_resources"),
        patch.object(action_server, "make_actions", return_value=[]),
    ):
        action_server.main([])
    create_app.return_value.run.assert_called_once()
    assert logging.getLogRecordFactory() is MaskedRecord
