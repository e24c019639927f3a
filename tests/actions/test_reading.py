import pytest

from actions.asf_form import QUESTIONS, read_autre_parent, read_lien, read_seul
from actions.reading import (
    Reading,
    read_age,
    read_amount,
    read_unknown,
    read_yes_no,
    spot_age,
    spot_amount,
)


def value(reading: Reading | None) -> str | None:
    return reading.value if reading else None


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("8", "8"),
        ("8 ans", "8"),
        ("elle a huit ans et demi", "8"),
        ("il a 8ans", "8"),
        ("vingt et un ans", "21"),
        ("18 mois", "1"),
        ("6 mois", "0"),
        ("un an", "1"),
        ("mon fils vient d'avoir 17 ans", "17"),
        ("0", "0"),
    ],
)
def test_reads_an_age(text: str, age: str) -> None:
    assert read_age(text) == Reading(age, sure=True)


@pytest.mark.parametrize("text", ["", "je ne veux pas le dire", "150 ans", "né en 2015", "-"])
def test_reads_no_age(text: str) -> None:
    assert read_age(text) is None


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("80", "80"),
        ("à peu près 200 euros", "200"),
        ("1 442,40 €", "1442.40"),
        ("1.442,40 euros", "1442.40"),
        ("mille deux cents", "1200"),
        ("cent vingt euros par mois", "120"),
        ("200e", "200"),
        ("rien", "0"),
        ("99,99€", "99.99"),
    ],
)
def test_reads_an_amount(text: str, amount: str) -> None:
    assert read_amount(text) == Reading(amount, sure=True)


@pytest.mark.parametrize("text", ["", "pas beaucoup", "1200 1500", "999999 euros"])
def test_reads_no_amount(text: str) -> None:
    assert read_amount(text) is None


@pytest.mark.parametrize(
    "text", ["j'ai oublié mon mot de passe depuis 2 jours", "la caf me doit 150 euros d'apl"]
)
def test_a_number_among_other_words_is_not_sure(text: str) -> None:
    age, amount = read_age(text), read_amount(text)
    assert not (age and age.sure)
    assert not (amount and amount.sure)


@pytest.mark.parametrize("text", ["oui", "Ouais", "OUI BIEN SÛR", "tout à fait", "c'est ça", "ui"])
def test_reads_yes(text: str) -> None:
    assert value(read_yes_no(text)) == "oui"


@pytest.mark.parametrize("text", ["non", "nan", "pas du tout", "Non, pas encore", "ben non"])
def test_reads_no(text: str) -> None:
    assert value(read_yes_no(text)) == "non"


@pytest.mark.parametrize("text", ["peut-être", "nonobstant", "ouistiti", ""])
def test_reads_neither_yes_nor_no(text: str) -> None:
    assert read_yes_no(text) is None


@pytest.mark.parametrize("text", ["je sais pas", "Je ne sais plus", "aucune idée", "jsp"])
def test_not_knowing_is_an_answer(text: str) -> None:
    assert value(read_unknown(text)) == "inconnu"


def test_spotting_needs_the_unit() -> None:
    assert spot_age("en fait elle a 12 ans") == "12"
    assert spot_age("en fait 12") is None
    assert spot_amount("pardon, c'est 90 euros") == "90"
    assert spot_amount("pardon, 90") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("je suis sa maman", "parent"),
        ("c'est mon fils", "parent"),
        ("Son père ou sa mère", "parent"),
        ("je suis la grand-mère", "recueillant"),
        ("nous l'avons recueilli", "recueillant"),
        ("c'est mon neveu", "recueillant"),
        ("bof", None),
    ],
)
def test_reads_who_raises_the_child(text: str, expected: str | None) -> None:
    assert value(read_lien(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oui", "oui"),
        ("oui je vis seule", "oui"),
        ("je suis divorcée", "oui"),
        ("non je vis en couple", "non"),
        ("oui je vis avec mon copain", "non"),
        ("je ne suis pas seule", "non"),
        ("toute seule avec mes 3 enfants", "oui"),
        ("je ne suis plus en couple", "oui"),
        ("je suis plus toute seule", "non"),
        ("seule, elle a deux ans", "oui"),
        ("on vit à deux", "non"),
        ("mariée mais séparée", None),
    ],
)
def test_reads_living_alone(text: str, expected: str | None) -> None:
    assert value(read_seul(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("La pension n'est pas payée", "ne_paie_pas"),
        ("il ne paie rien", "ne_paie_pas"),
        ("il donne jamais un centime", "ne_paie_pas"),
        ("il verse plus rien depuis 6 mois", "ne_paie_pas"),
        ("Elle est payée en partie", "paie_en_partie"),
        ("il paie un mois sur deux", "paie_en_partie"),
        ("il verse quand il veut", "paie_en_partie"),
        ("Elle est payée en entier", "paie_tout"),
        ("il paie bien tous les mois", "paie_tout"),
        ("Aucune pension n'est fixée", "pension_non_fixee"),
        ("le juge n'a rien fixé", "pension_non_fixee"),
        ("il n'y a pas de pension", "pension_non_fixee"),
        ("Il ou elle ne peut pas payer", "ne_peut_pas"),
        ("il est au RSA", "ne_peut_pas"),
        ("son père est en prison", "ne_peut_pas"),
        ("Enfant non reconnu", "non_reconnu"),
        ("il ne l'a jamais reconnu", "non_reconnu"),
        ("L'autre parent est décédé", "decede"),
        ("son papa est mort", "decede"),
        ("il était violent avec moi", "violences"),
    ],
)
def test_reads_what_the_other_parent_does(text: str, expected: str) -> None:
    assert value(read_autre_parent(text)) == expected


def test_every_question_has_its_own_slot() -> None:
    slots = [question.slot for question in QUESTIONS]
    assert len(set(slots)) == len(slots)
