"""Allobot on other sites: which ones may talk to it (CORS), frame it, and the tag they paste.

Without ALLOBOT_EMBED_ORIGINS, nothing here opens anything: no header is added, no cookie changes.
With it, the widget's files are public, as they must load to say that a site is not on the list,
and only the sites listed may talk.
"""

import base64
import hashlib

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from web.errors import BadOrigin
from web.keys import SETTINGS

TALK = "/api/conversation"  # the only calls another site needs
FILES = "/widget/"
RESOURCE_POLICY = "Cross-Origin-Resource-Policy"
PREFLIGHT_SECONDS = 7200  # the most that browsers grant: a quick exit never waits


def is_partner(request: web.Request) -> bool:
    """Tell whether a site of the list asks for what it may: to talk."""
    origins = request.headers.getall(hdrs.ORIGIN, [])
    listed = request.app[SETTINGS].embed_origins
    return _talks(request) and len(origins) == 1 and origins[0] in listed


def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Let a browser give the answer to the site that asked, when it may have it."""
    if not request.app[SETTINGS].embed_origins:
        return
    if request.path.startswith(FILES):
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        response.headers[RESOURCE_POLICY] = "cross-origin"
    elif _talks(request):
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
        if is_partner(request):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = request.headers[hdrs.ORIGIN]
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
            response.headers[RESOURCE_POLICY] = "cross-origin"


@web.middleware
async def answer_preflight(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what a browser asks before a call of another site; without a list, as ever: 405."""
    asked = (
        request.method == hdrs.METH_OPTIONS
        and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        and bool(request.app[SETTINGS].embed_origins)
        and _talks(request)
    )
    if not asked:
        return await handler(request)
    if not is_partner(request):
        raise BadOrigin
    return web.Response(
        status=204,
        headers={
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST, DELETE",
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: hdrs.CONTENT_TYPE,
            hdrs.ACCESS_CONTROL_MAX_AGE: str(PREFLIGHT_SECONDS),
        },
    )


def frame_ancestors(request: web.Request) -> str:
    """Return the sites that may show the full page in a frame, as a source list of a CSP."""
    return " ".join(("'self'", *request.app[SETTINGS].embed_origins))


def integrity(served: bytes) -> str:
    """Return the SRI hash of a file as a browser gets it."""
    digest = hashlib.sha384(served).digest()
    return f"sha384-{base64.b64encode(digest).decode('ascii')}"


def _talks(request: web.Request) -> bool:
    return request.path == TALK or request.path.startswith(f"{TALK}/")
