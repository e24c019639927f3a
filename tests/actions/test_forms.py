"""The manners of the questionnaires, on the ASF's questions: the same code serves every rule."""

from typing import Any

import pytest

from actions.forms import AWAITED, FORM, REFUSALS, ValidateQuestionnaireForm
from actions.resources import Resources
from tests.actions.conversation import run, tracker, user

LISTENING = [{"event": "action", "name": FORM}, {"event": "action", "name": "action_listen"}]
PARENT = {"lien_enfant": "parent"}
ALONE = {**PARENT, "vit_seul": "oui", "ages_enfants": "8"}


class Talk:
    """One turn: what is said, and where the questions then stand."""

    def __init__(self, resources: Resources) -> None:
        self._action = ValidateQuestionnaireForm(resources)

    async def answer(
        self,
        text: str,
        asked: str,
        answers: dict[str, str] | None = None,
        *,
        refused: int | None = None,
        since: list[dict[str, Any]] | None = None,
        **message: Any,
    ) -> None:
        latest = user(text, **message)
        events = [*LISTENING, {"event": "user", **latest}, *(since or [])]
        slots = {
            "questionnaire": "asf",
            "reponses": answers or {},
            "fait_demande": asked,
            "reponses_refusees": refused,
            "requested_slot": AWAITED,
        }
        on = tracker(latest, slots, [*events, {"event": "action", "name": FORM}], loop=FORM)
        said, done = await run(self._action, on)
        self.said = [message["response"] or message["text"] for message in said.messages]
        self.slots = {event["name"]: event["value"] for event in done}

    @property
    def answers(self) -> dict[str, str]:
        return self.slots.get("reponses") or {}

    @property
    def next(self) -> str | None:
        fact: str | None = self.slots["fait_demande"]
        assert self.slots["requested_slot"] == (AWAITED if fact else None)
        return fact


@pytest.fixture
def talk(resources: Resources) -> Talk:
    return Talk(resources)


async def test_an_answer_is_kept_and_the_next_question_asked(talk: Talk) -> None:
    await talk.answer("je suis sa mère", "lien_enfant", intent="affirmer")
    assert talk.answers == {"lien_enfant": "parent"}
    assert talk.next == "vit_seul"


async def test_a_person_who_took_the_child_in_is_not_asked_whether_they_live_alone(
    talk: Talk,
) -> None:
    await talk.answer("Je l'ai recueilli", "lien_enfant")
    assert talk.next == "ages_enfants"


@pytest.mark.parametrize(
    ("pension", "question"),
    [
        ("Elle est payée en partie", "pension_recue"),
        ("Elle est payée en entier", "pension_recue"),
        ("Aucune pension n'est fixée", "demarche_pension"),
        ("La pension n'est pas payée", None),
    ],
)
async def test_questions_follow_from_answers(
    talk: Talk, pension: str, question: str | None
) -> None:
    await talk.answer(pension, "autre_parent", {**ALONE, "residence_stable": "oui"})
    assert talk.next == question


async def test_the_questions_stop_as_soon_as_the_answer_is_no(talk: Talk) -> None:
    await talk.answer("non je suis en couple", "vit_seul", PARENT)
    assert talk.next is None


@pytest.mark.parametrize("words", ["je ne sais pas", "passer", "je préfère ne pas répondre"])
async def test_not_knowing_is_accepted_and_the_form_goes_on(talk: Talk, words: str) -> None:
    await talk.answer(words, "residence_stable", ALONE)
    assert talk.answers["residence_stable"] == "inconnu"
    assert talk.next == "autre_parent"


@pytest.mark.parametrize("subject", ["mot_de_passe", "rembourser_dette", "parler_humain"])
async def test_another_subject_is_left_to_the_rules(talk: Talk, subject: str) -> None:
    await talk.answer("ma question à moi", "vit_seul", PARENT, intent=subject)
    assert (talk.said, talk.slots) == ([], {})


async def test_a_number_in_another_question_is_not_an_age(talk: Talk) -> None:
    text = "j'ai oublié mon mot de passe depuis 2 jours"
    await talk.answer(text, "ages_enfants", PARENT, intent="mot_de_passe")
    assert talk.slots == {}


async def test_a_clear_answer_is_one_whatever_the_classifier_thinks(talk: Talk) -> None:
    await talk.answer("8 ans", "ages_enfants", PARENT, intent="rdv_telephonique")
    assert talk.answers["ages_enfants"] == "8"


@pytest.mark.parametrize(
    "danger", ["violences_conjugales", "idees_suicidaires", "enfant_en_danger"]
)
async def test_danger_passes_before_any_answer(talk: Talk, danger: str) -> None:
    await talk.answer("non il me frappe", "vit_seul", PARENT, intent=danger)
    assert talk.slots == {}


async def test_an_earlier_answer_can_be_corrected_on_the_way(talk: Talk) -> None:
    await talk.answer("en fait elle a 12 ans", "residence_stable", ALONE, intent="corriger")
    assert talk.answers == {**ALONE, "ages_enfants": "12"}
    assert talk.next == "residence_stable"


async def test_a_correction_touches_only_what_it_speaks_of(talk: Talk) -> None:
    known = {**ALONE, "autre_parent": "decede"}
    text = "pardon je n'ai jamais dit ça, en fait il a 9 ans"
    await talk.answer(text, "residence_stable", known)
    assert talk.answers == {**known, "ages_enfants": "9"}


async def test_a_button_chooses_the_answer_to_correct(talk: Talk) -> None:
    text = '/corriger{"champ": "vit_seul"}'
    await talk.answer(text, "residence_stable", ALONE, intent="corriger", champ="vit_seul")
    assert "vit_seul" not in talk.answers
    assert talk.next == "vit_seul"


async def test_the_violence_button_is_an_answer_not_an_alarm(talk: Talk) -> None:
    text = '/repondre{"reponse": "violences"}'
    known = {**ALONE, "residence_stable": "oui"}
    await talk.answer(text, "autre_parent", known, intent="repondre", reponse="violences")
    assert talk.answers["autre_parent"] == "violences"


async def test_what_is_not_understood_is_explained_then_a_person_is_offered(
    talk: Talk, resources: Resources
) -> None:
    refused, heard = None, []
    for _ in range(REFUSALS):
        await talk.answer("pfff", "vit_seul", PARENT, refused=refused, intent="nlu_fallback")
        refused = talk.slots["reponses_refusees"]
        assert talk.next == "vit_seul"
        heard += talk.said
    why = resources.rules["asf"].questions["vit_seul"].pourquoi
    assert heard == [why, why, "utter_question_difficile"]
    assert refused is None, "the count starts again"


async def test_asking_why_is_answered_and_is_no_refusal(talk: Talk, resources: Resources) -> None:
    await talk.answer("pourquoi vous me demandez ça ?", "vit_seul", PARENT, intent="capacites")
    assert talk.said == [resources.rules["asf"].questions["vit_seul"].pourquoi]
    assert talk.slots["reponses_refusees"] is None


async def test_coming_back_from_another_subject_reads_nothing_as_an_answer(talk: Talk) -> None:
    since = [{"event": "action", "name": "action_repondre"}]
    text = "oui et mon mot de passe ?"
    await talk.answer(text, "vit_seul", PARENT, since=since, intent="mot_de_passe")
    assert talk.answers == PARENT
    assert talk.next == "vit_seul"


async def test_starting_again_keeps_earlier_answers(resources: Resources) -> None:
    latest = user("vérifier mon droit", intent="verifier_droit")
    slots = {"questionnaire": "asf", "reponses": {**PARENT, "vit_seul": "oui"}}
    _, done = await run(ValidateQuestionnaireForm(resources), tracker(latest, slots))
    kept = {event["name"]: event["value"] for event in done}
    assert kept["fait_demande"] == "ages_enfants"
    assert kept["reponses"] == slots["reponses"]


async def test_answers_serve_another_rule(resources: Resources) -> None:
    """The ages and the other parent, said for the separation, are not asked for the ASF."""
    said = {"violences": "non", "ages_enfants": "4,9", "autre_parent": "ne_paie_pas"}
    slots = {"questionnaire": "asf", "reponses": {**said, **PARENT, "vit_seul": "oui"}}
    latest = user("oui", intent="affirmer")
    _, done = await run(ValidateQuestionnaireForm(resources), tracker(latest, slots))
    assert {e["name"]: e["value"] for e in done}["fait_demande"] == "residence_stable"


async def test_the_place_of_the_conversation_is_not_asked_again(resources: Resources) -> None:
    latest = user("vérifier mon droit", intent="verifier_droit")
    slots = {"questionnaire": "passeports_loisirs", "caf": "52"}
    _, done = await run(ValidateQuestionnaireForm(resources), tracker(latest, slots))
    kept = {event["name"]: event["value"] for event in done}
    assert kept["reponses"] == {"departement": "52"}


async def test_the_right_named_in_answer_to_which_one_is_taken(resources: Resources) -> None:
    latest = user("le bafa", "bafa")
    events = [*LISTENING, {"event": "user", **latest}, {"event": "action", "name": FORM}]
    on = tracker(latest, {"requested_slot": AWAITED}, events, loop=FORM)
    _, done = await run(ValidateQuestionnaireForm(resources), on)
    kept = {event["name"]: event["value"] for event in done}
    assert kept["questionnaire"] == "bafa"
    assert kept["fait_demande"] in resources.rules["bafa"].questions


@pytest.mark.parametrize(("intent", "stays"), [("nlu_fallback", True), ("mot_de_passe", False)])
async def test_to_which_one_another_subject_is_left_to_the_rules(
    resources: Resources, intent: str, stays: bool
) -> None:
    latest = user("bof", intent)
    events = [*LISTENING, {"event": "user", **latest}, {"event": "action", "name": FORM}]
    on = tracker(latest, {"requested_slot": AWAITED}, events, loop=FORM)
    _, done = await run(ValidateQuestionnaireForm(resources), on)
    assert bool(done) == stays


async def test_an_answer_that_tells_of_danger_gets_the_numbers_at_once(talk: Talk) -> None:
    known = {**ALONE, "residence_stable": "oui"}
    await talk.answer("il est violent", "autre_parent", known, intent="nlu_fallback")
    assert talk.said == ["utter_si_danger"]
    assert talk.answers["autre_parent"] == "violences"
