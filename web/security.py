"""Headers of every answer, and the guard of every request that changes something."""

from types import MappingProxyType

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from yarl import URL

from web import embed
from web.bodies import is_plain_form, is_plain_json
from web.errors import BadOrigin, UnsupportedMediaType
from web.keys import SETTINGS
from web.proxies import forwarded_scheme

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
        "Permissions-Policy": "camera=(), microphone=(self), geolocation=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Server": "allobot",
    }
)
STRICT_TRANSPORT_SECURITY = "max-age=31536000"
PAGE_HEADERS = ("Content-Security-Policy", "Referrer-Policy")  # a page may say its own
FORMS = frozenset(("/assistant",))  # what a form without JavaScript posts to
FORM_FOLDERS = ("/console/",)  # and every address under these
SAFE_METHODS = frozenset((hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS))


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal `on_response_prepare`: files, errors and JSON alike. Nothing is cached unless said."""
    own = {name: response.headers[name] for name in PAGE_HEADERS if name in response.headers}
    response.headers.update({**HEADERS, **own})
    embed.add_headers(request, response)
    if _over_https_for_good(request):
        response.headers[hdrs.STRICT_TRANSPORT_SECURITY] = STRICT_TRANSPORT_SECURITY
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another site could make a browser send.

    A request without a body (DELETE) needs no content type: no form can send one.
    """
    found = request.match_info.http_exception is None
    if found and request.method not in SAFE_METHODS:
        bare = request.method == hdrs.METH_DELETE and not request.body_exists
        is_plain = is_plain_form if _takes_forms(request.path) else is_plain_json
        if not bare and not is_plain(request):
            raise UnsupportedMediaType
        if not _same_origin(request) and not embed.is_partner(request):
            raise BadOrigin
    return await handler(request)


def _takes_forms(path: str) -> bool:
    return path in FORMS or path.startswith(FORM_FOLDERS)


def _over_https_for_good(request: web.Request) -> bool:
    """Tell whether a browser may be told to come back over https only: in production, so asked."""
    settings = request.app[SETTINGS]
    return settings.production and _told_scheme(request) == "https"


def _told_scheme(request: web.Request) -> str | None:
    return forwarded_scheme(request, request.app[SETTINGS].trusted_proxies)


def _same_origin(request: web.Request) -> bool:
    """Tell whether the Origin header, if any, is this site. Behind https, only https is."""
    origins = request.headers.getall(hdrs.ORIGIN, [])
    if not origins:  # a browser that hides it still says which site asks
        return request.headers.get("Sec-Fetch-Site", "none") in {"same-origin", "none"}
    settings, told = request.app[SETTINGS], _told_scheme(request)
    schemes = ("https",) if settings.cookie_secure else (told,) if told else ("http", "https")
    try:
        origin = URL(origins[0])
        ours = URL(settings.public_url or f"{origin.scheme}://{request.host}")
        same = (origin.host, origin.port) == (ours.host, ours.port) and origin == origin.origin()
    except ValueError:
        return False
    return same and origin.scheme in schemes and len(origins) == 1
