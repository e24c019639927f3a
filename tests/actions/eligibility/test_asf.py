"""The ASF rule. Expected values come from the webinar of 6 October 2025.

« L'allocation de soutien familial (ASF), synthèse »: 199,18 € at most per child and per month,
265,50 € for a child taken in; a child under 20; the conditions and what ends the right.
« Situations et exemples »: the six situations. « Les missions de l'Aripa »: the three kinds.
"""

import datetime as dt
import itertools
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.eligibility.asf import RULE, AutreParent, Lien, Situation, decide
from actions.eligibility.decision import Decision, Status, Verdict
from actions.knowledge.errors import UnknownAtDate
from tests.actions.eligibility.known import PARAMETERS, chosen, notes, said

ROOT = Path(__file__).parents[3]
OCTOBRE_2025 = dt.date(2025, 10, 6)
PLEIN, RECUEILLI = Decimal("199.18"), Decimal("265.50")  # € per month and per child, synthèse

# A parent alone with a child of 8, living in France; each case says what changes.
PARENT_SEUL: dict[str, Any] = {
    "lien_enfant": Lien.PARENT,
    "vit_seul": True,
    "ages_enfants": (8,),
    "residence_stable": True,
    "autre_parent": AutreParent.NE_PAIE_PAS,
}
RECUEILLANTS: dict[str, Any] = {
    "lien_enfant": Lien.RECUEILLANT,
    "ages_enfants": (8,),
    "residence_stable": True,
}
FACTS = {field.name for field in fields(Situation)}


def estimate(date: dt.date = OCTOBRE_2025, /, **changes: Any) -> Decision:
    return decide(Situation(**{**PARENT_SEUL, **changes}), date, PARAMETERS)


def pays(kind: str, pension: str) -> dict[str, Any]:
    return {"autre_parent": AutreParent(kind), "pension_recue": Decimal(pension)}


def of(kind: str, **facts: Any) -> dict[str, Any]:
    return {"autre_parent": AutreParent(kind), **facts}


MENAGES: list[tuple[str, dict[str, Any], str, str | None]] = [
    # Situation 4 « Une pension a été fixée et l'autre parent ne la paie pas », and its example.
    ("Aïcha, 100 € de pension jamais payés : avance entière", {}, "oui", "199.18"),
    ("Aïcha, deux enfants, même pension impayée", {"ages_enfants": (4, 8)}, "oui", "398.36"),
    ("Chloé, 60 € reçus sur sa pension", pays("paie_en_partie", "60"), "oui", "139.18"),
    ("Solène, un mois sur deux, 250 € reçus", pays("paie_en_partie", "250"), "non", None),
    # Synthèse: « une pension alimentaire inférieure à 199,18 € ».
    ("Bruno, 100 € de pension payés", pays("paie_tout", "100"), "oui", "99.18"),
    (
        "Bruno, trois enfants, 100 € payés pour chacun",
        {**pays("paie_tout", "100"), "ages_enfants": (2, 5, 9)},
        "oui",
        "297.54",
    ),
    ("Driss, 250 € de pension payés", pays("paie_tout", "250"), "non", None),
    ("Élise, pension égale au maximum", pays("paie_tout", "199.18"), "non", None),
    ("Élise, un centime de moins", pays("paie_tout", "199.17"), "oui", "0.01"),
    # Situation 2 « L'enfant est orphelin de père ou de mère ».
    ("Farid, veuf", of("decede"), "oui", "199.18"),
    ("Farid, veuf, de nouveau en couple", of("decede", vit_seul=False), "non", None),
    # Situation 3 « L'enfant est non reconnu par l'autre parent ».
    ("Gaëlle, enfant non reconnu", of("non_reconnu"), "oui", "199.18"),
    ("Gaëlle, en couple", of("non_reconnu", vit_seul=False), "non", None),
    # Situation 5 « L'autre parent ne peut pas payer », example: the RSA.
    ("Hugo, autre parent au RSA", of("ne_peut_pas"), "oui", "199.18"),
    # Situation 6 « Victime de violences de la part de l'autre parent ».
    ("Paula, plainte déposée", of("violences", violences_attestees=True), "oui", "199.18"),
    ("Rose, pas de document", of("violences", violences_attestees=False), "a_preciser", "199.18"),
    ("Rose, sans réponse", of("violences"), "a_preciser", "199.18"),
    # Situation 1 « Orphelin de ses deux parents et/ou recueilli par un tiers ».
    (
        "Les grands-parents Martin, en couple, petit-fils orphelin",
        {**RECUEILLANTS, "vit_seul": False, "autre_parent": None},
        "oui",
        "265.50",
    ),
    (
        "Les grands-parents Martin, frère et sœur recueillis",
        {**RECUEILLANTS, "ages_enfants": (6, 11), "vit_seul": None, "autre_parent": None},
        "oui",
        "531.00",
    ),
    (
        "Tante Odile, seule, nièce recueillie, la mère paie un peu",
        {**RECUEILLANTS, **pays("paie_tout", "150")},
        "oui",
        "265.50",
    ),
    # Synthèse: a step « pour faire fixer une pension alimentaire (sauf situations particulières) ».
    ("Nadia, avocate vue", of("pension_non_fixee", demarche_pension=True), "oui", "199.18"),
    (
        "Omar, aucune démarche",
        of("pension_non_fixee", demarche_pension=False),
        "a_preciser",
        "199.18",
    ),
    # Synthèse: « au moins un enfant à charge de moins de 20 ans »; the end of the right.
    ("Inès, enfant de 20 ans", {"ages_enfants": (20,)}, "non", None),
    ("Jean, enfant de 19 ans", {"ages_enfants": (19,)}, "oui", "199.18"),
    ("Jean, enfants de 19 et 22 ans", {"ages_enfants": (19, 22)}, "oui", "199.18"),
    ("Lucie, nourrisson", {"ages_enfants": (0,)}, "oui", "199.18"),
    ("Maud, plus aucun enfant à charge", {"ages_enfants": ()}, "non", None),
    ("Karima, remise en couple", {"vit_seul": False}, "non", None),
    ("Léo, qui ne vit pas en France", {"residence_stable": False}, "non", None),
]


@pytest.mark.parametrize(("menage", "changes", "verdict", "montant"), MENAGES)
def test_menages(menage: str, changes: dict[str, Any], verdict: str, montant: str | None) -> None:
    decision = estimate(**changes)
    assert decision.verdict == verdict, menage
    amount = decision.amount and (decision.amount.min, decision.amount.max)
    assert amount == (montant and (Decimal(montant), Decimal(montant)))


def test_the_amount_is_for_all_the_children_and_a_month() -> None:
    amount = estimate(ages_enfants=(3, 7)).amount
    assert amount is not None
    assert (amount.unit, amount.since) == ("€ par mois", dt.date(2025, 4, 1))


# « Les missions de l'Aripa »: each kind, and none where the document names none.
KINDS = {"recouvrable", "complementaire", "non_recouvrable"}


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ("ne_paie_pas", {"recouvrable"}),
        ("paie_en_partie", {"recouvrable"}),
        ("paie_tout", {"complementaire"}),
        ("ne_peut_pas", {"non_recouvrable"}),
        ("pension_non_fixee", set()),
        ("non_reconnu", set()),
        ("decede", set()),
        ("violences", set()),
    ],
)
def test_the_kind_of_asf_is_said(other: str, kind: set[str]) -> None:
    decision = estimate(**pays(other, "50"), demarche_pension=True, violences_attestees=True)
    assert decision.verdict is Verdict.OUI
    assert notes(decision).keys() & KINDS == kind


@pytest.mark.parametrize("changes", [{"vit_seul": False}, pays("paie_tout", "300")])
def test_no_kind_is_said_of_an_asf_refused(changes: dict[str, Any]) -> None:
    assert not notes(estimate(**changes)).keys() & KINDS


ENOUGH = {"pension_suffisante", "partielle_suffisante"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (pays("paie_tout", "199.18"), {"pension_suffisante"}),
        (pays("paie_en_partie", "199.18"), {"partielle_suffisante"}),
        ({**pays("paie_tout", "199.17"), "residence_stable": False}, set()),
        ({**RECUEILLANTS, **pays("paie_tout", "300"), "residence_stable": False}, set()),
        ({**pays("decede", "300"), "residence_stable": False}, set()),
    ],
)
def test_a_refusal_for_the_pension_is_explained(changes: dict[str, Any], said: set[str]) -> None:
    assert notes(estimate(**changes)).keys() & ENOUGH == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"vit_seul": False}, True),
        ({"residence_stable": False}, False),
        ({"vit_seul": False, "residence_stable": False, "lien_enfant": None}, False),
        ({**RECUEILLANTS, "vit_seul": False, "residence_stable": False}, False),
    ],
)
def test_a_couple_is_told_where_to_call_in_case_of_violence(
    changes: dict[str, Any], said: bool
) -> None:
    assert ("couple" in notes(estimate(**changes))) is said


def test_the_calculation_of_a_complement_is_shown() -> None:
    shown = notes(estimate(**pays("paie_tout", "100")))["calcul"]
    assert shown == {"maximum": PLEIN, "recue": Decimal(100), "reste": Decimal("99.18")}


def test_children_too_old_are_told_and_do_not_count() -> None:
    decision = estimate(ages_enfants=(8, 20, 23))
    assert notes(decision)["enfants_trop_grands"] == {"nombre": 2}
    assert "plusieurs_enfants" not in notes(decision)


def test_several_children_are_told_to_be_counted_alike() -> None:
    assert notes(estimate(ages_enfants=(8, 9, 25)))["plusieurs_enfants"] == {"nombre": 2}


def test_the_month_of_the_twentieth_birthday_is_announced() -> None:
    """Synthèse: « Le mois du 20ème anniversaire de l'enfant »."""
    assert "bientot_trop_grand" in notes(estimate(ages_enfants=(8, 19)))
    assert "bientot_trop_grand" not in notes(estimate(ages_enfants=(8, 18)))


def test_the_end_of_the_right_is_told_and_a_couple_who_took_a_child_in_keeps_it() -> None:
    assert "fin_de_droit" in notes(estimate())
    taken_in = notes(decide(Situation(**RECUEILLANTS), OCTOBRE_2025, PARAMETERS))
    assert "fin_de_droit_recueilli" in taken_in
    assert "fin_de_droit" not in taken_in


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({}, ["demander", "recuperer_impayes", "aripa", "signaler"]),
        (pays("paie_tout", "90"), ["demander", "aripa", "signaler"]),
        (of("decede"), ["demander_sans_pension", "signaler"]),
        (RECUEILLANTS, ["demander_sans_pension", "signaler"]),
        (
            of("violences", violences_attestees=True),
            ["se_proteger", "joindre_document", "demander", "aripa", "signaler"],
        ),
        (
            of("violences", violences_attestees=False),
            ["se_proteger", "obtenir_document", "demander", "aripa", "signaler"],
        ),
        (
            of("pension_non_fixee", demarche_pension=False),
            ["faire_fixer", "demander", "aripa", "signaler"],
        ),
        (
            of("pension_non_fixee", demarche_pension=True),
            ["poursuivre_demarche", "demander", "aripa", "signaler"],
        ),
        (pays("paie_tout", "300"), ["aripa", "appeler_caf"]),
        # The Aripa recovers what is unpaid, « pas totalement ou un mois sur deux » (situation 4).
        (pays("paie_en_partie", "300"), ["recuperer_impayes", "aripa", "appeler_caf"]),
        ({"vit_seul": False, **of("decede")}, ["appeler_caf"]),
        ({"lien_enfant": None}, ["appeler_caf"]),
    ],
)
def test_the_steps_fit_the_situation(changes: dict[str, Any], steps: list[str]) -> None:
    assert list(estimate(**changes).steps) == steps


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"violences_attestees": True},
        {"violences_attestees": False},
        {"vit_seul": False},
        {"ages_enfants": ()},
        {"lien_enfant": Lien.RECUEILLANT},
        {"lien_enfant": None, "vit_seul": None},
    ],
)
def test_violence_told_always_brings_the_numbers_to_call(facts: dict[str, Any]) -> None:
    assert next(iter(notes(estimate(**of("violences"), **facts)))) == "violences"


def test_no_document_about_the_violence_is_neither_a_refusal_nor_a_question() -> None:
    """Situation 6: the Caf may pay with a document; without one, only the Caf can say."""
    decision = estimate(**of("violences", violences_attestees=False))
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == ()


def test_no_step_for_a_pension_is_neither_a_refusal_nor_a_question() -> None:
    decision = estimate(**of("pension_non_fixee", demarche_pension=False))
    assert decision.missing == ()


UNKNOWNS = ["lien_enfant", "vit_seul", "ages_enfants", "residence_stable", "autre_parent"]
REFUSALS: dict[str, Any] = {
    "vit_seul": False,
    "ages_enfants": (25,),
    "residence_stable": False,
    "pension_recue": Decimal(300),
}
PAYING = {**PARENT_SEUL, **pays("paie_tout", "50")}


@pytest.mark.parametrize("fact", UNKNOWNS)
def test_an_unknown_fact_is_asked_for_and_never_guessed(fact: str) -> None:
    decision = estimate(**{fact: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == (fact,)


@pytest.mark.parametrize(
    ("other", "fact"),
    [
        ("paie_en_partie", "pension_recue"),
        ("paie_tout", "pension_recue"),
        ("pension_non_fixee", "demarche_pension"),
        ("violences", "violences_attestees"),
    ],
)
def test_only_what_the_other_parent_makes_matter_is_asked(other: str, fact: str) -> None:
    decision = estimate(**of(other))
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.missing == (fact,)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(REFUSALS, 2)))
def test_two_refusals_are_both_told(first: str, second: str) -> None:
    decision = estimate(**{**PAYING, first: REFUSALS[first], second: REFUSALS[second]})
    refused = [c for c in decision.conditions if c.status is Status.NOT_SATISFIED]
    assert decision.verdict is Verdict.NON
    assert len(refused) == 2


@pytest.mark.parametrize(
    ("refused", "unknown"),
    [
        (refused, unknown)
        for refused, unknown in itertools.product(REFUSALS, UNKNOWNS)
        if unknown not in (refused, "lien_enfant")
        and (refused, unknown) != ("pension_recue", "autre_parent")
    ],
)
def test_a_refusal_decides_even_when_something_is_unknown(refused: str, unknown: str) -> None:
    decision = estimate(**{**PAYING, refused: REFUSALS[refused], unknown: None})
    assert decision.verdict is Verdict.NON
    assert (decision.missing, decision.amount) == ((), None)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(UNKNOWNS[1:], 2)))
def test_two_unknown_facts_are_both_missing(first: str, second: str) -> None:
    decision = estimate(**{first: None, second: None})
    assert decision.verdict is Verdict.A_PRECISER
    assert set(decision.missing) == {first, second}


@pytest.mark.parametrize("fact", ["residence_stable", "ages_enfants"])
def test_whoever_raises_the_child_these_are_refusals(fact: str) -> None:
    assert estimate(lien_enfant=None, **{fact: REFUSALS[fact]}).verdict is Verdict.NON


@pytest.mark.parametrize("fact", ["vit_seul", "pension_recue"])
def test_until_it_is_known_who_raises_the_child_these_are_not(fact: str) -> None:
    decision = estimate(**{**PAYING, "lien_enfant": None, fact: REFUSALS[fact]})
    assert decision.missing == ("lien_enfant",)
    assert decision.amount is None


def test_an_unknown_pension_gives_a_range_for_all_the_children() -> None:
    decision = estimate(**of("paie_en_partie"), ages_enfants=(1, 2))
    assert decision.verdict is Verdict.A_PRECISER
    assert decision.amount is not None
    assert (decision.amount.min, decision.amount.max) == (Decimal(0), Decimal("398.36"))


def test_no_amount_without_the_ages() -> None:
    assert estimate(ages_enfants=None).amount is None


@pytest.mark.parametrize("lien", [None, *Lien])
def test_before_every_version_nothing_is_known(lien: Lien | None) -> None:
    with pytest.raises(UnknownAtDate):
        estimate(dt.date(2025, 3, 31), lien_enfant=lien)


def test_after_the_next_revaluation_the_amount_is_said_to_be_old() -> None:
    """webinaire-44-2024-03: the scales are raised each year in April."""
    assert "montant_ancien" not in notes(estimate(dt.date(2026, 3, 31)))
    old = estimate(dt.date(2026, 4, 1))
    assert notes(old)["montant_ancien"] == {"depuis": dt.date(2025, 4, 1)}
    assert old.amount is not None
    assert not old.amount.up_to_date


def test_a_refusal_by_an_old_scale_says_so() -> None:
    high = pays("paie_tout", "200")
    assert "seuil_ancien" not in notes(estimate(dt.date(2026, 3, 31), **high))
    assert "seuil_ancien" in notes(estimate(dt.date(2026, 4, 1), **high))


def test_the_limit_of_the_arrears_is_said_once_its_document_is_out() -> None:
    """« jusqu'à 24 mois d'arriérés » (Les missions de l'Aripa), known from October 2025."""
    assert notes(estimate())["arrieres"] == {"mois": 24}
    assert "arrieres" not in notes(estimate(dt.date(2025, 4, 1)))


WORDS = {
    "lien_enfant": {
        "c'est mon fils": "parent",
        "je suis sa mère": "parent",
        "moi, leur papa": "parent",
        "je suis la grand-mère": "recueillant",
        "nous l'avons receuilli": "recueillant",
        "c'est mon neveu": "recueillant",
        "je suis sa belle-mère": None,
        "bof": None,
    },
    "autre_parent": {
        "il ne paie rien": "ne_paie_pas",
        "il donne jamais un centime": "ne_paie_pas",
        "il verse plus rien depuis 6 mois": "ne_paie_pas",
        "il ne paye pas la pension fixée par le juge": "ne_paie_pas",
        "il paie pas malgré le jugement": "ne_paie_pas",
        "il ne donne pas d'argent": "ne_paie_pas",
        "il paie un mois sur deux": "paie_en_partie",
        "il verse quand il veut": "paie_en_partie",
        "elle n'est pas payée en entier": "paie_en_partie",
        "il paie 50 au lieu de 100": "paie_en_partie",
        "il paie bien tous les mois": "paie_tout",
        "elle me verse 80 euros": "paie_tout",
        "le juge n'a rien fixé": "pension_non_fixee",
        "il n'y a pas de pension": "pension_non_fixee",
        "pas encore de jugement": "pension_non_fixee",
        "il est au RSA": "ne_peut_pas",
        "son père est en prison": "ne_peut_pas",
        "il ne peut plus rien payer": "ne_peut_pas",
        "il ne l'a jamais reconnu": "non_reconnu",
        "son papa est mort": "decede",
        "je suis veuve": "decede",
        "il était violent avec moi": "violences",
        "j'ai porté plainte contre lui": "violences",
        "il me tapait": "violences",
        "bof": None,
    },
}


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [(fact, text, value) for fact, said in WORDS.items() for text, value in said.items()],
)
def test_choices_are_read_in_everyday_words(fact: str, text: str, value: str | None) -> None:
    assert chosen(RULE, fact, text) == value


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("oui je vis seule", {"oui"}),
        ("je suis divorcée", {"oui"}),
        ("toute seule avec mes 3 enfants", {"oui"}),
        ("je ne suis plus en couple", {"oui"}),
        ("non je vis en couple", {"non"}),
        ("oui je vis avec mon copain", {"non"}),
        ("je ne suis pas seule", {"non"}),
        ("je suis plus toute seule", {"non"}),
        ("on vit à deux", {"non"}),
        ("mariée mais séparée", {"oui", "non"}),
    ],
)
def test_living_alone_is_read_in_everyday_words(text: str, alone: set[str]) -> None:
    assert set(said(RULE, "vit_seul", text)) == alone


SITUATIONS = st.builds(
    Situation,
    lien_enfant=st.none() | st.sampled_from(Lien),
    vit_seul=st.none() | st.booleans(),
    ages_enfants=st.none() | st.lists(st.integers(0, 40), max_size=6).map(tuple),
    residence_stable=st.none() | st.booleans(),
    autre_parent=st.none() | st.sampled_from(AutreParent),
    pension_recue=st.none() | st.decimals(0, 20000, places=2),
    demarche_pension=st.none() | st.booleans(),
    violences_attestees=st.none() | st.booleans(),
)
DATES = st.dates(dt.date(2025, 4, 1), dt.date(2030, 12, 31))


@given(SITUATIONS, DATES)
def test_any_situation_gets_a_coherent_decision(situation: Situation, date: dt.date) -> None:
    decision = decide(situation, date, PARAMETERS)
    refused = decision.verdict is Verdict.NON
    assert set(decision.missing) <= FACTS
    assert all(getattr(situation, fact) is None for fact in decision.missing)
    assert not (refused and (decision.missing or decision.amount))
    assert decision.amount is None or 0 <= decision.amount.min <= decision.amount.max
    assert decision.steps, "there is always something to do next"


@given(SITUATIONS)
def test_the_questions_end(situation: Situation) -> None:
    """What stays missing is only what the person does not know."""
    answers: dict[str, Any] = {
        "lien_enfant": Lien.PARENT,
        "vit_seul": True,
        "ages_enfants": (8,),
        "residence_stable": True,
        "autre_parent": AutreParent.PAIE_TOUT,
        "pension_recue": Decimal(10),
        "demarche_pension": True,
        "violences_attestees": True,
    }
    known = {name: getattr(situation, name) for name in FACTS}
    for _ in FACTS:
        missing = decide(Situation(**known), OCTOBRE_2025, PARAMETERS).missing
        known.update({name: answers[name] for name in missing})
    assert decide(Situation(**known), OCTOBRE_2025, PARAMETERS).missing == ()


@given(
    st.decimals(0, 500, places=2),
    st.decimals(0, 500, places=2),
    st.sampled_from(["paie_tout", "paie_en_partie"]),
)
def test_a_higher_pension_never_raises_the_asf(one: Decimal, other: Decimal, kind: str) -> None:
    low, high = sorted([one, other])
    assert total(**pays(kind, str(high))) <= total(**pays(kind, str(low))) <= PLEIN


@given(st.lists(st.integers(0, 30), max_size=5), st.integers(0, 30), SITUATIONS)
def test_one_child_more_never_lowers_the_asf(
    ages: list[int], age: int, situation: Situation
) -> None:
    facts = {name: getattr(situation, name) for name in FACTS}
    fewer, more = ({**facts, "ages_enfants": tuple(children)} for children in (ages, [*ages, age]))
    assert total(**fewer) <= total(**more)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=5))
def test_the_order_of_the_children_does_not_matter(ages: list[int]) -> None:
    assert estimate(ages_enfants=tuple(ages)) == estimate(ages_enfants=tuple(reversed(ages)))


def total(**changes: Any) -> Decimal:
    amount = estimate(**changes).amount
    return amount.max if amount else Decimal(0)
