"""`allobot rdv`: the Caf sees its appointments, opens and closes its calendar, takes it away.

Contact details are decrypted only for `--coordonnees`. What a verb needs is imported by the verb,
so that `--help` answers at once.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from allobot.errors import UsageError
from allobot.messages import say
from allobot.rdv_texts import (
    DAY_FORMATS,
    day_text,
    etat_text,
    exception_id,
    hour_text,
    moment_text,
    read_moment,
    short,
)
from allobot.settings import PARIS

if TYPE_CHECKING:
    from actions.appointments.booking import RendezVous
    from allobot.rdv_desk import Desk

MARQUES = {"honore", "manque"}
EXPORTES = {"confirme", *MARQUES}

app = typer.Typer(no_args_is_help=True, help="See, open, close and export the appointments.")


class Format(StrEnum):
    """What an export is made for."""

    CSV = "csv"
    ICS = "ics"


Jour = Annotated[
    dt.datetime | None, typer.Option(formats=DAY_FORMATS, help="That day; today by default.")
]
Bureau = Annotated[str | None, typer.Option(help="Département of the Caf, such as 52.")]
Contacts = Annotated[
    bool, typer.Option("--coordonnees", help="With names and phone numbers, decrypted.")
]
Debut = Annotated[str, typer.Option(help='Start, such as "2026-12-24 12:00".')]
Fin = Annotated[str, typer.Option(help="End, not included; a day alone is included whole.")]
Ident = Annotated[str, typer.Argument(metavar="ID", help="Its id, as `liste` shows it.")]


@app.command()
def liste(
    jour: Jour = None,
    du: Annotated[dt.datetime | None, typer.Option(formats=DAY_FORMATS, help="First day.")] = None,
    au: Annotated[dt.datetime | None, typer.Option(formats=DAY_FORMATS, help="Last day.")] = None,
    bureau: Bureau = None,
    coordonnees: Contacts = False,
) -> None:
    """List the appointments of a day, or of several."""
    from allobot.rdv_desk import open_desk

    if jour and (du or au):
        raise UsageError(say("rdv_jour_ou_periode"))
    with open_desk() as desk:
        first = last = (jour or du or desk.now).date()
        if du or au:
            last = au.date() if au else first + dt.timedelta(days=desk.content.horizon_jours)
        if last < first:
            raise UsageError(say("rdv_fin_avant_debut"))
        found = desk.booking.of_days(desk.bureau(bureau), first, last)
        if not found:
            print(say("rdv_aucun", quand=_days_text(first, last)))
        _show(desk, found, contacts=coordonnees)


@app.command()
def occupation(jour: Jour = None, bureau: Bureau = None) -> None:
    """Show the slots of a day: places taken, places in all."""
    from allobot.rdv_desk import open_desk

    with open_desk() as desk:
        office, day = desk.one_bureau(bureau), (jour or desk.now).date()
        slots = desk.booking.occupancy(office, day, desk.now)
        print(say("rdv_jour", jour=day_text(day), caf=desk.nom(office)))
        rows = [(hour_text(slot.debut), _places(taken, slot.capacite)) for slot, taken in slots]
        _print_rows(rows or [(say("rdv_aucun_creneau"),)])
        taken, places = sum(n for _, n in slots), sum(slot.capacite for slot, _ in slots)
        print(say("rdv_occupation", prises=taken, places=places))


@app.command()
def fermer(du: Debut, au: Fin, bureau: Bureau = None) -> None:
    """Close a span of time; the appointments it already holds are kept, and listed."""
    from allobot.rdv_desk import open_desk

    start, end = read_moment(du), read_moment(au, end=True)
    with open_desk() as desk:
        office = desk.one_bureau(bureau)
        _check_span(start, end, desk.now)
        desk.booking.set_exception(office, start, end, 0)
        print(say("rdv_ferme", quand=_span_text(start, end), caf=desk.nom(office)))
        _show_kept(desk, office, start, end)


@app.command()
def ouvrir(
    du: Debut,
    au: Fin,
    capacite: Annotated[int, typer.Option(min=1, max=100, help="People called at a time.")],
    bureau: Bureau = None,
) -> None:
    """Open a span of time, or change how many people are called at a time during it."""
    from allobot.rdv_desk import open_desk

    start, end = read_moment(du), read_moment(au, end=True)
    with open_desk() as desk:
        office = desk.one_bureau(bureau)
        _check_span(start, end, desk.now)
        desk.booking.set_exception(office, start, end, capacite)
        quand = _span_text(start, end)
        print(say("rdv_ouvert", quand=quand, caf=desk.nom(office), capacite=capacite))


@app.command()
def exceptions(
    bureau: Bureau = None,
    retirer: Annotated[str | None, typer.Option(metavar="ID", help="Remove that one.")] = None,
) -> None:
    """List the spans that were closed, opened or changed; or remove one."""
    from allobot.rdv_desk import open_desk

    with open_desk() as desk:
        asked = desk.bureau(bureau)
        found = {
            exception_id(office, span): (office, span)
            for office in ([asked] if asked else sorted(desk.content.bureaux))
            for span in desk.booking.exceptions(office)
        }
        if retirer is None:
            rows = [
                (
                    ident,
                    _span_text(span.debut, span.fin),
                    _capacity(span.capacite),
                    desk.nom(office),
                )
                for ident, (office, span) in found.items()
            ]
            _print_rows(rows or [(say("rdv_aucune_exception"),)])
            return
        if retirer not in found:
            raise UsageError(say("rdv_exception_inconnue", id=retirer))
        office, span = found[retirer]
        desk.booking.remove_exception(office, span.debut, span.fin)
        print(say("rdv_exception_retiree", id=retirer))


@app.command()
def exporter(
    vers: Annotated[Path, typer.Option(help="File to make, which you alone can read.")],
    jour: Jour = None,
    format: Annotated[
        Format, typer.Option(help="csv for a spreadsheet, ics for a calendar.")
    ] = Format.CSV,
    bureau: Bureau = None,
    coordonnees: Contacts = False,
) -> None:
    """Write the appointments of a day into a new file."""
    from allobot.rdv_desk import open_desk
    from allobot.rdv_export import as_csv, as_ics, write_private

    if coordonnees and format is Format.ICS:
        raise UsageError(say("rdv_ics_sans_coordonnees"))
    with open_desk() as desk:
        day = (jour or desk.now).date()
        found = desk.booking.of_days(desk.bureau(bureau), day, day)
        if format is Format.ICS:  # with the cancelled ones: the calendar that had them drops them
            content = as_ics(desk, found)
        else:
            found = [rdv for rdv in found if rdv.etat in EXPORTES]
            content = as_csv(desk, found, contacts=coordonnees)
        write_private(vers, content)
    print(say("rdv_exporte", nombre=len(found), jour=day_text(day), fichier=vers.resolve()))
    if coordonnees:
        print(say("rdv_exporte_coordonnees"))


@app.command()
def honore(ident: Ident) -> None:
    """Note that the person was reached."""
    _mark(ident, "honore")


@app.command()
def manque(ident: Ident) -> None:
    """Note that the person was not reached."""
    _mark(ident, "manque")


@app.command()
def annuler(ident: Ident, coordonnees: Contacts = False) -> None:
    """Cancel an appointment to come: nobody is told, and its contact details are erased."""
    from allobot.rdv_desk import open_desk

    with open_desk() as desk:
        rdv = desk.find(ident)
        _check_confirmed(rdv)
        if rdv.debut <= desk.now:
            raise UsageError(say("rdv_deja_passe", id=short(rdv)))
        _show(desk, [rdv], contacts=coordonnees)
        if _on_terminal() and not typer.prompt(say("rdv_annuler_sur")).lower().startswith("o"):
            print(say("rdv_annuler_non"))
            return
        desk.booking.cancel(rdv.id, desk.now)
        print(say("rdv_annule", id=short(rdv)))


@app.command()
def purger(
    jours: Annotated[
        int | None,
        typer.Option(min=0, max=3650, help="Days; ALLOBOT_RDV_RETENTION_DAYS by default."),
    ] = None,
) -> None:
    """Erase the past appointments, and what was held but never confirmed."""
    import asyncio

    from allobot.rdv_desk import open_desk
    from web.conversations.sql_store import SqlStore
    from web.retention import purge_appointments

    with open_desk() as desk:
        days = desk.settings.rdv_retention_days if jours is None else jours
        erased = purge_appointments(desk.settings, days)
        asyncio.run(SqlStore(desk.engine).scrub())
        print(say("rdv_purge" if erased else "rdv_purge_rien", jours=days))
        for table, rows in erased.items():
            print(say("purge_table", table=table, lignes=rows))


def _mark(ident: str, etat: Literal["honore", "manque"]) -> None:
    from allobot.rdv_desk import open_desk

    with open_desk() as desk:
        rdv = desk.find(ident)
        if rdv.etat not in MARQUES:  # one noted by mistake may be noted again
            _check_confirmed(rdv)
        if rdv.debut > desk.now:
            raise UsageError(say("rdv_a_venir", id=short(rdv), moment=moment_text(rdv.debut)))
        _show(desk, [desk.booking.mark(rdv.id, etat, desk.now)])


def _check_confirmed(rdv: RendezVous) -> None:
    if rdv.etat != "confirme":
        raise UsageError(say("rdv_pas_confirme", id=short(rdv), etat=etat_text(rdv)))


def _check_span(start: dt.datetime, end: dt.datetime, now: dt.datetime) -> None:
    if end <= start:
        raise UsageError(say("rdv_fin_avant_debut"))
    if end <= now:
        raise UsageError(say("rdv_passe", fin=moment_text(end)))


def _show(desk: Desk, found: Iterable[RendezVous], *, contacts: bool = False) -> None:
    """Print appointments, day by day and office by office."""

    def table(rdv: RendezVous) -> tuple[dt.date, str]:
        return rdv.debut.astimezone(PARIS).date(), rdv.bureau

    ordered = sorted(found, key=lambda rdv: (*table(rdv), rdv.debut, rdv.id))
    for (day, office), group in groupby(ordered, table):
        print(say("rdv_jour", jour=day_text(day), caf=desk.nom(office)))
        rows = []
        for rdv in group:
            row = (hour_text(rdv.debut), desk.motif(rdv), etat_text(rdv), short(rdv))
            rows.append(row + desk.contact(rdv) if contacts else row)
        _print_rows(rows)


def _show_kept(desk: Desk, bureau: str, start: dt.datetime, end: dt.datetime) -> None:
    """Print the appointments to come that a closing leaves in its span, for the agent to act."""
    held = sum(_held(desk, bureau, start, end))  # counted first: one confirmed since is then listed
    found = desk.booking.of_days(bureau, start.date(), end.date())
    first = max(start, desk.now)
    kept = [rdv for rdv in found if rdv.etat == "confirme" and first <= rdv.debut < end]
    if kept:
        print(say("rdv_gardes", nombre=len(kept)))
        _show(desk, kept)
    if held:
        print(say("rdv_en_cours", nombre=held, minutes=desk.content.tenue_minutes))


def _held(desk: Desk, bureau: str, start: dt.datetime, end: dt.datetime) -> Iterator[int]:
    """Places of a span that somebody is about to confirm, slot by slot."""
    today = desk.now.date()
    first, last = max(today, start.date()), today + dt.timedelta(days=desk.content.horizon_jours)
    for number in range((min(last, end.date()) - first).days + 1):
        day = first + dt.timedelta(days=number)
        booked = dict(desk.booking.occupancy(bureau, day))
        for slot, taken in desk.booking.occupancy(bureau, day, desk.now):
            if start <= slot.debut < end:
                yield taken - booked.get(slot, 0)


def _print_rows(rows: Sequence[tuple[str, ...]]) -> None:
    """Print aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(f"  {'  '.join(cells)}".rstrip())


def _places(taken: int, capacite: int) -> str:
    """Places taken and in all; those of a slot that was closed since have a word of their own."""
    return f"{taken}/{capacite}" if capacite else say("rdv_places_gardees", nombre=taken)


def _capacity(capacite: int) -> str:
    return say("rdv_capacite", capacite=capacite) if capacite else say("rdv_capacite_nulle")


def _span_text(start: dt.datetime, end: dt.datetime) -> str:
    return say("rdv_du_au", du=moment_text(start), au=moment_text(end))


def _days_text(first: dt.date, last: dt.date) -> str:
    if first == last:
        return say("rdv_le", jour=day_text(first))
    return say("rdv_du_au", du=day_text(first), au=day_text(last))


def _on_terminal() -> bool:
    return sys.stdin.isatty()
