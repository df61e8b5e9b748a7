"""Names to addresses, never blocking the event loop: literals at once, names by the system's resolver and a cache."""

import asyncio
import errno
import socket
from collections.abc import Callable

from collectors.snmp.sockets import Address
from netmon.api import PeerNotFound, PeerTimeout

_FRESH_S = 300.0  # how long an answer is used; the system's resolver does not tell the record's TTL
_FAILED_S = 30.0  # how long a failure is
_CAP = 100_000  # names; they come from the inventory, so this is only a belt


class Resolver:
    """A cache of `(host, port)` → addresses. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[tuple[str, int], tuple[float, tuple[Address, ...]]] = {}
        self._failed: dict[tuple[str, int], tuple[float, str]] = {}
        self._asking: dict[tuple[str, int], asyncio.Task[tuple[Address, ...]]] = {}

    def known(self, host: str, port: int) -> Address | None:
        """Return the address if it needs no asking."""
        key = (host, port)
        known = self._known.get(key)
        if known is not None and known[0] > self._clock():
            return known[1][0]
        literal = _literal(host, port)
        if literal is not None:
            self._remember(key, (literal,), float("inf"))
        return literal

    async def resolve(self, host: str, port: int, patience_s: float) -> Address:
        """Return the address. PeerNotFound when there is none, PeerTimeout when the resolver is silent."""
        address = self.known(host, port)
        if address is not None:
            return address
        key = (host, port)
        failed = self._failed.get(key)
        if failed is not None and failed[0] > self._clock():
            raise PeerNotFound(failed[1])
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(key))
            task.add_done_callback(lambda task: self._asked(key, task))
        done, _ = await asyncio.wait((task,), timeout=max(0.0, patience_s))
        if not done:
            if key in self._known:  # an old answer is better than none
                return self._known[key][1][0]
            raise PeerTimeout(f"the resolver did not answer for {host!r} in time")
        return task.result()[0]

    def failed(self, host: str, port: int) -> None:
        """Say that the address did not answer, so that a name's next address has its turn."""
        known = self._known.get((host, port))
        if known is not None and len(known[1]) > 1:
            self._known[host, port] = (known[0], (*known[1][1:], known[1][0]))

    async def stop(self) -> None:
        """End what is under way."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, key: tuple[str, int]) -> tuple[Address, ...]:
        host, port = key
        try:
            scoped = _scoped(host, port)
            addresses = (scoped,) if scoped is not None else await _look_up(host, port)
        except (OSError, ValueError) as error:
            if key in self._known:
                return self._known[key][1]
            problem = f"{host!r} has no address: {_why(error)}"
            self._failed[key] = (self._clock() + _FAILED_S, problem)
            raise PeerNotFound(problem) from None
        self._failed.pop(key, None)
        self._remember(key, addresses, self._clock() + _FRESH_S)
        return addresses

    def _asked(self, key: tuple[str, int], task: asyncio.Task[tuple[Address, ...]]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever still waited has it; asyncio need not complain that nobody did

    def _remember(self, key: tuple[str, int], addresses: tuple[Address, ...], until: float) -> None:
        if len(self._known) >= _CAP and key not in self._known:
            self._known.pop(next(iter(self._known)))
        self._known[key] = (until, addresses)


def _literal(host: str, port: int) -> Address | None:
    """Return the address that `host` spells out, or None for a name (and for a scoped address, which needs asking)."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            text = socket.inet_ntop(family, socket.inet_pton(family, host))
        except (OSError, ValueError):
            continue
        return (text, port) if family == socket.AF_INET else (text, port, 0, 0)
    return None


def _scoped(host: str, port: int) -> Address | None:
    """Return the address of `fe80::1%eth0` (RFC 4007 section 11), or None for anything else.

    OSError when there is no such interface. uvloop's getaddrinfo would silently drop the scope.
    """
    text, percent, scope = host.partition("%")
    address = _literal(text, port) if percent else None
    if address is None or len(address) != 4:
        return None
    try:
        index = int(scope) if scope.isdecimal() else socket.if_nametoindex(scope)
        socket.if_indextoname(index)
    except (OSError, ValueError, OverflowError):
        raise OSError(errno.ENODEV, f"this host has no interface {scope!r}") from None
    return (address[0], port, 0, index)


async def _look_up(host: str, port: int) -> tuple[Address, ...]:
    """Ask the system's resolver, which knows files as well as DNS."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM, proto=socket.IPPROTO_UDP)
    return tuple(dict.fromkeys(_plain(sockaddr) for *_, sockaddr in found))


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):  # empty or long labels, and octets that are no text
        return "it cannot be a name in DNS"
    return error.strerror or str(error)


def _plain(sockaddr: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]) -> Address:
    if len(sockaddr) == 4:
        host, port, _, scope = sockaddr
        return (host, port, 0, scope)
    return (str(sockaddr[0]), int(sockaddr[1]))
