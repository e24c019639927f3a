"""Finds what is personal by its digits or its sign: numbers and e-mail addresses.

Amounts, dates, hours, years, quotients and service numbers (3230, 3919, 0 800…) are none of it.
"""

import re
from collections.abc import Callable, Iterator

import phonenumbers
from phonenumbers import PhoneNumberType
from stdnum import iban, luhn
from stdnum.fr import nir

Span = tuple[int, int]

GAP = r"[\s.\-]"  # what people put between groups of digits (\s holds the no-break spaces)
AMOUNT = r"\s*(?:€|euros?\b|eur\b|%|k€)"
MONEY = rf"(?!{AMOUNT})"
MONEY_AFTER = re.compile(AMOUNT, re.IGNORECASE)

NO_COUNT = r"(?!\d|\s*(?:ans?|mois|jours?|semaines?|enfants?|heures?|h)\b)"
LOCAL = r"[\w.+%'-]{1,64}"
EMAIL = re.compile(
    rf"{LOCAL}@[^\W\d][\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,4}}(?:\s\.[a-z]{{2,6}}\b)?"
    rf"|{LOCAL}(?:\s?@\s?|\s?[\[(]\s?(?:at|arobase)\s?[\])]\s?|\s+arobase\s+)"
    r"[^\W\d][\w-]{1,63}(?:\s?\.\s?|\s+point\s+)[a-z]{2,6}\b",
    re.IGNORECASE,
)
SIGN = re.compile(r"@|arobase|[\[(]\s?at", re.IGNORECASE)  # no address without one
IBAN = re.compile(
    r"(?<![A-Z0-9])(?=(?P<run>[A-Z]{2}\s?\d{2}(?:[\s.\-]?[A-Z0-9]){11,30}))", re.IGNORECASE
)
IBAN_FRENCH = re.compile(
    rf"(?<![A-Z0-9])FR{GAP}?\d{{2}}(?:{GAP}?\d){{10}}(?:{GAP}?[A-Z0-9]){{11}}(?:{GAP}?\d){{2}}(?!\d)",
    re.IGNORECASE,
)
NIR = re.compile(
    rf"(?<![\d,])(?P<body>[1-478]{GAP}?\d\d{GAP}?(?:0[1-9]|1[0-2]|20|3\d|4[0-2]|[5-9]\d){GAP}?"
    rf"(?:\d\d|2[AB]){GAP}?\d{{3}}{GAP}?\d{{3}})(?P<key>{GAP}*(?:cl[ée]\s*)?\d\d{NO_COUNT})?"
    rf"(?!\d){MONEY}",
    re.IGNORECASE,
)
NIR_CONTEXT = re.compile(
    rf"(?:s[ée]cu(?:rit[ée]\s+sociale)?|\bnir\b|\bnss\b)[^\d\n]{{0,20}}"
    rf"(?P<number>[1-478](?:{GAP}?[\dAB]){{11,14}})(?![\d])",
    re.IGNORECASE,
)
CARD = re.compile(rf"(?<![\d,.])(?=(?P<run>\d(?:{GAP}?\d){{12,30}}))")
CARD_GROUPS = re.compile(r"4\D4\D4\D4(?:\D[1-3])?|4\D6\D[45]|4\D4\D4\D[1-3]")
MOST_GROUPS = 5
CARD_PREFIX = re.compile(
    r"3[0-9](?=\d{12,17}$)|4(?=\d{12,18}$)|5[0-9](?=\d{10,17}$)|6(?=\d{11,18}$)"
    r"|2[2-7](?=\d{14}$)"
)
PHONE_FRENCH = re.compile(
    rf"(?<![\d,.+])(?:0[1-9]\d{{8}}"
    rf"|0[1-9](?P<sep>{GAP}{{1,3}}|\s?[/_]\s?)\d\d(?:(?P=sep)\d\d){{3}}"
    rf"|0[1-9](?:{GAP}{{0,3}}\d\d){{4}}"
    rf"|0{GAP}[1-9](?:{GAP}\d\d){{4}}"
    rf"|0[1-9]\d\d{GAP}\d{{3}}{GAP}\d{{3}}"
    rf"|0[1-9]{GAP}\d{{3}}{GAP}\d{{3}}{GAP}\d\d"
    rf"|0[1-9]{GAP}\d{{2}}{GAP}\d{{3}}{GAP}\d{{3}}"
    rf"|0[1-9]{GAP}\d{{4}}{GAP}\d{{4}}"
    rf"|0[1-9]{GAP}\d{{8}}"
    rf"|0[1-9]\d\d{GAP}\d{{6}})(?!\d){MONEY}"
)
PHONE_ABROAD = re.compile(
    rf"(?<![\d+])(?=(?P<run>(?:\+|00)\s?\d{{1,3}}(?:{GAP}{{0,2}}(?:\(0\))?{GAP}{{0,2}}\d){{6,13}}))"
)
DATE_INSIDE = re.compile(
    r"\b(?:0?[1-9]|[12]\d|3[01])[\s./-](?:0[1-9]|1[0-2])[\s./-](?:19|20)\d\d\b"
    r"|\b0[1-9][\s./-](?:19|20)\d\d\b"
)
FRENCH_SUBSCRIBER = re.compile(r"33 [1-79]\d{8}")
SERVICE_TYPES = {
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
}
NUMBER_WORD = r"(?:n\s?[°º]|n[uo]m[ée]ros?|num\b\.?|no\b\.?|nro\b\.?|matricule|identifiant|id\b)"
OWNER = r"(?:allocataires?|alloc|caf|dossier)\b"
ALLOCATAIRE_DIGITS = (
    rf"(?:\d{{6,8}}(?!\d)|(?:\d{{1,2}}{GAP}\d{{3}}{GAP}\d{{3}}|\d{{3}}{GAP}\d{{4}}"
    rf"|\d{{4}}{GAP}\d{{3}}|\d{{2}}{GAP}\d{{2}}{GAP}\d{{3}}|\d{{3}}{GAP}\d{{2}}{GAP}\d{{2}}"
    rf"|\d{{1,2}}(?:{GAP}\d\d){{3}})(?!{GAP}?\d))"
    rf"(?:(?:[A-Z]|(?-i:\s[A-Z]))(?![\w'’]))?(?!\w|,\d){MONEY}"
)
ALLOCATAIRES = (
    re.compile(
        rf"{NUMBER_WORD}[^\d\n]{{0,12}}?{OWNER}[^\d\n]{{0,25}}(?P<number>{ALLOCATAIRE_DIGITS})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:{OWNER}|matricule)(?:\s|caf\b|{NUMBER_WORD}|est\b|[:=,(-])*"
        rf"(?P<number>{ALLOCATAIRE_DIGITS})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<![\d,.])(?P<number>{ALLOCATAIRE_DIGITS})\s*[,:(]?\s*"
        rf"(?:(?:c['’ ]est|est|voici|comme|=|mon|le|ma)\s*)*{NUMBER_WORD}\s*"
        rf"(?:d['’ ]?\s?|de\s+)?{OWNER}",
        re.IGNORECASE,
    ),
)


def emails(text: str) -> Iterator[Span]:
    if SIGN.search(text):
        yield from (match.span() for match in EMAIL.finditer(text))


def ibans(text: str) -> Iterator[Span]:
    """French ones by their shape (a slip of the finger is still personal), others when valid."""
    taken = [match.span() for match in IBAN_FRENCH.finditer(text)]
    _add_longest(text, IBAN, 15, _is_iban, taken)
    yield from taken


def _is_iban(written: str) -> bool:
    return iban.is_valid(written, check_country=False)  # its bank need not be a known one


def _add_longest(
    text: str, pattern: re.Pattern[str], shortest: int, valid: Callable[[str], bool], to: list[Span]
) -> None:
    """Add, wherever a run begins, its longest valid part that ends where a word ends."""
    for match in pattern.finditer(text):
        start = match.start()
        for end in range(match.end("run"), start + shortest - 1, -1):
            whole = text[end - 1].isalnum() and not text[end : end + 1].isalnum()
            if whole and not _overlaps((start, end), to) and valid(text[start:end]):
                to.append((start, end))
                break


def nirs(text: str) -> Iterator[Span]:
    """13 characters by their shape; the key too when it is right or written as one."""
    taken: list[Span] = []
    for match in NIR.finditer(text):
        keyed = match["key"] and (nir.is_valid(_digits(match.group())) or _grouped(match.group()))
        taken.append((match.start(), match.end() if keyed else match.end("body")))
    for match in NIR_CONTEXT.finditer(text):
        if not _overlaps(match.span("number"), taken):
            taken.append(match.span("number"))
    yield from taken


def _grouped(written: str) -> bool:
    """Tell whether 15 characters with a wrong key are a mistyped NIR: glued or well grouped."""
    groups = [len(group) for group in re.findall(r"[\dAB]+", written, re.IGNORECASE)]
    return groups in ([15], [13, 2], [1, 2, 2, 2, 3, 3, 2])


def cards(text: str) -> Iterator[Span]:
    taken: list[Span] = []
    _add_longest(text, CARD, 13, _is_card, taken)
    yield from (span for span in taken if not MONEY_AFTER.match(text, span[1]))


def _is_card(written: str) -> bool:
    """Tell a card number from a row of amounts or years: by its key, prefix and groups."""
    groups = re.findall(r"\d+", written)
    digits = "".join(groups)
    if len(groups) > MOST_GROUPS or not 13 <= len(digits) <= 19:
        return False
    if len(groups) == 1:
        likely = len(digits) >= 15 or CARD_PREFIX.match(digits) is not None
    else:
        shape = re.sub(r"\d+", lambda match: str(len(match.group())), written)
        amounts = all(group.endswith("0") for group in groups)
        likely = bool(CARD_GROUPS.fullmatch(shape) and CARD_PREFIX.match(digits)) and not amounts
    return likely and bool(luhn.is_valid(digits))


def phones(text: str) -> Iterator[Span]:
    taken: list[Span] = []
    _add_longest(text, PHONE_ABROAD, 9, _is_personal, taken)
    for match in PHONE_FRENCH.finditer(text):
        written = match.group()
        service = _digits(written).startswith("08") and not _is_personal(written)
        if not (service or DATE_INSIDE.search(written) or _overlaps(match.span(), taken)):
            taken.append(match.span())
    yield from taken


def _is_personal(written: str) -> bool:
    """Tell whether a number is in a real plan and is not a service's (0 800…, 08 9…).

    The French plan counts by its shape: numbers are opened there before the library knows them.
    """
    try:
        number = phonenumbers.parse(re.sub(r"[^\d+]", "", written.replace("(0)", "")), "FR")
    except phonenumbers.NumberParseException:
        return False
    if FRENCH_SUBSCRIBER.fullmatch(f"{number.country_code} {number.national_number}"):
        return True
    kind = phonenumbers.number_type(number)
    return phonenumbers.is_valid_number(number) and kind not in SERVICE_TYPES


def allocataires(text: str) -> Iterator[Span]:
    taken: list[Span] = []
    for pattern in ALLOCATAIRES:
        spans = [match.span("number") for match in pattern.finditer(text)]
        taken += [span for span in spans if not _overlaps(span, taken)]
    yield from taken


def _overlaps(span: Span, others: list[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)


def _digits(written: str) -> str:
    return re.sub(r"[^0-9AB]", "", re.sub(r"cl[ée]", "", written, flags=re.IGNORECASE).upper())
