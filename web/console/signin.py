"""Signing in and out, and one's own account: password, second factor."""

import asyncio
from http import HTTPStatus
from typing import Any

import segno
from aiohttp import web

from web.console.access import (
    ACCOUNT,
    SIGN_IN,
    SIGN_OUT,
    allowed,
    check_csrf,
    clear,
    csrf_of,
    current_user,
    form,
    home,
    issue,
    new_token,
    next_page,
    read_token,
    see,
    with_form,
)
from web.console.errors import UserError, WrongCode, WrongPassword
from web.console.keys import CONSOLE_USERS
from web.console.render import render
from web.console.second_factor import Enrolment
from web.console.sessions import Opened
from web.limits import limit_client

CODE = f"{SIGN_IN}/code"
QR_BORDER = 2  # modules

routes = web.RouteTableDef()


@routes.get(SIGN_IN)
async def show_sign_in(request: web.Request) -> web.Response:
    """Ask for the login and the password; whoever is signed in goes to their first page."""
    users, token = request.app[CONSOLE_USERS], read_token(request)
    user = await asyncio.to_thread(users.who, token) if token else None
    wanted = next_page(request.query.get("suite", ""))
    if user is not None:
        return see(wanted or home(user))
    return await _sign_in_page(request, token or new_token(), wanted)


@routes.post(SIGN_IN)
async def sign_in(request: web.Request) -> web.Response:
    """Open a session, or ask again with one sentence that does not say what was wrong."""
    await limit_client(request, "signins")
    request = await with_form(request)
    await check_csrf(request)
    fields, users = await form(request), request.app[CONSOLE_USERS]
    wanted = next_page(fields.get("suite", ""))
    opened = await asyncio.to_thread(
        users.sign_in, fields.get("identifiant", ""), fields.get("mot_de_passe", "")
    )
    if opened is None:
        return await _sign_in_page(request, read_token(request), wanted, wrong=True)
    if opened.pending:
        response = see(f"{CODE}?suite={wanted}" if wanted else CODE)
        issue(request, response, opened.token)
        return response
    return await _welcome(request, opened, wanted)


@routes.get(CODE)
async def show_code(request: web.Request) -> web.Response:
    """Ask for the code of the second factor."""
    if not await _awaits_code(request):
        return see(SIGN_IN)
    return await _code_page(request, next_page(request.query.get("suite", "")))


@routes.post(CODE)
async def give_code(request: web.Request) -> web.Response:
    """Open the session that awaits this code."""
    await limit_client(request, "signins")
    if not await _awaits_code(request):
        return see(SIGN_IN)
    request = await with_form(request)
    await check_csrf(request)
    fields, users = await form(request), request.app[CONSOLE_USERS]
    wanted = next_page(fields.get("suite", ""))
    opened = await asyncio.to_thread(
        users.second_factor, read_token(request), fields.get("code", "")
    )
    if opened is None:
        return await _code_page(request, wanted, wrong=True)
    return await _welcome(request, opened, wanted)


@routes.post(SIGN_OUT)
@allowed()
async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    await asyncio.to_thread(request.app[CONSOLE_USERS].sign_out, read_token(request))
    response = see(f"{SIGN_IN}?fait=deconnexion")
    clear(request, response)
    return response


@routes.get(ACCOUNT)
@allowed()
async def show_account(request: web.Request) -> web.Response:
    """Show one's account."""
    return await _account_page(request)


@routes.post(f"{ACCOUNT}/mot-de-passe")
@allowed()
async def change_password(request: web.Request) -> web.Response:
    """Change one's password: every other session of it ends."""
    await limit_client(request, "signins")
    fields, user = await form(request), current_user(request)
    wanted = fields.get("nouveau", "")
    try:
        if wanted != fields.get("encore", ""):
            raise _Different
        token = await asyncio.to_thread(
            request.app[CONSOLE_USERS].change_password, user.id, fields.get("present", ""), wanted
        )
    except UserError as error:
        return await _account_page(request, error)
    response = see(f"{ACCOUNT}?fait=mot_de_passe")
    issue(request, response, token)
    return response


@routes.post(f"{ACCOUNT}/code")
@allowed()
async def propose_code(request: web.Request) -> web.Response:
    """Show the secret of a second factor, to be confirmed by a code."""
    await limit_client(request, "signins")
    users, user = request.app[CONSOLE_USERS], current_user(request)
    try:
        await _confirm(request)
    except WrongPassword as error:
        return await _account_page(request, error)
    enrolment = await asyncio.to_thread(users.propose_second_factor, user.login)
    return await _enrolment_page(request, enrolment)


@routes.post(f"{ACCOUNT}/code/activer")
@allowed()
async def enable_code(request: web.Request) -> web.Response:
    """Turn the second factor on, and show the recovery codes: this page only."""
    fields, users, user = await form(request), request.app[CONSOLE_USERS], current_user(request)
    sealed = fields.get("secret", "")
    try:
        codes = await asyncio.to_thread(
            users.enable_second_factor, user.login, sealed, fields.get("code", ""), user.login
        )
    except WrongCode as error:
        return await _enrol_again(request, sealed, error)
    return await render(request, "console_totp.html", {"etape": "secours", "codes": codes})


@routes.post(f"{ACCOUNT}/code/retirer")
@allowed()
async def remove_code(request: web.Request) -> web.Response:
    """Turn the second factor off."""
    await limit_client(request, "signins")
    user = current_user(request)
    try:
        await _confirm(request)
    except WrongPassword as error:
        return await _account_page(request, error)
    users = request.app[CONSOLE_USERS]
    await asyncio.to_thread(users.remove_second_factor, user.login, user.login)
    return see(f"{ACCOUNT}?fait=double_retire")


class _Different(UserError):
    """The new password was not typed twice the same."""

    code = "differents"


async def _confirm(request: web.Request) -> None:
    """Raise WrongPassword unless the form gives one's password."""
    password = (await form(request)).get("present", "")
    await asyncio.to_thread(request.app[CONSOLE_USERS].confirm, current_user(request).id, password)


async def _awaits_code(request: web.Request) -> bool:
    token = read_token(request)
    return bool(token) and await asyncio.to_thread(request.app[CONSOLE_USERS].awaits_code, token)


async def _welcome(request: web.Request, opened: Opened, wanted: str | None) -> web.Response:
    user = await asyncio.to_thread(request.app[CONSOLE_USERS].find, opened.login)
    response = see(ACCOUNT if user.must_change else wanted or home(user))
    issue(request, response, opened.token)
    return response


async def _sign_in_page(
    request: web.Request, token: str, wanted: str | None, *, wrong: bool = False
) -> web.Response:
    """Give the sign-in page; its form is worth for the browser that holds `token`."""
    values = {"csrf": csrf_of(request, token), "suite": wanted or "", "wrong": wrong}
    status = HTTPStatus.UNAUTHORIZED if wrong else HTTPStatus.OK
    response = await render(request, "console_signin.html", values, status)
    if token != read_token(request):
        issue(request, response, token)
    return response


async def _code_page(
    request: web.Request, wanted: str | None, *, wrong: bool = False
) -> web.Response:
    values = {"etape": "connexion", "suite": wanted or "", "wrong": wrong}
    status = HTTPStatus.UNAUTHORIZED if wrong else HTTPStatus.OK
    return await render(request, "console_totp.html", values, status)


async def _account_page(request: web.Request, error: UserError | None = None) -> web.Response:
    user = current_user(request)
    left = await asyncio.to_thread(request.app[CONSOLE_USERS].recovery_left, user.id)
    values = {"left": left, "error": error.code if error else None}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return await render(request, "console_account.html", values, status)


async def _enrolment_page(
    request: web.Request, enrolment: Enrolment, error: UserError | None = None
) -> web.Response:
    values: dict[str, Any] = {
        "etape": "activer",
        "secret": enrolment.secret,
        "sealed": enrolment.sealed,
        "qr": segno.make(enrolment.uri, error="m").svg_inline(border=QR_BORDER, omitsize=True),
        "error": error.code if error else None,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return await render(request, "console_totp.html", values, status)


async def _enrol_again(request: web.Request, sealed: str, error: WrongCode) -> web.Response:
    """Show the same secret again; one that is too old, or not ours, is proposed no more."""
    users, login = request.app[CONSOLE_USERS], current_user(request).login
    try:
        enrolment = await asyncio.to_thread(users.reopen_enrolment, login, sealed)
    except WrongCode:
        return await _account_page(request, error)
    return await _enrolment_page(request, enrolment, error)
