"""The whole API fuzzed from its own description: answers fit it, and none is a 5xx."""

import json
import os
import uuid
from collections.abc import Iterator

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.gateway_thread import Gateway, running_gateway
from web.openapi import description

OPEN = "/api/conversation"
SECONDS = 10  # for one answer
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# The same cases at each run, and as many: a failure is that of a change, never of luck.
BOUNDED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)

schema = schemathesis.openapi.from_dict(description())


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("ALLOBOT_")}
    with running_gateway(tmp_path_factory.mktemp("gateway")) as running:
        yield running
    os.environ.update(kept)


@pytest.fixture(scope="module")
def browser(gateway: Gateway) -> Iterator[requests.Session]:
    """Someone with a conversation open."""
    with requests.Session() as session:
        session.trust_env = False
        open_conversation(session, gateway)
        yield session


def open_conversation(session: requests.Session, gateway: Gateway) -> None:
    answer = session.post(f"{gateway.url}{OPEN}", json={}, timeout=SECONDS)
    assert answer.status_code in (200, 201)


@schema.parametrize()
@settings(BOUNDED, max_examples=12)
def test_every_answer_is_as_described(
    case: schemathesis.Case, gateway: Gateway, browser: requests.Session
) -> None:
    if not browser.cookies:  # the case before erased the conversation
        open_conversation(browser, gateway)
    if case.path != OPEN:  # any Origin is refused: what is behind would never be reached
        case.headers.pop("Origin", None)
    case.call_and_validate(
        base_url=gateway.url, session=browser, checks=CHECKS, timeout=SECONDS, allow_redirects=False
    )


# Each class of what can be typed: letters of all scripts, marks alone, controls, formats
# (zero-width, right-to-left, tags), private and unassigned characters, and our own traps.
CLASSES = ["L", "M", "N", "P", "S", "Z", "Cc", "Cf", "Co", "Cn"]
characters = st.one_of(st.characters(categories=[name]) for name in CLASSES)
traps = st.sampled_from(
    ["/", "／", "⁄", "\u200b", "\u202e", "\U000e002f", "\ufeff", "\n", "\x00", "restart", "{", "}"]
)
texts = st.lists(characters | traps, max_size=60).map("".join)


@settings(BOUNDED, max_examples=200)
@given(text=texts)
def test_every_text_gets_an_answer_or_a_kind_refusal(
    gateway: Gateway, browser: requests.Session, text: str
) -> None:
    if not browser.cookies:
        open_conversation(browser, gateway)
    gateway.rasa.received.clear()
    body = json.dumps({"id": str(uuid.uuid4()), "text": text}).encode()
    answer = browser.post(
        f"{gateway.url}{OPEN}/messages",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=SECONDS,
    )
    if answer.status_code == 200:
        assert answer.json()["messages"]
        [sent] = gateway.rasa.messages()
        assert sent.strip() and not sent.strip().startswith("/")
    else:
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] in ("empty_text", "text_too_long")
        assert gateway.rasa.received == []
