"""Whom we ask: a device's address and what opens it."""

from dataclasses import dataclass, field

from collectors.snmp.settings import Credential


@dataclass(frozen=True, slots=True)
class Agent:
    """An SNMP agent. `name` is the target's, unique; `host` is an IPv4 or IPv6 address or a name in DNS."""

    name: str
    host: str
    port: int = 161
    credential: Credential = field(kw_only=True, repr=False)
