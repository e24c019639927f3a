"""What admins do: the people of the console, and the audit trail."""

import asyncio
import datetime as dt
from http import HTTPStatus
from urllib.parse import urlencode

from aiohttp import web

from allobot.settings import PARIS
from web.console.access import allowed, current_user, form, see
from web.console.errors import UnknownUser, UserError
from web.console.keys import CONSOLE_USERS
from web.console.passwords import new_password
from web.console.people import ROLES, Role, User
from web.console.render import render
from web.console.showing import day, local, moment
from web.console.trail import AuditFilters
from web.errors import InvalidMessage

USERS = "/console/utilisateurs"
AUDIT = "/console/audit"
LINES = 100
MAX_FILTER = 40  # characters
MAX_ID = 2**31 - 1
YEARS = range(2000, 3000)

routes = web.RouteTableDef()


@routes.get(USERS)
@allowed("admin")
async def show_users(request: web.Request) -> web.Response:
    """List everybody."""
    return await _users_page(request)


@routes.post(USERS)
@allowed("admin")
async def add_user(request: web.Request) -> web.Response:
    """Add a person; their first password is on this page only, and theirs to change."""
    fields, by = await form(request), current_user(request).login
    login, password = fields.get("identifiant", ""), new_password()
    role = _role(fields.get("role", ""))
    try:
        user = await asyncio.to_thread(
            request.app[CONSOLE_USERS].add, login, role, password, by, must_change=True
        )
    except UserError as error:
        return await _users_page(request, error=error, typed=login[:MAX_FILTER])
    return await _users_page(request, given=(user.login, password))


@routes.post(f"{USERS}/{{id:[0-9]{{1,9}}}}/{{what:role|etat|deblocage|mot-de-passe|code}}")
@allowed("admin")
async def change_user(request: web.Request) -> web.Response:
    """Change a role or a state, unlock, give another password, take a second factor off."""
    fields, by = await form(request), current_user(request).login
    users = request.app[CONSOLE_USERS]
    what = request.match_info["what"]
    try:
        user = await asyncio.to_thread(users.get, int(request.match_info["id"]))
        match what:
            case "role":
                role = _role(fields.get("role", ""))
                await asyncio.to_thread(users.set_role, user.login, role, by)
            case "etat":
                active = fields.get("etat") == "actif"
                await asyncio.to_thread(users.set_active, user.login, active, by)
            case "deblocage":
                await asyncio.to_thread(users.unlock, user.login, by)
            case "code":
                await asyncio.to_thread(users.remove_second_factor, user.login, by)
            case _:
                password = new_password()
                await asyncio.to_thread(
                    users.reset_password, user.login, password, by, must_change=True
                )
                return await _users_page(request, given=(user.login, password))
    except UserError as error:
        return await _users_page(request, error=error)
    return see(f"{USERS}?{urlencode({'fait': what})}")


@routes.get(AUDIT)
@allowed("admin")
async def show_audit(request: web.Request) -> web.Response:
    """Show the trail, the newest first, filtered; `avant` is the id of the last line seen."""
    query = request.query
    login, action = _filter(query.get("qui", "")), _filter(query.get("action", ""))
    since, until = _day(query.get("depuis", "")), _day(query.get("jusque", ""))
    filters = AuditFilters(
        login=login.casefold() or None,
        action=action or None,
        since=_midnight(since),
        until=_midnight(until + dt.timedelta(days=1)) if until else None,
    )
    before = query.get("avant", "")
    seen = int(before) if before.isdecimal() and len(before) < 11 else None
    lines = await asyncio.to_thread(
        request.app[CONSOLE_USERS].trail, filters, seen and min(seen, MAX_ID), LINES + 1
    )
    kept = {"qui": login, "action": action}
    kept |= {"depuis": since.isoformat() if since else ""}
    kept |= {"jusque": until.isoformat() if until else ""}
    chosen = {name: value for name, value in kept.items() if value}
    further = {**chosen, "avant": lines[LINES - 1].id} if len(lines) > LINES else None
    values = {
        "lines": lines[:LINES],
        "chosen": kept,
        "first": f"{AUDIT}?{urlencode(chosen)}" if before else None,
        "next": f"{AUDIT}?{urlencode(further)}" if further else None,
        "moment": moment,
    }
    return await render(request, "console_audit.html", values)


async def _users_page(
    request: web.Request,
    error: UserError | None = None,
    given: tuple[str, str] | None = None,
    typed: str = "",
) -> web.Response:
    users: list[User] = await asyncio.to_thread(request.app[CONSOLE_USERS].all)
    values = {
        "users": users,
        "roles": ROLES,
        "now": dt.datetime.now(dt.UTC),
        "error": error.code if error else None,
        "given": given,
        "typed": typed,
        "day": day,
        "local": local,
    }
    status = HTTPStatus.OK
    if error:
        missing = isinstance(error, UnknownUser)
        status = HTTPStatus.NOT_FOUND if missing else HTTPStatus.UNPROCESSABLE_ENTITY
    return await render(request, "console_users.html", values, status)


def _role(name: str) -> Role:
    """Return a role. Raises InvalidMessage: the page offers no other."""
    if name not in ROLES:
        raise InvalidMessage
    return name


def _filter(text: str) -> str:
    """Return what is looked for, as both databases take it."""
    return text[:MAX_FILTER].replace("\x00", "").strip()


def _day(text: str) -> dt.date | None:
    """Return a date typed in ISO; None when it is none, or none of ours."""
    try:
        read = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return read if read.year in YEARS else None


def _midnight(date: dt.date | None) -> dt.datetime | None:
    """Return the beginning of a day in France."""
    return dt.datetime.combine(date, dt.time(), PARIS).astimezone(dt.UTC) if date else None
