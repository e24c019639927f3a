"""The emergency aid for victims of violence in the couple.

Expected values: webinar of the Caf de la Haute-Marne, 6 October 2025, « Aide aux victimes de
violences conjugales » (grant up to 150 % of the Smic net, loan above, on the month before; paid
within 3 working days for an allocataire, 5 for others, once the file is complete) and « Tout
comprendre sur l'aide » (a complaint, a report to the prosecutor or a protection order, less than
12 months old; living in France). Deadlines are counted by hand on a calendar."""

import datetime as dt
import itertools
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.aide_violences_conjugales import RULE, Document, Revenus, Situation, decide
from actions.eligibility.decision import Decision, Status, Verdict
from actions.knowledge.errors import UnknownAtDate
from tests.actions.eligibility.known import PARAMETERS, chosen, notes

ROOT = Path(__file__).parents[3]
SAMEDI = dt.date(2026, 11, 21)
MERCREDI, VENDREDI = dt.date(2026, 11, 25), dt.date(2026, 11, 27)  # 3 and 5 working days later

# A person alone, allocataire, without earnings, who filed a complaint two weeks ago.
AICHA = Situation(
    violences_document_nature=Document.PLAINTE,
    violences_document_date=dt.date(2026, 11, 7),
    violences=True,
    residence_stable=True,
    violences_revenus=Revenus.AUCUN,
    allocataire=True,
)


def estimate(date: dt.date = SAMEDI, **changes: Any) -> Decision:
    return decide(replace(AICHA, **changes), date, PARAMETERS)


def statuses(decision: Decision) -> dict[str, Status]:
    return {condition.id: condition.status for condition in decision.conditions}


@pytest.mark.parametrize(
    ("personne", "changes", "verdict", "dites"),
    [
        (
            "Aïcha, plainte récente, sans revenu d'activité : subvention en 3 jours ouvrés",
            {},
            "oui",
            {"subvention": {}, "delai_allocataire": {"jour": SAMEDI, "limite": MERCREDI}},
        ),
        (
            "Bruno, un homme, ordonnance de protection, petit salaire : subvention",
            {
                "violences_document_nature": Document.ORDONNANCE,
                "violences_revenus": Revenus.SOUS_PLAFOND,
            },
            "oui",
            {"subvention": {}},
        ),
        (
            "Chloé, cadre, signalement au procureur : prêt sans intérêt",
            {
                "violences_document_nature": Document.SIGNALEMENT,
                "violences_revenus": Revenus.AU_DESSUS,
            },
            "oui",
            {"pret": {}},
        ),
        (
            "Djamila, pas allocataire, régime général : 5 jours ouvrés",
            {"allocataire": False, "regime_agricole": False},
            "oui",
            {"delai_non_allocataire": {"jour": SAMEDI, "limite": VENDREDI}},
        ),
        (
            "Élise, salariée agricole : la MSA, dont le délai n'est pas connu",
            {"allocataire": False, "regime_agricole": True},
            "oui",
            {"delai_msa": {}},
        ),
        (
            "Fatou, plainte d'un an moins un jour",
            {"violences_document_date": dt.date(2025, 11, 22)},
            "oui",
            {"document_valable": {"limite": dt.date(2026, 11, 22)}},
        ),
        (
            "Gaëlle, plainte d'un an jour pour jour : 12 mois, pas moins",
            {"violences_document_date": dt.date(2025, 11, 21)},
            "non",
            {"document_ancien": {"jour": dt.date(2025, 11, 21)}},
        ),
        (
            "Hawa, main courante seulement",
            {"violences_document_nature": Document.AUTRE, "violences_document_date": None},
            "non",
            {"autre_document": {}},
        ),
        (
            "Inès, aucun document encore",
            {"violences_document_nature": Document.AUCUN, "violences_document_date": None},
            "non",
            {"sans_document": {}},
        ),
        (
            "Jeanne, partie vivre en Belgique",
            {"residence_stable": False},
            "non",
            {"hors_france": {}},
        ),
        (
            "Karim, frappé par un voisin, plainte non précisée",
            {"violences": False, "violences_document_nature": None},
            "non",
            {"hors_couple": {}},
        ),
        (
            "Léa, qui ne sait pas combien elle a gagné ni si elle est allocataire",
            {"violences_revenus": None, "allocataire": None},
            "oui",
            {
                "forme_inconnue": {},
                "delai_selon_cas": {
                    "jour": SAMEDI,
                    "limite": MERCREDI,
                    "limite_non_allocataire": VENDREDI,
                },
            },
        ),
        (
            "Mona, qui se trompe d'année : rien n'est refusé",
            {"violences_document_date": dt.date(2027, 11, 7)},
            "a_preciser",
            {"document_date_future": {"jour": dt.date(2027, 11, 7)}},
        ),
    ],
)
def test_personnes(
    personne: str, changes: dict[str, Any], verdict: str, dites: dict[str, dict[str, Any]]
) -> None:
    decision = estimate(**changes)
    assert decision.verdict == verdict, personne
    said = notes(decision)
    assert {name: said.get(name) for name in dites} == dites
    assert decision.amount is None


@pytest.mark.parametrize(
    ("raison", "demande", "allocataire", "limite"),
    [
        ("la veille du lundi de Pâques", dt.date(2026, 4, 4), True, dt.date(2026, 4, 9)),
        ("avant le 1er et le 8 mai", dt.date(2026, 4, 30), False, dt.date(2026, 5, 11)),
        ("avant Noël", dt.date(2026, 12, 23), True, dt.date(2026, 12, 29)),
        ("fin d'année", dt.date(2026, 12, 29), False, dt.date(2027, 1, 6)),
    ],
)
def test_the_deadline_skips_weekends_and_public_holidays(
    raison: str, demande: dt.date, allocataire: bool, limite: dt.date
) -> None:
    decision = estimate(demande, allocataire=allocataire, violences_document_date=demande)
    name = "delai_allocataire" if allocataire else "delai_non_allocataire"
    assert notes(decision)[name] == {"jour": demande, "limite": limite}, raison


REFUSALS: dict[str, dict[str, Any]] = {
    "violences": {"violences": False, "violences_document_nature": None},
    "document": {"violences_document_nature": Document.AUCUN},
    "document_recent": {"violences_document_date": dt.date(2024, 1, 1)},
    "residence": {"residence_stable": False},
}
# Facts that matter on their own when all the others are known.
UNKNOWNS = ["violences_document_nature", "violences_document_date", "residence_stable"]


@pytest.mark.parametrize("fact", UNKNOWNS)
def test_an_unknown_fact_is_asked_for_and_never_guessed(fact: str) -> None:
    decision = estimate(**{fact: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == (fact,)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS, 2)))
def test_two_unknown_facts_are_asked_for_as_far_as_they_matter(first: str, second: str) -> None:
    decision = estimate(**{first: None, second: None})
    assert decision.verdict is Verdict.A_PRECISER
    needless = {"violences_document_date"} if first == "violences_document_nature" else set()
    assert set(decision.missing) == {first, second} - needless


@pytest.mark.parametrize(
    ("refused", "unknown"),
    [
        (refused, unknown)
        for refused, unknown in itertools.product(REFUSALS, UNKNOWNS)
        # Without its kind, the date of a document refuses nothing.
        if (refused, unknown) != ("document_recent", "violences_document_nature")
    ],
)
def test_a_refusal_decides_even_when_something_is_unknown(refused: str, unknown: str) -> None:
    decision = estimate(**{unknown: None, **REFUSALS[refused]})
    assert decision.verdict is Verdict.NON
    assert decision.missing == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pair
        for pair in itertools.combinations(REFUSALS, 2)
        # Without an accepted document its age is not looked at, and one that is attests violence.
        if pair not in {("document", "document_recent"), ("violences", "document_recent")}
    ],
)
def test_two_refusals_are_both_told(first: str, second: str) -> None:
    decision = estimate(**{**REFUSALS[first], **REFUSALS[second]})
    refused = {name for name, s in statuses(decision).items() if s is Status.NOT_SATISFIED}
    assert decision.verdict is Verdict.NON
    assert refused == {first, second}
    assert len(decision.notes) == 3


def test_whoever_has_an_accepted_document_is_not_asked_to_say_the_violence() -> None:
    assert estimate(violences=None).missing == ()
    assert "violences" in decide(Situation(), SAMEDI, PARAMETERS).missing


def test_without_a_document_nothing_else_is_asked() -> None:
    for kind in (Document.AUCUN, Document.AUTRE):
        decision = decide(Situation(violences_document_nature=kind), SAMEDI, PARAMETERS)
        assert decision.verdict is Verdict.NON
        assert decision.steps[0] == "obtenir_document"


def test_the_msa_is_asked_about_only_when_it_changes_something() -> None:
    assert "regime_agricole" not in estimate(allocataire=None).missing
    assert estimate(allocataire=False).missing == ("regime_agricole",)
    assert estimate(allocataire=False, regime_agricole=False).missing == ()


@pytest.mark.parametrize(
    ("changes", "demandes"),
    [
        ({}, ["demande_allocataire"]),
        ({"allocataire": False, "regime_agricole": False}, ["demande_non_allocataire"]),
        ({"allocataire": False, "regime_agricole": True}, ["demande_msa"]),
        ({"allocataire": False}, ["demande_non_allocataire", "demande_msa"]),
        ({"allocataire": None}, ["demande_allocataire", "demande_non_allocataire", "demande_msa"]),
    ],
)
def test_where_to_ask(changes: dict[str, Any], demandes: list[str]) -> None:
    steps = estimate(**changes).steps
    assert [step for step in steps if step.startswith("demande_")] == demandes
    assert steps[0] == "se_proteger", "safety comes before the request"


def test_the_twelve_months_end_on_the_last_day_of_a_shorter_month() -> None:
    """29 February 2028 + 12 months: there is no 29 February in 2029."""
    decision = estimate(dt.date(2028, 3, 1), violences_document_date=dt.date(2028, 2, 29))
    assert notes(decision)["document_valable"] == {"limite": dt.date(2029, 2, 28)}


@pytest.mark.parametrize("date", [dt.date(2019, 1, 1), dt.date(2025, 10, 5)])
def test_before_every_known_version(date: dt.date) -> None:
    with pytest.raises(UnknownAtDate):
        estimate(date)


def test_known_from_the_day_of_the_document() -> None:
    date = dt.date(2025, 10, 6)
    assert estimate(date, violences_document_date=date).verdict is Verdict.OUI


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [
        ("violences_document_nature", "j'ai porté plainte hier", "plainte"),
        ("violences_document_nature", "depot de plinte a la gendarmerie", "plainte"),
        (
            "violences_document_nature",
            "j'ai porté plainte et j'ai un certificat médical",
            "plainte",
        ),
        ("violences_document_nature", "plainte classée sans suite", "plainte"),
        ("violences_document_nature", "jai pas porté plainte", "aucun"),
        ("violences_document_nature", "ni plainte ni rien", "aucun"),
        ("violences_document_nature", "juste une main courante, pas de plainte", "autre"),
        ("violences_document_nature", "une ordonnance du médecin", "autre"),
        (
            "violences_document_nature",
            "pas de plainte mais une ordonnance de protection",
            "ordonnance",
        ),
        ("violences_document_nature", "l'hopital a fait un signalement", "signalement"),
        ("violences_document_nature", "je ne sais pas", None),
        ("violences_revenus", "je travaille pas", "aucun"),
        ("violences_revenus", "j'ai plus de travail", "aucun"),
        ("violences_revenus", "pas plus que ça", "sous_plafond"),
        ("violences_revenus", "je gagne le smic", "sous_plafond"),
        ("violences_revenus", "un peu plus", "au_dessus"),
    ],
)
def test_what_people_say(fact: str, text: str, value: str | None) -> None:
    assert chosen(RULE, fact, text) == value


BOOLEANS = st.none() | st.booleans()
DATES = st.dates(dt.date(2025, 10, 6), dt.date(2060, 12, 31))
SITUATIONS = st.builds(
    Situation,
    violences_document_nature=st.none() | st.sampled_from(Document),
    violences_document_date=st.none() | st.dates(),
    violences=BOOLEANS,
    residence_stable=BOOLEANS,
    violences_revenus=st.none() | st.sampled_from(Revenus),
    allocataire=BOOLEANS,
    regime_agricole=BOOLEANS,
)


@given(SITUATIONS, DATES)
def test_any_situation_gets_a_decision(situation: Situation, date: dt.date) -> None:
    decision = decide(situation, date, PARAMETERS)
    assert decision.notes[0].id == "danger", "17 and 3919 come first, whatever the verdict"
    assert set(decision.missing) <= {field.name for field in fields(Situation)}
    assert all(getattr(situation, fact) is None for fact in decision.missing)
    assert not (decision.verdict is Verdict.NON and decision.missing)
    assert decision.amount is None
    assert "parler_caf" in decision.steps


@given(SITUATIONS, DATES, st.integers(0, 400))
def test_a_more_recent_document_never_takes_the_right_away(
    situation: Situation, date: dt.date, days: int
) -> None:
    day = situation.violences_document_date
    if day is None or day > date:
        return
    later = replace(situation, violences_document_date=min(date, day + dt.timedelta(days)))
    before, after = (decide(one, date, PARAMETERS).verdict for one in (situation, later))
    assert before is not Verdict.OUI or after is Verdict.OUI


@given(SITUATIONS, DATES, st.sampled_from(Revenus), BOOLEANS)
def test_earnings_and_being_allocataire_never_change_the_verdict(
    situation: Situation, date: dt.date, revenus: Revenus, allocataire: bool | None
) -> None:
    other = replace(situation, violences_revenus=revenus, allocataire=allocataire)
    verdicts = {decide(one, date, PARAMETERS).verdict for one in (situation, other)}
    assert len(verdicts) == 1
