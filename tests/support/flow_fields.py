"""Fields of NetFlow v9 and IPFIX with their octets, and the one record that they come to."""

import socket
from typing import Any

from collectors.traffic.flows.netflow.decoder import NetFlow
from tests.support.exporters import NOW_S, Field, batch, flowset, ipfix, template, v9

NOW_MS = NOW_S * 1000
PEN = 29305  # of reverse elements (RFC 5103)
ADDRESSES: list[tuple[Field, bytes]] = [
    ((8, 4), socket.inet_aton("10.0.0.1")),
    ((12, 4), socket.inet_aton("192.0.2.9")),
]
TCP: list[tuple[Field, bytes]] = [*ADDRESSES, ((4, 1), b"\6")]
V6 = [((27, 16), socket.inet_pton(socket.AF_INET6, "2001:db8::1")), ((28, 16), b"\xff\2" + b"\0" * 13 + b"\1")]


def one(fields: list[tuple[Field, bytes]], *, version: int = 10) -> Any:
    """Return the record that these fields, each with its octets, come to."""
    layout = template(300, *(field for field, _ in fields))
    data = flowset(300, *(octets for _, octets in fields))
    message = ipfix(flowset(2, layout), data) if version == 10 else v9(flowset(0, layout), data)
    records = NetFlow().decode(batch(message))
    assert len(records) == 1
    return records[0]


START, END = NOW_MS - 7_500, NOW_MS - 1_250  # Unix milliseconds
