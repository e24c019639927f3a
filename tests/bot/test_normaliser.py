import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.normaliser import NORMALISED, Normaliser, normalise


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("J’ai oublié mon mot de passe", "j'ai oublie mon mot de passe"),
        ("jai oublié mon mdp", "j'ai oublie mon mot de passe"),
        ("j ai oublie mon MDP", "j'ai oublie mon mot de passe"),
        ("Bonjour, comment rembourser ma dette ?", "comment rembourser ma dette ?"),
        ("bjr madame comment prendre rdv", "comment prendre rendez vous"),
        ("Comment payer la Caf ? Merci d'avance, cordialement", "comment payer la caf ?"),
        ("pk ils m ont retiré 150", "pourquoi ils m'ont retire 0"),
        ("je dois 1 442,40 € à la kaf", "je dois 0 € a la caf"),
        ("c'est troooop long", "c'est troop long"),
        ("ma sœur se sépare", "ma soeur se separe"),
    ],
)
def test_many_ways_of_typing_come_to_one(typed: str, expected: str) -> None:
    assert normalise(typed) == expected


@pytest.mark.parametrize("greeting", ["bonjour", "Bonjour Madame", "merci beaucoup", "salut"])
def test_a_message_that_only_greets_or_thanks_is_kept(greeting: str) -> None:
    assert normalise(greeting) == greeting.lower()


@pytest.mark.parametrize("text", ["", "😀😀", "???", "   "])
def test_a_text_without_words_does_not_fail(text: str) -> None:
    assert not any(char.isalpha() for char in normalise(text))


def test_normalising_twice_changes_nothing() -> None:
    once = normalise("Bonjour, jai un pb avec mon mdp svp, c urgent")
    assert normalise(once) == once


def test_component_keeps_the_persons_own_text() -> None:
    message = Message.build(text="Mon MDP svp")
    Normaliser().process([message])
    assert message.get("text") == "Mon MDP svp"
    assert message.get(NORMALISED) == "mon mot de passe s'il vous plait"
