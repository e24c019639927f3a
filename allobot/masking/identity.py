"""Finds a person's name where they say who they are, and a full birth date that goes with it.

A birth date alone answers a question, a capital alone may begin a town or a sentence: a name counts
only after words such as "je m'appelle" or before "née le", a birth date only when a name is there.
"""

import re
from collections.abc import Iterator

from allobot.masking.words import begins_something_else, plain, tokens, words

Span = tuple[int, int]

MONTH = (
    r"(?:janv(?:ier|\.)?|f[ée]vr?(?:ier|\.)?|mars|avr(?:il|\.)?|mai|juin|juil(?:let|\.)?|ao[ûu]t"
    r"|sept(?:embre|\.)?|oct(?:obre|\.)?|nov(?:embre|\.)?|d[ée]c(?:embre|\.)?)"
)
DAY, MONTH_NUMBER = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
ANY_YEAR, ADULT_YEAR = r"(?:(?:19|20)\d\d|\d\d)", r"(?:19\d\d|200\d)"


def _date(year: str) -> str:
    """Return the pattern of a full date, as people write it."""
    return (
        rf"(?<!\d)(?:{DAY}\s?[/.-]\s?{MONTH_NUMBER}\s?[/.-]\s?{year}"
        rf"|{DAY}\s(?:0[1-9]|1[0-2])\s{year}"
        rf"|(?:{DAY}|1\s?er)\s?{MONTH}\s?{year}"
        rf"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d"
        rf"|(?:19|20)\d\d-(?:0[1-9]|1[0-2])-{DAY})(?!\d)"
    )


BORN = r"(?:n[ée]{1,2}(?:\(e\)|s)?)(?!\w)"
ELSEWHERE = r"(?:et|je|j|mon|ma|rdv|rendez|depuis|rappel\w*)(?!\w)"  # another date follows
# Between the word and the date: "le", "à Langres le", "Roussel le", "est le".
BIRTH = re.compile(
    rf"(?<!\w)(?:{BORN}|(?:naissance|ddn)(?!\w))(?:(?!(?<!\w){ELSEWHERE})[^\d.!?\n]){{0,40}}?"
    rf"(?P<date>{_date(ANY_YEAR)})",
    re.IGNORECASE,
)
# "Martin Léa 12/03/1985": the date of an adult, not of an event.
BESIDE = re.compile(rf"[\s,:(-]{{0,3}}(?:le\s)?(?P<date>{_date(ADULT_YEAR)})", re.IGNORECASE)
TITLE = r"(?:mr?\.?|mme|mlle|monsieur|madame|mademoiselle)(?=\s)"
KIN = (
    r"(?:fil(?:le|s)|enfant|b[ée]b[ée]|mari|femme|[ée]pou(?:x|se)|conjointe?|concubine?|compagne"
    r"|compagnon|p[èe]re|m[èe]re|fr[èe]re|s(?:oe|œ)ur|copain|copine)(?!\w)"
)
IT_IS = r"(?:je\s+suis|c['’\s]?\s?est)"
# After these, what is written is a name, in any case.
SURE = re.compile(
    r"(?<!\w)(?:j['’]?e?\s*m['’\s]?\s?ap+el+e?s?|je\s+me\s+(?:pr[ée])?nom+e"
    rf"|(?:il|elle|{KIN})\s+s['’\s]?\s?ap+el+e|(?:pr[ée])?noms?\s*[:=]"
    r"|(?:mon|son|ma|sa)\s+(?:pr[ée])?nom(?:\s+de\s+(?:famille|naissance|jeune\s+fille)"
    r"|\s+d['’\s]?\s?(?:[ée]pouse|usage))?"
    rf"\s+(?:c['’\s]?\s?)?est|{IT_IS}(?=\s+{TITLE})|je\s+soussign[ée]e?|cordialement|cdlt)(?!\w)"
    rf"[\s,:]*(?:{TITLE}\s*)?",
    re.IGNORECASE,
)
# After these, it is one when it has a capital: a single word, or two.
LIKELY = re.compile(
    rf"(?<!\w)(?:au\s+nom\s+de|(?:pr[ée])?nom|moi\s*,?\s*{IT_IS})\s+"
    rf"(?:{TITLE}\s*)?",
    re.IGNORECASE,
)
MAYBE = re.compile(rf"(?<!\w){IT_IS}\s+", re.IGNORECASE)
# These introduce a name when "née" follows it: in any case, or with a capital.
NEAR = re.compile(rf"(?:(?<!\w)(?:m(?:on|a|es)|notre)\s+{KIN}|\A(?:bonjour[\s,]+)?)", re.IGNORECASE)
TITLED = re.compile(rf"(?<!\w){TITLE}", re.IGNORECASE)
CAPITAL = re.compile(r"(?<![\w'’-])(?=[A-ZÀ-ÖØ-Þ])")
WORD = re.compile(r"[ \t\u00a0\u202f]*(?P<word>d['’](?=\w)|[^\W\d_](?:['’-]?[^\W\d_])*)")
LITTLE_WORD = re.compile(r"\s*(?:l[ea]s?\b|l['’])", re.IGNORECASE)  # "le petit est né"
BEFORE_BORN = re.compile(rf"\s*,?\s*(?:(?:qui\s+)?est\s+)?{BORN}", re.IGNORECASE)
LONGEST = 8  # words of a name, particles included
LOWER_CASE = 2  # words of a name when no capital tells where it ends


def names(text: str) -> Iterator[Span]:
    """Yield the span of each name that says who somebody is."""
    done = 0
    for start, end in sorted(_candidates(text)):
        if start >= done:
            done = end
            yield start, end


def births(text: str) -> Iterator[Span]:
    """Yield the span of each full birth date, when a name was masked in the text before."""
    name = tokens()["name"]
    if name not in text:
        return
    ends = (match.end() for match in re.finditer(re.escape(name), text))
    beside = {match.span("date") for end in ends if (match := BESIDE.match(text, end))}
    yield from beside | {match.span("date") for match in BIRTH.finditer(text)}


def _candidates(text: str) -> Iterator[Span]:
    for match in SURE.finditer(text):
        yield from _all(_walk(text, match.end()), text)
    for match in LIKELY.finditer(text):
        yield from _all(_walk(text, match.end(), capitals=True), text)
    for match in MAYBE.finditer(text):
        name = _walk(text, match.end(), capitals=True)
        if name and (" " in text[slice(*name)] or _born_follows(text, name)):
            yield from _all(name, text)
    for match in NEAR.finditer(text):
        if not LITTLE_WORD.match(text, match.end()):
            yield from _all(_if_born(text, _walk(text, match.end())), text)
    for match in TITLED.finditer(text):
        yield from _all(_if_born(text, _walk(text, match.end(), capitals=True)), text)
    yield from _capitals(text)


def _capitals(text: str) -> Iterator[Span]:
    """Yield the names that only their capitals and what follows them tell."""
    done = 0
    for match in CAPITAL.finditer(text):
        name = _walk(text, match.start(), capitals=True) if match.start() >= done else None
        if name is None:
            continue
        done = name[1]
        dated = BESIDE.match(text, name[1]) and " " in text[slice(*name)]
        if dated or _born_follows(text, name):
            yield from _all(name, text)


def _all(name: Span | None, text: str) -> Iterator[Span]:
    """Yield a name, and the one of birth after it ("née Roussel")."""
    if name is None:
        return
    yield name
    born = BEFORE_BORN.match(text, name[1])
    if born and (maiden := _walk(text, born.end(), capitals=True)):
        yield maiden


def _if_born(text: str, name: Span | None) -> Span | None:
    return name if name and _born_follows(text, name) else None


def _born_follows(text: str, name: Span) -> bool:
    return BEFORE_BORN.match(text, name[1]) is not None


def _walk(text: str, position: int, *, capitals: bool = False) -> Span | None:
    """Walk the words of a name from `position`; None when there is none."""
    start, end, count, capital = None, position, 0, False
    shouted = text.upper() == text
    for _ in range(LONGEST):
        match = WORD.match(text, position)
        if match is None:
            break
        word, position = plain(match["word"]), match.end()
        upper = match["word"][0].isupper()
        if word in words("name_particles") and (start is not None or upper or not capitals):
            start = match.start("word") if start is None else start
            continue
        ended = not upper if capital or capitals else count >= LOWER_CASE
        if ended or begins_something_else(word) or word.rpartition("'")[2] in words("no_name"):
            break
        start = match.start("word") if start is None else start
        end, count, capital = position, count + 1, upper and not shouted
    return (start, end) if start is not None and count else None
