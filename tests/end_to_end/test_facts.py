"""A question about a fact gets the fact in the first answer, from the running bot."""

from tests.end_to_end.conftest import System
from tests.end_to_end.person import Person, text
from tests.facts import ENOUGH, read_facts, says

CAF = {"52": "j'habite en Haute-Marne", "44": "j'habite en Loire-Atlantique"}
TODAY = [fact for fact in read_facts() if "date" not in fact]


def answer(web: str, fact: dict[str, str]) -> str:
    person = Person(web)
    person.open()
    if "caf" in fact:
        person.say(CAF[fact["caf"]])
    return text(person.say(fact["question"]))


def test_there_are_enough_facts_over_all_subjects() -> None:
    assert len(TODAY) >= 100
    assert len({fact["sujet"] for fact in TODAY}) >= 48


def test_facts_are_in_the_first_answer(system: System) -> None:
    missed = [fact["id"] for fact in TODAY if not says(answer(system.web, fact), fact)]
    share = 1 - len(missed) / len(TODAY)
    print(f"{share:.1%} of {len(TODAY)} facts; missed: {missed}")
    assert share >= ENOUGH, missed
