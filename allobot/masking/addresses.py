"""Finds postal addresses: number, kind of street, name, and the postcode and town after them.

A bare town or postcode is no address. Words such as "place" or "cours" also have other meanings
("1 place en crèche"): they count only with a proper name, a postcode or "j'habite" beside them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from allobot.masking.words import begins_something_else, plain, words

SURE = (
    r"rue|r\.|avenue|ave|boulevard|bd|bld|blvd|bvd|chemin|impasse|all[ée]e|quai|lotissement|hameau"
    r"|sentier|ruelle|faubourg|fbg|square|esplanade|venelle|chauss[ée]e|route|rte|rond[- ]point"
)
UNSURE = (
    r"place|pl|cours|cour|cit[ée]|r[ée]sidence|r[ée]s|parc|passage|villa|clos|domaine|voie|mail|av"
    r"|mont[ée]e|traverse|promenade|lieu[- ]?dit|quartier|lot|ch|imp|all|all[ée]es|zac|galerie"
    r"|c[ôo]te"
)
NUMBER = r"(?<![\w,./€-])\d{1,4}(?:\s?[-/]\s?\d{1,4})?(?:\s?(?:bis|ter|quater|[a-d])\b)?\s*,?\s*"
HOME = (
    r"\b(?:habit(?:e|es|ons|ez|ent|ais|ait)|domicili[ée]e?s?|r[ée]sid(?:e|ons)|log[ée]e?|vi(?:s|vons)"
    r"|adresse(?:\s+postale|\s+actuelle)?|d[ée]m[ée]nag\w*|emm[ée]nag\w*)"
    r"(?:\s*(?:[,:]|\b(?:est|c['’]est|au|à|a|dans|désormais|maintenant|la|le|l['’])(?!\w)))*\s*"
)
STREET = re.compile(
    rf"(?:(?P<home>{HOME})?(?P<number>{NUMBER})|(?P<home_only>{HOME})|(?<![\w'’-]))"
    rf"(?P<street>(?:(?P<whole>grand(?:e|['’])?[- ]?rue)|(?P<sure>{SURE})|(?:{UNSURE}))"
    r"(?:\.|(?![\w'’-])))",
    re.IGNORECASE,
)
WORD = re.compile(
    r"[ \t\u00a0\u202f]*(?P<word>[dl]['’](?=\w)|\d+(?!\w)|[^\W\d_]{1,3}\.(?=\s)|[^\W\d_][\w’'-]*)",
    re.IGNORECASE,
)
POSTCODE = re.compile(
    r"(?P<gap>[\s,;–-]+(?:[^\W_][\w’'.-]*[\s,;–-]+){0,4}?)(?:\d{5}|2[AB]\d{3})\b"
    r"(?!\s*(?:€|euros?\b|eur\b|par\b|net|brut))",
    re.IGNORECASE,
)
MONTHS = re.compile(
    r"\s*(?:janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[ûu]t|septembre|octobre|novembre"
    r"|d[ée]cembre)\b(?:\s*(?:1[6-9]|20)\d\d\b)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Name:
    """A street's name: where it ends, and whether something shows that it is a proper name."""

    end: int
    proper: bool


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield the span of each postal address."""
    done = 0
    shouted = text.upper() == text
    for match in STREET.finditer(text):
        if match.start("street") < done:
            continue
        whole = match["whole"] is not None  # "4 Grande Rue": it needs no other name
        name = _Name(match.end(), proper=True) if whole else _name(text, match.end(), shouted)
        if name is None:
            continue
        end = _town_end(text, name.end)
        if _is_address(match, name, tail=end > name.end):
            done = end
            yield match.start("street" if match["number"] is None else "number"), end


def _is_address(match: re.Match[str], name: _Name, *, tail: bool) -> bool:
    numbered = match["number"] is not None
    home = match["home"] is not None or match["home_only"] is not None
    if match["sure"] is not None:
        return numbered or home or tail
    return home or (numbered and (name.proper or tail)) or (tail and name.proper)


def _name(text: str, position: int, shouted: bool) -> _Name | None:
    """Walk the words of a street's name from `position`; None when there is none."""
    end, count, linked, particle, proper, last = position, 0, False, False, False, ""
    while count < 7 and (match := WORD.match(text, position)):
        word = plain(match["word"])
        position = match.end()
        if word.isdigit():
            date = MONTHS.match(text, position)
            return _Name(date.end(), proper=True) if date else _found(end, count, proper)
        if word in words("particles") or (word in words("articles") and (linked or not count)):
            linked = particle = True
            continue
        capital = match["word"][0].isupper() and not shouted
        follows = linked or last in words("titles") or (count == 1 and not particle)
        if begins_something_else(word) or not (count == 0 or capital or follows):
            break
        proper = proper or capital or word in words("familiar")
        end, count, linked, last = position, count + 1, False, word
    return _found(end, count, proper)


def _found(end: int, count: int, proper: bool) -> _Name | None:
    return _Name(end, proper) if count else None


def _town_end(text: str, position: int) -> int:
    """Return the end of the postcode and town that follow a street, else `position`."""
    code = POSTCODE.match(text, position)
    if code is None or not _may_precede_postcode(code["gap"]):
        return position
    end = position = code.end()
    count, linked, last = 0, False, ""
    while count < 6 and (match := WORD.match(text, position)):
        word = plain(match["word"])
        position = match.end()
        if word in words("town_links") and (count or word in words("articles")):
            linked = True
            continue
        capital = match["word"][0].isupper()
        follows = linked or last in words("titles") or word == "cedex"
        cedex = last == "cedex" and word.isdigit()
        if not cedex and (
            word.isdigit() or begins_something_else(word) or not (count == 0 or capital or follows)
        ):
            break
        end, count, linked, last = position, count + 1, False, word
    return end


def _may_precede_postcode(gap: str) -> bool:
    between = {plain(word) for word in re.findall(r"[\w’'-]+", gap)}
    return all(
        not begins_something_else(word) or word in words("before_postcode") for word in between
    )
