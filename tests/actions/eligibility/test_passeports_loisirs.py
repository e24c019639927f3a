"""The Passeports Loisirs 2025 rule. Every expected figure and date is read in the Caf de la
Haute-Marne's webinar of 6 October 2025, « Passeports Loisirs » : « Pour qui ? », « Comment en
bénéficier ? », « Activités éligibles », « Activités non éligibles », and its table:
quotient 0 to 600 € : 80 €, or 100 € with AEEH; 601 to 900 € : 50 €, or 70 € with AEEH."""

import dataclasses
import datetime as dt
import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.decision import Decision, Status, Verdict
from actions.eligibility.passeports_loisirs import RULE, Activite, Situation, decide
from actions.knowledge.errors import UnknownAtDate
from tests.actions.eligibility.known import PARAMETERS, chosen

ROOT = Path(__file__).parents[3]
OCTOBRE_2025 = dt.date(2025, 10, 6)
DERNIER_JOUR, LENDEMAIN = dt.date(2025, 10, 31), dt.date(2025, 11, 1)

NES_2014, NES_2018 = dt.date(2014, 3, 12), dt.date(2018, 9, 5)

# A family of Haute-Marne with a child in a judo club; each case says what changes.
FAMILLE: dict[str, Any] = {
    "departement": "52",
    "allocataire_52_juin_2025": True,
    "naissances_enfants": (NES_2014,),
    "quotient_familial_juin_2025": Decimal(450),
    "activite_loisirs": Activite.REGULIERE,
    "club_en_haute_marne": True,
    "club_conventionne_caf": True,
    "aeeh": False,
}


def estimate(date: dt.date = OCTOBRE_2025, **changes: Any) -> Decision:
    return decide(Situation(**{**FAMILLE, **changes}), date, PARAMETERS)


def note_ids(decision: Decision) -> list[str]:
    return [note.id for note in decision.notes]


def failed(decision: Decision) -> set[str]:
    return {c.id for c in decision.conditions if c.status is Status.NOT_SATISFIED}


@pytest.mark.parametrize(
    ("menage", "changes", "montants"),
    [
        ("Aïcha, un enfant au judo, quotient de 450 €", {}, (80, 80)),
        (
            "Bruno, quotient de 600 € : encore l'aide forte",
            {"quotient_familial_juin_2025": 600},
            (80, 80),
        ),
        (
            "Chloé, quotient de 601 € : l'aide réduite",
            {"quotient_familial_juin_2025": 601},
            (50, 50),
        ),
        ("Driss, quotient de 900 € : la limite", {"quotient_familial_juin_2025": 900}, (50, 50)),
        ("Élise, enfant avec l'AEEH", {"aeeh": True}, (100, 100)),
        (
            "Farid, enfant avec l'AEEH, quotient de 750 €",
            {"aeeh": True, "quotient_familial_juin_2025": 750},
            (70, 70),
        ),
        (
            "Gaëlle, deux enfants : une aide, ou une pour chacun",
            {"naissances_enfants": (NES_2014, NES_2018)},
            (80, 160),
        ),
        (
            "Hugo, deux enfants dont un avec l'AEEH",
            {"naissances_enfants": (NES_2014, NES_2018), "aeeh": True, "enfants_aeeh": 1},
            (80, 180),
        ),
        (
            "Inès, deux enfants avec l'AEEH, quotient de 700 €",
            {
                "naissances_enfants": (NES_2014, NES_2018),
                "aeeh": True,
                "enfants_aeeh": 2,
                "quotient_familial_juin_2025": 700,
            },
            (70, 140),
        ),
        (
            "Jean, un enfant de 2014 et un aîné de 2007, trop âgé",
            {"naissances_enfants": (NES_2014, dt.date(2007, 12, 31))},
            (80, 80),
        ),
        (
            "Karima, enfant né le 1er janvier 2008",
            {"naissances_enfants": (dt.date(2008, 1, 1),)},
            (80, 80),
        ),
        (
            "Léo, enfant né le 31 décembre 2021",
            {"naissances_enfants": (dt.date(2021, 12, 31),)},
            (80, 80),
        ),
        ("Maya, partie dans la Meuse depuis juin 2025", {"departement": "55"}, (80, 80)),
    ],
)
def test_families_that_get_it(
    menage: str, changes: dict[str, Any], montants: tuple[int, int]
) -> None:
    decision = estimate(**changes)
    assert decision.verdict is Verdict.OUI, menage
    assert decision.missing == ()
    assert decision.amount is not None
    assert (decision.amount.min, decision.amount.max) == montants


@pytest.mark.parametrize(
    ("menage", "changes", "condition"),
    [
        ("Nadia, quotient de 901 €", {"quotient_familial_juin_2025": 901}, "quotient"),
        ("Omar, enfant né en 2022", {"naissances_enfants": (dt.date(2022, 1, 1),)}, "naissance"),
        (
            "Paula, enfant né le 31 décembre 2007",
            {"naissances_enfants": (dt.date(2007, 12, 31),)},
            "naissance",
        ),
        ("Quentin, sans enfant", {"naissances_enfants": ()}, "naissance"),
        ("Rose, arrivée en septembre", {"allocataire_52_juin_2025": False}, "allocataire"),
        (
            "Samir, en Loire-Atlantique",
            {"departement": "44", "allocataire_52_juin_2025": None},
            "haute_marne",
        ),
        ("Tania, centre de loisirs", {"activite_loisirs": Activite.ACCUEIL_LOISIRS}, "activite"),
        ("Ugo, cinéma", {"activite_loisirs": Activite.PONCTUELLE}, "activite"),
        ("Vera, sport à l'école", {"activite_loisirs": Activite.TEMPS_SCOLAIRE}, "activite"),
        ("Will, cours particulier", {"activite_loisirs": Activite.COURS_PARTICULIERS}, "activite"),
        ("Xena, colonie", {"activite_loisirs": Activite.CENTRE_VACANCES}, "activite"),
        ("Yann, centre social", {"activite_loisirs": Activite.CENTRE_SOCIAL}, "activite"),
        ("Zoé, club des Vosges", {"club_en_haute_marne": False}, "club_haute_marne"),
        ("Adam, club sans convention", {"club_conventionne_caf": False}, "club_convention"),
    ],
)
def test_families_that_do_not(menage: str, changes: dict[str, Any], condition: str) -> None:
    decision = estimate(**changes)
    assert decision.verdict is Verdict.NON, menage
    assert failed(decision) == {condition}
    assert decision.amount is None
    assert decision.missing == ()


def test_the_last_day_counts_and_the_next_does_not() -> None:
    """« ECHEANCE AU 31/10 » ; « au-delà du 31/10/2025, aucune aide ne sera versée »."""
    assert estimate(DERNIER_JOUR).verdict is Verdict.OUI
    late = estimate(LENDEMAIN, justificatif_loisirs_envoye=False)
    assert late.verdict is Verdict.NON
    assert failed(late) == {"date_limite"}
    assert late.steps[0] == "nouvelle_campagne"


@pytest.mark.parametrize("date", [LENDEMAIN, dt.date(2026, 9, 1), dt.date(2026, 11, 21)])
@pytest.mark.parametrize("sent", [None, True, False])
def test_once_over_the_campaign_is_said_to_be_over(date: dt.date, sent: bool | None) -> None:
    decision = estimate(date, justificatif_loisirs_envoye=sent)
    over = next(note for note in decision.notes if note.id == "campagne_terminee")
    assert over.values == {"limite": DERNIER_JOUR}
    assert "nouvelle_campagne" in decision.steps
    assert "envoyer_justificatif" not in decision.steps


def test_once_over_two_answers_are_enough_to_conclude() -> None:
    decision = decide(
        Situation(departement="52", justificatif_loisirs_envoye=False), LENDEMAIN, PARAMETERS
    )
    assert decision.verdict is Verdict.NON


def test_a_proof_sent_in_time_is_followed_even_after_the_campaign() -> None:
    decision = estimate(dt.date(2025, 12, 1), justificatif_loisirs_envoye=True)
    assert decision.verdict is Verdict.OUI
    assert decision.steps[0] == "suivre_remboursement"


def test_during_the_campaign_the_proof_is_not_asked_about() -> None:
    decision = decide(Situation(), OCTOBRE_2025, PARAMETERS)
    assert "justificatif_loisirs_envoye" not in decision.missing
    assert "justificatif_loisirs_envoye" in decide(Situation(), LENDEMAIN, PARAMETERS).missing


def test_the_steps_of_the_document_in_their_order() -> None:
    """« Comment en bénéficier ? » : mail, inscription, cotisation, justificatif, remboursement."""
    assert estimate().steps == (
        "chercher_mail",
        "inscrire_et_payer",
        "envoyer_justificatif",
        "attendre_remboursement",
    )
    assert "demander_convention" in estimate(club_conventionne_caf=None).steps


def test_the_amounts_for_a_child_are_said() -> None:
    notes = {note.id: note.values for note in estimate(aeeh=True).notes}
    assert notes["par_enfant"] == {"montant": Decimal(80)}
    assert notes["par_enfant_aeeh"] == {"montant": Decimal(100)}


def test_an_unknown_quotient_gives_a_range() -> None:
    decision = estimate(quotient_familial_juin_2025=None)
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == ("quotient_familial_juin_2025",)
    assert decision.amount is not None
    assert (decision.amount.min, decision.amount.max) == (50, 80)
    assert "selon_quotient" in note_ids(decision)


@pytest.mark.parametrize(
    ("changes", "missing", "montants"),
    [
        ({"aeeh": None}, ("aeeh",), (80, 100)),
        ({"aeeh": True}, (), (100, 100)),
        (
            {"aeeh": True, "naissances_enfants": (NES_2014, NES_2018)},
            ("enfants_aeeh",),
            (80, 200),
        ),
        # One of the two is not of an age that counts: it may be the one with the AEEH.
        (
            {"aeeh": True, "naissances_enfants": (NES_2014, dt.date(2023, 1, 1))},
            ("enfants_aeeh",),
            (80, 100),
        ),
    ],
)
def test_the_aeeh_is_asked_about_only_while_it_changes_the_amount(
    changes: dict[str, Any], missing: tuple[str, ...], montants: tuple[int, int]
) -> None:
    decision = estimate(**changes)
    assert decision.verdict is Verdict.OUI
    assert decision.missing == missing
    assert decision.amount is not None
    assert (decision.amount.min, decision.amount.max) == montants


def test_an_activity_that_the_document_does_not_name_is_for_the_caf_to_judge() -> None:
    decision = estimate(activite_loisirs=Activite.AUTRE)
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == ()


REFUSALS: dict[str, Any] = {
    "allocataire_52_juin_2025": False,
    "naissances_enfants": (dt.date(2003, 5, 5),),
    "quotient_familial_juin_2025": Decimal(1200),
    "activite_loisirs": Activite.COURS_PARTICULIERS,
    "club_en_haute_marne": False,
    "club_conventionne_caf": False,
}
UNKNOWNS = list(REFUSALS)


@pytest.mark.parametrize("fact", UNKNOWNS)
def test_an_unknown_fact_is_asked_for_and_never_guessed(fact: str) -> None:
    decision = estimate(**{fact: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == (fact,)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(REFUSALS, 2)))
def test_two_refusals_are_both_told(first: str, second: str) -> None:
    decision = estimate(**{first: REFUSALS[first], second: REFUSALS[second]})
    assert decision.verdict is Verdict.NON
    assert len(failed(decision)) == 2


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS, 2)))
def test_two_unknown_facts_are_both_missing(first: str, second: str) -> None:
    decision = estimate(**{first: None, second: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert set(decision.missing) == {first, second}


@pytest.mark.parametrize(("refused", "unknown"), list(itertools.permutations(REFUSALS, 2)))
def test_a_refusal_decides_even_when_something_is_unknown(refused: str, unknown: str) -> None:
    assert estimate(**{refused: REFUSALS[refused], unknown: None}).verdict is Verdict.NON


@pytest.mark.parametrize("date", [dt.date(2019, 1, 1), dt.date(2025, 7, 1)])
def test_before_the_campaign_it_does_not_know(date: dt.date) -> None:
    with pytest.raises(UnknownAtDate):
        estimate(date)


quotients = st.decimals(0, 20000, places=2)
births = st.lists(st.dates(dt.date(1990, 1, 1), dt.date(2026, 11, 1)), max_size=6, unique=True).map(
    tuple
)
situations = st.builds(
    Situation,
    departement=st.none() | st.sampled_from(["52", "44", "2A", "971"]),
    justificatif_loisirs_envoye=st.none() | st.booleans(),
    allocataire_52_juin_2025=st.none() | st.booleans(),
    naissances_enfants=st.none() | births,
    quotient_familial_juin_2025=st.none() | quotients,
    activite_loisirs=st.none() | st.sampled_from(Activite),
    club_en_haute_marne=st.none() | st.booleans(),
    club_conventionne_caf=st.none() | st.booleans(),
    aeeh=st.none() | st.booleans(),
    enfants_aeeh=st.none() | st.integers(0, 12),
)


@given(quotients, quotients)
def test_a_higher_quotient_never_raises_the_aid(one: Decimal, other: Decimal) -> None:
    def montant(quotient: Decimal) -> Decimal:
        amount = estimate(quotient_familial_juin_2025=quotient).amount
        return amount.max if amount else Decimal(0)

    low, high = sorted([one, other])
    assert 0 <= montant(high) <= montant(low) <= 80


@given(births, st.integers(0, 6))
def test_each_child_of_the_right_age_adds_from_50_to_100_euros(
    children: tuple[dt.date, ...], with_aeeh: int
) -> None:
    count = sum(2008 <= birth.year <= 2021 for birth in children)
    amount = estimate(naissances_enfants=children, aeeh=None, enfants_aeeh=with_aeeh).amount
    if count:
        assert amount is not None
        assert 50 <= amount.min <= 100
        assert 50 * count <= amount.max <= 100 * count
    else:
        assert amount is None


@given(situations, st.dates(OCTOBRE_2025, dt.date(2030, 1, 1)))
def test_any_situation_gets_a_decision(situation: Situation, date: dt.date) -> None:
    decision = decide(situation, date, PARAMETERS)
    facts = {field.name for field in dataclasses.fields(Situation)}
    assert set(decision.missing) <= facts
    assert all(getattr(situation, fact) is None for fact in decision.missing)
    assert not (decision.verdict is Verdict.NON and (decision.missing or decision.amount))
    assert decision.steps
    if decision.amount:
        assert 0 <= decision.amount.min <= decision.amount.max


@given(situations)
def test_answering_what_is_missing_ends(situation: Situation) -> None:
    """Each answer of the family above is one fact fewer to ask, until nothing is missing."""
    for _ in dataclasses.fields(Situation):
        missing = decide(situation, LENDEMAIN, PARAMETERS).missing
        if not missing:
            break
        answers = {**FAMILLE, "justificatif_loisirs_envoye": True, "enfants_aeeh": 1}
        situation = dataclasses.replace(situation, **{missing[0]: answers[missing[0]]})
    assert decide(situation, LENDEMAIN, PARAMETERS).missing == ()


@pytest.mark.parametrize(
    ("dit", "lu"),
    [
        ("il fait du foot en club", "reguliere"),
        ("Danse, tous les mercredis", "reguliere"),
        ("l'école de musique", "reguliere"),
        ("il va au conservatoire", "reguliere"),
        ("le centre aéré", "accueil_loisirs"),
        ("le périscolaire", "accueil_loisirs"),
        ("une sortie au ciné", "ponctuelle"),
        ("spectacle de danse", "ponctuelle"),
        ("piscine avec l'école", "temps_scolaire"),
        ("sport pendant le temps scolaire", "temps_scolaire"),
        ("cours particulier de piano", "cours_particuliers"),
        ("du judo hors temps scolaire", "reguliere"),
        ("une colo cet été", "centre_vacances"),
        ("ateliers du centre social", "centre_social"),
        ("euh", None),
    ],
)
def test_how_people_name_the_activity(dit: str, lu: str | None) -> None:
    assert chosen(RULE, "activite_loisirs", dit) == lu
