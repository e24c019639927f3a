"""What people are told of their messages: in one sentence before the first, whole on a page."""

import re

from aiohttp import web
from babel.units import format_unit

from allobot.settings import Settings
from web.keys import SETTINGS
from web.pages import page
from web.sentences import sentences

PATH = "/confidentialite"
EMAIL = re.compile(r"[^@\s<>?&,;:]+@[^@\s<>?&,;:]+\.[^@\s<>?&,;:]+")

routes = web.RouteTableDef()


def information(settings: Settings) -> str:
    """Return who keeps the messages, why, how long, and how to erase them, in a few words."""
    said = sentences().information
    who = settings.responsable or said.unnamed
    return said.short.format(responsable=who, duree=_duration(settings.retention_days))


@routes.get(PATH)
async def privacy(request: web.Request) -> web.Response:
    """Give the page; no cookie is read or set."""
    settings = request.app[SETTINGS]
    contact = settings.contact_dpo
    values = {
        "responsable": settings.responsable,
        "contact": contact,
        "is_email": bool(contact and EMAIL.fullmatch(contact)),
        "duration": _duration(settings.retention_days),
        "appointment_duration": _duration(settings.rdv_retention_days),
        "minutes": format_unit(settings.session_minutes, "duration-minute", locale="fr"),
    }
    return await page("confidentialite.html", values)


def _duration(days: int) -> str:
    """« 30 jours »."""
    return format_unit(days, "duration-day", locale="fr")
