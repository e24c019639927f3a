"""The description of the API is valid, whole and served."""

import pytest
from openapi_spec_validator import validate
from pydantic import TypeAdapter

from allobot.settings import Settings
from tests.web.api_client import Api
from web.app import make_app
from web.cards import Card
from web.conversations.store import MemoryStore
from web.errors import RasaUnavailable, family
from web.openapi import description
from web.sentences import sentences


def codes() -> set[str]:
    return {kind.code for kind in family() if kind is not RasaUnavailable}


def test_the_description_is_valid() -> None:
    validate(description())


async def test_every_route_is_described(settings: Settings) -> None:
    app = make_app(settings, MemoryStore())
    served = {
        (route.resource.canonical, route.method.lower())
        for route in app.router.routes()
        if route.resource and route.method != "HEAD" and not _is_console(route.resource.canonical)
    }
    described = {(path, method) for path, item in description()["paths"].items() for method in item}
    assert served == described


def _is_console(path: str) -> bool:
    """Pages for people who work here, not an API."""
    return f"{path}/".startswith("/console/")


async def test_it_is_served(api: Api) -> None:
    answer = await api.request("GET", "/api/openapi.json")
    assert answer.status == 200
    assert answer.json == description()


def test_every_error_code_is_described_and_has_a_sentence() -> None:
    schema = description()["components"]["schemas"]["Error"]
    described = schema["properties"]["error"]["properties"]["code"]["enum"]
    assert set(described) == codes() == set(sentences().errors)
    assert all(sentences().errors.values())


@pytest.mark.parametrize(
    "name", ["Card", "Answer", "Decision", "Amount", "Condition", "Contact", "Link", "Source"]
)
def test_the_card_is_described_field_by_field(name: str) -> None:
    made = TypeAdapter(Card).json_schema()
    fields = made["properties"] if name == "Card" else made["$defs"][name]["properties"]
    described = description()["components"]["schemas"][name]
    assert set(described["properties"]) == set(fields) == set(described["required"])
