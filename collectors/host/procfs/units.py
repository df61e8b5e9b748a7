"""systemd's units, from the fact `@systemd`: what `systemctl show` prints, blocks of `Property=value`."""

import re

from collectors.host.procfs.shape import COUNTER, GAUGE, Files, Malformed, table
from netmon.api import Family, Missing, Reason, Table, Value

STATES = ("activating", "active", "deactivating", "failed", "inactive")
PROPERTIES = ("Id", "LoadState", "ActiveState", "Type", "NRestarts", "NAccepted", "NConnections", "NRefused")
_LEFT_OUT = re.compile(r".+\.(automount|device|mount|scope|slice)$")
"""node_exporter's default: there are hundreds of these and they come and go."""
_UNIT = (Family("node_systemd_unit_state", GAUGE, "1 for the state that the unit is in.", "systemctl show"),)
_UNITS = (Family("node_systemd_units", GAUGE, "Units by state.", "systemctl show"),)
_RESTARTS = (
    Family("node_systemd_service_restart_total", COUNTER, "Times systemd restarted the service.", "systemctl show"),
)
_SOCKET = (
    Family("node_systemd_socket_accepted_connections_total", COUNTER, "Connections accepted.", "systemctl show"),
    Family("node_systemd_socket_current_connections", GAUGE, "Connections now.", "systemctl show"),
    Family("node_systemd_socket_refused_connections_total", COUNTER, "Connections refused.", "systemctl show"),
)


def parse_systemd(files: Files, at: float) -> tuple[Table, ...]:
    """Parse the state of every loaded unit, the restarts of services and the connections of sockets."""
    every = [unit for unit in _blocks(files["@systemd"]) if unit.get("LoadState") == "loaded"]
    if not every:
        raise Malformed("@systemd", "tells of no loaded unit")
    units = [unit for unit in every if not _LEFT_OUT.match(unit["Id"])]
    per_state = [(unit["Id"], state, unit.get("Type", "")) for unit in units for state in STATES]
    now = [int(unit.get("ActiveState") == state) for unit in units for state in STATES]
    counts = [sum(unit.get("ActiveState") == state for unit in every) for state in STATES]
    services = [unit for unit in units if unit["Id"].endswith(".service") and "NRestarts" in unit]
    sockets = [unit for unit in units if unit["Id"].endswith(".socket") and "NAccepted" in unit]
    numbers = [[_number(unit, key) for unit in sockets] for key in ("NAccepted", "NConnections", "NRefused")]
    return (
        table(at, _UNIT, ("name", "state", "type"), per_state, [now]),
        table(at, _UNITS, ("state",), [(state,) for state in STATES], [counts]),
        table(
            at,
            _RESTARTS,
            ("name",),
            [(unit["Id"],) for unit in services],
            [[_number(unit, "NRestarts") for unit in services]],
        ),
        table(at, _SOCKET, ("name",), [(unit["Id"],) for unit in sockets], numbers),
    )


def _blocks(text: bytes) -> list[dict[str, str]]:
    """Return the units: blocks of lines with an empty line between them; one without an Id is no unit."""
    blocks = (block.splitlines() for block in text.decode("utf-8", "replace").split("\n\n"))
    units = [{name: value for name, _, value in (line.partition("=") for line in block)} for block in blocks]
    return [unit for unit in units if unit.get("Id")]


def _number(unit: dict[str, str], key: str) -> Value | Missing:
    text = unit.get(key, "")
    if text.isascii() and text.isdecimal() and len(text) <= 20:
        return int(text)
    return Missing(Reason.MALFORMED, f"{key} of {unit['Id']} is {text[:20]!r}")
