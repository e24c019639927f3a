"""Whether the mediator of the Caf can take up a request.

Expected values: webinar of the Caf de la Haute-Marne, 4 May 2026, « La médiation administrative »
and « Pourquoi et comment saisir le médiateur ? » (after a first step with the service and the end
of every direct solution; a court case ends it); webinar of the Caf de Loire-Atlantique, 28 March
2024, « Qui peut saisir le médiateur ? » and « Ce qui ne relève pas de la médiation »."""

import datetime as dt
import itertools
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.decision import Decision, Status, Verdict
from actions.eligibility.mediation import RULE, Demandeur, Demarche, Motif, Situation, decide
from actions.knowledge.errors import UnknownAtDate
from tests.actions.eligibility.known import PARAMETERS, chosen

ROOT = Path(__file__).parents[3]
NOVEMBRE_2026 = dt.date(2026, 11, 21)

# An allocataire of the Haute-Marne whose complaint about a decision was rejected.
AICHA = Situation(
    mediation_motif=Motif.DECISION,
    mediation_demarche=Demarche.SANS_RESULTAT,
    mediation_tribunal=False,
    mediation_demandeur=Demandeur.SOI_MEME,
    departement="52",
)


def estimate(date: dt.date = NOVEMBRE_2026, **changes: Any) -> Decision:
    return decide(replace(AICHA, **changes), date, PARAMETERS)


def notes(decision: Decision) -> list[str]:
    return [note.id for note in decision.notes]


@pytest.mark.parametrize(
    ("personne", "changes", "verdict", "note", "etape"),
    [
        (
            "Aïcha, réclamation rejetée, Haute-Marne",
            {},
            "oui",
            "delai_haute_marne",
            "ecrire_haute_marne",
        ),
        (
            "Bruno, paiement absent malgré deux relances, Loire-Atlantique",
            {"mediation_motif": Motif.BLOCAGE, "departement": "44"},
            "oui",
            "delai_national",
            "ecrire_loire_atlantique",
        ),
        (
            "Chloé, mécontente de l'accueil, Vosges",
            {"mediation_motif": Motif.SERVICE, "departement": "88"},
            "oui",
            "delai_national",
            "ecrire",
        ),
        (
            "Driss, tuteur de son oncle",
            {"mediation_demandeur": Demandeur.REPRESENTANT},
            "oui",
            "neutralite",
            "saisir_en_ligne",
        ),
        (
            "Le maire d'Élise",
            {"mediation_demandeur": Demandeur.INSTITUTION},
            "oui",
            "neutralite",
            "expliquer",
        ),
        (
            "L'assistante sociale de Fatou",
            {"mediation_demandeur": Demandeur.TRAVAILLEUR_SOCIAL},
            "oui",
            "effets_inconnus",
            "suivre",
        ),
        (
            "La voisine de Gaëlle : absente de la liste",
            {"mediation_demandeur": Demandeur.AUTRE},
            "a_preciser",
            "autre_demandeur",
            "faire_relayer",
        ),
        (
            "Hugo, qui n'a pas encore contacté la Caf",
            {"mediation_demarche": Demarche.AUCUNE},
            "non",
            None,
            "contacter_service",
        ),
        (
            "Inès, courriel envoyé hier",
            {"mediation_demarche": Demarche.EN_ATTENTE},
            "non",
            None,
            "attendre_reponse",
        ),
        (
            "Jean, qui a saisi le tribunal",
            {"mediation_tribunal": True},
            "non",
            "tribunal",
            "parler_caf",
        ),
        (
            "Karima, en conflit avec son ex pour la garde",
            {"mediation_motif": Motif.PARTICULIERS},
            "non",
            "particuliers",
            "mediation_familiale",
        ),
        (
            "Léo, pressé, dans le délai habituel",
            {"mediation_motif": Motif.DELAI, "mediation_delai_depasse": False},
            "non",
            "delai",
            "suivre_dossier",
        ),
        (
            "Mona, qui attend bien plus que le délai habituel",
            {"mediation_motif": Motif.DELAI, "mediation_delai_depasse": True},
            "oui",
            "delai_national",
            "saisir_en_ligne",
        ),
        (
            "Nadia, une question sur ses droits",
            {"mediation_motif": Motif.INFORMATION},
            "non",
            "information",
            "contacter_service",
        ),
        (
            "Omar, contre une loi",
            {"mediation_motif": Motif.POLITIQUE},
            "non",
            "politique",
            "parler_caf",
        ),
    ],
)
def test_personnes(
    personne: str, changes: dict[str, Any], verdict: str, note: str | None, etape: str
) -> None:
    decision = estimate(**changes)
    assert decision.verdict == verdict, personne
    assert etape in decision.steps
    assert note is None or note in notes(decision)
    assert decision.amount is None


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "mediation_motif": ({"mediation_motif": Motif.INFORMATION}, "objet"),
    "mediation_demarche": ({"mediation_demarche": Demarche.AUCUNE}, "demarche"),
    "mediation_tribunal": ({"mediation_tribunal": True}, "sans_tribunal"),
}
UNKNOWNS = [*REFUSALS, "mediation_demandeur"]


@pytest.mark.parametrize("fact", UNKNOWNS)
def test_an_unknown_fact_is_asked_for_and_never_guessed(fact: str) -> None:
    decision = estimate(**{fact: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == (fact,)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS, 2)))
def test_two_unknown_facts_are_both_asked_for(first: str, second: str) -> None:
    decision = estimate(**{first: None, second: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert set(decision.missing) == {first, second}


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(REFUSALS, 2)))
def test_two_refusals_are_both_told(first: str, second: str) -> None:
    (one, one_condition), (other, other_condition) = REFUSALS[first], REFUSALS[second]
    decision = estimate(**one, **other)
    refused = {c.id for c in decision.conditions if c.status is Status.NOT_SATISFIED}
    assert decision.verdict is Verdict.NON
    assert refused == {one_condition, other_condition}


@pytest.mark.parametrize(
    ("refused", "unknown"), [(r, u) for r in REFUSALS for u in UNKNOWNS if r != u]
)
def test_a_refusal_decides_even_when_something_is_unknown(refused: str, unknown: str) -> None:
    decision = estimate(**{unknown: None}, **REFUSALS[refused][0])
    assert decision.verdict is Verdict.NON
    assert decision.missing == ()


def test_the_usual_delay_is_asked_about_only_to_go_faster() -> None:
    assert estimate(mediation_motif=Motif.DELAI).missing == ("mediation_delai_depasse",)
    assert estimate(mediation_delai_depasse=False).verdict is Verdict.OUI


def test_the_department_only_makes_the_answer_more_precise() -> None:
    decision = estimate(departement=None)
    assert decision.verdict is Verdict.OUI
    assert decision.missing == ("departement",)
    assert "delai_haute_marne" not in notes(decision)


@pytest.mark.parametrize(
    "changes", [{"mediation_demarche": d} for d in Demarche if d != "sans_resultat"]
)
def test_someone_too_early_is_told_to_come_back(changes: dict[str, Any]) -> None:
    assert estimate(**changes).steps[-1] == "revenir"


def test_a_request_for_another_service_is_said_to_be_passed_on() -> None:
    """Loire-Atlantique, 2024, « Comment ? »: what is not for the mediator is sent on."""
    assert "transmise" in notes(estimate(mediation_motif=Motif.POLITIQUE))
    assert "transmise" not in notes(estimate(mediation_demarche=Demarche.AUCUNE))


@pytest.mark.parametrize("date", [dt.date(2019, 1, 1), dt.date(2026, 5, 3)])
def test_before_every_known_version(date: dt.date) -> None:
    with pytest.raises(UnknownAtDate):
        estimate(date)


def test_known_from_the_day_of_the_document() -> None:
    assert estimate(dt.date(2026, 5, 4)).verdict is Verdict.OUI


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [
        ("mediation_motif", "je conteste un trop perçu", "decision"),
        ("mediation_motif", "je comprends pas pourquoi ma prime a baissé", "decision"),
        ("mediation_motif", "je suis en conflit avec la caf", "decision"),
        ("mediation_motif", "un conflit avec mon ex", "particuliers"),
        ("mediation_motif", "mes apl sont bloquées depuis avril", "blocage"),
        ("mediation_motif", "rien reçu depuis 3 mois", "blocage"),
        ("mediation_motif", "on m'a mal parlé à l'accueil", "service"),
        ("mediation_motif", "accélérer mon dossier", "delai"),
        ("mediation_motif", "une simple explication", "information"),
        ("mediation_demarche", "non", "aucune"),
        ("mediation_demarche", "j'ai pas encore contacté la caf", "aucune"),
        ("mediation_demarche", "j'ai écrit hier", "en_attente"),
        ("mediation_demarche", "j'attends depuis 6 mois", "sans_resultat"),
        ("mediation_demarche", "oui mais rien n'a changé", "sans_resultat"),
        ("mediation_demarche", "réclamation rejetée", "sans_resultat"),
        ("mediation_demandeur", "c'est moi", "soi_meme"),
        ("mediation_demandeur", "je suis son tuteur", "representant"),
        ("mediation_demandeur", "l'assistante sociale", "travailleur_social"),
        ("mediation_demandeur", "le défenseur des droits", "institution"),
        ("mediation_demandeur", "pour ma mère", "autre"),
    ],
)
def test_what_people_say(fact: str, text: str, value: str) -> None:
    assert chosen(RULE, fact, text) == value


BOOLEANS = st.none() | st.booleans()
DATES = st.dates(dt.date(2026, 5, 4), dt.date(2100, 12, 31))
SITUATIONS = st.builds(
    Situation,
    mediation_motif=st.none() | st.sampled_from(Motif),
    mediation_delai_depasse=BOOLEANS,
    mediation_demarche=st.none() | st.sampled_from(Demarche),
    mediation_tribunal=BOOLEANS,
    mediation_demandeur=st.none() | st.sampled_from(Demandeur),
    departement=st.none() | st.sampled_from(["52", "44", "75", "2A", "974"]),
)


@given(SITUATIONS, DATES)
def test_any_situation_gets_a_decision(situation: Situation, date: dt.date) -> None:
    decision = decide(situation, date, PARAMETERS)
    assert set(decision.missing) <= {field.name for field in fields(Situation)}
    assert all(getattr(situation, fact) is None for fact in decision.missing)
    assert not (decision.verdict is Verdict.NON and decision.missing)
    assert decision.amount is None
    assert decision.steps, "there is always something to do next"


@given(SITUATIONS, DATES)
def test_having_asked_the_service_in_vain_never_closes_the_mediation(
    situation: Situation, date: dt.date
) -> None:
    later = replace(situation, mediation_demarche=Demarche.SANS_RESULTAT)
    before, after = (decide(one, date, PARAMETERS).verdict for one in (situation, later))
    assert before is Verdict.NON or after is not Verdict.NON


@given(SITUATIONS, DATES)
def test_a_court_case_always_ends_it(situation: Situation, date: dt.date) -> None:
    decision = decide(replace(situation, mediation_tribunal=True), date, PARAMETERS)
    assert decision.verdict is Verdict.NON
    assert "tribunal" in notes(decision)
