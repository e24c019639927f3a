"""Reads an answer typed freely in French: a choice, a yes or no, an age, an amount. Pure.

Each reader returns a `Reading`, or None when the text holds no answer. `sure` says that the text
is nothing but the answer ("8 ans"); otherwise it was found inside other words, and the caller
may prefer to see another question in them ("j'ai oublié mon mot de passe depuis 2 jours").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from text_to_num import alpha2digit

UNKNOWN = "inconnu"

MAX_AGE = 120  # years
MAX_AMOUNT = Decimal(20000)  # € per month
SHORT = 4  # words: a short "oui, bien sûr" is nothing but an answer

_DOES_NOT_KNOW = re.compile(
    r"\b(?:sais (?:pas|plus)|aucune idee|jsp|ch?ais (?:pas|plus)|pas (?:sure?|certaine?)"
    r"|ignore|peux pas (?:vous )?dire|inconnu)\b"
)
_NO = re.compile(
    r"^(?:ben |euh |bah |ah )*(?:non|nan|no|nn|nop|negatif|pas du tout|jamais|pas encore|aucune?)\b"
)
_YES = re.compile(
    r"^(?:ben |euh |bah |ah )*(?:oui|ouais?|ouai|oui|yes|yep|wi|ui|exact(?:ement)?|tout a fait"
    r"|bien sur|c est (?:ca|exact|vrai|bon|le cas)|effectivement|absolument|affirmatif|si|ok"
    r"|d accord|evidemment|toujours|voila)\b"
)
_NUMBER = re.compile(r"\d{1,3}(?:[ .]\d{3})+(?:[.,]\d{1,2})?(?! ?\d)|\d+(?:[.,]\d{1,2})?")
_AGE_UNIT = re.compile(r"(\d+(?:[.,]\d+)?) ?(?:ans?|annees?)\b")
_MONTHS_UNIT = re.compile(r"(\d+) ?mois\b")
_AMOUNT_UNIT = re.compile(r"(\d[\d .,]*?) ?(?:€|euros?|eur|e)(?:\b|$|(?=\s))")
_NOTHING = re.compile(r"\b(?:rien|zero|nada|que dalle)\b")
_FILLER = re.compile(
    r"\b(?:a peu pres|plus ou moins|elle|il|on|a|as|ai|j|l|le|la|les|de|d|du|un|une|mon|ma|mes"
    r"|notre|fils|fille|enfant|petite?|environ|presque|vers|vient|avoir|ans?|annees?|et|demi|mois"
    r"|euros?|eur|e|€|par|chaque|au|ca|fait|c|est|me|m|donne|verse|paie|paye|recois|touche|je"
    r"|depuis|peu|tout|juste|seulement|enfin|pour|lui|alors|euh|donc|bah|ben)\b|€"
)


@dataclass(frozen=True)
class Reading:
    """What was read; `sure` when the text holds nothing else."""

    value: str
    sure: bool = True


def simplify(text: str) -> str:
    """Lower case, no accents, apostrophes and dashes as spaces."""
    text = unicodedata.normalize("NFKC", text).lower().replace("œ", "oe")
    decomposed = unicodedata.normalize("NFD", text)
    text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(re.sub(r"['’‘`´\-_!?;:()\"«»]", " ", text).split())


def read_unknown(text: str) -> Reading | None:
    """The person does not know."""
    plain = simplify(text)
    if not _DOES_NOT_KNOW.search(plain):
        return None
    return Reading(UNKNOWN, len(plain.split()) <= 2 * SHORT)


def read_yes_no(text: str) -> Reading | None:
    """`oui` or `non`."""
    plain = simplify(text)
    sure = len(plain.split()) <= SHORT
    if _NO.search(plain):
        return Reading("non", sure)
    if _YES.search(plain):
        return Reading("oui", sure)
    return None


def read_choice(text: str, patterns: Mapping[str, str]) -> Reading | None:
    """The first value whose pattern (written for simplified text) is found."""
    plain = simplify(text)
    for value, pattern in patterns.items():
        if re.search(pattern, plain):
            return Reading(value)
    return None


def read_age(text: str) -> Reading | None:
    """An age in completed years, 0 to 120, as digits ("8 ans et demi" is 8)."""
    plain = re.sub(r"\bun an\b", "1 an", _with_digits(text))
    if (months := _MONTHS_UNIT.search(plain)) and not _AGE_UNIT.search(plain):
        return _number(str(int(months[1]) // 12), plain, Decimal(MAX_AGE))
    match = _AGE_UNIT.search(plain) or _NUMBER.search(plain)
    if match is None:
        return None
    number = match[1] if match.re is _AGE_UNIT else match[0]
    return _number(str(int(_decimal(number))), plain, Decimal(MAX_AGE))


def read_amount(text: str) -> Reading | None:
    """An amount in euros, as a decimal number with a point."""
    plain = _with_digits(text)
    match = _AMOUNT_UNIT.search(plain) or _NUMBER.search(plain)
    if match and match.re is _NUMBER and len(_NUMBER.findall(plain)) > 1:
        return None  # "1200 1500": which one?
    if match is None:
        return Reading("0", len(plain.split()) <= SHORT) if _NOTHING.search(plain) else None
    number = match[1] if match.re is _AMOUNT_UNIT else match[0]
    return _number(str(_decimal(number)), plain, MAX_AMOUNT)


def spot_age(text: str) -> str | None:
    """An age said as such ("12 ans"), anywhere in the text."""
    return (
        reading.value
        if _AGE_UNIT.search(_with_digits(text)) and (reading := read_age(text))
        else None
    )


def spot_amount(text: str) -> str | None:
    """An amount said as such ("150 euros"), anywhere in the text."""
    return (
        reading.value
        if _AMOUNT_UNIT.search(_with_digits(text)) and (reading := read_amount(text))
        else None
    )


def _with_digits(text: str) -> str:
    """Simplified, with numbers in words as digits. Words first: accents help the library."""
    return simplify(str(alpha2digit(text.lower(), "fr")))


def _decimal(number: str) -> Decimal:
    compact = number.replace(" ", "").strip(".,")
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", compact):
        compact = compact.replace(".", "")
    return Decimal(compact.replace(",", "."))


def _number(value: str, plain: str, maximum: Decimal) -> Reading | None:
    if not 0 <= Decimal(value) <= maximum:
        return None
    rest = _FILLER.sub(" ", _NUMBER.sub(" ", plain))
    return Reading(value, not re.search(r"[a-z]", rest))
