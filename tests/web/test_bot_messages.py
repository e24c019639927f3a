"""From Rasa's items to messages, and the card as the browser gets it."""

import logging
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.web.fake_rasa import CARD
from web.cards import read_card
from web.messages import Message, from_rasa
from web.rasa_client import RasaItem
from web.sentences import sentences

ITEMS = TypeAdapter(list[RasaItem])
DECISION = {
    **CARD,
    "kind": "decision",
    "decision": {
        "verdict": "oui",
        "words": None,
        "date": "2026-11-21",
        "amount": {"min": 99.18, "max": 99.18, "unit": "€ par mois", "text": "99,18 € par mois"},
        "conditions": [
            {"id": "age", "label": "Moins de 20 ans", "status": "unknown", "source": "x"}
        ],
        "missing": ["l'âge"],
        "notes": [],
    },
}


def read(*items: dict[str, Any]) -> list[Message]:
    return from_rasa(ITEMS.validate_python(list(items)))


def test_a_card_alone_joins_the_message_before_it() -> None:
    buttons = [{"title": "Oui", "payload": "/oui"}]
    (message,) = read({"text": "Voici.", "buttons": buttons}, {"custom": CARD})
    assert (message.text, message.card) == ("Voici.", CARD)
    assert [button.label for button in message.buttons] == ["Oui"]


def test_two_cards_go_to_their_own_messages() -> None:
    messages = read({"text": "Un"}, {"custom": CARD}, {"text": "Deux"}, {"custom": DECISION})
    assert [message.card for message in messages] == [CARD, DECISION]


def test_a_second_card_in_a_row_has_its_own_text() -> None:
    messages = read({"text": "Un"}, {"custom": CARD}, {"custom": DECISION})
    assert [message.text for message in messages] == [
        "Un",
        "Mot de passe perdu\nVous pouvez en recevoir un autre.",
    ]


def test_a_card_with_nothing_before_it_has_its_own_text() -> None:
    (message,) = read({"custom": CARD})
    assert message.text.startswith("Mot de passe perdu")
    assert message.card == CARD


def test_buttons_alone_have_a_text() -> None:
    (message,) = read({"buttons": [{"title": "Oui", "payload": "/oui"}]})
    assert message.text == sentences().choose


def test_what_cannot_be_said_is_left_out() -> None:
    assert read({"image": "https://x"}, {"text": ""}, {"custom": {"kind": "other"}}) == []
    (message,) = read(
        {"text": "a", "buttons": [{"title": "Site"}, {"title": " ", "payload": "/x"}]}
    )
    assert message.buttons == ()


def test_button_ids_are_new_each_time() -> None:
    item = {"text": "a", "buttons": [{"title": "Oui", "payload": "/oui"}] * 3}
    ids = {button.id for message in read(item, item) for button in message.buttons}
    assert len(ids) == 6
    assert all(len(name) == 16 and "oui" not in name for name in ids)


def test_the_public_message_has_no_payload() -> None:
    (message,) = read({"text": "a", "buttons": [{"title": "Oui", "payload": "/oui"}]})
    assert message.public() == {
        "id": message.id,
        "author": "bot",
        "text": "a",
        "buttons": [{"id": message.buttons[0].id, "label": "Oui"}],
    }


def test_a_whole_decision_goes_through() -> None:
    assert read_card(DECISION) == DECISION


def test_unknown_fields_of_a_card_are_dropped() -> None:
    spiced = {**CARD, "payload": "/x", "links": [{**CARD["links"][0], "payload": "/y"}]}
    assert read_card(spiced) == CARD


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//x", "", "/x"])
def test_an_address_that_runs_something_is_dropped(address: str) -> None:
    contact = {**CARD["contacts"][0], "href": address}
    card = read_card({**CARD, "links": [{"label": "x", "url": address}], "contacts": [contact]})
    assert card is not None
    assert card["links"] == []
    assert card["contacts"][0]["href"] is None


@pytest.mark.parametrize(
    "page",
    [
        "/",
        "/recapitulatif?r=separation&e=bcf",
        "/recapitulatif?r=a&e=1&d=2026-11-21",
        "/" + "a" * 299,
    ],
)
def test_a_plan_has_a_page_of_ours(page: str) -> None:
    plan = {**CARD, "kind": "plan", "page": page}
    assert read_card(plan) == plan


@pytest.mark.parametrize(
    "page",
    [
        "",
        "recapitulatif",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        " /a",
        "/a b",
        "/a\n",
        "/\t/evil.example",
        "/é",
        "/a#b",
        "/a:b",
        "/" + "a" * 300,
    ],
)
def test_a_page_that_may_be_elsewhere_is_dropped(page: str) -> None:
    assert read_card({**CARD, "page": page}) == CARD


@pytest.mark.parametrize(
    "custom", [3, "x", [], {}, {**CARD, "kind": "other"}, {**CARD, "steps": "x"}, {**CARD, "id": 3}]
)
def test_what_is_no_card_is_dropped_and_logged(
    custom: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert read_card(custom) is None
    assert "card dropped" in caplog.text
