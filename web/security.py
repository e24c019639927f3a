"""Headers of every answer, and the guard of every request that changes something."""

from types import MappingProxyType

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from yarl import URL

from web.bodies import is_plain_json
from web.errors import BadOrigin, UnsupportedMediaType
from web.keys import SETTINGS

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Server": "allobot",
    }
)
SAFE_METHODS = frozenset((hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS))


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Signal `on_response_prepare`: files, errors and JSON alike. Nothing is cached unless said."""
    response.headers.update(HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another site could make a browser send.

    A request without a body (DELETE) needs no content type: no form can send one.
    """
    found = request.match_info.http_exception is None
    if found and request.method not in SAFE_METHODS:
        bare = request.method == hdrs.METH_DELETE and not request.body_exists
        if not bare and not is_plain_json(request):
            raise UnsupportedMediaType
        if not _same_origin(request):
            raise BadOrigin
    return await handler(request)


def _same_origin(request: web.Request) -> bool:
    """Tell whether the Origin header, if any, is this site. Behind https, only https is."""
    origins = request.headers.getall(hdrs.ORIGIN, [])
    if not origins:
        return True
    schemes = ("https",) if request.app[SETTINGS].cookie_secure else ("http", "https")
    try:
        origin = URL(origins[0])
        ours = URL(f"{origin.scheme}://{request.host}")
        same = (origin.host, origin.port) == (ours.host, ours.port) and origin == origin.origin()
    except ValueError:
        return False
    return same and origin.scheme in schemes and len(origins) == 1
