"""The pages of the console, and what it shows when it cannot show one."""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from sqlalchemy.exc import SQLAlchemyError

from web.console.access import HOME, Forbidden, csrf_token, signed_in
from web.console.keys import SIGNED_IN
from web.errors import (
    FROM_AIOHTTP,
    GatewayError,
    InvalidRequest,
    StoreUnavailable,
    TooManyRequests,
)
from web.logs import LOGGER, describe
from web.pages import page
from web.security import CONTENT_SECURITY_POLICY

# Nobody frames the console. Without a referrer at all, a browser would not say either that a form
# is ours (Origin: null).
POLICY = CONTENT_SECURITY_POLICY.replace("form-action 'none'", "form-action 'self'").replace(
    "frame-ancestors 'self'", "frame-ancestors 'none'"
)
REFERRER = "same-origin"


async def render(
    request: web.Request,
    template: str,
    values: Mapping[str, Any],
    status: int = HTTPStatus.OK,
) -> web.Response:
    """Return the page of a template that extends console_base.html.

    Adds `user` (None when nobody is signed in), `csrf` (for the hidden field of each form),
    `path` (which the navigation marks) and `fait` (the code of what was just done, `?fait=`).
    """
    added = {
        "user": request.get(SIGNED_IN),
        "csrf": csrf_token(request),
        "path": request.path,
        "fait": request.query.get("fait", ""),
    }
    response = await page(template, {**added, **values}, status)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = REFERRER
    return response


@web.middleware
async def console_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the errors of the console in a page of its own; those of other pages go on."""
    if request.path != HOME and not request.path.startswith(f"{HOME}/"):
        return await handler(request)
    try:
        return await handler(request)
    except Forbidden:
        return await render(request, "console_forbidden.html", {}, HTTPStatus.FORBIDDEN)
    except GatewayError as error:
        return await _error_page(request, error)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        response = await _error_page(request, FROM_AIOHTTP.get(error.status, InvalidRequest)())
        if hdrs.ALLOW in error.headers:
            response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return response
    except SQLAlchemyError as error:
        LOGGER.error("console: %s", describe(error))
        return await _error_page(request, StoreUnavailable())
    except Exception as error:  # noqa: BLE001 - the last net: a trace must never be answered
        LOGGER.error("unexpected error: %s", describe(error))
        return await _error_page(request, GatewayError())


async def _error_page(request: web.Request, error: GatewayError) -> web.Response:
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        LOGGER.error("%s: %s", error.code, describe(error))
    elif SIGNED_IN not in request:  # no page was reached: the way to the others is shown still
        with suppress(SQLAlchemyError):
            user = await signed_in(request)
            if user is not None:
                request[SIGNED_IN] = user
    response = await render(request, "console_error.html", {"code": error.code}, error.status)
    if error.status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
        response.force_close()  # the rest of the body is not worth reading
    if isinstance(error, TooManyRequests):
        response.headers[hdrs.RETRY_AFTER] = str(error.seconds)
    return response
