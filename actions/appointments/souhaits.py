"""When the person wishes to be called, read from free words ("jeudi, plutôt l'aprem"). Pure.

The future is preferred (see `souhaits_jours`). "Matin" ends at 12:00, "après-midi" begins then,
"fin de journée" at 15:00 (calls end at 16:00), "soir" at 18:00. An hour from 1 to 6 is the
afternoon's. "N'importe quand" is as soon as possible.
"""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise

from actions.appointments.souhaits_demandes import RDV, Demande, wants
from actions.appointments.souhaits_heures import pieces_of_times
from actions.appointments.souhaits_jours import pieces_of_days
from actions.appointments.souhaits_modele import Souhait
from actions.appointments.souhaits_mots import Piece, clear, first_pieces
from actions.appointments.souhaits_sens import sense

# "Mon rendez-vous de", "mon courrier du": what follows describes, and is not wished.
LOOK_BACK = 60  # characters
_DESCRIBES = re.compile(
    rf"\b(?:(?:mon|ma|mes|notre|le|l|ce|votre|vos) (?:{RDV}|appel|rappel|entretien)"
    r"|courriers?|lettres?|mails?|messages?|versements?|paiements?|virements?|dossiers?|rsa|apl|aah"
    r"|primes?|demandes?|allocations?|factures?|declarations?|salaires?|loyers?|dettes?|mois)"
    r" (?:(?!pour\b|a\b|au\b)[a-z]+ ){0,2}?(?:de|du|d|des|prevue?|fixee?|prise?|le)"
    r"(?: (?:le|la|l|de|du|pour|a|ce))* ?$"
    r"|\b(?:prevue?s?|fixee?s?) (?:(?:le|la|l|a|pour|de|du) )*$"
    r"|\b(?:au lieu|plutot) (?:qu|que|de|du|d)(?: (?:le|la|l|a))* ?$"
)
_GOES_ON = re.compile(r" (?:(?:a|vers|au) )?(?:le )?")  # "de jeudi à 10h"
_STORY = re.compile(
    r"\b(?:ai|jai|g|ont|avez|avait|etai\w+|devait|deviez|ete|depuis|il y a|recue?s?|paye\w*|m a"
    r"|ma appele"
    r"|dernier\w*)\b"
)
_TELLS = re.compile(
    r"[.,]|\b(?=car\b|parce\b|puisque\b|depuis\b|vu que\b|pcq\b|(?:je |j )(?:n )?ai\b|on m a\b)"
)
_NOW = re.compile(r"\b(?:maintenant|urgen\w+)")  # "prendre rdv maintenant": the booking is now

__all__ = ["Demande", "Souhait", "read_souhait", "spot_souhait", "wants"]


def read_souhait(text: str, today: dt.date) -> Souhait | None:
    """The wish in these words; None when they hold no day nor time, or an impossible day."""
    plain = clear(text)
    return sense(plain, _pieces(plain, today), today)


def spot_souhait(text: str, today: dt.date) -> Souhait | None:
    """The wish inside a request to book or move ("je voudrais qu'on me rappelle jeudi matin").

    None when the text asks for nothing (`wants`), and for days or times that only tell a story
    ("je n'ai pas été payé le 5") or describe something ("mon rendez-vous de jeudi").
    """
    wanted = wants(text)
    if wanted not in {"prendre", "deplacer"}:
        return None
    plain = clear(text)
    wish = sense(plain, _wished(plain, _pieces(plain, today), today), today)
    if wish is not None and wanted == "deplacer" and wish == Souhait(sauf=wish.sauf):
        return None  # "je ne peux plus jeudi": this Thursday, not every Thursday
    return wish


def _pieces(plain: str, today: dt.date) -> list[Piece]:
    """The days and times of a text that `clear` gave, in order."""
    return first_pieces([*pieces_of_days(plain, today), *pieces_of_times(plain)])


def _wished(plain: str, pieces: list[Piece], today: dt.date) -> list[Piece]:
    """The pieces without those that tell or describe."""
    told = _told(plain)
    kept: list[Piece] = []
    described: Piece | None = None
    for piece in pieces:
        if described is not None:
            gap = plain[described.end : piece.start]
            if described.is_day() and not piece.is_day() and _GOES_ON.fullmatch(gap):
                described = piece
                continue
        described = None
        past = piece.wish is not None and any(day < today for day in piece.wish.jours)
        if past or any(start <= piece.start < end for start, end in told):
            continue
        if piece.kind == "tot" and _NOW.match(plain, piece.start):
            continue
        if _DESCRIBES.search(plain, max(0, piece.start - LOOK_BACK), piece.start):
            described = piece
            continue
        kept.append(piece)
    return kept


def _told(plain: str) -> list[tuple[int, int]]:
    """Where the text tells what happened."""
    cuts = [0, *(found.start() for found in _TELLS.finditer(plain)), len(plain)]
    return [(start, end) for start, end in pairwise(cuts) if _STORY.search(plain, start, end)]
