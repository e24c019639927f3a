"""Reads the phone number on which the Caf can call somebody back."""

from __future__ import annotations

import re
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from allobot.masking.numbers import phones

Kind = Literal["illisible", "etranger", "court", "inexistant"]

LONGEST = 200  # characters: a number, and some words around it
SHORTEST = 7  # digits; below, a short number (112, 3230, 118 218)
WRITTEN = re.compile(r"[\s\d+()./_-]+")
METROPOLITAN = re.compile(r"[1-79]\d{8}")
# The plan by its shape: numbers are opened there before the library knows them. Overseas numbers
# are dialled from France as 0262…, but their country code is their own.
OVERSEAS = {
    262: re.compile(r"(?:26[239]|639(?!98)|69[23])\d{6}"),  # 0639 98 is kept for fiction
    590: re.compile(r"(?:590|69[01])\d{6}"),
    594: re.compile(r"[56]94\d{6}"),
    596: re.compile(r"(?:596|69[67])\d{6}"),
    508: re.compile(r"508(?P<inside>\d{6})"),  # 0508 41 12 34 is +508 41 12 34
}
FRENCH_CODES = {33, 262, 508, 590, 594, 596, 681, 687, 689}
SERVICES = {
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
}


class BadPhone(ValueError):
    """A number that cannot be called back; `kind` says why, and no message repeats the number."""

    def __init__(self, kind: Kind) -> None:
        """Say why."""
        super().__init__(kind)
        self.kind: Kind = kind


def read_phone(text: str) -> str:
    """Return a French number, metropolitan or overseas, in E.164 ("+33639981234").

    Raises:
        BadPhone: "illisible" (no number, or several), "etranger" (of another country), "court" (a
            short or service number: 3230, 0 800…), "inexistant" (in no plan).
    """
    digits = _digits(text)
    if len(re.sub(r"^\+33", "", digits)) < SHORTEST and not re.match(r"\+(?!33)", digits):
        raise BadPhone("court")
    try:
        number = phonenumbers.parse(digits, "FR")
    except phonenumbers.NumberParseException:
        raise BadPhone("inexistant") from None
    if number.country_code not in FRENCH_CODES:
        raise BadPhone("etranger")
    number = _overseas(number)
    if bad := _why_not(number):
        raise BadPhone(bad)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _digits(text: str) -> str:
    """Return the digits of the only number of a text, with its + or 00."""
    if len(text) > LONGEST:
        raise BadPhone("illisible")
    written = text.strip()
    if not WRITTEN.fullmatch(written):
        spans = list(phones(text))
        if len(spans) != 1:
            raise BadPhone("illisible")
        written = text[slice(*spans[0])]
    digits = re.sub(r"[^\d+]", "", written.replace("(0)", ""))
    if not re.fullmatch(r"\+?\d+", digits):
        raise BadPhone("illisible")
    return re.sub(r"^00", "+", digits)


def _overseas(number: PhoneNumber) -> PhoneNumber:
    """Give a number dialled as in metropolitan France the country code of its territory."""
    if number.country_code == 33:
        national = str(number.national_number)
        for code, plan in OVERSEAS.items():
            if match := plan.fullmatch(national):
                inside = match.groupdict().get("inside", national)
                return PhoneNumber(country_code=code, national_number=int(inside))
    return number


def _why_not(number: PhoneNumber) -> Kind | None:
    """Why a French number cannot be called back; None when it can."""
    national = str(number.national_number)
    if phonenumbers.number_type(number) in SERVICES:
        return "court"
    if number.country_code == 33:
        if national.startswith("8") and len(national) == 9:
            return "court"
        known = METROPOLITAN.fullmatch(national) and not national.endswith("00000000")
        return None if known else "inexistant"
    plan = OVERSEAS.get(number.country_code or 0)
    if plan and plan.fullmatch(national):
        return None
    return None if phonenumbers.is_valid_number(number) else "inexistant"
