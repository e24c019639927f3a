"""HTTP to our own processes, on this machine: no proxy, short time-outs."""

from __future__ import annotations

from urllib.error import HTTPError, URLError
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

READY_TIMEOUT = 2.0  # seconds


def opener() -> OpenerDirector:
    return build_opener(ProxyHandler({}))


def address(host: str, port: int) -> str:
    """Where a browser of this machine reaches a server bound to `host`."""
    if host in ("0.0.0.0", "::", ""):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def answers(url: str) -> bool:
    """Whether GET url answers 200, now."""
    try:
        with opener().open(Request(url), timeout=READY_TIMEOUT) as answer:
            return bool(answer.status == 200)
    except (HTTPError, URLError, TimeoutError, ConnectionError, ValueError):
        return False
