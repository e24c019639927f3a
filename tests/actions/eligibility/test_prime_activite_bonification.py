"""The rise of the bonification. Expected figures: webinar of the Caf de la Haute-Marne, 4 May 2026,
« Revalorisation de la prime d'activité »: incomes « compris entre le Smic (1 442,40 €) et 1,15 fois
le Smic (1 658,76 €) », since 1 April 2026, first payments from the summer of 2026."""

import dataclasses
import datetime as dt
import itertools
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.decision import Decision, Status, Verdict
from actions.eligibility.prime_activite_bonification import RULE, Situation, decide
from actions.knowledge.errors import UnknownAtDate
from actions.reading import simplify
from tests.actions.eligibility.known import CONTENTS, PARAMETERS, said

ROOT = Path(__file__).parents[3]
MAI_2026 = dt.date(2026, 5, 4)
SMIC, SMIC_115 = Decimal("1442.40"), Decimal("1658.76")
CENT = Decimal("0.01")

# Someone alone to work, with the prime; each case says what changes.
SEUL_AU_TRAVAIL: dict[str, Any] = {
    "revenu_activite": Decimal(1500),
    "autre_travailleur": False,
    "prime_activite_recue": True,
}


def estimate(date: dt.date = MAI_2026, **changes: Any) -> Decision:
    return decide(Situation(**{**SEUL_AU_TRAVAIL, **changes}), date, PARAMETERS)


def notes(decision: Decision) -> set[str]:
    return {note.id for note in decision.notes}


def test_the_two_ends_of_the_document_agree() -> None:
    assert (SMIC * Decimal("1.15")).quantize(CENT) == SMIC_115


@pytest.mark.parametrize(
    ("menage", "changes", "verdict"),
    [
        ("Aïcha, 1 500 € par mois", {}, "oui"),
        (
            "Bruno, au Smic exactement : « compris entre » le comprend",
            {"revenu_activite": SMIC},
            "oui",
        ),
        ("Chloé, à 1,15 Smic exactement", {"revenu_activite": SMIC_115}, "oui"),
        ("Driss, un centime sous le Smic", {"revenu_activite": SMIC - CENT}, "non"),
        ("Élise, un centime au-dessus", {"revenu_activite": SMIC_115 + CENT}, "non"),
        ("Farid, à mi-temps", {"revenu_activite": Decimal(720)}, "non"),
        ("Gaëlle, sans travail", {"revenu_activite": Decimal(0)}, "non"),
        (
            "Hugo, 900 €, et sa femme 1 600 € : le revenu de chacun compte à part",
            {
                "revenu_activite": Decimal(900),
                "autre_travailleur": True,
                "autre_revenu_activite": Decimal(1600),
            },
            "oui",
        ),
        (
            "Inès, 750 €, et son mari 750 € : on n'additionne pas",
            {
                "revenu_activite": Decimal(750),
                "autre_travailleur": True,
                "autre_revenu_activite": Decimal(750),
            },
            "non",
        ),
        (
            "Jean, 1 500 €, et sa compagne 3 000 €",
            {"autre_travailleur": True, "autre_revenu_activite": Decimal(3000)},
            "oui",
        ),
        (
            "Karima, 1 500 €, sans la prime : une simulation",
            {"prime_activite_recue": False},
            "a_preciser",
        ),
        (
            "Léo, 2 500 €, sans la prime",
            {"revenu_activite": Decimal(2500), "prime_activite_recue": False},
            "non",
        ),
    ],
)
def test_menages(menage: str, changes: dict[str, Any], verdict: str) -> None:
    decision = estimate(**changes)
    assert decision.verdict == verdict, menage
    assert decision.missing == ()
    assert decision.amount is None  # the document gives none


def test_someone_in_the_range_has_nothing_to_ask_for() -> None:
    """« Les usagers n'ont aucune démarche à faire », but their quarterly declarations."""
    assert estimate().steps == ("declarations", "regarder_paiements")
    assert estimate(prime_activite_recue=False).steps == ("simuler",)


def test_what_is_said_of_the_income() -> None:
    assert "revenu_au_dessous" in notes(estimate(revenu_activite=SMIC - CENT))
    assert "revenu_au_dessus" in notes(estimate(revenu_activite=SMIC_115 + CENT))
    other = estimate(
        revenu_activite=Decimal(0), autre_travailleur=True, autre_revenu_activite=Decimal(1500)
    )
    assert "autre_personne" in notes(other)


def test_every_beneficiary_hears_of_the_general_rise_and_others_of_the_ceiling() -> None:
    """« Tous les bénéficiaires de la prime d'activité sont concernés » by the yearly rise."""
    assert "hausse_generale" in notes(estimate(revenu_activite=Decimal(900)))
    assert "hausse_generale" not in notes(estimate(prime_activite_recue=False))
    assert "plafond" in notes(estimate(prime_activite_recue=False))
    assert "plafond" not in notes(estimate())


@pytest.mark.parametrize(
    ("date", "note"),
    [
        (dt.date(2026, 4, 1), "versements_a_venir"),
        (dt.date(2026, 8, 31), "versements_a_venir"),
        (dt.date(2026, 9, 1), "versements_commences"),
        (dt.date(2026, 11, 21), "versements_commences"),
    ],
)
def test_first_payments_from_the_summer_of_2026(date: dt.date, note: str) -> None:
    said = notes(estimate(date)) & {"versements_a_venir", "versements_commences"}
    assert said == {note}


def test_after_the_next_april_the_figures_are_said_to_be_old() -> None:
    assert "chiffres_anciens" not in notes(estimate(dt.date(2027, 3, 31)))
    assert "chiffres_anciens" in notes(estimate(dt.date(2027, 4, 1)))


@pytest.mark.parametrize("date", [dt.date(2019, 1, 1), dt.date(2026, 3, 31)])
def test_before_the_reform_nothing_is_known(date: dt.date) -> None:
    with pytest.raises(UnknownAtDate):
        estimate(date)


UNKNOWNS = ["revenu_activite", "prime_activite_recue"]
OUT_OF_RANGE = [Decimal(0), Decimal(1000), SMIC - CENT, SMIC_115 + CENT, Decimal(5000)]


@pytest.mark.parametrize("fact", UNKNOWNS)
def test_an_unknown_fact_is_asked_for_and_never_guessed(fact: str) -> None:
    decision = estimate(**{fact: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == (fact,)


def test_the_other_person_is_asked_about_only_when_it_matters() -> None:
    assert estimate(autre_travailleur=None).missing == ()
    below = estimate(revenu_activite=Decimal(900), autre_travailleur=None)
    assert below.missing == ("autre_travailleur",)
    working = estimate(revenu_activite=Decimal(900), autre_travailleur=True)
    assert working.missing == ("autre_revenu_activite",)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS, 2)))
def test_two_unknown_facts_are_both_missing(first: str, second: str) -> None:
    decision = estimate(**{first: None, second: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert set(decision.missing) == {first, second}


@pytest.mark.parametrize(("own", "other"), list(itertools.product(OUT_OF_RANGE, repeat=2)))
@pytest.mark.parametrize("received", [True, False, None])
def test_two_incomes_out_of_the_range_refuse_whatever_else(
    own: Decimal, other: Decimal, received: bool | None
) -> None:
    decision = estimate(
        revenu_activite=own,
        autre_travailleur=True,
        autre_revenu_activite=other,
        prime_activite_recue=received,
    )
    refused = [c.id for c in decision.conditions if c.status is Status.NOT_SATISFIED]
    assert (decision.verdict, refused, decision.missing) == (Verdict.NON, ["revenu"], ())


INCOMES = st.decimals(0, 20000, places=2)
SITUATIONS = st.builds(
    Situation,
    revenu_activite=st.none() | INCOMES,
    autre_travailleur=st.none() | st.booleans(),
    autre_revenu_activite=st.none() | INCOMES,
    prime_activite_recue=st.none() | st.booleans(),
)
DATES = st.dates(dt.date(2015, 1, 1), dt.date(2035, 1, 1))


@given(INCOMES)
def test_only_incomes_of_the_range_are_concerned(income: Decimal) -> None:
    expected = Verdict.OUI if SMIC <= income <= SMIC_115 else Verdict.NON
    assert estimate(revenu_activite=income).verdict is expected


@given(INCOMES, INCOMES)
def test_both_workers_count_the_same(one: Decimal, other: Decimal) -> None:
    def verdict(own: Decimal, second: Decimal) -> Verdict:
        return estimate(
            revenu_activite=own, autre_travailleur=True, autre_revenu_activite=second
        ).verdict

    assert verdict(one, other) is verdict(other, one)


@given(SITUATIONS, DATES)
def test_any_situation_gets_a_decision(situation: Situation, date: dt.date) -> None:
    if date < dt.date(2026, 4, 1):
        with pytest.raises(UnknownAtDate):
            decide(situation, date, PARAMETERS)
        return
    decision = decide(situation, date, PARAMETERS)
    unknown = {f.name for f in dataclasses.fields(Situation) if getattr(situation, f.name) is None}
    assert set(decision.missing) <= unknown
    assert decision.verdict is not Verdict.NON or decision.missing == ()
    assert decision.verdict is not Verdict.OUI or decision.missing == ()
    assert decision.steps
    assert decision.amount is None


@given(SITUATIONS, st.data())
def test_learning_a_missing_fact_never_turns_a_decided_verdict(
    situation: Situation, data: st.DataObject
) -> None:
    before = decide(situation, MAI_2026, PARAMETERS)
    known = {k: v for k, v in dataclasses.asdict(situation).items() if v is not None}
    more = data.draw(SITUATIONS)
    after = decide(Situation(**{**dataclasses.asdict(more), **known}), MAI_2026, PARAMETERS)
    assert before.verdict is Verdict.A_PRECISER or after.verdict is before.verdict


@pytest.mark.parametrize(
    ("fact", "text", "expected"),
    [
        ("prime_activite_recue", "je la touche déjà", "oui"),
        ("prime_activite_recue", "j'en ai tous les mois", "oui"),
        ("prime_activite_recue", "je touche rien", "non"),
        ("prime_activite_recue", "on me l'a refusée", "non"),
        ("prime_activite_recue", "j'ai jamais demandé", "non"),
        ("prime_activite_recue", "j'ai pas compris", None),
        ("prime_activite_recue", "j'ai un doute", None),
        ("autre_travailleur", "mon mari travaille aussi", "oui"),
        ("autre_travailleur", "on travaille tous les deux", "oui"),
        ("autre_travailleur", "je suis toute seule", "non"),
        ("autre_travailleur", "y a que moi", "non"),
        ("autre_travailleur", "ma femme travaille plus", "non"),
        ("autre_travailleur", "pourquoi cette question", None),
    ],
)
def test_how_people_say_yes_and_no(fact: str, text: str, expected: str | None) -> None:
    assert said(RULE, fact, text) == ([expected] if expected else [])


@pytest.mark.parametrize(
    "text", ["la prime d'activité", "ma ppa", "c'est quoi la bonification", "primes d activité"]
)
def test_how_people_name_it(text: str) -> None:
    assert re.search(CONTENTS[RULE].noms, simplify(text))
