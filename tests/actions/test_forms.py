"""The manners of a form, on the ASF questions."""

from typing import Any

import pytest

from actions.asf_form import ValidateAsfForm
from actions.forms import REFUSALS
from tests.actions.conversation import run, tracker, user

FORM = "asf_form"
LISTENING = [{"event": "action", "name": FORM}, {"event": "action", "name": "action_listen"}]


async def answer(
    text: str, asked: str, answers: dict[str, Any] | None = None, **message: Any
) -> tuple[list[str], dict[str, Any]]:
    """What is said, and the slots set, when `text` comes after the question `asked`."""
    latest = user(text, **message)
    events = [*LISTENING, {"event": "user", **latest}, {"event": "action", "name": FORM}]
    slots = {**(answers or {}), "requested_slot": asked}
    said, done = await run(ValidateAsfForm(), tracker(latest, slots, events, loop=FORM))
    responses = [message["response"] for message in said.messages]
    return responses, {event["name"]: event["value"] for event in done}


async def test_an_answer_is_kept_and_the_next_question_asked() -> None:
    _, slots = await answer("je suis sa mère", "asf_lien", intent="affirmer")
    assert slots["asf_lien"] == "parent"
    assert slots["requested_slot"] == "asf_vit_seul"


async def test_a_person_who_took_the_child_in_is_not_asked_whether_they_live_alone() -> None:
    _, slots = await answer("Je l'ai recueilli", "asf_lien")
    assert slots["requested_slot"] == "asf_age_enfant"


@pytest.mark.parametrize(
    ("pension", "question"),
    [
        ("Elle est payée en partie", "asf_pension_recue"),
        ("Elle est payée en entier", "asf_pension_recue"),
        ("Aucune pension n'est fixée", "asf_demarche"),
        ("La pension n'est pas payée", None),
    ],
)
async def test_questions_follow_from_answers(pension: str, question: str | None) -> None:
    known = {
        "asf_lien": "parent",
        "asf_vit_seul": "oui",
        "asf_age_enfant": "8",
        "asf_residence": "oui",
    }
    _, slots = await answer(pension, "asf_autre_parent", known)
    assert slots["requested_slot"] == question


async def test_not_knowing_is_accepted_and_the_form_goes_on() -> None:
    _, slots = await answer("je ne sais pas", "asf_residence", {"asf_lien": "recueillant"})
    assert slots["asf_residence"] == "inconnu"


@pytest.mark.parametrize("subject", ["mot_de_passe", "rembourser_dette", "parler_humain"])
async def test_another_subject_is_left_to_the_rules(subject: str) -> None:
    said, slots = await answer("ma question à moi", "asf_vit_seul", intent=subject)
    assert (said, slots) == ([], {})


async def test_a_number_in_another_question_is_not_an_age() -> None:
    text = "j'ai oublié mon mot de passe depuis 2 jours"
    _, slots = await answer(text, "asf_age_enfant", intent="mot_de_passe")
    assert slots == {}


async def test_a_clear_answer_is_one_whatever_the_classifier_thinks() -> None:
    _, slots = await answer("8 ans", "asf_age_enfant", intent="rdv_telephonique")
    assert slots["asf_age_enfant"] == "8"


async def test_danger_passes_before_any_answer() -> None:
    text = "non il me frappe"
    _, slots = await answer(text, "asf_vit_seul", intent="violences_conjugales")
    assert slots == {}


async def test_an_earlier_answer_can_be_corrected_on_the_way() -> None:
    known = {"asf_lien": "parent", "asf_vit_seul": "oui", "asf_age_enfant": "8"}
    text = "en fait elle a 12 ans"
    _, slots = await answer(text, "asf_residence", known, intent="corriger")
    assert slots["asf_age_enfant"] == "12"
    assert slots["requested_slot"] == "asf_residence"


async def test_a_correction_touches_only_what_it_speaks_of() -> None:
    known = {"asf_lien": "parent", "asf_vit_seul": "oui", "asf_autre_parent": "decede"}
    text = "pardon je n'ai jamais dit ça, en fait il a 9 ans"
    _, slots = await answer(text, "asf_residence", {**known, "asf_age_enfant": "8"})
    assert slots["asf_age_enfant"] == "9"
    assert "asf_autre_parent" not in slots


async def test_a_button_chooses_the_answer_to_correct() -> None:
    known = {"asf_lien": "parent", "asf_vit_seul": "oui", "asf_age_enfant": "8"}
    text = '/corriger{"champ": "asf_vit_seul"}'
    _, slots = await answer(text, "asf_residence", known, intent="corriger", champ="asf_vit_seul")
    assert slots["asf_vit_seul"] is None
    assert slots["requested_slot"] == "asf_vit_seul"


async def test_the_violence_button_is_an_answer_not_an_alarm() -> None:
    text = '/asf{"reponse": "violences"}'
    _, slots = await answer(text, "asf_autre_parent", intent="asf", reponse="violences")
    assert slots["asf_autre_parent"] == "violences"


async def test_what_is_not_understood_is_explained_then_a_person_is_offered() -> None:
    refused: dict[str, Any] = {}
    heard = []
    for _ in range(REFUSALS):
        said, slots = await answer("pfff", "asf_vit_seul", refused, intent="nlu_fallback")
        refused = {"reponses_refusees": slots["reponses_refusees"]}
        heard += said
    assert heard == ["utter_expliquer_asf_vit_seul"] * 2 + ["utter_question_difficile"]


async def test_coming_back_from_another_subject_reads_nothing_as_an_answer() -> None:
    latest = user("oui et mon mot de passe ?", intent="mot_de_passe")
    events = [
        *LISTENING,
        {"event": "user", **latest},
        {"event": "action", "name": "action_repondre"},
        {"event": "action", "name": FORM},
    ]
    slots = {"asf_lien": "parent", "requested_slot": "asf_vit_seul"}
    _, done = await run(ValidateAsfForm(), tracker(latest, slots, events, loop=FORM))
    assert [(event["name"], event["value"]) for event in done] == [
        ("requested_slot", "asf_vit_seul")
    ]


async def test_starting_again_keeps_earlier_answers() -> None:
    latest = user("vérifier mon droit", intent="verifier_asf")
    slots = {"asf_lien": "parent", "asf_vit_seul": "oui", "requested_slot": None}
    _, done = await run(ValidateAsfForm(), tracker(latest, slots))
    assert [(event["name"], event["value"]) for event in done] == [
        ("requested_slot", "asf_age_enfant")
    ]
