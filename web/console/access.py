"""Who asks, and whether they may: the cookie, the roles, the token of the forms.

A page is written so:

    @routes.post("/console/a-lire/{turn}")
    @allowed("analyste", "admin")
    async def review(request: web.Request) -> web.Response:
        fields = await form(request)          # already read, its `csrf` already checked
        user = current_user(request)
        await audit(request, "tour_lu", request.match_info["turn"])
        return see("/console/a-lire")
"""

import asyncio
import functools
import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import ClientError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiDict, MultiMapping

from web import bodies
from web.console.clock import now as now  # pages take the moment from here
from web.console.keys import CONSOLE_USERS, CSRF_KEY, SIGNED_IN
from web.console.people import Role, User
from web.console.sessions import SESSION_HOURS
from web.errors import BodyTimeout, InvalidMessage, InvalidRequest, StaleForm
from web.keys import SETTINGS
from web.security import SAFE_METHODS

HOME = "/console"
SIGN_IN = "/console/connexion"
SIGN_OUT = "/console/deconnexion"
ACCOUNT = "/console/compte"
AGENT_HOME = "/console/rendez-vous"

COOKIE = "allobot_console"
CSRF_FIELD = "csrf"
CSRF_PURPOSE = b"allobot.web.console.csrf"  # a key of our own, made from the one that signs cookies
TOKEN_BYTES = 32
MAX_TOKEN = 100  # characters of a cookie worth looking up
MAX_FORM_BYTES = 65_536
MAX_FORM_FIELDS = 200
# A page of the console: nothing that a browser could take for another site.
INSIDE = re.compile(r"/console(?:[/?][A-Za-z0-9_./?=&%+:,~-]*)?")
MAX_NEXT = 500

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Forbidden(Exception):
    """The role of this person does not open this page."""


def allowed(*roles: Role) -> Callable[[Handler], Handler]:
    """Let in who is signed in with one of these roles; without any, whoever is signed in.

    Nobody signed in: 303 to the sign-in page, which leads back here. Another role: Forbidden.
    A form without its token, or with that of another session: StaleForm.
    """

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            user = await signed_in(request)
            if user is None:
                return see(_sign_in_address(request))
            request[SIGNED_IN] = user
            if roles and user.role not in roles:
                await audit(request, "acces_refuse", request.path[:200])
                raise Forbidden
            if request.method not in SAFE_METHODS:
                request = await with_form(request)
                await check_csrf(request)
            if user.must_change and not _is_own_account(request):
                return see(ACCOUNT)
            return await handler(request)

        return guarded

    return decorate


async def signed_in(request: web.Request) -> User | None:
    """Return who is signed in, as the database says now; None when nobody is."""
    token = read_token(request)
    if not token:
        return None
    return await asyncio.to_thread(request.app[CONSOLE_USERS].who, token)


def current_user(request: web.Request) -> User:
    """Return who is signed in. Raises KeyError outside a page that is `allowed`."""
    return request[SIGNED_IN]


def home(user: User) -> str:
    """Return the first page of a role."""
    return AGENT_HOME if user.role == "agent" else HOME


async def audit(request: web.Request, action: str, on: str, detail: str = "") -> None:
    """Write in the audit trail that who is signed in did `action` on `on`; nothing personal."""
    login = current_user(request).login
    await asyncio.to_thread(request.app[CONSOLE_USERS].note, login, action, on, detail)


async def form(request: web.Request) -> MultiMapping[str]:
    """Return the fields of the form sent, each a text; some may be given several times.

    Raises InvalidMessage, BodyTimeout, InvalidRequest, or aiohttp's 413 when they are too long.
    """
    try:
        async with asyncio.timeout(bodies.SECONDS):
            sent = await request.post()
    except TimeoutError as error:
        raise BodyTimeout from error
    except (ClientError, HttpProcessingError, ConnectionError) as error:
        raise InvalidRequest from error
    except (ValueError, LookupError):  # an encoding that is not its own, or that nobody knows
        raise InvalidMessage from None
    if len(sent) > MAX_FORM_FIELDS:
        raise InvalidMessage
    return MultiDict((name, value) for name, value in sent.items() if isinstance(value, str))


async def with_form(request: web.Request) -> web.Request:
    """Return the request with room for a form of the console, longer than a message."""
    return request.clone(client_max_size=MAX_FORM_BYTES)


# ---- the token of the forms


def csrf_token(request: web.Request) -> str:
    """Return what the hidden field `csrf` of a form holds: worth for this session only."""
    return csrf_of(request, read_token(request))


def csrf_of(request: web.Request, token: str) -> str:
    """Return the token of the forms of a session, or of the visit that precedes one."""
    return hmac.new(request.app[CSRF_KEY], token.encode(), hashlib.sha256).hexdigest()


async def check_csrf(request: web.Request) -> None:
    """Raise StaleForm when the form sent is not of this session."""
    given = (await form(request)).get(CSRF_FIELD, "")
    token = read_token(request)
    if not token or not hmac.compare_digest(given.encode(), csrf_of(request, token).encode()):
        raise StaleForm


def csrf_key(signing_key: str) -> bytes:
    """Return the key of the forms' tokens."""
    return hmac.digest(signing_key.encode(), CSRF_PURPOSE, "sha256")


# ---- the cookie


def new_token() -> str:
    """Return the value of a cookie, before anybody signs in."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def read_token(request: web.Request) -> str:
    """Return the value of the cookie; empty when there is none, or when it cannot be ours."""
    value = request.cookies.get(COOKIE, "")
    return value if len(value) <= MAX_TOKEN and value.isascii() else ""


def issue(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Set the cookie. Its end is the server's to decide; the browser forgets it after 12 h."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_HOURS * 3600,
        path=HOME,
        httponly=True,
        samesite="Strict",
        secure=request.app[SETTINGS].cookie_secure,
    )


def clear(request: web.Request, response: web.StreamResponse) -> None:
    """Take the cookie back."""
    response.del_cookie(
        COOKIE,
        path=HOME,
        httponly=True,
        samesite="Strict",
        secure=request.app[SETTINGS].cookie_secure,
    )


# ---- going elsewhere


def see(address: str) -> web.Response:
    """Return a 303: the browser reads that address, and reloading sends nothing again."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: address})


def next_page(wanted: str) -> str | None:
    """Return a page of the console that `?suite=` asks for; None for anything else."""
    fits = len(wanted) <= MAX_NEXT and ".." not in wanted and INSIDE.fullmatch(wanted)
    return wanted if fits and not wanted.startswith((SIGN_IN, SIGN_OUT)) else None


def _sign_in_address(request: web.Request) -> str:
    """Return the sign-in page, which leads back to the page that was read, never to an action."""
    wanted = next_page(request.rel_url.raw_path_qs) if request.method in SAFE_METHODS else None
    return SIGN_IN if wanted in (None, HOME) else f"{SIGN_IN}?suite={quote(wanted, safe='/')}"


def _is_own_account(request: web.Request) -> bool:
    return request.path in (ACCOUNT, SIGN_OUT, f"{ACCOUNT}/mot-de-passe")
