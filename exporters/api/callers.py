"""Who sent a request. Nothing here comes from the client itself: the gate and the control socket say who it is."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from exporters.api.roles import Caller, Role
from exporters.api.settings import ApiSettings


def caller_of(scope: Mapping[str, Any], settings: ApiSettings) -> Caller:
    """Return who sent a request.

    `scope["state"]` tells: `caller` where the control socket knew the system user, `user` from the gate's passwords.
    Neither can come from the client.
    """
    state = scope.get("state", {})
    known = state.get("caller")
    if isinstance(known, Caller):
        return known
    user = str(state.get("user", ""))
    if user:
        return Caller(user, settings.roles.get(user, settings.default_role))
    if settings.anonymous_role is not None:
        return Caller("", settings.anonymous_role)
    return Caller("", (Role.VIEWER,) if _is_loopback(scope.get("client")) else ())


def _is_loopback(client: Any) -> bool:
    if not client:  # a socket without addresses that did not say who its peer is
        return False
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
