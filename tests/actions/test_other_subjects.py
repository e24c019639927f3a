"""Follow-ups, easy words, the person's Caf, places, events, own file, other doors."""

import datetime as dt

import pytest

from actions.action_hors_sujet import ActionHorsSujet
from actions.action_mon_territoire import ActionMonTerritoire
from actions.action_plus_simple import ActionPlusSimple
from actions.action_question_suivante import ActionQuestionSuivante
from actions.action_repondre import ActionRepondre
from actions.own_file import asks_own_file
from actions.resources import Resources
from tests.actions.conversation import run, tracker, user


def slots(events: list[dict[str, object]]) -> dict[str, object]:
    return {str(e["name"]): e["value"] for e in events if e["event"] == "slot"}


async def test_a_follow_up_is_answered_from_the_subject_under_discussion(
    resources: Resources,
) -> None:
    on = tracker(user("et par chèque ?", "question_suivante"), {"sujet": "rembourser_dette"})
    said, _ = await run(ActionQuestionSuivante(resources), on)
    card = said.messages[0]["custom"]
    assert card["id"] == "rembourser_dette"
    assert "exceptionnel" in " ".join(card["answers"][0]["sentences"])


async def test_a_follow_up_without_subject_asks_which(resources: Resources) -> None:
    said, _ = await run(ActionQuestionSuivante(resources), tracker(user("et combien ?")))
    assert said.messages[0]["response"] == "utter_de_quel_sujet"


async def test_easy_words_are_said_and_stay(resources: Resources) -> None:
    on = tracker(user("plus simple", "plus_simple"), {"sujet": "asf"})
    said, events = await run(ActionPlusSimple(resources), on)
    assert slots(events)["facile"] is True
    card = said.messages[1]["custom"]
    assert card["easy"] is True
    assert card["falc"][0] in said.messages[1]["text"]
    later = tracker(user("?", "mot_de_passe"), {"facile": True})
    said, _ = await run(ActionRepondre(resources), later)
    assert said.messages[0]["custom"]["easy"] is True


async def test_the_caf_said_is_kept_and_the_subject_said_for_it(resources: Resources) -> None:
    on = tracker(user("52000", "mon_territoire"), {"sujet": "separation"})
    said, events = await run(ActionMonTerritoire(resources), on)
    assert slots(events)["caf"] == "52"
    assert said.messages[1]["custom"]["territoire"] == "52"


async def test_an_unknown_place_is_asked_again(resources: Resources) -> None:
    said, _ = await run(ActionMonTerritoire(resources), tracker(user("chez moi")))
    assert said.messages[0]["response"] == "utter_ou_habitez_vous"


async def test_a_place_is_found_by_commune(resources: Resources) -> None:
    on = tracker(user("crèche avip Joinville", "creche_avip"))
    said, _ = await run(ActionRepondre(resources), on)
    labels = [place["label"] for place in said.messages[0]["custom"]["places"]]
    assert labels
    assert all(label.startswith("Joinville") for label in labels)


async def test_the_nearest_place_is_offered(resources: Resources) -> None:
    on = tracker(user("crèche avip à Wassy", "creche_avip"))
    said, _ = await run(ActionRepondre(resources), on)
    card = said.messages[0]["custom"]
    assert "je n'en connais pas à Wassy" in card["places_title"]
    assert card["places"][0]["label"].startswith(("Saint-Dizier", "Joinville"))


async def test_what_is_past_is_said_to_be_past(resources: Resources) -> None:
    said, _ = await run(ActionRepondre(resources), tracker(user("?", "agenda_evenements")))
    events = said.messages[0]["custom"]["events"]
    assert events
    assert all(line.startswith("Passé") for line in events)


async def test_what_is_coming_is_said_to_be_coming(resources: Resources) -> None:
    on_that_day = resources.settings.model_copy(update={"date": dt.date(2026, 5, 4)})
    before = Resources(**{**vars(resources), "settings": on_that_day})
    said, _ = await run(ActionRepondre(before), tracker(user("?", "rsa_ateliers")))
    events = said.messages[0]["custom"]["events"]
    assert events[0].startswith("À venir")
    assert "5 mai 2026 à 14 h" in events[0]


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("pourquoi on m'a retiré 150 €", True),
        ("où en est mon dossier", True),
        ("j'ai toujours pas reçu mon virement", True),
        ("comment payer par chèque", False),
        ("quel est le montant de l'asf", False),
    ],
)
def test_a_question_about_the_own_file_is_recognised(text: str, own: bool) -> None:
    assert asks_own_file(text) is own


async def test_it_says_that_it_does_not_see_the_file(resources: Resources) -> None:
    on = tracker(user("pourquoi on m'a retiré 150 €", "rembourser_dette"))
    said, _ = await run(ActionRepondre(resources), on)
    assert "Je ne vois pas votre dossier" in said.messages[0]["text"]


@pytest.mark.parametrize(
    ("text", "organisation"),
    [
        ("je n'ai pas reçu mon avis d'imposition", "impots.gouv.fr"),
        ("renouveler ma carte vitale", "ameli.fr"),
        ("calculer mon allocation chômage", "France Travail"),
        ("j'ai perdu ma carte grise", "ants.gouv.fr"),
        ("à quel âge la retraite", "Assurance retraite"),
    ],
)
async def test_the_right_door_is_named(resources: Resources, text: str, organisation: str) -> None:
    said, _ = await run(ActionHorsSujet(resources), tracker(user(text)))
    [message] = said.messages
    assert message["response"] == "utter_autre_porte"
    assert organisation in message["organisme"]


async def test_an_unknown_door_is_not_invented(resources: Resources) -> None:
    said, _ = await run(ActionHorsSujet(resources), tracker(user("quel temps fait-il")))
    assert said.messages[0]["response"] == "utter_hors_sujet"


async def test_a_second_question_is_one_click_away(resources: Resources) -> None:
    latest = {**user("mot de passe oublié ? et l'asf ?", "mot_de_passe"), "autre_sujet": "asf"}
    said, _ = await run(ActionRepondre(resources), tracker(latest))
    assert "/asf" in [button["payload"] for button in said.messages[0]["buttons"]]
