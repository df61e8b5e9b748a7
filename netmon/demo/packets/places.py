"""Who is on the demonstration's wire: the offices and servers of the inventory, and some of the world outside.

The sender loads this, and little else: nothing here imports the settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from random import Random
from typing import Any, Final

from netmon.demo.packets.frames import End, Host

OUTSIDE: Final = tuple(map(IPv4Network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))
"""For documentation (RFC 5737): nobody's."""
FIRST_FREE_PORT: Final = 32_768  # that clients take, as on Linux
_ROUTER, _PROVIDER = 1, 2  # behind which gateway: an office's, the internet's


@dataclass(frozen=True, slots=True)
class Places:
    """The offices' networks by site, and the servers' addresses by name."""

    offices: Mapping[str, IPv4Network]
    servers: Mapping[str, IPv4Address]

    def server(self, number: int) -> Host:
        """Return a server by its place in the inventory; there is always one."""
        return Host.at(list(self.servers.values())[number % len(self.servers)])

    def office_host(self, number: int, host: int) -> Host:
        """Return the host of this number in an office."""
        network = list(self.offices.values())[number % len(self.offices)]
        return Host.at(network[host % (network.num_addresses - 2) + 1], _ROUTER)

    def somebody(self, chance: Random) -> End:
        """Return somebody in an office, at a free port."""
        return End(self.office_host(chance.randrange(len(self.offices)), chance.randrange(10, 40)), free_port(chance))


def outsider(number: int) -> Host:
    """Return somebody in the internet."""
    network = OUTSIDE[number % len(OUTSIDE)]
    return Host.at(network[number // len(OUTSIDE) % 254 + 1], _PROVIDER)


def anywhere(chance: Random) -> Host:
    """Return a source as forgers make them up: in 198.18.0.0/15, which is for benchmarks (RFC 2544)."""
    return Host.at(IPv4Address(0xC612_0000 + chance.randrange(1 << 17)), _PROVIDER)


def free_port(chance: Random) -> int:
    """Return a port as clients take them."""
    return chance.randrange(FIRST_FREE_PORT, 61_000)


def written(places: Places) -> dict[str, Any]:
    """Return it as JSON can hold it."""
    return {
        "offices": {name: str(network) for name, network in places.offices.items()},
        "servers": {name: str(address) for name, address in places.servers.items()},
    }


def read(data: Mapping[str, Mapping[str, str]]) -> Places:
    """Return what `written` gave."""
    return Places(
        {name: IPv4Network(text) for name, text in data["offices"].items()},
        {name: IPv4Address(text) for name, text in data["servers"].items()},
    )
