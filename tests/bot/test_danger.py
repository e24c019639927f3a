"""The net under danger: what it must see, what it must leave alone, and how fast."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.nlu.training_data.message import Message
from ruamel.yaml import YAML

from allobot.dangers import DANGERS
from bot.calibration import ANSWER, FALL_BACK
from bot.danger import FILE, DangerDetector, DangerNet, Speller, simplify
from bot.evaluation import lose_accents, lose_apostrophes

ROOT = Path(__file__).parents[2]
NONE = "sans_danger"


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


NET = DangerNet.read()
SAID: dict[str, dict[str, list[str]]] = load(ROOT / "tests" / "understanding" / "danger.yml")


def in_danger(section: str) -> list[tuple[str, str]]:
    """Categories and texts."""
    return [(name, text) for name in DANGERS for text in SAID[section][name]]


def other_questions() -> list[str]:
    """What the classifier learns of every other subject: questions to the Caf, and beside it."""
    return [
        line.strip().removeprefix("- ")
        for path in sorted((ROOT / "data" / "nlu").glob("*.yml"))
        for block in load(path)["nlu"]
        if block["intent"] not in DANGERS
        for line in block["examples"].splitlines()
        if line.strip()
    ]


def missed(texts: list[tuple[str, str]]) -> list[str]:
    return [text for _, text in texts if NET.category(text) is None]


def false_alarms(texts: list[str]) -> list[str]:
    return [text for text in texts if NET.category(text)]


def test_there_is_enough_to_measure() -> None:
    assert len(in_danger("reglage") + in_danger("a_part")) >= 120
    assert len(SAID["reglage"][NONE] + SAID["a_part"][NONE]) >= 120
    tuned, apart = ({t for ts in SAID[s].values() for t in ts} for s in ("reglage", "a_part"))
    assert not tuned & apart


def test_people_in_danger_are_seen() -> None:
    texts = in_danger("reglage")
    lost = missed(texts)
    assert len(lost) <= 0.02 * len(texts), lost
    wrong = [text for name, text in texts if NET.category(text) != name]
    assert len(wrong) <= 0.05 * len(texts), wrong


def test_questions_to_the_caf_raise_no_alarm() -> None:
    alarms = false_alarms(SAID["reglage"][NONE])
    assert len(alarms) <= 0.02 * len(SAID["reglage"][NONE]), alarms


def test_held_out_messages() -> None:
    """The texts stay out of the report: nobody should tune an expression on them."""
    texts, harmless = in_danger("a_part"), SAID["a_part"][NONE]
    assert len(missed(texts)) / len(texts) <= 0.10
    assert len(false_alarms(harmless)) / len(harmless) <= 0.03


def test_what_the_classifier_learns_of_other_subjects_raises_no_alarm() -> None:
    questions = other_questions()
    alarms = false_alarms(questions)
    assert len(alarms) <= 0.003 * len(questions), alarms


@pytest.mark.parametrize("spoil", [lose_accents, lose_apostrophes, lambda text, _: text.upper()])
def test_accents_apostrophes_and_capitals_do_not_matter(
    spoil: Callable[[str, random.Random], str],
) -> None:
    chance = random.Random(1)
    texts = [(name, spoil(text, chance)) for name, text in in_danger("reglage")]
    assert len(missed(texts)) <= 0.02 * len(texts), missed(texts)


@pytest.mark.parametrize(
    "text",
    [
        "aidezzz moi il me frappeee",
        "il me frape",
        "il me fappe",
        "il mfrappe",
        "tape moi pas stp, il tape moi tout le temps",
        "mon mari est viollent",
        "mon mari est vilent",
        "il me menasse",
        "il me meanace",
        "je veux mourrir",
        "je vais me sucider",
        "il ma étranlée",
    ],
)
def test_a_mistake_in_an_important_word_does_not_hide_it(text: str) -> None:
    assert NET.category(text)


@pytest.mark.parametrize("important", ["frappe", "menace", "insulte", "enferme", "maltraite"])
def test_any_lost_or_swapped_letter_is_forgiven(important: str) -> None:
    lost = [important[:i] + important[i + 1 :] for i in range(1, len(important))]
    swapped = [
        important[:i] + important[i + 1] + important[i] + important[i + 2 :]
        for i in range(len(important) - 1)
    ]
    unseen = [word for word in lost + swapped if NET.category(f"mon mari me {word}") is None]
    assert len(unseen) <= 1, unseen


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("il me frappe tous les jours, je veux mourir", "idees_suicidaires"),
        ("il frappe mes enfants et je veux mourir", "idees_suicidaires"),
        ("il me frappe et il frappe aussi mes enfants", "enfant_en_danger"),
        ("il me frappe devant les enfants", "violences_conjugales"),
        ("il va me tuer", "violences_conjugales"),
        ("ma fille se fait frapper par son mari", "violences_conjugales"),
        ("en finir avec ce dossier, mon mari me frappe", "violences_conjugales"),
    ],
)
def test_the_most_urgent_help_comes_first(text: str, category: str) -> None:
    assert NET.category(text) == category


def test_the_categories_of_the_file_are_those_of_the_code() -> None:
    assert tuple(load(FILE)["categories"]) == DANGERS


def test_simplify() -> None:
    assert simplify("J’ai PEUR… il m'a frappée ! 15ans") == "j ai peur il m a frape . 15 ans"
    assert simplify("") == ""


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("frapp", "frape"),
        ("frpae", "frape"),
        ("frapue", "frape"),
        ("mfrape", "m frape"),
        ("nape", "nape"),
        ("trape", "trape"),
        ("fra", "fra"),
    ],
)
def test_one_edit_is_forgiven_unless_it_is_another_word(typed: str, read: str) -> None:
    assert Speller(["frape"], ["trape"]).correct(typed) == read


@pytest.mark.parametrize(
    "text",
    [
        "bonjour je dois rembourser une dette, mon mari a reçu un courrier et je ne sais pas " * 6,
        "il me la le mon ma mari va me faire de " * 13,
        "mon mari " * 60,
        "la caf il elle me va un enfant est la " * 14,
        "a" * 500,
        "frapp " * 90,
        "é’!? " * 100,
    ],
)
def test_five_hundred_letters_take_less_than_ten_milliseconds(text: str) -> None:
    def took() -> float:
        begun = time.process_time()
        NET.category(text[:500])
        return time.process_time() - begun

    assert min(took() for _ in range(20)) < 0.010  # 0.6 when the machine is quiet


def message(text: str) -> Message:
    """As the classifier leaves it when it has not understood."""
    built = Message.build(text=text)
    ranking = [
        {"name": "rsa", "confidence": 0.4},
        {"name": "violences_conjugales", "confidence": 0.2},
    ]
    built.set("intent", {"name": "nlu_fallback", "confidence": 0.6}, add_to_output=True)
    built.set("intent_ranking", ranking, add_to_output=True)
    built.set("bande", FALL_BACK, add_to_output=True)
    return built


def test_the_component_has_the_last_word() -> None:
    [seen] = DangerDetector(NET).process([message("mon mari me frape")])
    danger = {"name": "violences_conjugales", "confidence": 1.0}
    assert seen.get("intent") == danger
    assert seen.get("intent_ranking") == [danger, {"name": "rsa", "confidence": 0.4}]
    assert seen.get("bande") == ANSWER
    assert seen.get("text") == "mon mari me frape"
    assert {"intent", "intent_ranking", "bande"} <= set(seen.as_dict(only_output_properties=True))


def test_a_message_without_a_ranking_is_seen_too() -> None:
    [seen] = DangerDetector(NET).process([Message.build(text="je veux mourir")])
    assert seen.get("intent")["name"] == "idees_suicidaires"


@pytest.mark.parametrize(
    "text",
    ["", "comment demander le rsa", "/idees_suicidaires", ' /asf{"reponse": "il me frappe"} '],
)
def test_anything_else_and_what_buttons_send_is_left_alone(text: str) -> None:
    [left] = DangerDetector(NET).process([message(text)])
    assert left.get("intent")["name"] == "nlu_fallback"
    assert left.get("bande") == FALL_BACK


def test_a_slash_typed_before_the_words_hides_nothing() -> None:
    [seen] = DangerDetector(NET).process([message("/ il me frappe")])
    assert seen.get("intent")["name"] == "violences_conjugales"
