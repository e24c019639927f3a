"""A conversation as a test: Rasa's events become the steps that Rasa's own runner reads."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from web.console.corrections.stories import Story, story_of

ROOT = Path(__file__).parents[3]
SUBJECTS = frozenset(("mot_de_passe", "asf"))

Events = list[dict[str, Any]]


def user(text: str, intent: str) -> dict[str, Any]:
    return {"event": "user", "text": text, "parse_data": {"intent": {"name": intent}}}


def action(name: str) -> dict[str, Any]:
    return {"event": "action", "name": name}


def slot(name: str, value: object) -> dict[str, Any]:
    return {"event": "slot", "name": name, "value": value}


def loop(name: str | None) -> dict[str, Any]:
    return {"event": "active_loop", "name": name}


LISTEN = action("action_listen")
OPENING: Events = [
    action("action_session_start"),
    {"event": "session_started"},
    LISTEN,
    user("/salutation", "salutation"),
    action("utter_salutation"),
    LISTEN,
]
ASKS = slot("requested_slot", "reponse_attendue")


def read(story: Story | None) -> list[dict[str, Any]]:
    """The steps, as a YAML reader finds them."""
    assert story is not None
    content = YAML(typ="safe").load(story.yaml)
    assert content["version"] == "3.1"
    [found] = content["stories"]
    assert found["story"] == story.name
    return found["steps"]  # type: ignore[no-any-return]


def test_a_question_and_its_answer() -> None:
    events = [
        *OPENING,
        user("mot de passe oublié", "mot_de_passe"),
        action("action_repondre"),
        {"event": "bot", "text": "Voici."},
        slot("sujet", "mot_de_passe"),
        LISTEN,
    ]
    story = story_of(events)
    assert read(story) == [
        {"user": "mot de passe oublié\n", "intent": "mot_de_passe"},
        {"action": "action_repondre"},
    ]
    assert story is not None
    assert story.file == "tests/conversations/on_obtient_une_reponse_a_sa_question.yml"


def test_a_questionnaire_has_the_steps_of_those_written_by_hand() -> None:
    """tests/conversations/on_verifie_son_droit_question_par_question.yml, its first story."""
    hand = YAML(typ="safe").load(
        ROOT / "tests/conversations/on_verifie_son_droit_question_par_question.yml"
    )["stories"][0]["steps"]
    events = [
        *OPENING,
        user("vérifier mon droit à l'asf", "verifier_droit"),
        *(action("action_commencer"), slot("questionnaire", "asf")),
        *(action("questionnaire_form"), loop("questionnaire_form"), ASKS, LISTEN),
        user("oui", "affirmer"),
        *(action("questionnaire_form"), slot("reponses", {}), ASKS, LISTEN),
        user("je ne sais pas", "repondre"),
        action("questionnaire_form"),
        *(slot("requested_slot", None), loop(None)),
        *(action("action_decider"), LISTEN),
    ]
    story = story_of(events)
    assert read(story) == hand
    assert story is not None and story.file.endswith(
        "/on_verifie_son_droit_question_par_question.yml"
    )


def test_danger_is_said_by_its_payload() -> None:
    events = [
        user("vérifier mon droit à l'asf", "verifier_droit"),
        *(action("action_commencer"), action("questionnaire_form")),
        *(loop("questionnaire_form"), ASKS, LISTEN),
        user("[violences_conjugales]", "violences_conjugales"),
        *(action("action_repondre"), action("action_deactivate_loop"), loop(None)),
        *(slot("requested_slot", None), LISTEN),
    ]
    story = story_of(events)
    steps = read(story)
    assert {"user": "/violences_conjugales\n", "intent": "violences_conjugales"} in steps
    assert steps[-2:] == [{"action": "action_deactivate_loop"}, {"active_loop": None}]
    assert story is not None
    assert story.file == "tests/conversations/en_danger_les_secours_passent_avant_tout.yml"


def test_what_was_corrected_is_expected_as_corrected() -> None:
    events = [
        user("jai pu mon mdp", "nlu_fallback"),
        *(action("action_incompris"), LISTEN),
        user("mot de passe", "mot_de_passe"),
        *(action("action_repondre"), LISTEN),
    ]
    assert read(story_of(events, {0: "mot_de_passe"}, subjects=SUBJECTS))[:2] == [
        {"user": "jai pu mon mdp\n", "intent": "mot_de_passe"},
        {"action": "action_repondre"},
    ]
    assert read(story_of(events))[0]["intent"] == "nlu_fallback"


@pytest.mark.parametrize(
    ("events", "file"),
    [
        (
            [user("qsdf", "nlu_fallback"), action("action_incompris")],
            "ce_qui_n_est_pas_compris_mene_a_une_personne",
        ),
        (
            [user("vérifier", "verifier_droit"), loop("f"), user("stop", "arreter")],
            "on_peut_arreter_et_recommencer",
        ),
        (
            [user("vérifier", "verifier_droit"), loop("f"), user("non", "refuser")],
            "un_non_est_une_reponse",
        ),
        (
            [user("en fait 12 ans", "corriger"), action("action_corriger")],
            "on_peut_corriger_une_reponse",
        ),
        ([user("le rsa", "rsa"), user("le rsa", "rsa")], "on_peut_se_repeter"),
    ],
)
def test_the_file_is_that_of_the_behaviour(events: Events, file: str) -> None:
    story = story_of(events)
    assert story is not None
    assert story.file == f"tests/conversations/{file}.yml"
    assert (ROOT / story.file).is_file()


def test_nobody_said_anything() -> None:
    assert story_of([]) is None
    assert story_of(OPENING) is None


def test_a_button_keeps_its_payload_and_masking_its_words() -> None:
    events = [
        user('/verifier_droit{"regle": "asf"}', "verifier_droit"),
        user("je suis [nom], [x](y)", "asf"),
    ]
    assert [step["user"] for step in read(story_of(events))] == [
        '/verifier_droit{"regle": "asf"}\n',
        "je suis nom, (x)(y)\n",
    ]


def test_the_name_is_cut_between_words() -> None:
    story = story_of([user("pourquoi " * 20, "rsa")])
    assert story is not None
    assert len(story.name) <= 61 and story.name.endswith("pourquoi…")
    named = story_of([user("rsa", "rsa")], name='dit : "oui" # non')
    assert read(named) and named is not None and named.name == 'dit : "oui" # non'


@given(st.lists(st.text(max_size=120), min_size=1, max_size=4))
def test_whatever_was_said_the_file_reads(texts: list[str]) -> None:
    steps = read(story_of([LISTEN, *(user(f"a {text}", "rsa") for text in texts)]))
    assert len(steps) == len(texts)
    assert all(step["user"].startswith("a") and "\n" not in step["user"][:-1] for step in steps)
