"""A test client that checks every answer of the gateway against its OpenAPI description."""

import json
import re
import uuid
from dataclasses import dataclass
from typing import Any

from aiohttp.test_utils import TestClient
from jsonschema import Draft202012Validator
from multidict import CIMultiDictProxy
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from web.openapi import description

ROOT = "urn:allobot"


@dataclass(frozen=True)
class Answer:
    """A response, read."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json["messages"]
        return found

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


class Api:
    """Says things to the gateway as a browser would."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self.client = client

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        async with self.client.request(method, path, allow_redirects=False, **options) as response:
            answer = Answer(response.status, response.headers, await response.read())
        check(method, path, answer)
        return answer

    async def open(self, **options: Any) -> Answer:
        return await self.request("POST", "/api/conversation", json={}, **options)

    async def history(self) -> Answer:
        return await self.request("GET", "/api/conversation")

    async def erase(self, **options: Any) -> Answer:
        return await self.request("DELETE", "/api/conversation", **options)

    async def say(self, text: str, message_id: str | None = None) -> Answer:
        return await self.send({"id": message_id or str(uuid.uuid4()), "text": text})

    async def press(self, button: str, message_id: str | None = None) -> Answer:
        return await self.send({"id": message_id or str(uuid.uuid4()), "button": button})

    async def send(self, body: Any, **options: Any) -> Answer:
        return await self.request("POST", "/api/conversation/messages", json=body, **options)

    def cookie(self) -> str:
        return self.client.session.cookie_jar.filter_cookies(self.client.make_url("/"))[
            "allobot"
        ].value


def check(method: str, path: str, answer: Answer) -> None:
    """Fail when a JSON answer, or its status, is not as described."""
    template = _template(path.partition("?")[0])
    operation = description()["paths"].get(template, {}).get(method.lower())
    if operation is None:
        assert answer.status in (404, 405), answer
        _validate("#/components/schemas/Error", answer)
        return
    assert str(answer.status) in operation["responses"], (method, path, answer)
    pointer = f"#/paths/{_escape(template)}/{method.lower()}/responses/{answer.status}"
    response = operation["responses"][str(answer.status)]
    if "$ref" in response:
        pointer = response["$ref"]
        response = description()["components"]["responses"][pointer.rpartition("/")[2]]
    if "application/json" in response.get("content", {}):
        _validate(f"{pointer}/content/application~1json/schema", answer)


def _template(path: str) -> str:
    return re.sub(r"^/(static|widget)/.+", r"/\1/{path}", path)


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _validate(pointer: str, answer: Answer) -> None:
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    resource = Resource(contents=description(), specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(ROOT, resource)
    Draft202012Validator(
        {"$ref": f"{ROOT}{pointer}"},
        registry=registry,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    ).validate(answer.json)
