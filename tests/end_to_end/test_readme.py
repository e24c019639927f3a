"""The conversation in the README is the one that really happens."""

import re

from allobot.project import ROOT
from tests.end_to_end.conftest import System
from tests.end_to_end.person import Message, Person

PERSON = "> "


def printed(messages: list[Message]) -> list[str]:
    lines = []
    for message in messages:
        lines += message["text"].splitlines()
        lines += [f"  [{button['label']}]" for button in message["buttons"]]
    return lines


def replay(web: str, questions: list[str]) -> str:
    person = Person(web)
    person.open()
    lines: list[str] = []
    for question in questions:
        lines += [PERSON + question, *printed(person.say(question)), ""]
    return "\n".join(lines).strip()


def test_the_readmes_conversation_happens_as_written(system: System) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [written] = re.findall(r"```conversation\n(.*?)\n```", readme, re.DOTALL)
    questions = [line[2:] for line in written.splitlines() if line.startswith(PERSON)]
    assert len(questions) >= 5
    assert replay(system.web, questions).replace("\u202f", " ").replace("\xa0", " ") == written
