"""The promises on what is said, checked on every sentence that the bot can say.

docs/promesses.md lists all the promises and their tests.
"""

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from actions.cards import Cards, card_text
from actions.eligibility.estimates import estimate
from actions.eligibility.rules import RULES
from actions.knowledge.loader import Knowledge, check
from actions.knowledge.repository import Found
from actions.sentences import read_sentences

ROOT = Path(__file__).parents[2]
TODAY = dt.date(2026, 11, 21)
PROCEDURES = sorted(path.stem for path in (ROOT / "data" / "procedures").glob("*.yml"))
DANGERS = {
    "violences_conjugales": {"police_17", "violences_3919"},
    "idees_suicidaires": {"suicide_3114"},
    "enfant_en_danger": {"enfance_119"},
}
# Read to understand a person, never said to one.
NOT_SAID = {"mots", "oui", "non", "reperes", "noms", "document", "id", "payload", "intention"}


@cache
def knowledge() -> Knowledge:
    return check()


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def strings(value: Any) -> Iterator[str]:
    """Every text of a YAML value that may be said."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in NOT_SAID:
                yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def answers() -> Iterator[tuple[str, str]]:
    """Each thing said at once, with its place: a response, an answer, a question."""
    domain = load(ROOT / "domain.yml")["responses"]
    for name, variants in domain.items():
        for variant in variants:
            yield name, "\n".join(strings(variant))
    for path in sorted((ROOT / "data" / "procedures").glob("*.yml")):
        content = load(path)
        for part in [*content["versions"], *content.get("precisions", [])]:
            yield path.stem, "\n".join(strings(part))
    for path in sorted((ROOT / "data" / "eligibility").glob("*.yml")):
        for key, part in load(path).items():
            yield f"{path.stem}.{key}", "\n".join(strings(part))
    for name in ("data/questions.yml", "data/portes.yml", "web/sentences.yml"):
        for key, part in load(ROOT / name).items():
            yield f"{name}.{key}", "\n".join(strings(part))


ANSWERS = list(answers())
SENTENCES = [
    (place, sentence)
    for place, text in ANSWERS
    for line in text.splitlines()
    for sentence in re.split(r"(?<=[.?!;:])\s+", line)
]


def questions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every question of the questionnaires."""
    for name, question in load(ROOT / "data" / "questions.yml").items():
        yield name, question
    for path in sorted((ROOT / "data" / "eligibility").glob("*.yml")):
        for name, question in (load(path).get("questions") or {}).items():
            if question:
                yield f"{path.stem}.{name}", question


def test_the_scan_reads_what_is_said() -> None:
    assert len(SENTENCES) > 5000
    assert any("Seule la Caf décide" in sentence for _, sentence in SENTENCES)
    assert len(dict(questions())) > 40


# ---- an answer shows its source and its date


@pytest.mark.parametrize("name", PROCEDURES)
def test_every_answer_shows_its_source_and_its_date(name: str) -> None:
    known, labels = knowledge(), read_sentences().carte
    cards = Cards.of(known)
    procedure = known.procedures[name]
    for version in procedure.versions:
        found = Found(name, procedure.titre, procedure.urgence, version)
        day = max(version.en_vigueur.du, min(TODAY, version.en_vigueur.au or TODAY))
        last = card_text(cards.procedure(found, day), labels).strip().splitlines()[-1]
        assert re.match(r"Source : .+\d{4}", last)
        assert re.search(r"Vérifié le \d{1,2}(er)? \w+ \d{4}", last)


def test_every_precise_answer_has_a_source() -> None:
    for name, procedure in knowledge().procedures.items():
        for precision in procedure.precisions:
            assert precision.source.document in knowledge().sources, (name, precision.id)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_an_eligibility_result_is_called_an_estimation(rule: str) -> None:
    sentences = read_sentences()
    known = knowledge()
    card = estimate(rule, {}, TODAY, known.rules, Cards.of(known), sentences).card
    said = card_text(card, sentences.carte)
    # « D'après vos réponses » where no right is estimated: the ways to pay back.
    assert "Estimation :" in said or "D'après vos réponses" in said
    assert re.search(r"\b(Caf|Aripa|médiateur)\b", said)
    assert "Source : " in said and "Vérifié le " in said
    assert not re.search(r"\bvous (?:avez droit à|toucherez) \d", said)


# ---- danger first


@pytest.mark.parametrize("name", sorted(DANGERS))
def test_danger_gets_its_numbers_before_anything_else(name: str) -> None:
    for version in knowledge().procedures[name].versions:
        first = version.contacts[: len(DANGERS[name]) + 1]
        assert DANGERS[name] <= set(first), (name, version.en_vigueur.du)


def test_the_numbers_of_danger_can_be_called_in_one_touch() -> None:
    numbers = {"police_17": "17", "violences_3919": "3919"}
    for name, number in numbers.items():
        assert knowledge().contacts[name].valeur.replace(" ", "") == number


# ---- always a way to a person

TO_A_PERSON = "parler_humain"
PERSON = re.compile(r"\b3230\b|\b32 30\b|\b(?:17|119|3114|3919)\b|parler à une personne", re.I)
# Said with something else, which gives the way: the choices of action_incompris (their last is
# « Parler à une personne », see tests/actions), a card, or the next question of a questionnaire,
# which can be left at any time. Or said to someone who takes leave.
SAID_WITH_A_WAY = {
    "utter_vouliez_vous_dire",
    "utter_peut_etre_hors_sujet",
    "utter_peut_etre_ceci",
    "utter_reformulez",
    "utter_vers_une_personne",
    "utter_plus_simple",
    "utter_territoire_note",
    "utter_quelle_caf",
    "utter_ou_habitez_vous",
    "utter_comment_repondre",
    "utter_quel_droit",
    "utter_on_recommence",
    "utter_que_corriger",
    "utter_rien_a_corriger",
    "utter_remerciement",
    "utter_au_revoir",
}


def test_every_response_gives_a_way_to_a_person_or_is_said_with_one() -> None:
    without = set()
    for name, variants in load(ROOT / "domain.yml")["responses"].items():
        for variant in variants:
            leads = f"/{TO_A_PERSON}" in [b["payload"] for b in variant.get("buttons", [])]
            if not leads and not PERSON.search(variant["text"]):
                without.add(name)
    assert without <= SAID_WITH_A_WAY


@pytest.mark.parametrize("name", PROCEDURES)
def test_every_card_gives_a_way_to_a_person(name: str) -> None:
    for version in knowledge().procedures[name].versions:
        contacts = [knowledge().contacts[contact] for contact in version.contacts]
        reached = any(_is_a_person(contact.valeur) for contact in contacts)
        offered = any(button.intention == TO_A_PERSON for button in version.boutons)
        assert reached or offered, (version.en_vigueur.du, version.territoire)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_estimation_gives_a_way_to_a_person(rule: str) -> None:
    contacts = knowledge().rules[rule].contacts
    assert any(_is_a_person(knowledge().contacts[name].valeur) for name in contacts)


def test_every_failure_of_the_gateway_gives_a_way_to_a_person() -> None:
    said = load(ROOT / "web" / "sentences.yml")
    for sentence in (
        said["rasa_unavailable"],
        said["errors"]["internal_error"],
        said["errors"]["unavailable"],
    ):
        assert "3230" in sentence


def _is_a_person(value: str) -> bool:
    """A number to call, an address to write to, or an appointment."""
    return bool(re.search(r"^[\d ]{2,}$|@|rendez-vous|accueil", value, re.IGNORECASE))


# ---- never a password, a NIR or a whole file number; never the file

SECRET = re.compile(
    r"mots? de passe|numéros? de sécurité sociale|\bnir\b|code (?:secret|confidentiel)|"
    r"numéros? (?:d'allocataire|allocataire|de dossier)|numéro de carte|\biban\b|\brib\b",
    re.IGNORECASE,
)
GIVE = re.compile(
    r"\b(?:tapez|écrivez|entrez|indiquez|donnez|saisissez|envoyez|communiquez|transmettez|"
    r"rappelez|dites)\b",
    re.IGNORECASE,
)
REFUSAL = re.compile(r"\b(?:jamais|ne|n'|ni|pas|non)\b|\bn'", re.IGNORECASE)
ELSEWHERE = re.compile(
    r"caf\.fr|\bpages?\b|\bsite\b|application|mon compte|espace|connexion|pas ici|virement",
    re.IGNORECASE,
)
TO_ME = re.compile(
    r"(?:donnez|dites|envoyez|écrivez|indiquez|communiquez|transmettez|confiez)-moi", re.IGNORECASE
)
MY_QUESTION = re.compile(
    r"\b(?:quel(?:le)?s? (?:est|sont)|avez-vous|pouvez-vous|donnez)\b.*\b(?:votre|vos|un|le)\b",
    re.IGNORECASE,
)


def test_no_question_asks_for_a_secret() -> None:
    for name, question in questions():
        asked = f"{question.get('texte', '')} {question.get('champ', '')}"
        assert not SECRET.search(asked), name
        for sentence in re.split(r"(?<=[.?!])\s+", question.get("pourquoi", "")):
            assert not SECRET.search(sentence) or REFUSAL.search(sentence), (name, sentence)


def test_the_bot_asks_no_one_for_a_secret_in_its_own_name() -> None:
    asked = [
        (place, sentence)
        for place, sentence in SENTENCES
        if SECRET.search(sentence)
        and (TO_ME.search(sentence) or (sentence.endswith("?") and MY_QUESTION.search(sentence)))
        and not REFUSAL.search(sentence)
    ]
    assert asked == []


def test_a_secret_to_type_elsewhere_always_comes_with_the_place() -> None:
    vague = [
        (place, sentence)
        for place, text in ANSWERS
        for line in text.splitlines()
        for sentence in re.split(r"(?<=[.?!])\s+", line)
        if SECRET.search(sentence)
        and GIVE.search(sentence)
        and not REFUSAL.search(sentence)
        and not ELSEWHERE.search(text)
    ]
    assert vague == []


def test_every_response_that_names_a_secret_refuses_it() -> None:
    responses = load(ROOT / "domain.yml")["responses"]
    named = [
        sentence
        for variants in responses.values()
        for variant in variants
        for sentence in re.split(r"(?<=[.?!])\s+", variant["text"])
        if SECRET.search(sentence)
    ]
    assert named
    assert all(REFUSAL.search(sentence) for sentence in named)


def test_the_greeting_says_what_not_to_write() -> None:
    [greeting] = load(ROOT / "domain.yml")["responses"]["utter_salutation"]
    assert (
        "N'écrivez ici ni nom, ni numéro de Sécurité sociale, ni mot de passe."
        in (greeting["text"])
    )
    assert "je ne vois pas votre dossier" in greeting["text"]


PRETENDING = re.compile(
    r"\bje (?:vois|consulte|vérifie|regarde|trouve|lis) (?:dans |que |sur )?(?:votre|vos)\b|"
    r"\bj'ai (?:vu|consulté|vérifié|regardé|transmis|enregistré)\b|"
    r"\b(?:d'après|selon|dans) votre dossier, (?:vous|je)\b|"
    r"\bvotre dossier (?:est (?:complet|incomplet|à jour|traité|bloqué)|a été (?:traité|reçu))\b|"
    r"\bnous avons (?:bien )?reçu votre\b",
    re.IGNORECASE,
)


def test_the_bot_never_pretends_to_see_a_file() -> None:
    assert [(place, s) for place, s in SENTENCES if PRETENDING.search(s)] == []


@pytest.mark.parametrize(
    "pretence",
    [
        "Je vois votre dossier.",
        "J'ai vérifié : tout va bien.",
        "Votre dossier est complet.",
        "D'après votre dossier, vous avez droit au RSA.",
        "Nous avons bien reçu votre demande.",
    ],
)
def test_a_pretence_would_be_found(pretence: str) -> None:
    assert PRETENDING.search(pretence)


@pytest.mark.parametrize(
    "demand", ["Donnez-moi votre mot de passe.", "Quel est votre numéro d'allocataire ?"]
)
def test_a_demand_would_be_found(demand: str) -> None:
    assert SECRET.search(demand) and not REFUSAL.search(demand)
    assert TO_ME.search(demand) or MY_QUESTION.search(demand)
