"""The files of data/ and domain.yml say the same thing: one subject, one name, everywhere."""

import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from actions.sentences import read_sentences

ROOT = Path(__file__).parents[2]


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


DOMAIN = load(ROOT / "domain.yml")
RESPONSES: dict[str, list[dict[str, Any]]] = DOMAIN["responses"]
PROCEDURES = sorted(path.stem for path in (ROOT / "data" / "procedures").glob("*.yml"))


def examples() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "data" / "nlu").glob("*.yml")):
        for block in load(path)["nlu"]:
            lines = [line.strip().removeprefix("- ") for line in block["examples"].splitlines()]
            found.setdefault(block["intent"], []).extend(line for line in lines if line)
    return found


EXAMPLES = examples()


def plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.lower())
    return re.sub(r"[^a-z0-9]+", " ", "".join(c for c in decomposed if c.isascii())).strip()


def buttons() -> list[tuple[str, dict[str, str]]]:
    return [
        (name, button)
        for name, variants in RESPONSES.items()
        for variant in variants
        for button in variant.get("buttons", [])
    ]


def test_every_intent_of_the_domain_has_examples_and_the_reverse() -> None:
    assert set(EXAMPLES) == set(DOMAIN["intents"])


def test_every_intent_has_a_rule() -> None:
    """Rasa would fall back again and again on one without, and the conversation would end."""
    ruled = {
        step["intent"]
        for path in (ROOT / "data" / "rules").glob("*.yml")
        for rule in load(path)["rules"]
        for step in rule["steps"]
        if "intent" in step
    }
    assert set(DOMAIN["intents"]) <= ruled


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_every_procedure_is_an_intent(procedure: str) -> None:
    assert procedure in DOMAIN["intents"]


@pytest.mark.parametrize("intent", sorted(EXAMPLES))
def test_there_are_enough_examples(intent: str) -> None:
    assert len(EXAMPLES[intent]) >= (35 if intent in PROCEDURES else 20)


def test_what_is_not_the_caf_has_many_examples() -> None:
    assert len(EXAMPLES["hors_sujet"]) >= 60


def test_questions_kept_apart_are_not_examples() -> None:
    apart = load(ROOT / "tests" / "understanding" / "held_out.yml")
    learnt = {plain(text) for texts in EXAMPLES.values() for text in texts}
    asked = [text for texts in apart.values() for text in texts]
    assert [text for text in asked if len(text.split()) > 3 and plain(text) in learnt] == []


def test_no_example_stands_twice_or_for_two_intents() -> None:
    seen = Counter(plain(text) for texts in EXAMPLES.values() for text in texts if plain(text))
    assert [text for text, count in seen.items() if count > 1] == []


def test_examples_hold_no_personal_data() -> None:
    number = re.compile(
        r"(?:\+33|0)\s*[1-9](?:[\s.-]*\d{2}){4}|[12][\s.]?\d{2}[\s.]?\d{2}[\s.]?\d{8}"
    )
    every = [text for texts in EXAMPLES.values() for text in texts]
    assert [text for text in every if number.search(text) or re.search(r"\w@\w", text)] == []


@pytest.mark.parametrize(("response", "button"), buttons(), ids=str)
def test_a_buttons_payload_is_an_intent_or_an_answer(response: str, button: dict[str, str]) -> None:
    payload = button["payload"]
    if payload.startswith("/"):
        assert re.split(r"[{]", payload[1:])[0] in DOMAIN["intents"]
    else:
        assert payload == button["title"]


def test_choices_are_named_for_subjects_that_exist() -> None:
    labels = read_sentences().sujets
    assert set(labels) <= set(DOMAIN["intents"])
    assert set(PROCEDURES) <= set(labels)


def test_no_sentence_to_a_person_is_in_python() -> None:
    """A French sentence in a string shows by its accents or its « vous » outside docstrings."""
    suspicious = []
    for folder in ("actions", "bot", "web"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            code = re.sub(r'"""[\s\S]*?"""|#.*', "", path.read_text(encoding="utf-8"))
            for string in re.findall(r'"([^"\n]{25,})"', code):
                if "(?:" not in string and re.search(
                    r"(?<!rendez-)\b(?:vous|votre|veuillez|bonjour)\b(?![|)\\])", string.lower()
                ):
                    suspicious.append(f"{path.relative_to(ROOT)}: {string}")
    assert suspicious == []
