"""Whole conversations over HTTP with the three processes."""

import pytest

from tests.end_to_end.conftest import System
from tests.end_to_end.person import Person, card, labels, text


@pytest.fixture
def person(system: System) -> Person:
    someone = Person(system.web)
    someone.open()
    return someone


def test_the_greeting_says_what_the_bot_is_and_offers_subjects(system: System) -> None:
    greeting = Person(system.web).open()
    assert "Allobot" in text(greeting)
    assert "je ne suis pas la caf" in text(greeting).lower()
    assert "Mon mot de passe" in labels(greeting)


@pytest.mark.parametrize(
    ("question", "subject", "fact"),
    [
        ("slt jai pu mon mdp caf c koi faut faire", "mot_de_passe", "10 caractères"),
        ("ils me reclament 340 euros je peux payer par carte ?", "rembourser_dette", "PayZen"),
        ("je me sépare de mon mari, on a 2 enfants, je fais quoi", "separation", "32 38"),
        ("comment avoir un rdv par telephone svp", "rdv_telephonique", "+33 32 30"),
    ],
)
def test_an_everyday_question_gets_a_dated_and_sourced_answer(
    person: Person, question: str, subject: str, fact: str
) -> None:
    answer = person.say(question)
    shown = card(answer)
    assert shown["id"] == subject
    assert fact in text(answer)
    assert shown["sources"]
    assert shown["verifie_le"] == "2026-11-21"


def test_a_button_answers_like_words(person: Person) -> None:
    answer = person.say("je me sépare de mon mari, on a 2 enfants, je fais quoi")
    assert card(person.press(answer, "L'ASF, l'aide pour qui élève seul un enfant"))["id"] == "asf"


def test_the_asf_from_the_first_question_to_a_correction(person: Person) -> None:
    asked = person.say("vérifier mon droit à l'asf")
    asked = person.press(asked, "Son père ou sa mère")
    asked = person.say("oui toute seule")
    assert "âge" in text(asked)
    away = person.say("au fait comment je rembourse une dette à la caf ?")
    assert card(away)["id"] == "rembourser_dette"
    assert "âge" in away[-1]["text"], "the question comes back"
    asked = person.say("elle a huit ans et demi")
    asked = person.press(asked, "Oui")
    asked = person.press(asked, "Elle est payée en partie")
    result = person.say("à peu près 80 euros")
    decision = card(result)["decision"]
    assert decision["verdict"] == "oui"
    assert decision["amount"]["max"] == pytest.approx(199.18 - 80)

    which = person.press(result, "Corriger une réponse")
    asked = person.press(which, "L'âge des enfants : 8 ans")
    again = person.say("21 ans")
    decision = card(again)["decision"]
    assert decision["verdict"] == "non"
    refused = [c["id"] for c in decision["conditions"] if c["status"] == "not_satisfied"]
    assert refused == ["age"]


def test_a_correction_in_words_after_the_result(person: Person) -> None:
    asked = person.say("vérifier mon droit à l'asf")
    asked = person.press(asked, "Je l'ai recueilli")
    person.say("10 ans")
    result = person.say("oui")
    assert card(result)["decision"]["amount"]["text"].startswith("265,50 €")
    again = person.say("en fait elle a 21 ans")
    assert card(again)["decision"]["verdict"] == "non"


def test_stopping_and_coming_back(person: Person) -> None:
    person.say("vérifier mon droit à l'asf")
    person.say("je suis son papa")
    stopped = person.say("stop")
    assert "on arrête" in text(stopped)
    resumed = person.press(stopped, "Reprendre les questions")
    assert "seul(e)" in text(resumed), "the first question is not asked again"


def test_starting_over(person: Person) -> None:
    person.say("vérifier mon droit à l'asf")
    person.say("je suis son papa")
    again = person.say("je veux recommencer depuis le début")
    assert "Qui êtes-vous" in text(again)


def test_danger_stops_everything(person: Person) -> None:
    person.say("vérifier mon droit à l'asf")
    answer = person.say("mon mari me frappe j'ai peur")
    shown = card(answer)
    assert shown["kind"] == "danger"
    assert [contact["value"] for contact in shown["contacts"][:2]] == ["17", "3919"]
    assert "Qui êtes-vous" not in text(answer), "no question after that"


@pytest.mark.parametrize(
    ("words", "category", "number"),
    [
        ("il m'a encore frapper hier soir", "violences_conjugales", "17"),
        ("jai peur de rentré chez moi il me menasse", "violences_conjugales", "17"),
        ("je veux en finir avec la vie", "idees_suicidaires", "3114"),
        ("mon beau pere me tape j ai 14 ans", "enfant_en_danger", "119"),
    ],
)
@pytest.mark.parametrize("during", [None, "vérifier mon droit à l'asf", "kqsjdh qsdkjh wxcv"])
def test_words_of_danger_interrupt_whatever_was_said(
    system: System, words: str, category: str, number: str, during: str | None
) -> None:
    person = Person(system.web)
    person.open()
    if during:
        person.say(during)
    answer = person.say(words)
    shown = card(answer)
    assert (shown["id"], shown["kind"]) == (category, "danger")
    assert number in text(answer)[:200], "the number comes first"
    kept = [file.read_bytes() for file in system.var.glob("rasa.sqlite*")]
    assert any(f"[{category}]".encode() in content for content in kept)
    for file in [*system.var.glob("*.sqlite*"), *system.var.glob("*.log")]:
        assert words.encode() not in file.read_bytes(), file


@pytest.mark.parametrize(
    "words",
    [
        "la caf me harcèle de courriers",
        "ça me tue ces démarches, je suis mort de fatigue",
        "je veux en finir avec cette dette",
    ],
)
def test_everyday_anger_is_no_danger(person: Person, words: str) -> None:
    cards = [message.get("card") or {} for message in person.say(words)]
    assert all(found.get("kind") != "danger" for found in cards)


def test_what_is_not_understood_leads_to_a_person(person: Person) -> None:
    first = person.say("kqsjdh qsdkjh wxcv")
    assert 2 <= len(labels(first)) <= 4
    second = person.say("mlkj poiu azer")
    assert "3230" in text(second)
    assert card(second)["id"] == "parler_humain"


@pytest.mark.parametrize("text_", ["/restart", "/mot_de_passe", '/asf{"reponse":"violences"}'])
def test_free_text_is_never_a_payload(person: Person, text_: str) -> None:
    person.say("vérifier mon droit à l'asf")
    person.say(text_)
    _, answer = person.request("GET", "/api/conversation")
    assert any("vérifier mon droit" in m["text"] for m in answer["messages"])


def test_two_people_do_not_meet(system: System) -> None:
    one, other = Person(system.web), Person(system.web)
    one.open()
    other.open()
    one.say("vérifier mon droit à l'asf")
    assert "Qui êtes-vous" not in text(other.say("oui"))


def test_erasing_leaves_nothing(system: System) -> None:
    someone = Person(system.web)
    someone.open()
    someone.say("je me sépare de ma femme Zébulonette")
    databases = [system.var / "rasa.sqlite", system.var / "allobot.sqlite"]
    assert someone.request("DELETE", "/api/conversation")[0] == 204
    assert someone.request("GET", "/api/conversation")[0] == 404
    for path in databases:
        for file in path.parent.glob(f"{path.name}*"):
            assert "Zébulonette".encode() not in file.read_bytes(), file


def test_coming_back_in_the_middle_of_the_questions(person: Person) -> None:
    """The page was closed, or the network lost: the history ends with the question, still alive."""
    person.say("vérifier mon droit à l'asf")
    person.say("je suis son papa")
    _, answer = person.request("GET", "/api/conversation")
    last = answer["messages"][-1]
    assert "Vivez-vous seul" in last["text"]
    assert [button["label"] for button in last["buttons"]] == ["Oui", "Non", "Je ne sais pas"]
    assert "Quel âge" in text(person.press([last], "Oui"))


def test_a_yes_or_a_no_to_nothing_gets_one_answer_and_the_talk_goes_on(person: Person) -> None:
    for words in ("oui", "non", "bleu", "oui", "non"):
        assert 1 <= len(person.say(words)) <= 3
    assert card(person.say("j'ai perdu mon mot de passe caf"))["id"] == "mot_de_passe"


def test_a_no_after_a_decision_does_not_end_the_talk(person: Person) -> None:
    person.say("vérifier mon droit aux passeports loisirs")
    for words in ("52", "non", "oui", "2012 et 2016", "600", "aucune idée"):
        assert "Désolé, je n'arrive pas" not in text(person.say(words))
