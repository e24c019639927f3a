"""Whatever the body, the gateway answers: never with a 5xx, always in JSON."""

import json
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.web.api_client import Api
from tests.web.fake_rasa import FakeRasa

MESSAGES = "/api/conversation/messages"
JSON = {"Content-Type": "application/json"}
FUZZ = hypothesis_settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
ids = st.uuids().map(str) | st.text(max_size=40) | anything
almost_messages = st.fixed_dictionaries(
    {}, optional={"id": ids, "text": st.text() | anything, "button": st.text() | anything}
)


async def post(api: Api, body: bytes) -> tuple[int, str]:
    answer = await api.request("POST", MESSAGES, data=body, headers=JSON)
    return answer.status, answer.code if answer.status >= 400 else ""


@FUZZ
@given(body=st.binary(max_size=300))
async def test_any_bytes(opened: Api, body: bytes) -> None:
    status, code = await post(opened, body)
    assert status == 400
    assert code in ("invalid_json", "invalid_message")


@FUZZ
@given(body=anything)
async def test_any_json(opened: Api, body: Any) -> None:
    status, _ = await post(opened, json.dumps(body).encode())
    assert status in (400, 413)


@FUZZ
@given(body=almost_messages)
async def test_anything_like_a_message(opened: Api, body: Any) -> None:
    status, _ = await post(opened, json.dumps(body).encode())
    assert status in (200, 400, 413)


@FUZZ
@given(text=st.text(min_size=1, max_size=500))
async def test_any_text(opened: Api, rasa: FakeRasa, text: str) -> None:
    rasa.received.clear()
    status, code = await post(
        opened, json.dumps({"id": str(uuid.uuid4()), "text": text}, ensure_ascii=False).encode()
    )
    assert status == 200 or code in ("empty_text", "text_too_long")
    for message in rasa.messages():
        assert message.strip()
        assert not message.strip().startswith("/")


INVALID_JSON = [
    b"",
    b" ",
    b"{",
    b"{'id': 1}",
    b"nope",
    b'{"id": "\xff"}',
    "{}".encode("utf-16"),
    b"[" * 4000,
    b'{"a":' * 600,
    b'{"text": "\\ud800"}',
    b"\x00",
]
IDENTIFIER = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
INVALID_MESSAGES: list[Any] = [
    {},
    [],
    None,
    3,
    "x",
    [{"id": IDENTIFIER, "text": "x"}],
    {"id": IDENTIFIER},
    {"text": "x"},
    {"id": "not a uuid", "text": "x"},
    {"id": 3, "text": "x"},
    {"id": None, "text": "x"},
    {"id": IDENTIFIER, "text": 3},
    {"id": IDENTIFIER, "text": None},
    {"id": IDENTIFIER, "text": ["x"]},
    {"id": IDENTIFIER, "button": True},
    {"id": IDENTIFIER, "button": ""},
    {"id": IDENTIFIER, "button": "x" * 65},
    {"id": IDENTIFIER, "text": "x", "button": "y"},
    {"id": IDENTIFIER, "text": "x", "button": None},
    {"id": IDENTIFIER, "text": "x", "sender": "y"},
]


@pytest.mark.parametrize("body", INVALID_JSON)
async def test_what_is_not_json(opened: Api, body: bytes) -> None:
    assert await post(opened, body) == (400, "invalid_json")


@pytest.mark.parametrize("body", INVALID_MESSAGES)
async def test_json_of_another_shape(opened: Api, body: Any) -> None:
    assert await post(opened, json.dumps(body).encode()) == (400, "invalid_message")


@pytest.mark.parametrize("body", [b"[]", b"3", b'{"a": 1}', b"null"])
async def test_opening_takes_an_empty_object_only(opened: Api, body: bytes) -> None:
    answer = await opened.request("POST", "/api/conversation", data=body, headers=JSON)
    assert (answer.status, answer.code) == (400, "invalid_message")
