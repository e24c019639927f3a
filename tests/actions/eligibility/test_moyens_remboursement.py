"""The rule of the ways to repay the Caf.

Expected answers come from the webinar of the Caf de la Haute-Marne of 4 May 2026, « Rembourser une
créance » (four ways: card in Mon Compte, direct debit, transfer, and a cheque as an exception) and
« Comment rembourser mes dettes en ligne ? » (all or part, at least 1 €); and from that of 7 March
2024, « Fraudes : une majoration de 10 % des indus frauduleux » (10 % more, no remission of debt)
and « Motifs de rendez-vous » (04: difficulties, 09: money owed or contested).
"""

import datetime as dt
import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.decision import Decision, Status, Verdict
from actions.eligibility.moyens_remboursement import RULE, Moyen, Part, Situation, decide
from actions.knowledge.errors import UnknownAtDate
from tests.actions.eligibility.known import CONTENTS, PARAMETERS, chosen, said

ROOT = Path(__file__).parents[3]
WEBINAIRE = dt.date(2026, 5, 4)
AUJOURDHUI = dt.date(2026, 11, 21)

# A debt that is not contested, without fraud or difficulty, all paid by card; each case says what
# changes.
PAR_CARTE: dict[str, Any] = {
    "dette_reclamee": True,
    "dette_contestee": False,
    "fraude": False,
    "dette_difficulte": False,
    "moyen_paiement": Moyen.CARTE,
    "dette_remboursement": Part.TOUT,
    "acces_mon_compte": True,
    "allocataire": False,
}
EN_LIGNE = ("ouvrir_dettes", "choisir_tout", "payer", "recu")


@pytest.fixture
def advise() -> Any:
    def _advise(date: dt.date = AUJOURDHUI, **changes: Any) -> Decision:
        return decide(Situation(**{**PAR_CARTE, **changes}), date, PARAMETERS)

    return _advise


def notes(decision: Decision) -> set[str]:
    return {note.id for note in decision.notes}


@pytest.mark.parametrize(
    ("personne", "changes", "verdict", "etapes"),
    [
        ("Aïcha paie tout par carte", {}, "oui", EN_LIGNE),
        (
            "Bruno paie une partie par carte",
            {"dette_remboursement": Part.UNE_PARTIE},
            "oui",
            ("ouvrir_dettes", "choisir_une_partie", "payer", "recu"),
        ),
        (
            "Chloé a oublié son mot de passe",
            {"acces_mon_compte": False},
            "oui",
            ("retrouver_acces", *EN_LIGNE),
        ),
        (
            "Driss veut un prélèvement : mandat SEPA, dans le courrier de dette",
            {"moyen_paiement": Moyen.PRELEVEMENT},
            "oui",
            ("mandat_sepa",),
        ),
        (
            "Élise fait un virement : RIB, puis numéro et référence dans le motif",
            {"moyen_paiement": Moyen.VIREMENT, "acces_mon_compte": None},
            "oui",
            ("demander_rib", "faire_virement"),
        ),
        (
            "Farid n'a qu'un chéquier : à titre exceptionnel",
            {"moyen_paiement": Moyen.CHEQUE},
            "a_preciser",
            ("demander_cheque", "autres_moyens"),
        ),
        (
            "Gaëlle n'a que des espèces, dont le document ne parle pas",
            {"moyen_paiement": Moyen.ESPECES},
            "a_preciser",
            ("demander_especes", "autres_moyens"),
        ),
        (
            "Hugo n'a aucun moyen",
            {"moyen_paiement": Moyen.AUCUN},
            "a_preciser",
            ("demander_solution", "autres_moyens"),
        ),
        (
            "Inès a du mal à payer : rendez-vous d'abord, motif 04",
            {"dette_difficulte": True},
            "oui",
            ("difficulte", *EN_LIGNE),
        ),
        (
            "Jean a du mal à payer, fraude retenue : pas de remise à demander",
            {"dette_difficulte": True, "fraude": True},
            "oui",
            ("difficulte_fraude", *EN_LIGNE),
        ),
        (
            "Karima conteste : motif 09, puis le médiateur",
            {"dette_contestee": True},
            "a_preciser",
            ("voir_dette", "contester", "mediateur", "rembourser_ensuite"),
        ),
        ("Léo ne doit rien", {"dette_reclamee": False}, "non", ("verifier_dettes",)),
    ],
)
def test_personnes(
    advise: Any, personne: str, changes: dict[str, Any], verdict: str, etapes: tuple[str, ...]
) -> None:
    decision = advise(**changes)
    assert decision.verdict == verdict, personne
    assert decision.steps == etapes


@pytest.mark.parametrize(
    ("versee", "majoration", "total"),
    [("1000", "100", "1100"), ("250.55", "25.06", "275.61"), ("0", "0", "0")],
)
def test_fraud_adds_ten_percent(advise: Any, versee: str, majoration: str, total: str) -> None:
    """« une majoration de 10 % des sommes réclamées au titre des prestations versées à tort »."""
    decision = advise(fraude=True, dette_versee_a_tort=Decimal(versee))
    [note] = [note for note in decision.notes if note.id == "majoration_calculee"]
    assert note.values == {
        "versee": Decimal(versee),
        "majoration": Decimal(majoration),
        "total": Decimal(total),
    }
    assert "pas_de_remise" in notes(decision)


def test_without_fraud_nothing_is_added_and_the_sum_is_not_asked(advise: Any) -> None:
    decision = advise(fraude=False, dette_versee_a_tort=Decimal(1000))
    assert not notes(decision) & {"majoration", "majoration_calculee", "pas_de_remise"}
    assert "dette_versee_a_tort" not in advise(fraude=False).missing
    assert advise(fraude=True).missing == ("dette_versee_a_tort",)


def test_deductions_are_told_to_who_is_still_paid(advise: Any) -> None:
    assert "retenues" in notes(advise(allocataire=True))
    assert "retenues" not in notes(advise(allocataire=False))


@pytest.mark.parametrize("moyen", [Moyen.PRELEVEMENT, Moyen.VIREMENT])
def test_part_of_a_debt_is_described_online_only(advise: Any, moyen: Moyen) -> None:
    part = {"dette_remboursement": Part.UNE_PARTIE}
    assert "partie_autrement" in notes(advise(moyen_paiement=moyen, **part))
    assert "minimum" in notes(advise(moyen_paiement=Moyen.CARTE, **part))


def test_without_a_preference_card_comes_first_and_no_way_is_left_out(advise: Any) -> None:
    decision = advise(moyen_paiement=None)
    assert decision.verdict is Verdict.OUI
    assert decision.steps == (*EN_LIGNE, "mandat_sepa", "demander_rib", "faire_virement")
    assert decision.missing == ("moyen_paiement",)


def test_who_contests_is_not_asked_how_to_pay() -> None:
    situation = Situation(dette_reclamee=True, dette_contestee=True)
    assert decide(situation, AUJOURDHUI, PARAMETERS).missing == ("fraude",)


UNKNOWNS = {
    "dette_reclamee": Verdict.A_PRECISER,
    "dette_contestee": Verdict.A_PRECISER,
    "fraude": Verdict.OUI,
    "dette_difficulte": Verdict.OUI,
    "moyen_paiement": Verdict.OUI,
    "dette_remboursement": Verdict.OUI,
    "acces_mon_compte": Verdict.OUI,
    "allocataire": Verdict.OUI,
}


@pytest.mark.parametrize(("fact", "verdict"), UNKNOWNS.items())
def test_an_unknown_fact_is_asked_for(advise: Any, fact: str, verdict: Verdict) -> None:
    decision = advise(**{fact: None})
    assert (decision.verdict, decision.missing) == (verdict, (fact,))


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS, 2)))
def test_two_unknown_facts_are_both_asked_for(advise: Any, first: str, second: str) -> None:
    decision = advise(**{first: None, second: None})
    assert set(decision.missing) == {first, second}
    unsure = Verdict.A_PRECISER in (UNKNOWNS[first], UNKNOWNS[second])
    assert decision.verdict is (Verdict.A_PRECISER if unsure else Verdict.OUI)


@pytest.mark.parametrize("unknown", [name for name in UNKNOWNS if name != "dette_reclamee"])
def test_no_debt_decides_even_when_something_is_unknown(advise: Any, unknown: str) -> None:
    decision = advise(dette_reclamee=False, **{unknown: None})
    assert decision.verdict is Verdict.NON
    assert not decision.missing


DOUBTS: dict[str, Any] = {
    "dette_contestee": True,
    "moyen_paiement": Moyen.CHEQUE,
    "fraude": True,
    "dette_difficulte": True,
    "acces_mon_compte": False,
}


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(DOUBTS, 2)))
def test_two_difficulties_together(advise: Any, first: str, second: str) -> None:
    decision = advise(**{first: DOUBTS[first], second: DOUBTS[second]})
    unsure = {"dette_contestee", "moyen_paiement"} & {first, second}
    assert (decision.verdict is Verdict.A_PRECISER) == bool(unsure)
    assert ("contester" in decision.steps) == ("dette_contestee" in (first, second))
    assert ("pas_de_remise" in notes(decision)) == ("fraude" in (first, second))


def test_nothing_known() -> None:
    decision = decide(Situation(), AUJOURDHUI, PARAMETERS)
    assert decision.verdict is Verdict.A_PRECISER
    assert set(decision.missing) == set(UNKNOWNS)


def test_known_from_the_day_of_the_document() -> None:
    assert decide(Situation(), WEBINAIRE, PARAMETERS).conditions
    with pytest.raises(UnknownAtDate):
        decide(Situation(), WEBINAIRE - dt.timedelta(days=1), PARAMETERS)


def test_the_smallest_payment_is_one_euro() -> None:
    """« Le montant de votre remboursement ne peut pas être inférieur à 1 €. »"""
    sentence = PARAMETERS.render(CONTENTS[RULE].notes["minimum"], AUJOURDHUI)
    assert sentence == "En ligne, chaque paiement est d'au moins 1 €."


SITUATIONS = st.builds(
    Situation,
    dette_reclamee=st.none() | st.booleans(),
    dette_contestee=st.none() | st.booleans(),
    fraude=st.none() | st.booleans(),
    dette_versee_a_tort=st.none() | st.decimals(0, 20000, places=2),
    dette_difficulte=st.none() | st.booleans(),
    moyen_paiement=st.none() | st.sampled_from(Moyen),
    dette_remboursement=st.none() | st.sampled_from(Part),
    acces_mon_compte=st.none() | st.booleans(),
    allocataire=st.none() | st.booleans(),
)


@given(SITUATIONS, st.dates(WEBINAIRE, dt.date(2100, 1, 1)))
def test_any_situation_gets_a_decision_that_explains_itself(
    situation: Situation, date: dt.date
) -> None:
    decision = decide(situation, date, PARAMETERS)
    assert all(getattr(situation, fact) is None for fact in decision.missing)
    assert len(set(decision.steps)) == len(decision.steps) > 0
    assert not (decision.verdict is Verdict.NON and decision.missing)
    unknown = any(c.status is Status.UNKNOWN for c in decision.conditions)
    assert unknown or decision.verdict is not Verdict.A_PRECISER
    assert decision.amount is None


@given(st.decimals(0, 20000, places=2), st.decimals(0, 20000, places=2))
def test_the_more_was_wrongly_paid_the_more_is_added(one: Decimal, other: Decimal) -> None:
    def total(paid: Decimal) -> Any:
        situation = Situation(**{**PAR_CARTE, "fraude": True, "dette_versee_a_tort": paid})
        decision = decide(situation, AUJOURDHUI, PARAMETERS)
        [note] = [note for note in decision.notes if note.id == "majoration_calculee"]
        return note.values["total"]

    low, high = sorted([one, other])
    assert low <= total(low) <= total(high)


@given(SITUATIONS)
def test_a_fraud_never_leads_to_asking_for_a_remission(situation: Situation) -> None:
    decision = decide(situation, AUJOURDHUI, PARAMETERS)
    assert not (situation.fraude and "difficulte" in decision.steps)


@pytest.mark.parametrize(
    ("question", "dit", "choix"),
    [
        ("moyen_paiement", "CB", "carte"),
        ("moyen_paiement", "par carte bleue", "carte"),
        ("moyen_paiement", "virement en ligne", "virement"),
        ("moyen_paiement", "virment", "virement"),
        ("moyen_paiement", "prelevement tous les mois", "prelevement"),
        ("moyen_paiement", "en liquide", "especes"),
        ("moyen_paiement", "un chéque", "cheque"),
        ("moyen_paiement", "j'ai plus de chéquier, ma carte", "carte"),
        ("moyen_paiement", "j'ai pas de carte, je fais un cheque", "cheque"),
        ("moyen_paiement", "j'ai pas de compte", "aucun"),
        ("moyen_paiement", "par la banque", None),
        ("dette_remboursement", "en 1 fois", "tout"),
        ("dette_remboursement", "en 3 fois", "une_partie"),
        ("dette_remboursement", "petit à petit", "une_partie"),
        ("dette_remboursement", "pas tout", "une_partie"),
        ("dette_remboursement", "la totalité", "tout"),
    ],
)
def test_how_people_say_it(question: str, dit: str, choix: str | None) -> None:
    assert chosen(RULE, question, dit) == choix


@pytest.mark.parametrize(
    ("question", "dit", "oui"),
    [
        ("dette_reclamee", "ils me réclament 800 euros", True),
        ("dette_reclamee", "j'ai déjà tout remboursé", False),
        ("dette_contestee", "je suis pas d'accord", True),
        ("dette_contestee", "je conteste pas", False),
        ("dette_contestee", "je suis d'accord", False),
        ("fraude", "ils disent que j'ai fraudé", True),
        ("fraude", "le courrier n'en parle pas", False),
        ("dette_difficulte", "je peux pas payer", True),
        ("dette_difficulte", "pas de souci", False),
        ("acces_mon_compte", "j'y arrive pas", False),
        ("acces_mon_compte", "oui j'y arrive", True),
    ],
)
def test_how_people_say_yes_or_no(question: str, dit: str, oui: bool) -> None:
    assert said(RULE, question, dit) == ["oui" if oui else "non"]
