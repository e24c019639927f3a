"""Serves the demo page and the widget: a closed list of types, no listing, nothing outside."""

import re
from pathlib import Path
from types import MappingProxyType

from aiohttp import ETag, hdrs, web

from web.errors import NotFound
from web.minified import MINIFIERS, minified

FOLDER = Path(__file__).parent
NAME = re.compile(r"[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*")
MAX_NAME = 100
TYPES = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".ico": "image/x-icon",
        ".js": "text/javascript; charset=utf-8",
        ".png": "image/png",
        ".svg": "image/svg+xml",
        ".woff2": "font/woff2",
    }
)

routes = web.RouteTableDef()


@routes.get("/")
async def demo_page(_request: web.Request) -> web.FileResponse:
    """Give the demo page."""
    return _file(FOLDER / "static", "index.html")


@routes.get("/static/{path:.+}")
async def static_file(request: web.Request) -> web.FileResponse:
    """Give a file of the demo page."""
    return _file(FOLDER / "static", request.match_info["path"])


@routes.get("/widget/{path:.+}")
async def widget_file(request: web.Request) -> web.StreamResponse:
    """Give a file of the widget, as light as can be."""
    path, headers = _find(FOLDER / "widget", request.match_info["path"])
    if path.suffix not in MINIFIERS:
        return web.FileResponse(path, headers=headers)
    body, tag = minified(path)
    headers |= {hdrs.VARY: hdrs.ACCEPT_ENCODING}
    if any(known.value == tag for known in request.if_none_match or ()):
        response = web.Response(status=304, headers=headers)
    else:
        response = web.Response(body=body, headers=headers)
        response.enable_compression()
    response.etag = ETag(tag, is_weak=True)  # weak: the same content, compressed or not
    return response


def _file(folder: Path, name: str) -> web.FileResponse:
    """Return a file as it is."""
    path, headers = _find(folder, name)
    return web.FileResponse(path, headers=headers)


def _find(folder: Path, name: str) -> tuple[Path, dict[str, str]]:
    """Return a file and its headers; the browser asks each time whether it changed (ETag).

    Raises NotFound.
    """
    if len(name) > MAX_NAME or not NAME.fullmatch(name):
        raise NotFound
    path = (folder / name).resolve()
    kind = TYPES.get(path.suffix)
    if kind is None or not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise NotFound
    return path, {hdrs.CONTENT_TYPE: kind, hdrs.CACHE_CONTROL: "no-cache"}
