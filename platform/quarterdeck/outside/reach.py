"""Where requests to an address that a person typed may go: public addresses, and the networks that the operator lists.

The name is looked up once for each request and what was judged is what is connected to: a name that answers with another
address the second time (DNS rebinding) gains nothing. Certificates are still checked against the name.
"""

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import httpx

from quarterdeck.errors import Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PUBLIC_6 = ipaddress.ip_network("2000::/3")
"""All that is given out as public; beside it stand a network's own translation to IPv4 and old forms of private ones."""
Lookup = Callable[[str, int], list[str]]


MOST_TRIED = 3


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what a key was entered for goes there and nowhere else."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"https": 443}.get(parts.scheme, 80)


def look_up(host: str, port: int) -> list[str]:
    return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def networks(words: Sequence[str]) -> list[Network]:
    """Addresses and networks: 10.0.0.0/8, 192.168.7.20, fd00::/8. Raises ValueError for a word that is none."""
    return [ipaddress.ip_network(word, strict=False) for word in words]


def meant(word: str) -> Address:
    """The address behind the ways of writing an IPv4 address as an IPv6 one (mapped, 6to4, NAT64)."""
    ip = ipaddress.ip_address(word.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


class Reach(httpx.BaseTransport):
    """A transport for one client. Raises Refused(not_reachable) before anything is sent."""

    def __init__(
        self, allowed: Sequence[str] = (), setting: str = "", lookup: Lookup = look_up,
        make: Callable[[], httpx.BaseTransport] = httpx.HTTPTransport,
    ) -> None:  # fmt: skip
        self._allowed, self._setting, self._lookup, self._make = networks(allowed), setting, lookup, make
        self._inner: dict[str, httpx.BaseTransport] = {}  # one for each name: their certificates are their own
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host, url = request.url.host, request.url
        found = self._addresses(host, url.port or (443 if url.scheme == "https" else 80), request)
        request.extensions = {**request.extensions, "sni_hostname": host}
        with self._lock:
            inner = self._inner.get(host) or self._inner.setdefault(host, self._make())
        for address in found[:-1]:
            request.url = url.copy_with(host=address)
            try:
                return inner.handle_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent: an address of the other family, or one that is down
        request.url = url.copy_with(host=found[-1])
        return inner.handle_request(request)

    def close(self) -> None:
        for one in self._inner.values():
            one.close()

    def _addresses(self, host: str, port: int, request: httpx.Request) -> list[str]:
        """Those that may be reached; at least one."""
        try:
            found = list(dict.fromkeys(self._lookup(host, port)))
        except OSError as no:
            raise httpx.ConnectError(f"{host} has no address", request=request) from no
        if open_ones := [one for one in found if self._may(meant(one))]:
            return open_ones[:MOST_TRIED]
        told = ", ".join(found) or "no address"
        raise Refused(f"{host} leads to {told}, which is not on the public network.", reason="not_reachable", status=422,
                      remedy=f"If it is meant, the operator lists its address or network in {self._setting}.")  # fmt: skip

    def _may(self, ip: Address) -> bool:
        if any(ip.version == one.version and ip in one for one in self._allowed):
            return True
        return ip.is_global and not ip.is_multicast and (ip.version == 4 or ip in PUBLIC_6)
