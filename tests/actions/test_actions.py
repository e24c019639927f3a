from typing import Any

import pytest
from rasa_sdk import Tracker

from actions.action_commencer import ActionCommencer
from actions.action_corriger import ActionCorriger
from actions.action_decider import ActionDecider
from actions.action_demander import ActionDemander
from actions.action_incompris import ActionIncompris, tries
from actions.action_oui import ActionOui
from actions.action_recommencer import ActionRecommencer
from actions.action_repondre import ActionRepondre
from actions.resources import Resources
from actions.safe_action import SafeAction
from tests.actions.conversation import run, tracker, user

ANSWERS = {
    "lien_enfant": "parent",
    "vit_seul": "oui",
    "ages_enfants": "8",
    "residence_stable": "oui",
    "autre_parent": "ne_paie_pas",
}
DECIDED = {"questionnaire": "asf", "reponses": ANSWERS}


@pytest.mark.parametrize(
    ("intent", "words"),
    [
        ("mot_de_passe", ["10 caractères", "caractère spécial", "256"]),
        ("rembourser_dette", ["PayZen", "SEPA", "RIB", "à partir de 1 €"]),
        ("separation", ["Déclarer un changement", "32 38", "monenfant.fr"]),
        ("rdv_telephonique", ["Je souhaite que la Caf me rappelle", "+33 32 30"]),
        ("asf", ["199,18 €", "265,50 €", "20 ans"]),
        ("violences_conjugales", ["17", "3919", "12 mois", "3 jours ouvrés"]),
        ("parler_humain", ["3230", "mi-avril 2026"]),
    ],
)
async def test_the_facts_of_a_subject_are_said_with_source_and_date(
    resources: Resources, intent: str, words: list[str]
) -> None:
    said, _ = await run(ActionRepondre(resources), tracker(user("?", intent)))
    message = said.messages[0]
    for word in words:
        assert word in message["text"]
    assert "Source :" in message["text"]
    assert "Vérifié le 21 novembre 2026" in message["text"]
    assert message["custom"]["id"] == intent
    assert "{" not in message["text"]


async def test_danger_numbers_come_first(resources: Resources) -> None:
    said, _ = await run(ActionRepondre(resources), tracker(user("?", "violences_conjugales")))
    card = said.messages[0]["custom"]
    assert card["kind"] == "danger"
    assert [contact["value"] for contact in card["contacts"][:2]] == ["17", "3919"]
    assert card["summary"].startswith("Appelez le 17")


async def test_the_shell_reads_the_text_and_no_raw_card(resources: Resources) -> None:
    on = tracker(user("?", "mot_de_passe"), channel="cmdline")
    said, _ = await run(ActionRepondre(resources), on)
    assert said.messages[0]["custom"] == {}
    assert "caf.fr" in said.messages[0]["text"]


async def test_an_unknown_subject_is_admitted(resources: Resources) -> None:
    said, _ = await run(ActionRepondre(resources), tracker(user("?", "inconnu")))
    assert said.messages[0]["response"] == "utter_inconnu_a_cette_date"


async def test_the_decision_explains_itself(resources: Resources) -> None:
    on = tracker(user("oui", "affirmer"), DECIDED)
    said, _ = await run(ActionDecider(resources), on)
    [message] = said.messages
    decision = message["custom"]["decision"]
    assert decision["verdict"] == "oui"
    amount = "199,18 € par mois (barème d'avril 2025, sans doute revu depuis)"
    assert decision["amount"]["text"] == amount
    assert {c["status"] for c in decision["conditions"]} == {"satisfied"}
    assert "stimation" in message["text"]
    assert "montant actuel sur caf.fr" in message["text"]


def misunderstood(times: int, band: str = "incompris") -> tuple[dict[str, Any], list[Any]]:
    latest = user("blabla", "nlu_fallback", band)
    events: list[Any] = []
    for _ in range(times - 1):
        events += [
            {"event": "user", **latest},
            {"event": "action", "name": "action_incompris"},
            {"event": "action", "name": "action_listen"},
        ]
    return latest, [*events, {"event": "user", **latest}]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_counts_misunderstood_messages_in_a_row(times: int) -> None:
    _, events = misunderstood(times)
    assert tries(events, "action_incompris") == times


def test_an_understood_message_starts_the_count_again() -> None:
    _, events = misunderstood(2)
    understood = [
        {"event": "user", **user("merci")},
        {"event": "action", "name": "utter_remerciement"},
    ]
    assert tries([*events[:-1], *understood, events[-1]], "action_incompris") == 1


async def test_first_it_asks_to_say_it_otherwise_with_choices(resources: Resources) -> None:
    latest, events = misunderstood(1)
    said, _ = await run(ActionIncompris(resources), tracker(latest, events=events))
    [message] = said.messages
    assert message["response"] == "utter_reformulez"
    assert 2 <= len(message["buttons"]) <= 4
    assert message["buttons"][-1]["payload"] == "/parler_humain"


async def test_in_doubt_it_offers_the_likeliest_subjects(resources: Resources) -> None:
    latest = user("la pension", "nlu_fallback", "proposer")
    latest["intent_ranking"] = [
        {"name": name, "confidence": 0.3} for name in ("asf", "hors_sujet", "separation")
    ]
    said, _ = await run(ActionIncompris(resources), tracker(latest))
    [message] = said.messages
    assert message["response"] == "utter_vouliez_vous_dire"
    payloads = [button["payload"] for button in message["buttons"]]
    assert payloads[:2] == ["/asf", "/separation"]


async def test_a_question_likely_for_another_door_is_told_so_with_choices(
    resources: Resources,
) -> None:
    latest = user("combien d'apl", "nlu_fallback", "proposer")
    latest["intent_ranking"] = [
        {"name": "hors_sujet", "confidence": 0.6},
        {"name": "separation", "confidence": 0.2},
    ]
    said, _ = await run(ActionIncompris(resources), tracker(latest))
    [message] = said.messages
    assert message["response"] == "utter_peut_etre_hors_sujet"
    assert message["buttons"][0]["payload"] == "/separation"


async def test_in_doubt_an_answer_that_fits_is_said_as_a_perhaps(resources: Resources) -> None:
    latest = user("le mandat sepa pour le prélèvement de ma dette", "nlu_fallback", "proposer")
    latest["intent_ranking"] = [
        {"name": "rembourser_dette", "confidence": 0.7},
        {"name": "paiement_date", "confidence": 0.2},
    ]
    said, _ = await run(ActionIncompris(resources), tracker(latest))
    assert said.messages[0]["response"] == "utter_peut_etre_ceci"
    assert "SEPA" in said.messages[1]["text"]
    assert said.messages[-1]["buttons"][0]["payload"] == "/paiement_date"


@pytest.mark.parametrize(("first", "elsewhere"), [(0.3, 0.0), (0.6, 0.2)])
async def test_no_perhaps_when_too_unsure_or_maybe_for_another_door(
    resources: Resources, first: float, elsewhere: float
) -> None:
    latest = user("le mandat sepa pour le prélèvement de ma dette", "nlu_fallback", "proposer")
    latest["intent_ranking"] = [
        {"name": "rembourser_dette", "confidence": first},
        {"name": "hors_sujet", "confidence": elsewhere},
    ]
    said, _ = await run(ActionIncompris(resources), tracker(latest))
    assert [message["response"] for message in said.messages] == ["utter_vouliez_vous_dire"]


async def test_the_second_time_it_gives_the_ways_to_a_person(resources: Resources) -> None:
    latest, events = misunderstood(2)
    said, _ = await run(ActionIncompris(resources), tracker(latest, events=events))
    assert said.messages[0]["response"] == "utter_vers_une_personne"
    assert said.messages[1]["custom"]["id"] == "parler_humain"


async def test_a_possible_danger_is_named_even_when_unsure(resources: Resources) -> None:
    latest = user("il est bizarre le soir", "nlu_fallback", "proposer")
    latest["intent_ranking"] = [
        {"name": "separation", "confidence": 0.4},
        {"name": "violences_conjugales", "confidence": 0.2},
    ]
    said, _ = await run(ActionIncompris(resources), tracker(latest))
    assert said.messages[0]["response"] == "utter_si_danger"


def slots_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in events if event["event"] == "slot"}


def followups(events: list[dict[str, Any]]) -> list[str]:
    return [event["name"] for event in events if event["event"] == "followup"]


async def test_correcting_after_the_result_decides_again(resources: Resources) -> None:
    on = tracker(user("en fait elle a 21 ans", "corriger"), DECIDED)
    _, events = await run(ActionCorriger(resources), on)
    assert slots_of(events)["reponses"] == {**ANSWERS, "ages_enfants": "21"}
    assert followups(events) == ["questionnaire_form"]


async def test_without_a_value_it_asks_which_answer(resources: Resources) -> None:
    said, events = await run(
        ActionCorriger(resources), tracker(user("je me suis trompée", "corriger"), DECIDED)
    )
    assert events == []
    labels = [button["title"] for button in said.messages[0]["buttons"]]
    assert len(labels) == len(ANSWERS)
    assert any(label.endswith(": 8 ans") for label in labels)


async def test_nothing_to_correct_is_said(resources: Resources) -> None:
    said, _ = await run(ActionCorriger(resources), tracker(user("je corrige", "corriger")))
    assert said.messages[0]["response"] == "utter_rien_a_corriger"


async def test_starting_over_forgets_the_answers_of_these_questions_only(
    resources: Resources,
) -> None:
    known = {**DECIDED, "reponses": {**ANSWERS, "quotient_familial": "450"}}
    _, events = await run(ActionRecommencer(resources), tracker(user("recommencer"), known))
    assert slots_of(events)["reponses"] == {"quotient_familial": "450"}
    assert followups(events) == ["questionnaire_form"]


async def test_starting_over_without_questions_shows_the_menu(resources: Resources) -> None:
    said, events = await run(ActionRecommencer(resources), tracker(user("recommencer")))
    assert events == []
    assert said.messages[0]["response"] == "utter_capacites"


@pytest.mark.parametrize(
    ("words", "slots", "rule"),
    [
        ("vérifier mon droit à l'asf", {}, "asf"),
        ("faire le test pour les passeports loisirs", {"sujet": "asf"}, "passeports_loisirs"),
        ("vérifier mon droit au bafa", {}, "bafa"),
        ("vérifier si j'y ai droit", {"sujet": "bafa"}, "bafa"),
        ("on reprend les questions", {"questionnaire": "asf", "sujet": "bafa"}, "asf"),
        ("on reprend les questions", {"sujet": "bafa"}, "bafa"),
    ],
)
async def test_the_questions_wanted_are_those_named_or_under_discussion(
    resources: Resources, words: str, slots: dict[str, Any], rule: str
) -> None:
    _, events = await run(ActionCommencer(resources), tracker(user(words, "verifier_droit"), slots))
    assert slots_of(events)["questionnaire"] == rule


async def test_a_button_names_its_rule(resources: Resources) -> None:
    latest = user('/verifier_droit{"regle": "mediation"}', "verifier_droit", regle="mediation")
    _, events = await run(ActionCommencer(resources), tracker(latest, {"sujet": "asf"}))
    assert slots_of(events)["questionnaire"] == "mediation"


async def test_without_a_name_every_right_is_offered(resources: Resources) -> None:
    latest = user("je veux vérifier un droit", "verifier_droit")
    said, events = await run(ActionCommencer(resources), tracker(latest))
    assert said.messages == []
    assert slots_of(events)["questionnaire"] is None
    said, _ = await run(ActionDemander(resources), tracker(latest))
    assert said.messages[0]["response"] == "utter_quel_droit"
    assert len(said.messages[0]["buttons"]) == len(resources.rules)


async def test_yes_starts_the_questions_of_the_subject(resources: Resources) -> None:
    on = tracker(user("oui", "affirmer"), {"sujet": "separation", "questionnaire": "asf"})
    _, events = await run(ActionOui(resources), on)
    assert slots_of(events)["questionnaire"] == "separation"
    assert followups(events) == ["questionnaire_form"]


@pytest.mark.parametrize("subject", ["mot_de_passe", None])
async def test_yes_to_nothing_is_answered(resources: Resources, subject: str | None) -> None:
    on = tracker(user("oui", "affirmer"), {"sujet": subject, "questionnaire": "asf"})
    said, events = await run(ActionOui(resources), on)
    assert events == []
    assert said.messages[0]["response"] == "utter_d_accord"


async def test_what_is_known_already_is_said_before_the_questions(resources: Resources) -> None:
    slots = {"reponses": {"ages_enfants": "4,9", "vit_seul": "inconnu"}}
    latest = user("vérifier mon droit à l'asf", "verifier_droit")
    said, _ = await run(ActionCommencer(resources), tracker(latest, slots))
    text = " ".join(message["text"] or "" for message in said.messages)
    assert "4 ans et 9 ans" in text
    assert "Je vis seul(e) :" not in text


async def test_a_question_comes_with_its_choices(resources: Resources) -> None:
    slots = {"questionnaire": "asf", "fait_demande": "vit_seul"}
    said, _ = await run(ActionDemander(resources), tracker(user("oui"), slots))
    [message] = said.messages
    assert [b["title"] for b in message["buttons"]] == ["Oui", "Non", "Je ne sais pas"]
    assert message["buttons"][0]["payload"] == '/repondre{"reponse": "oui"}'


async def test_danger_in_an_answer_is_said_before_the_plan(resources: Resources) -> None:
    answers = {
        "violences": "oui",
        "separation_declaree": "pas_faite",
        "ages_enfants": "",
        "difficulte_logement": "non",
    }
    slots = {"questionnaire": "separation", "reponses": answers}
    said, _ = await run(ActionDecider(resources), tracker(user("non", "refuser"), slots))
    [message] = said.messages
    card = message["custom"]
    assert card["kind"] == "danger"
    assert [contact["value"] for contact in card["contacts"][:2]] == ["17", "3919"]
    assert message["text"].split("\n")[0].find("17") >= 0
    assert "3919" in message["text"].split("\n")[0]


async def test_an_error_becomes_a_kind_sentence_and_quotes_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(SafeAction):
        def name(self) -> str:
            return "action_cassee"

        async def answer(self, dispatcher: Any, tracker: Tracker, domain: Any) -> Any:
            raise ValueError(tracker.latest_message["text"])

    said, events = await run(Broken(), tracker(user("mon secret")))
    assert events == []
    assert said.messages[0]["response"] == "utter_erreur_technique"
    assert "ValueError" in caplog.text
    assert "mon secret" not in caplog.text
