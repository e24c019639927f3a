"""Finds the confidential codes of appointments: RDV-K7M2-9QXP-4T8W, however they are written.

Twelve characters without vowel, 0 or 1, in three groups of four, each with a letter and a digit:
no French word, amount, date or phone number looks like it.
"""

import re
from collections.abc import Iterator
from typing import Any

from allobot.masking.words import tokens

Span = tuple[int, int]

ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZ"
GROUP = 4
GROUPS = 3
LENGTH = GROUP * GROUPS

_ONE = f"[{ALPHABET}]"
_BLANKS = r"\s._/·•−\u200b\u2010-\u2015-"  # blanks, dots, dashes of every length
_GAP = f"[{_BLANKS}]"
_GAPS = rf"{_GAP}{{0,3}}"
_PREFIX = rf"R{_GAPS}D{_GAPS}V{_GAPS}:?{_GAPS}"
_SIZES = (4, 12, 6, 3, 2, 1)  # of the groups that people make of twelve characters


def _grouped(size: int) -> str:
    """Twelve characters in groups of `size`; between those of four nothing is needed."""
    between = _GAPS if size == GROUP else rf"{_GAP}{{1,3}}"
    group = f"{_ONE}{{{size}}}"
    return f"{group}(?:{between}{group}){{{LENGTH // size - 1}}}"


# As it was shown, with a typing mistake too (O for Q, 1 for L); with its prefix, any blanks; or
# bare. Looked for from every character: what stands before a code must not hide it.
_CODE = re.compile(
    rf"(?=(?P<shown>RDV(?:-[A-Z0-9]{{{GROUP}}}){{{GROUPS}}})"
    rf"|(?<![^\W_])(?:{_PREFIX}(?P<named>{_ONE}(?:{_GAPS}{_ONE}){{{LENGTH - 1}}})"
    rf"|(?P<bare>{'|'.join(map(_grouped, _SIZES))}))(?![^\W_]))",
    re.IGNORECASE,
)
_FORMS = ("shown", "named", "bare")
# Every code holds such a row, but one shown with a mistake; most texts have none, and that is told
# much sooner. The long s and the kelvin sign are an s and a k, case aside.
_ROW = re.compile(rf"[{ALPHABET}{ALPHABET.lower()}\u017f\u212a{_BLANKS}]{{{LENGTH}}}")
_SHOWN = "rdv-"
# "9h25", "25km": a row of hours or of quantities is no code.
_QUANTITY = re.compile(r"\d+[A-Z]+\d*")


def codes(text: str) -> Iterator[Span]:
    """Yield the span of each code, with its prefix; codes that overlap are one span."""
    whole: Span | None = None
    for (start, end), _ in _candidates(text):
        if whole is not None and start < whole[1]:
            whole = whole[0], max(end, whole[1])
            continue
        if whole is not None:
            yield whole
        whole = start, end
    if whole is not None:
        yield whole


def plain_codes(text: str) -> list[str]:
    """Return what may be a code, each as twelve capitals and digits; those with a prefix first."""
    found = [plain for _, plain in sorted(_candidates(text), key=lambda found: -_length(found[0]))]
    return list(dict.fromkeys(found))


def hide_codes(text: str) -> str:
    """Replace each code by its token."""
    for start, end in reversed(list(codes(text))):
        text = f"{text[:start]}{tokens()['code']}{text[end:]}"
    return text


def hide_codes_in(value: Any) -> Any:
    """The same JSON, without codes in any string inside."""
    if isinstance(value, str):
        return hide_codes(value)
    if isinstance(value, dict):
        return {name: hide_codes_in(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [hide_codes_in(item) for item in value]
    return value


def is_code(plain: str) -> bool:
    """Tell whether twelve characters can be a code: no other is ever issued."""
    groups = [plain[start : start + GROUP] for start in range(0, LENGTH, GROUP)]
    mixed = all(re.search(r"\d", group) and re.search(r"[A-Z]", group) for group in groups)
    quantities = all(map(_QUANTITY.fullmatch, groups))
    return mixed and not quantities and not plain.startswith("RDV")


def _candidates(text: str) -> Iterator[tuple[Span, str]]:
    """Yield each span that can be a code, and its twelve characters, from the first start on."""
    if not _ROW.search(text) and _SHOWN not in text.lower():
        return
    for match in _CODE.finditer(text):
        shown = match["shown"]
        written = shown or match["named"] or match["bare"]
        plain = re.sub(r"[\W_]", "", written).upper()[-LENGTH:]
        if shown or is_code(plain):
            yield (match.start(), max(match.span(name)[1] for name in _FORMS)), plain


def _length(span: Span) -> int:
    return span[1] - span[0]
