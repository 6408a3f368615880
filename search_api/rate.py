"""A limit on requests per client: each has a bucket that fills at a steady rate and holds a few seconds of it.

Clients on the loopback interface are not limited, unless they are a proxy that says for whom it asks (X-Forwarded-For): then the
last address there counts, the one that the proxy itself added. Of IPv6 the first half of an address is one client.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from search_api.problems import Problem, plain_response

SECONDS = 5.0  # a client that was quiet may ask for so many seconds at once
CLIENTS = 20_000  # that are remembered; the one that was quiet longest is forgotten first
FREE = ("/healthz", "/readyz")


class Buckets:
    """rate: requests per second; now: the clock."""

    def __init__(self, rate: float, now: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.size, self.now = rate, max(1.0, rate * SECONDS), now
        self.clients: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when that was

    def wait(self, client: str) -> int:
        """0 where the client may go on (and has then used one), else the seconds after which it may."""
        moment = self.now()
        left, before = self.clients.pop(client, (self.size, moment))
        left = min(self.size, left + (moment - before) * self.rate)
        allowed = left >= 1
        self.clients[client] = (left - 1 if allowed else left, moment)
        if len(self.clients) > CLIENTS:
            self.clients.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - left) / self.rate))


class RateLimit:
    """ASGI middleware. proxies: addresses beside loopback whose X-Forwarded-For counts."""

    def __init__(self, app: ASGIApp, rate: float, proxies: tuple[str, ...] = ()) -> None:
        self.app, self.buckets, self.proxies = app, Buckets(rate), frozenset(proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = "" if scope["type"] != "http" or scope["path"] in FREE else client_of(scope, self.proxies)
        if client and (seconds := self.buckets.wait(client)):
            problem = Problem(
                429,
                "too-many",
                f"more than {self.buckets.rate:g} requests per second",
                remedy=f"wait {seconds} s",
                headers={"retry-after": str(seconds)},
            )
            await plain_response(scope.get("request_id", ""), problem)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def client_of(scope: Scope, proxies: frozenset[str] = frozenset()) -> str:
    """Whose request it is, "" for one that is not limited."""
    address = scope["client"][0] if scope.get("client") else ""
    local = not address or _network(address) == ""
    if not local and address not in proxies:
        return _network(address)
    said = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    if said:
        return _network(said.rsplit(",", 1)[-1].strip())
    return "" if local else _network(address)


@lru_cache(maxsize=4096)
def _network(address: str) -> str:
    """What counts as one client: an IPv4 address, half an IPv6 address; "" for loopback and sockets of the system."""
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            found = found.ipv4_mapped
        elif not found.is_loopback:
            return str(ipaddress.ip_network((found, 64), strict=False))
    return "" if found.is_loopback else str(found)
