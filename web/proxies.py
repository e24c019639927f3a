"""Who asks, and how: what the proxies we trust say of a request; others are not believed.

The address of a client serves to count its requests (web/limits.py); it is never written anywhere.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import hdrs, web

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

SCHEMES = ("http", "https")


def client_address(request: web.BaseRequest, trusted: Networks) -> Address | None:
    """Return the address that asks: the first one, from us outwards, that is not a trusted proxy.

    None when the connection has none any more.
    """
    address = _parse(request.remote or "")
    for hop in reversed(_forwarded_for(request)):
        if not is_trusted(address, trusted):
            break
        further = _parse(hop)
        if further is None:
            break  # a word no proxy writes: what lies beyond is not to be believed either
        address = further
    return address


def forwarded_scheme(request: web.BaseRequest, trusted: Networks) -> str | None:
    """Return "http" or "https", as the trusted proxy that asks us says; None when nobody does."""
    told = request.headers.getall(hdrs.X_FORWARDED_PROTO, [])
    if not told or not is_trusted(_parse(request.remote or ""), trusted):
        return None
    scheme = told[-1].rpartition(",")[2].strip().lower()
    return scheme if scheme in SCHEMES else None


def is_trusted(address: Address | None, trusted: Networks) -> bool:
    """Tell whether an address is one of our proxies'."""
    return address is not None and any(address in network for network in trusted)


def is_undeclared_proxy(request: web.BaseRequest, trusted: Networks) -> bool:
    """Tell whether a machine near us forwards requests without being one of our proxies."""
    address = _parse(request.remote or "")
    near = address is not None and address.is_private and not is_trusted(address, trusted)
    return near and hdrs.X_FORWARDED_FOR in request.headers


def _forwarded_for(request: web.BaseRequest) -> list[str]:
    """Return the hops of every X-Forwarded-For line, the farthest first."""
    lines = request.headers.getall(hdrs.X_FORWARDED_FOR, [])
    return [hop for line in lines for hop in line.split(",")]


def _parse(text: str) -> Address | None:
    """Return an address, an IPv4 one written as IPv6 being IPv4; None when it is not one."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
