"""Numbers, in digits or in words, and how many children there are. Pure."""

from __future__ import annotations

import re

from text_to_num import alpha2digit

from actions.reading_words import SHORT, Reading, simplify

MAX_NUMBER = 999  # children, people in a home, hours of care

CHILDREN = r"(?:enfants?|enft?s?|gosses?|gamine?s?|momes?|loulous?)"
KINDS = r"(?:filles?|garcons?|fils|bebes?|jumeaux|jumelles|triplee?s?)"
NO_CHILD = re.compile(
    rf"\b(?:aucune?|0|zero|pas (?:encore )?d|pas de|sans) ?{CHILDREN}\b"
    r"|^(?:non )?(?:(?:j|je n|nous n|on n) ?en (?:ai|avons|a) (?:pas|aucune?)(?: encore)?"
    r"|aucune?)(?: (?:a charge|pour (?:le moment|l instant)))?\W*$"
)
NUMBER = re.compile(
    r"(?<![0-9.,])(?:[0-9]{1,3}(?:[ .][0-9]{3})+(?![0-9])|[0-9]+)(?:[.,][0-9]+)?(?![.,]?[0-9])"
)
_NEGATIVE = re.compile(r"^\s*[-−–]\s?[0-9]|(?<=[^0-9\s])\s[-−–][0-9]")
_FILLER = re.compile(
    r"\b(?:a peu pres|plus ou moins|elle|il|on|a|as|ai|j|l|le|la|les|de|d|du|un|une|mon|ma|mes"
    r"|notre|fils|fille|enfants?|petite?|environ|env|presque|vers|vient|avoir|ans?|annees?|et|demi"
    r"|mois|euros?|eur|e|€|par|chaque|au|ca|fait|c|est|me|m|donne|verse|paie|paye|recois|touche"
    r"|je|gagne|percois|depuis|peu|tout|juste|seulement|enfin|pour|lui|alors|euh|donc|bah|ben"
    r"|nee?|date|nets?|bruts?|autour|dans|quelques|poussieres?|pile|rond|balles|boules|merci"
    r"|tous|des|mensuels?|salaire|loyer|revenus?|pension|charges comprises|hors charges|cc|moment"
    r"|instant|qf|quotient|familial)\b|€"
)

_TYPOS = {"troi": "trois", "deu": "deux", "quatres": "quatre", "catre": "quatre", "sinq": "cinq"}
_TYPO = re.compile(rf"\b(?:{'|'.join(_TYPOS)})\b")
# "Sept" beside a day or a year is September, which the library would turn into 7.
_SEPTEMBER = re.compile(r"\bsept\b\.?(?= ?(?:19|20)[0-9]{2}\b)|(?<=[0-9] )sept\b\.?(?! ?ans)")
BOUND = re.compile(
    r"(?:(?<!plus ou )\b(?:moins|plus|au dessus|en dessous|au dela) (?:de|que|d)|\bentre|\bjusqu a"
    r"|\bau (?:moins|plus|minimum|maximum)|\bmini(?:mum)?|\bmax(?:i|imum)?|\bmoins) $"
)
_COUNTED = re.compile(
    r"(?<![a-z0-9])(?:(?P<n>[0-9]+|une?) ?)?(?:(?:seule?|petite?s?|grande?s?|autres?) )?"
    rf"(?:(?P<all>{CHILDREN})|(?P<kind>{KINDS}))\b"
)
_ALL = re.compile(rf"(?<![a-z0-9])[0-9]+ ?{CHILDREN}\b")
_OTHER_COUNT = re.compile(
    r" ?(?:€|%|(?:ans?|annees?|mois|semaines?|jours?|euros?|eur|e|eme|er|fois|k)"
    r"(?![a-z]))"
)
_VAGUE = re.compile(
    r"[0-9] ?[.,/+] ?[0-9]|\b(?:entre|ou|bientot|moins|plus|dizaine|vingtaine|demie?)\b"
)
_ONE = re.compile(r"(?:(?:j|on|en|ai|a|que|juste|seulement|il y) )*une?(?: seule?| heure)?\W*")
_ZERO = re.compile(r"(?:0|zero|rien|personne|nada|aucune?)\W*")
_COUNT_FILLER = re.compile(
    rf"\b(?:{CHILDREN}|{KINDS}|ans|en|que|seule?|nous|sommes|avons|ont|des|sont|moi|personnes?|y"
    r"|charge|total|adultes?|parents?|vis|vivons|avec|heures?|h)\b"
)


def with_digits(text: str) -> str:
    """Simplified, with numbers in words as digits, and a dash between digits as a slash."""
    text = _TYPO.sub(lambda found: _TYPOS[found[0]], text.lower())
    text = _SEPTEMBER.sub("septembre", text)
    text = re.sub(r"\b([0-9]{1,2}) ?mille\b", r"\g<1>000", text)
    text = str(alpha2digit(text, "fr"))  # before `simplify`: accents help the library
    text = re.sub(r"\bdeux\b", "2", text)  # the library leaves it alone outside a longer number
    text = re.sub(r"(?<=[0-9])( ?)[-–—‐‑]( ?)(?=[0-9])", r"\1/\2", text)
    return simplify(text)


def nothing_else(plain: str, *fillers: re.Pattern[str]) -> bool:
    """Whether the text holds no word beyond numbers and the words that go with them."""
    rest = NUMBER.sub(" ", plain)
    for filler in (*fillers, _FILLER):
        rest = filler.sub(" ", rest)
    return not re.search(r"[a-z]", rest)


def is_negative(text: str) -> bool:
    """Whether a number of the text (as typed: `simplify` drops signs) is below zero."""
    return bool(_NEGATIVE.search(text))


def before(pattern: re.Pattern[str], plain: str, number: re.Match[str]) -> bool:
    """Only the words just before, so that the time taken stays linear."""
    return bool(pattern.search(plain, max(0, number.start() - 20), number.start()))


def whole(digits: str) -> int:
    """Bounded, for Python refuses to read thousands of digits."""
    return int(re.sub("[^0-9]", "", digits)[:9] or 0)


def read_number(text: str) -> Reading | None:
    """How many, 0 to 999; girls and boys are added up."""
    plain = with_digits(text)
    if NO_CHILD.search(plain) or _ZERO.fullmatch(plain):
        return Reading("0", len(plain.split()) <= 2 * SHORT)
    if _ONE.fullmatch(plain):
        return Reading("1")
    head = plain.split(" dont ")[0]
    if everyone := _ALL.search(head):
        head = head[: everyone.end()]  # "4 enfants : 2, 5, 8 et 10 ans"
    if is_negative(text) or _VAGUE.search(head):
        return None
    count = _children(head)
    if count is None:
        others = [
            found[0]
            for found in re.finditer(r"[0-9]+", head)
            if not _OTHER_COUNT.match(head, found.end())
        ]
        if len(others) != 1 or re.search(r"\bet une?\b", head):
            return None
        count = whole(others[0])
    if count > MAX_NUMBER:
        return None
    return Reading(str(count), nothing_else(plain, _COUNT_FILLER))


def spot_number(text: str) -> str | None:
    """How many children, said as such ("3 enfants"), anywhere in the text."""
    plain = with_digits(text)
    said = NO_CHILD.search(plain) or _children(plain) is not None
    reading = read_number(text) if said else None
    return reading.value if reading else None


def _children(plain: str) -> int | None:
    """The number of children: as said, or the sum of the girls, boys, twins."""
    everyone: list[int] = []
    kinds: list[int] = []
    for found in _COUNTED.finditer(plain):
        number, word = found["n"], found["kind"] or found["all"]
        if number is None:
            if word.startswith(("jum", "trip")):
                kinds.append(2 if word.startswith("jum") else 3)
            continue
        count = 1 if number.startswith("u") else whole(number)
        (everyone if found["all"] else kinds).append(count)
    if everyone:
        return everyone[0]
    return sum(kinds) if kinds else None
