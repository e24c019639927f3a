"""The appointments of a day: who is to be called, when, and whether it was done.

Contact details stay encrypted until somebody asks for those of one appointment, by a form: the
page that answers shows them once, no address holds them, and the audit trail says who asked.
"""

import asyncio
import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

import phonenumbers
from aiohttp import web

from actions.appointments.desk import Desk
from actions.appointments.rendez_vous import MarqueImpossible, RendezVous, RendezVousInconnu
from actions.appointments.vault import Coordonnees
from allobot.settings import PARIS
from web.console.access import allowed, audit, current_user, form, see
from web.console.keys import DESK
from web.console.periods import read_date
from web.console.render import render
from web.console.showing import helpers
from web.errors import InvalidMessage, NotFound

PATH = "/console/rendez-vous"
SHOWN = ("confirme", "honore", "manque", "annule")  # a place only held is nobody's yet
MARKS: tuple[Literal["honore", "manque"], ...] = ("honore", "manque")
FRANCE = "FR"

routes = web.RouteTableDef()


@dataclass(frozen=True)
class Call:
    """An appointment as the page shows it; `can_mark`: it has begun, and may be corrected."""

    rdv: RendezVous
    motif: str
    mode: str
    is_now: bool
    can_mark: bool
    can_show: bool


@routes.get(PATH)
@allowed("agent", "admin")
async def show(request: web.Request) -> web.Response:
    """Give the page of a day; agents see today's."""
    return await _page(request, _day(request), request.query.get("bureau", ""))


@routes.post(PATH + "/{rdv}/coordonnees")
@allowed("agent", "admin")
async def show_contact(request: web.Request) -> web.Response:
    """Give the same page with the contact details of one appointment, and note who read them."""
    rdv = await _find(request)
    await audit(request, "coordonnees_lues", rdv.id)  # first: nothing is read unnoted
    contact = await asyncio.to_thread(request.app[DESK].vault.of_appointment, rdv.id)
    day = rdv.debut.astimezone(PARIS).date()
    bureau = (await form(request)).get("bureau", "")
    return await _page(request, day, bureau, (rdv.id, contact))


@routes.post(PATH + "/{rdv}/etat")
@allowed("agent", "admin")
async def mark(request: web.Request) -> web.Response:
    """Say whether the call took place."""
    rdv = await _find(request)
    desk = request.app[DESK]
    fields = await form(request)
    wanted = next((etat for etat in MARKS if etat == fields.get("etat")), None)
    if wanted is None:
        raise InvalidMessage
    try:
        await asyncio.to_thread(desk.booking.mark, rdv.id, wanted, desk.now())
    except (MarqueImpossible, RendezVousInconnu):
        raise InvalidMessage from None
    await audit(request, f"rendez_vous_{wanted}", rdv.id)
    day = rdv.debut.astimezone(PARIS).date()
    bureau = _known_office(desk, fields.get("bureau", ""))
    return see(f"{PATH}?jour={day}&bureau={bureau}&fait={wanted}#rdv-{rdv.id}")


async def _page(
    request: web.Request,
    day: dt.date,
    bureau: str,
    contact: tuple[str, Coordonnees | None] | None = None,
) -> web.Response:
    desk = request.app[DESK]
    chosen = _known_office(desk, bureau)
    found = await asyncio.to_thread(desk.booking.of_days, chosen or None, day, day)
    now = desk.now()
    calls = [_call(desk, rdv, now) for rdv in found if rdv.etat in SHOWN]
    values: dict[str, Any] = {
        **helpers(),
        "day_shown": day,
        "today": now.date(),
        "can_move": current_user(request).role == "admin",
        "yesterday": day - dt.timedelta(days=1),
        "tomorrow": day + dt.timedelta(days=1),
        "calls": calls,
        "to_do": sum(call.rdv.etat == "confirme" for call in calls),
        "offices": [(key, office.nom) for key, office in desk.content.bureaux.items()],
        "office": chosen,
        "trial": desk.is_trial,
        "asked": contact[0] if contact else None,
        "contact": contact[1] if contact else None,
        "phone": _readable(contact[1].telephone) if contact and contact[1] else "",
    }
    return await render(request, "console_appointments.html", values)


def _call(desk: Desk, rdv: RendezVous, now: dt.datetime) -> Call:
    motif, mode = desk.content.motifs.get(rdv.motif), desk.content.modes.get(rdv.mode)
    end = rdv.debut + dt.timedelta(minutes=rdv.minutes)
    return Call(
        rdv=rdv,
        motif=motif.libelle if motif else rdv.motif,
        mode=mode.libelle if mode else rdv.mode,
        is_now=rdv.etat == "confirme" and rdv.debut <= now < end,
        can_mark=rdv.etat == "confirme" and rdv.debut <= now,
        can_show=rdv.etat != "annule",
    )


def _day(request: web.Request) -> dt.date:
    """Return the day to show: an agent's is today, an admin may choose."""
    today = request.app[DESK].now().date()
    if current_user(request).role != "admin":
        return today
    return read_date(request.query.get("jour")) or today


async def _find(request: web.Request) -> RendezVous:
    """Return the appointment of the address. Raises NotFound, also when its day is not open."""
    desk = request.app[DESK]
    rdv = await asyncio.to_thread(desk.booking.find, request.match_info["rdv"])
    if rdv is None or rdv.etat not in SHOWN:
        raise NotFound
    is_today = rdv.debut.astimezone(PARIS).date() == desk.now().date()
    if current_user(request).role != "admin" and not is_today:
        raise NotFound
    return rdv


def _known_office(desk: Desk, bureau: str) -> str:
    return bureau if bureau in desk.content.bureaux else ""


def _readable(telephone: str) -> str:
    """« 06 12 34 56 78 », or « +262 692 … » from overseas."""
    parsed = phonenumbers.parse(telephone, FRANCE)
    french = parsed.country_code == phonenumbers.country_code_for_region(FRANCE)
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, style.NATIONAL if french else style.INTERNATIONAL)
