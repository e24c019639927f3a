"""The answer that fits the words is found; when none does, none is given."""

import datetime as dt

import pytest

from actions.knowledge.schema import Period, Precision, SourceRef
from actions.knowledge.search import choose

FOREVER = Period(du=dt.date(2024, 1, 1))
SOURCE = SourceRef(document="doc", section="une page")


def precision(name: str, question: str, mots: str, reponse: str) -> Precision:
    return Precision(
        id=name,
        question=question,
        mots=mots,
        reponse=[reponse],
        en_vigueur=FOREVER,
        source=SOURCE,
    )


KNOWN = [
    precision("cheque", "Puis-je payer par chèque ?", "chéquier", "Le chèque est exceptionnel."),
    precision("carte", "Comment payer par carte ?", "cb bancaire", "La carte se paie en ligne."),
    precision("minimum", "Combien au minimum ?", "montant le moins", "Un euro au moins."),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("et par chèque ?", "cheque"),
        ("est-ce que je peux donner un CHEQUE", "cheque"),
        ("avec ma cb svp", "carte"),
        ("quel montant minimum", "minimum"),
    ],
)
def test_finds_the_answer(text: str, expected: str) -> None:
    assert choose(text, KNOWN)[0].id == expected


@pytest.mark.parametrize("text", ["", "bonjour", "mon chat a mangé le facteur hier soir", "???"])
def test_says_nothing_when_nothing_fits(text: str) -> None:
    assert choose(text, KNOWN) == []


def test_no_answer_known_is_no_answer() -> None:
    assert choose("et par chèque ?", []) == []
