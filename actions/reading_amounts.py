"""An amount in euros, by the month. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from actions.reading_numbers import BOUND, NUMBER, before, is_negative, nothing_else, with_digits
from actions.reading_words import SHORT, Reading

MAX_AMOUNT = Decimal(20000)  # € per month

_DOZENS = {
    "dizaine": 10,
    "quinzaine": 15,
    "vingtaine": 20,
    "trentaine": 30,
    "quarantaine": 40,
    "cinquantaine": 50,
    "soixantaine": 60,
    "centaine": 100,
    "millier": 1000,
}
_AMOUNT_UNIT = re.compile(r" ?(?:€|(?:euros?|eur|e|balles|boules)(?![a-z0-9]))")
_OTHER_UNIT = re.compile(
    r" ?(?:%|(?:ans?|annees?|jours?|semaines?|enfants?|personnes?|fois|heures?|h|eme|er|francs?"
    r"|dollars?|pieces?|m2|km|centimes?|cts?|smics?)(?![a-z]))"
)
_MONTHS = re.compile(r" ?mois\b")
_BOUND_AFTER = re.compile(r" ?(?:€|(?:euros?|eur|e)\b)? ?(?:max|mini|(?:ou|et) (?:plus|moins)\b)")
# Not by the month: the person is asked again rather than the sum divided.
_OTHER_RHYTHM = re.compile(
    r"(?:\bpar |/ ?)(?:an|annee|jour|semaine|heure|h)\b|\bannuel|\bde l heure\b|\ba l annee\b"
)
_DENIED = re.compile(r"(?:(?<!sais )(?<!sait )\bpas|\bau lieu|\bet non) (?:les |de |d )?$")
_JOIN = re.compile(r" ?(?:a|ou|et|/|,|\+|)(?: de)? ?")
_THOUSANDS = re.compile(
    r"(?<![0-9])([0-9]{1,3}(?:[.,][0-9])?) ?k([0-9])?(?=€| |$|/|,|\.|e\b|euros?\b|eur\b)"
)
_CENTS = re.compile(
    r"([0-9]) ?(?:€|euros?|e) ?(?:et )?([0-9]{2})"
    r"(?: ?(?:centimes?|cts?|c)\b|(?= ?(?:$|par\b|nets?\b|bruts?\b|chaque|environ|/ ?mois)))"
)
_EUROS_CENTS = re.compile(r"([1-9][0-9]{0,2}(?:[ .,][0-9]{3})+|[0-9]{1,12})(?:[.,]([0-9]{1,2}))?")
_NOTHING = re.compile(
    r"\b(?:rien|zero|nada|que dalle|neant)\b|^aucune?$"
    r"|\b(?:aucune?|sans|pas d[e']?|pas de) ?(?:revenus?|ressources?|salaires?|pension|loyer)\b"
)


def read_amount(text: str) -> Reading | None:
    """An amount in euros, as a decimal number with a point; None when there are several."""
    plain = _with_amounts(text)
    found = list(NUMBER.finditer(plain))
    if not found:
        if re.search("[0-9]", plain) or not _NOTHING.search(plain):
            return None
        return Reading("0", len(plain.split()) <= SHORT + 2)
    amounts = _amounts(plain, found)
    if is_negative(text) or len(amounts) != 1:
        return None
    value = amounts.pop()
    if value is None or value > MAX_AMOUNT:
        return None
    return Reading(str(value), nothing_else(plain))


def spot_amount(text: str) -> str | None:
    """An amount said as such ("150 euros"), anywhere in the text."""
    plain = _with_amounts(text)
    said = any(_AMOUNT_UNIT.match(plain, found.end()) for found in NUMBER.finditer(plain))
    reading = read_amount(text) if said else None
    return reading.value if reading else None


def _with_amounts(text: str) -> str:
    """With digits, and "1k5", "une centaine", "12 euros 50" as plain amounts."""
    plain = with_digits(text)
    for word, number in _DOZENS.items():
        plain = re.sub(rf"\bune? (?:petite |bonne )?{word}\b", str(number), plain)
    plain = re.sub(r"\bune? (?=euros?\b)", "1 ", plain)
    plain = re.sub(r"( [0-9]{3}) ?, ([0-9]{2}) ?(?=€|euros?\b)", r"\1,\2 ", plain)
    plain = _THOUSANDS.sub(_thousands, plain)
    return _CENTS.sub(r"\1,\2 €", plain)


def _thousands(found: re.Match[str]) -> str:
    hundreds = Decimal(found[1].replace(",", ".")) * 1000 + 100 * int(found[2] or 0)
    return str(int(hundreds))


def _amounts(plain: str, found: list[re.Match[str]]) -> set[Decimal | None]:
    """The numbers that may be the amount: those with a unit when there are some."""
    plausible = [number for number in found if not _is_other(plain, number)]
    if _OTHER_RHYTHM.search(plain) or any(
        before(BOUND, plain, number) or _BOUND_AFTER.match(plain, number.end())
        for number in plausible
    ):
        return set()
    with_unit: list[re.Match[str]] = []
    following: re.Match[str] | None = None
    for number in reversed(plausible):
        # "800 à 900 euros": the unit goes for both.
        joined = (
            following is not None
            and with_unit[-1:] == [following]
            and _JOIN.fullmatch(plain, number.end(), following.start())
        )
        if joined or _AMOUNT_UNIT.match(plain, number.end()):
            with_unit.append(number)
        following = number
    return {_decimal(number[0]) for number in with_unit or plausible}


def _is_other(plain: str, number: re.Match[str]) -> bool:
    """Ages, durations, and amounts put aside ("pas 80 euros") are not the amount."""
    if _OTHER_UNIT.match(plain, number.end()) or before(_DENIED, plain, number):
        return True
    return len(number[0]) < 3 and bool(_MONTHS.match(plain, number.end()))


def _decimal(number: str) -> Decimal | None:
    parts = _EUROS_CENTS.fullmatch(number)
    if parts is None:
        return None
    euros = re.sub("[ .,]", "", parts[1])
    return Decimal(f"{euros}.{parts[2]}" if parts[2] else euros)
