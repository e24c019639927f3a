"""Rasa's counts: taken around its real processor, served by its real server."""

import importlib
import re
import socket
import warnings
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from rasa.core.channels.channel import register
from rasa.core.processor import MessageProcessor
from sanic import Sanic

from bot.metrics import Metrics, MetricsChannel, Timed, measure

with warnings.catch_warnings():  # its frozen libraries warn when they are imported
    warnings.simplefilter("ignore")
    create_http_input_channels = importlib.import_module("rasa.core.run").create_http_input_channels

SAMPLE = re.compile(r'^([a-z_]+)(?:\{([a-z]+)="([^"]*)"\})? ([0-9.e+-]+)$')


def values(text: str) -> dict[tuple[str, str], float]:
    """The samples of a page by name and label; every line is one, or a comment of the format."""
    found = {}
    for line in text.splitlines():
        if line.startswith("# "):
            assert line.split()[1] in ("HELP", "TYPE")
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        found[match[1], match[3] or ""] = float(match[4])
    return found


@pytest.fixture(autouse=True)
def _processor_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """The counting is taken off after each test."""
    for name in ("handle_message", "parse_message", "save_tracker"):
        method = getattr(MessageProcessor, name)
        monkeypatch.setattr(MessageProcessor, name, getattr(method, "__wrapped__", method))


def test_a_histogram_is_cumulative() -> None:
    timed = Timed("a", "A.")
    for seconds in (0.004, 0.005, 0.02, 9.0):
        timed.note(seconds, failed=seconds > 1)
    found = values("\n".join(timed.lines()))
    assert found["a_seconds_bucket", "0.005"] == 2
    assert found["a_seconds_bucket", "0.025"] == 3
    assert found["a_seconds_bucket", "5.0"] == 3
    assert found["a_seconds_bucket", "+Inf"] == found["a_seconds_count", ""] == 4
    assert found["a_seconds_sum", ""] == pytest.approx(9.029)
    assert found["a_errors_total", ""] == 1


async def test_the_processor_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def parse(self: object, message: str) -> dict[str, Any]:
        return {"bande": message} if message else {}

    async def save(self: object, tracker: object) -> None:
        if tracker is None:
            raise OSError

    monkeypatch.setattr(MessageProcessor, "parse_message", parse)
    monkeypatch.setattr(MessageProcessor, "save_tracker", save)
    metrics = Metrics()
    measure(metrics)
    measure(metrics)  # again counts nothing twice
    for band in ("repondre", "repondre", "incompris", "", "un nom"):
        assert (await MessageProcessor.parse_message(None, band)).get("bande", "") == band
    await MessageProcessor.save_tracker(None, SimpleNamespace())
    with pytest.raises(OSError):
        await MessageProcessor.save_tracker(None, None)
    found = values(metrics.text())
    assert found["allobot_rasa_parse_seconds_count", ""] == 5
    assert found["allobot_rasa_save_seconds_count", ""] == 2
    assert found["allobot_rasa_save_errors_total", ""] == 1
    assert found["allobot_rasa_bands_total", "repondre"] == 2
    assert found["allobot_rasa_bands_total", "incompris"] == 1
    assert found["allobot_rasa_bands_total", "proposer"] == 0
    assert found["allobot_rasa_bands_total", "aucune"] == 2
    assert "un nom" not in metrics.text()


async def test_rasa_serves_it_from_its_credentials(tmp_path: Any) -> None:
    credentials = tmp_path / "credentials.yml"
    credentials.write_text("rest: {}\nbot.metrics.MetricsChannel: {}\n")
    with warnings.catch_warnings():  # so does its check of the file
        warnings.simplefilter("ignore")
        channels = create_http_input_channels(None, str(credentials))
    assert [channel.name() for channel in channels] == ["rest", "metrics"]
    assert hasattr(MessageProcessor.handle_message, "__wrapped__")
    app = Sanic("allobot_test_metrics")
    register(channels, app, route="/webhooks/")
    sock = socket.create_server(("127.0.0.1", 0))
    server = await app.create_server(sock=sock, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    try:
        address = f"http://127.0.0.1:{sock.getsockname()[1]}/metrics"
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            text = await answer.text()
            assert (answer.status, answer.content_type) == (200, "text/plain")
    finally:
        server.close()
        await server.wait_closed()
    assert values(text)["allobot_rasa_message_seconds_count", ""] >= 0


def test_it_carries_no_message() -> None:
    assert MetricsChannel.name() not in ("rest", "cmdline")
    assert MetricsChannel().url_prefix() == "/metrics"
