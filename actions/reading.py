"""Reads an answer typed freely in French: yes or no, a choice, a number, an age, a date, an amount.

Each reader returns a `Reading`, or None when the text holds no answer. `sure` says that the text
is nothing but the answer ("8 ans"); otherwise it was found inside other words, and the caller
may prefer to see another question in them ("j'ai oublié mon mot de passe depuis 2 jours").

A `spot_...` function is stricter: it wants the unit ("12 ans"), and serves corrections.
"""

from actions.reading_ages import read_age, read_ages, spot_age, spot_ages
from actions.reading_amounts import MAX_AMOUNT, read_amount, spot_amount
from actions.reading_births import read_births
from actions.reading_dates import read_date
from actions.reading_numbers import read_number, spot_number
from actions.reading_words import (
    UNKNOWN,
    Reading,
    asks_why,
    find_choices,
    is_correction,
    is_question,
    read_choice,
    read_skip,
    read_unknown,
    read_yes_no,
    simplify,
)

__all__ = [
    "MAX_AMOUNT",
    "UNKNOWN",
    "Reading",
    "asks_why",
    "find_choices",
    "is_correction",
    "is_question",
    "read_age",
    "read_ages",
    "read_amount",
    "read_births",
    "read_choice",
    "read_date",
    "read_number",
    "read_skip",
    "read_unknown",
    "read_yes_no",
    "simplify",
    "spot_age",
    "spot_ages",
    "spot_amount",
    "spot_number",
]
