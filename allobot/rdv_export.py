"""Appointments in a file: CSV for a spreadsheet, iCalendar for a calendar; its owner's alone."""

from __future__ import annotations

import csv
import io
import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from actions.appointments.booking import RendezVous
from allobot.errors import UsageError
from allobot.messages import say
from allobot.rdv_desk import Desk
from allobot.rdv_texts import etat_text, plain, short
from allobot.settings import PARIS

FORMULA = ("=", "+", "-", "@", "\N{MINUS SIGN}")  # what begins so, a spreadsheet computes


def as_csv(desk: Desk, found: Iterable[RendezVous], *, contacts: bool) -> bytes:
    """As a French spreadsheet opens it: UTF-8 told by its mark, semicolons."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    heads = say("rdv_csv_colonnes") + (say("rdv_csv_coordonnees") if contacts else "")
    writer.writerow(heads.split(";"))
    for rdv in found:
        day, hour = f"{rdv.debut.astimezone(PARIS):%d/%m/%Y %H:%M}".split()
        known = (desk.nom(rdv.bureau), desk.motif(rdv), desk.mode(rdv), etat_text(rdv))
        row = (day, hour, str(rdv.minutes), *known, short(rdv))
        writer.writerow(map(safe_cell, row + desk.contact(rdv) if contacts else row))
    return text.getvalue().encode("utf-8-sig")


def as_ics(desk: Desk, found: Iterable[RendezVous]) -> bytes:
    """For a calendar, which is often kept elsewhere: never a contact detail."""
    from actions.appointments.ics import day_file  # only when one is made

    return day_file(found, {name: motif.libelle for name, motif in desk.content.motifs.items()})


def safe_cell(text: str) -> str:
    """A text on one line, which no spreadsheet takes for a formula, even in wide letters."""
    line = plain(text)
    seen = unicodedata.normalize("NFKC", line).lstrip()
    return f"'{line}" if seen.startswith(FORMULA) else line


def write_private(path: Path, content: bytes) -> None:
    """Make a file that its owner alone can read. Raises UsageError, above all when it is there."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except FileExistsError as error:
        raise UsageError(say("rdv_fichier_existe", fichier=path)) from error
    except OSError as error:
        raise UsageError(say("rdv_fichier", fichier=path, raison=error.strerror)) from error
