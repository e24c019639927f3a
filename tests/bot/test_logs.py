"""What Rasa logs, through structlog or not, holds no personal data. The numbers are made up."""

import io
import logging
from collections.abc import Iterator
from unittest.mock import patch

import pytest
import structlog
from rasa.utils.log_utils import configure_structlog

from allobot.masking.logs import MaskedRecord, mask_logs
from bot.__main__ import main

SECRETS = [
    "06 39 98 12 34",
    "06\u00a039\u00a098\u00a012\u00a034",
    "lea.martin@exemple.fr",
    "2 85 08 52 232 261 42",
    "FR7616151929166619345145063",
]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What a handler of the root logger, added after the masking, writes."""
    factory = logging.getLogRecordFactory()
    mask_logs()
    handler = logging.StreamHandler(io.StringIO())
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)
    logging.setLogRecordFactory(factory)


@pytest.fixture
def structured() -> Iterator[None]:
    configure_structlog(logging.DEBUG)
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.usefixtures("structured")
def test_a_structured_line_is_masked(stream: io.StringIO, secret: str) -> None:
    logger = structlog.get_logger("rasa.essai").bind()
    logger.error("processor.message.parse", user_text=f"mon numéro {secret}", other=[secret])
    written = stream.getvalue()
    assert "processor.message.parse" in written
    assert secret not in written
    assert secret.replace("\u00a0", r"\u00a0") not in written


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.usefixtures("structured")
def test_the_traceback_of_a_structured_line_is_masked(stream: io.StringIO, secret: str) -> None:
    logger = structlog.get_logger("rasa.essai").bind()
    try:
        raise ValueError(f"pas compris : {secret}")
    except ValueError:
        logger.exception("agent.error")
    assert "agent.error" in stream.getvalue()
    assert secret not in stream.getvalue()
    assert secret.replace("\u00a0", r"\u00a0") not in stream.getvalue()


def test_a_plain_line_of_rasa_is_masked(stream: io.StringIO) -> None:
    logging.getLogger("rasa.core.processor").warning("dit par %s", "lea.martin@exemple.fr")
    assert stream.getvalue() == "dit par [adresse e-mail]\n"


def test_the_command_line_of_rasa_masks_its_logs() -> None:
    factory = logging.getLogRecordFactory()
    try:
        with (
            patch("rasa.__main__.main") as rasa_main,
            patch("bot.tuning.tune"),
            patch("bot.__main__.hush_deprecations"),
            patch("sys.argv", ["bot"]),
        ):
            main()
        rasa_main.assert_called_once()
        assert logging.getLogRecordFactory() is MaskedRecord
    finally:
        logging.setLogRecordFactory(factory)
