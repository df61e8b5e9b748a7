"""Real sockets on loopback."""

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from ipaddress import ip_network

import numpy as np
import pytest

from collectors.traffic.flows.endpoint import Endpoint
from collectors.traffic.flows.exporters import Exporters
from collectors.traffic.flows.receive import Received, Receiver
from netmon.api.traffic import halves
from tests.support.flow_source import needs_ipv6
from tests.support.sflow import datagram
from tests.support.waiting import eventually

V5 = struct.pack("!HH", 5, 0) + bytes(20)
V9 = struct.pack("!HH", 9, 0) + bytes(16)
IPFIX = struct.pack("!HH", 10, 16) + bytes(12)
SFLOW = datagram()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def opened(
    stack: ExitStack,
    *allow: str,
    names: Sequence[tuple[str, str]] = (),
    at: Sequence[str] = ("127.0.0.1",),
    exporters: Exporters | None = None,
    **options: int,
) -> tuple[Receiver, Exporters]:
    listed = exporters or Exporters({halves(a): name for a, name in names}, [ip_network(each) for each in allow])
    receiver = Receiver([Endpoint("udp", each, 0) for each in at], listed, **options)
    receiver.open()
    stack.enter_context(closing(receiver))
    return receiver, listed


def sender(stack: ExitStack, receiver: Receiver, source: str, place: int = 0) -> socket.socket:
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    sock = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
    sock.bind((source, 0))
    sock.connect((source if ":" in source else "127.0.0.1", receiver.sockets[place].endpoint.port))
    return sock


def octets(received: Received) -> list[tuple[bytes, int]]:
    """Return what came, with the row of who sent it; loopback delivers before `send` returns."""
    return [
        (batch.buffer[int(row["at"]) : int(row["at"]) + int(row["length"])].tobytes(), int(row["exporter"]))
        for batch in (received.netflow, received.sflow)
        for row in batch.index
    ]


def test_datagrams_are_sorted_by_kind_and_sender(stack: ExitStack) -> None:
    receiver, exporters = opened(stack, "127.0.0.0/8", names=[("127.0.0.9", "core-1")])
    first, second = sender(stack, receiver, "127.0.0.9"), sender(stack, receiver, "127.0.0.2")
    for data in (V5, SFLOW, V9):
        first.send(data)
    second.send(IPFIX)
    assert octets(receiver.receive()) == [(V5, 1), (V9, 1), (IPFIX, 2), (SFLOW, 1)]
    assert [(each.row, each.name, each.address, each.datagrams) for each in exporters] == [
        (1, "core-1", "127.0.0.9", 3),
        (2, "127.0.0.2", "127.0.0.2", 1),
    ]
    assert exporters.name(0) == exporters.name(3) == ""


@needs_ipv6
def test_both_ip_versions_are_heard_at_once_and_an_exporter_is_the_same_on_each_socket(stack: ExitStack) -> None:
    receiver, exporters = opened(stack, "127.0.0.0/8", "::1/128", at=("::", "127.0.0.1", "::1"))
    for source, place in (("127.0.0.5", 0), ("127.0.0.5", 1), ("::1", 2), ("::1", 0)):
        sender(stack, receiver, source, place).send(V9)
    assert sorted(row for _, row in octets(receiver.receive())) == [1, 1, 2, 2]
    assert {each.address for each in exporters} == {"127.0.0.5", "::1"}


@needs_ipv6
def test_where_a_short_address_came_a_long_one_comes_whole(stack: ExitStack) -> None:
    receiver, exporters = opened(stack, "127.0.0.0/8", "::/0", at=("127.0.0.1", "::1"))
    for source, place in (("127.0.0.5", 0), ("::1", 1), ("127.0.0.6", 0), ("::1", 1)):
        sender(stack, receiver, source, place).send(V9)
        assert len(receiver.receive()) == 1
    assert [each.address for each in exporters] == ["127.0.0.5", "::1", "127.0.0.6"]


def test_a_forged_source_costs_nothing_but_is_counted_and_shown(stack: ExitStack) -> None:
    receiver, exporters = opened(stack, names=[("127.0.0.9", "core-1")])
    forger = sender(stack, receiver, "127.0.0.66")
    for _ in range(40):
        forger.send(V9)
    sender(stack, receiver, "127.0.0.9").send(V9)
    assert octets(receiver.receive()) == [(V9, 1)]
    assert (receiver.counts["received"], receiver.counts["refused"], receiver.counts["netflow"]) == (41, 40, 1)
    assert [(each.address, each.datagrams) for each in exporters.turned_away()] == [("127.0.0.66", 40)]
    assert len(exporters) == 1


def test_of_many_strangers_the_last_few_are_kept(stack: ExitStack) -> None:
    receiver, exporters = opened(stack)
    for host in range(1, 41):
        sender(stack, receiver, f"127.0.1.{host}").send(V5)
        receiver.receive()
    assert receiver.counts["refused"] == 40
    assert {each.address for each in exporters.turned_away()} == {f"127.0.1.{host}" for host in range(25, 41)}


def test_an_allowed_prefix_cannot_use_up_the_rows_of_the_inventory(stack: ExitStack) -> None:
    names = {halves("127.0.9.1"): "late"}
    listed = Exporters(names, [ip_network("127.0.0.0/16")], capacity=4)
    receiver, exporters = opened(stack, exporters=listed)
    for host in range(1, 8):
        sender(stack, receiver, f"127.0.2.{host}").send(V9)
    sender(stack, receiver, "127.0.9.1").send(IPFIX)
    assert (IPFIX, 1) in octets(receiver.receive())
    assert (receiver.counts["no_room"], receiver.counts["netflow"], len(exporters)) == (4, 4, 4)


def test_what_the_kernel_dropped_is_counted_to_the_datagram(stack: ExitStack) -> None:
    receiver, _ = opened(stack, "127.0.0.0/8", receive_buffer_bytes=65_536)
    burst = sender(stack, receiver, "127.0.0.2")
    for _ in range(2_000):
        burst.send(V9)
    while receiver.receive().full:
        pass
    receiver.receive()
    counts = receiver.counts
    assert counts["kernel_dropped"] > 0
    assert counts["received"] + counts["kernel_dropped"] == 2_000
    burst.send(V9)
    assert len(receiver.receive()) == 1
    receiver.close()
    assert receiver.counts["kernel_dropped"] == counts["kernel_dropped"]


def test_more_than_a_batch_comes_in_several_and_nothing_is_lost(stack: ExitStack) -> None:
    receiver, _ = opened(stack, "127.0.0.0/8", batch_datagrams=8)
    source = sender(stack, receiver, "127.0.0.2")
    for number in range(20):
        source.send(V9 + bytes([number]))
    batches = [receiver.receive() for _ in range(1)]
    assert batches[0].full
    seen = [data[-1] for data, _ in octets(batches[0])]
    for _ in range(3):
        seen += [data[-1] for data, _ in octets(receiver.receive())]
    assert seen == list(range(20))


def test_no_socket_starves_another(stack: ExitStack) -> None:
    receiver, _ = opened(stack, "127.0.0.0/8", at=("127.0.0.1", "127.0.0.1"), batch_datagrams=4)
    loud, quiet = sender(stack, receiver, "127.0.0.2", 0), sender(stack, receiver, "127.0.0.3", 1)
    for _ in range(20):
        loud.send(V9)
    quiet.send(IPFIX)
    assert IPFIX in [data for _ in range(2) for data, _ in octets(receiver.receive())]


def test_a_datagram_longer_than_its_slot_is_counted_not_used(stack: ExitStack) -> None:
    receiver, exporters = opened(stack, "127.0.0.0/8", datagram_bytes=1_500)
    source = sender(stack, receiver, "127.0.0.2")
    source.send(V9 + bytes(1_480))
    source.send(V9 + bytes(1_481))
    source.send(V9)
    assert [len(data) for data, _ in octets(receiver.receive())] == [1_500, 20]
    assert (receiver.counts["truncated"], next(iter(exporters)).truncated) == (1, 1)


@pytest.mark.parametrize("data", [b"", b"\0\5\0", b"\0\1\0\0", b"\0\0\0\4" + bytes(40), b"\xff" * 20])
def test_unknown_versions_are_counted_with_their_exporter(stack: ExitStack, data: bytes) -> None:
    receiver, exporters = opened(stack, "127.0.0.0/8")
    sender(stack, receiver, "127.0.0.2").send(data)
    assert len(receiver.receive()) == 0
    assert (receiver.counts["unknown_version"], next(iter(exporters)).unknown_version) == (1, 1)


def test_received_is_the_sum_of_what_became_of_it(stack: ExitStack) -> None:
    receiver, _ = opened(stack, "127.0.0.2/32", datagram_bytes=1_500)
    for source in ("127.0.0.2", "127.0.0.3"):
        for data in (V5, SFLOW, b"?", bytes(2_000)):
            sender(stack, receiver, source).send(data)
    receiver.receive()
    counts = receiver.counts
    of_socket = ("kernel_dropped", "receive_errors")
    assert counts["received"] == 8 == sum(n for name, n in counts.items() if name not in ("received", *of_socket))


def test_an_address_in_use_is_named_and_nothing_stays_open(stack: ExitStack) -> None:
    receiver, exporters = opened(stack)
    taken = receiver.sockets[0].endpoint
    another = Receiver([Endpoint("udp", "127.0.0.1", 0), taken], exporters)
    with pytest.raises(OSError, match=rf"cannot listen at udp://127\.0\.0\.1:{taken.port}: "):
        another.open()
    assert another.sockets == []


def test_a_buffer_smaller_than_wanted_is_told(stack: ExitStack) -> None:
    receiver, _ = opened(stack, receive_buffer_bytes=65_536)
    assert receiver.small_buffers() == []
    receiver.sockets[0].granted_bytes = 65_000  # as where net.core.rmem_max is lower
    assert receiver.small_buffers() == [(receiver.sockets[0].endpoint, 65_000, 65_536)]


def test_the_time_of_arrival_is_now(stack: ExitStack) -> None:
    receiver, exporters = opened(stack, "127.0.0.0/8")
    sender(stack, receiver, "127.0.0.2").send(V9)
    received = receiver.receive()
    (only,) = exporters
    assert only.first_s == only.last_s == pytest.approx(int(received.netflow.index["received_ns"][0]) / 1e9)
    assert only.octets == len(V9)


async def test_drops_are_seen_also_when_nothing_follows(stack: ExitStack) -> None:
    receiver, _ = opened(stack, "127.0.0.0/8", receive_buffer_bytes=65_536)
    burst = sender(stack, receiver, "127.0.0.2")
    for _ in range(2_000):
        burst.send(V9)
    await eventually(lambda: receiver.counts["kernel_dropped"] > 0)


def test_prefixes_of_any_order_and_nesting_are_looked_up_exactly() -> None:
    numbers = np.random.default_rng(3)
    prefixes = [ip_network((int(numbers.integers(0, 1 << 32)) >> 8 << 8, 24), strict=False) for _ in range(300)] + [
        ip_network("2001:db8::/48"),
        ip_network("2001:db8:0:5::/64"),
        ip_network("255.255.255.255/32"),
    ]
    exporters = Exporters({}, prefixes, capacity=60_000)
    for prefix in prefixes:
        first, last = prefix.network_address, prefix.broadcast_address
        assert exporters.row_of(*halves(first)) > 0
        assert exporters.row_of(*halves(last)) == exporters.row_of(*halves(last)) > 0
        for outside in (int(first) - 1, int(last) + 1):
            if 0 < outside < 1 << 32 and prefix.version == 4:
                address = ip_network(outside).network_address
                assert (exporters.row_of(*halves(address)) > 0) == any(
                    address in each for each in prefixes if each.version == 4
                )
    assert exporters.row_of(*halves("2001:db8:1::")) == exporters.row_of(*halves("2001:db7:ffff::")) == 0
