"""A person who books an appointment through the gateway's public API."""

import re

from tests.end_to_end.person import Message, Person, labels, text

NAME, PHONE = "Aïcha Exemple", "06 39 98 00 12"  # a number that is given to nobody
CODE = re.compile(r"RDV(?:-[0-9A-Z]{4}){3}")
MOMENT = re.compile(r"^\w+ \d+(?:er)? \w+ à \d+ h")
OFFICE, REASON, CONFIRM = "Caf de la Haute-Marne", "Où en est mon dossier ?", "Oui, je confirme"
TAKEN = "vient d'être pris"


def moments(messages: list[Message]) -> list[str]:
    """The moments proposed."""
    return [label for label in labels(messages) if MOMENT.match(label)]


def code(messages: list[Message]) -> str:
    """The confidential code given."""
    found = CODE.search(all_said(messages))
    assert found, all_said(messages)
    return found[0]


def all_said(messages: list[Message]) -> str:
    """The texts, and what the cards show."""
    cards = [str(message["card"]) for message in messages if message.get("card")]
    return "\n".join([text(messages), *cards])


def reach_moments(someone: Person, wish: str) -> list[Message]:
    """Ask, choose the office and the reason: moments are now proposed."""
    someone.open()
    asked = someone.say(wish)
    asked = someone.press(asked, OFFICE)
    return someone.press(asked, REASON)


def give_details(someone: Person, phone: str = PHONE) -> list[Message]:
    status, answer = someone.give_details(NAME, phone)
    assert status == 200, answer
    messages: list[Message] = answer["messages"]
    return messages


def book(someone: Person, wish: str = "je voudrais qu'on me rappelle jeudi matin") -> list[Message]:
    """Book to the end; return the last answer, which holds the code."""
    proposed = reach_moments(someone, wish)
    someone.press(proposed, moments(proposed)[0])
    return someone.press(give_details(someone), CONFIRM)
