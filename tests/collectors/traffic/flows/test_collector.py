"""The whole way on loopback: datagrams of real exporters in, records out."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from collectors.traffic.flows.collector import FlowSource
from collectors.traffic.flows.endpoint import Endpoint, parse_endpoint
from collectors.traffic.flows.settings import FlowListenSettings, StreamSettings
from netmon.api.traffic import halves
from tests.support.exporters import flowset, ipfix, number, template, v5, v5_record
from tests.support.flow_source import listening, needs_ipv6, port_of, pump
from tests.support.packets import ethernet, ipv4, udp
from tests.support.sflow import counter_sample, datagram, flow_sample, generic_counters, raw_header

ALLOW = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
TEMPLATE = flowset(2, template(256, (8, 4), (12, 4), (1, 4), (2, 4)))
ROW = bytes([192, 0, 2, 1, 192, 0, 2, 2]) + number(100, 4) + number(7, 4)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def sender(stack: ExitStack, address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = stack.enter_context(closing(socket.socket(family, socket.SOCK_DGRAM)))
    sock.bind((address, 0))
    return sock


@needs_ipv6
def test_every_kind_at_one_address_becomes_records_of_one_kind(stack: ExitStack) -> None:
    settings = FlowListenSettings(listen=("udp://[::]:0", "tcp://[::]:0"), allow=ALLOW)
    source = stack.enter_context(listening(settings, {halves("127.0.0.9"): "core-1"}))
    to = ("127.0.0.1", port_of(source, "udp"))
    core, six = sender(stack, "127.0.0.9"), sender(stack, "::1")
    stream = stack.enter_context(closing(socket.socket()))
    stream.bind(("127.0.0.7", 0))
    stream.connect(("127.0.0.1", port_of(source, "tcp")))
    frame = raw_header(ethernet(ipv4(udp())), length=500)
    core.sendto(v5([v5_record(packets=1), v5_record(packets=2)]), to)
    core.sendto(datagram(flow_sample(frame, rate=30), counter_sample(generic_counters(4))), to)
    core.sendto(b"\0\7", to)
    six.sendto(ipfix(TEMPLATE, flowset(256, ROW)), ("::1", to[1]))
    stream.send(ipfix(TEMPLATE, flowset(256, ROW, ROW)))
    records = pump(source, lambda count: count == 6)
    by_name = {
        name: sorted(int(each["packets"]) for each in records if source.exporters.name(int(each["exporter"])) == name)
        for name in ("core-1", "::1", "127.0.0.7")
    }
    assert by_name == {"core-1": [1, 2, 30], "::1": [7], "127.0.0.7": [7, 7]}
    assert source.counters().interfaces["if_index"].tolist() == [4]
    assert source.receiver.counts["unknown_version"] == 1


def test_an_operators_sampling_is_of_the_exporter_that_it_names(stack: ExitStack) -> None:
    settings = FlowListenSettings.model_validate(
        {
            "listen": ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"],
            "allow": ["127.0.0.0/8"],
            "netflow": {"sampling": {"127.0.0.2": 50}},
        }
    )
    source = stack.enter_context(listening(settings))
    for host in ("127.0.0.2", "127.0.0.3"):
        sender(stack, host).sendto(v5([v5_record(packets=3)]), ("127.0.0.1", port_of(source, "udp")))
    stream = stack.enter_context(closing(socket.socket()))
    stream.bind(("127.0.0.2", 0))
    stream.connect(("127.0.0.1", port_of(source, "tcp")))
    stream.send(ipfix(TEMPLATE, flowset(256, ROW)))
    records = pump(source, lambda count: count == 3)
    assert sorted(records["packets"].tolist()) == [3, 150, 350]


def test_what_came_is_what_became_of_it(stack: ExitStack) -> None:
    settings = FlowListenSettings(listen=("udp://127.0.0.1:0", "tcp://127.0.0.1:0"), allow=ALLOW)
    source = stack.enter_context(listening(settings))
    to = ("127.0.0.1", port_of(source, "udp"))
    exporter = sender(stack, "127.0.0.2")
    for octets in (v5([v5_record()]), datagram(flow_sample(raw_header(ethernet(ipv4(udp()))))), b"", v5([])[:10]):
        exporter.sendto(octets, to)
    stream = stack.enter_context(closing(socket.socket()))
    stream.bind(("127.0.0.2", 0))
    stream.connect(("127.0.0.1", port_of(source, "tcp")))
    stream.send(ipfix(TEMPLATE, flowset(256, ROW), domain=77))
    pump(source, lambda count: count == 3)
    counts = source.counts
    assert (counts["datagrams"]["netflow"], counts["datagrams"]["sflow"], counts["datagrams"]["unknown_version"]) == (
        2,
        1,
        1,
    )
    assert counts["netflow"]["datagrams"] == counts["datagrams"]["netflow"] + counts["streams"]["messages"]
    assert counts["netflow"]["dropped_short"] == 1
    assert counts["sflow"]["datagrams"] == counts["datagrams"]["sflow"]
    assert {each.version: each.datagrams for each in source.netflow.domains()} == {5: 1, 10: 1}


def test_nothing_within_the_time_is_none(stack: ExitStack) -> None:
    source = stack.enter_context(listening(FlowListenSettings(listen=("udp://127.0.0.1:0",), allow=ALLOW)))
    before = time.monotonic()
    assert source.next(0.05) is None
    assert time.monotonic() - before >= 0.05


def test_under_load_batches_fill_and_no_datagram_is_lost(stack: ExitStack) -> None:
    settings = FlowListenSettings(listen=("udp://127.0.0.1:0",), allow=ALLOW, batch_datagrams=64)
    source = stack.enter_context(listening(settings))
    exporter = sender(stack, "127.0.0.2")
    for turn in range(640):
        exporter.sendto(v5([v5_record()] * 5, sequence=5 * turn), ("127.0.0.1", port_of(source, "udp")))
    batches: list[int] = []
    while sum(batches) < 640 * 5:
        traffic = source.next(1)
        assert traffic is not None
        batches.append(len(traffic))
    assert batches == [64 * 5] * 10
    assert source.receiver.counts["kernel_dropped"] == 0


def test_without_any_list_everybody_is_heard_and_it_is_told(stack: ExitStack) -> None:
    source = stack.enter_context(listening(FlowListenSettings(listen=("udp://127.0.0.1:0",))))
    assert source.open_to_all
    sender(stack, "127.0.3.4").sendto(v5([v5_record()]), ("127.0.0.1", port_of(source, "udp")))
    assert len(pump(source, lambda count: count == 1)) == 1


def test_with_the_inventory_as_the_list_others_are_not_heard(stack: ExitStack) -> None:
    names = {halves("127.0.0.9"): "core-1"}
    source = stack.enter_context(listening(FlowListenSettings(listen=("udp://127.0.0.1:0",)), names))
    assert not source.open_to_all
    for host in ("127.0.3.4", "127.0.0.9"):
        sender(stack, host).sendto(v5([v5_record()]), ("127.0.0.1", port_of(source, "udp")))
    assert pump(source, lambda _: source.receiver.counts["received"] == 2)["exporter"].tolist() == [1]
    assert source.receiver.counts["refused"] == 1


def test_a_second_collector_at_the_same_address_is_told_so(stack: ExitStack) -> None:
    source = stack.enter_context(listening(FlowListenSettings(listen=("tcp://127.0.0.1:0",))))
    another = FlowSource(FlowListenSettings(listen=("udp://127.0.0.1:0", f"tcp://127.0.0.1:{port_of(source, 'tcp')}")))
    with pytest.raises(OSError, match=r"cannot listen at tcp://127\.0\.0\.1:"):
        another.open()
    assert another.endpoints == []
    another.close()
    another.close()


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("udp://192.0.2.1:2055", Endpoint("udp", "192.0.2.1", 2055)),
        ("tls://[2001:DB8::1]:4740", Endpoint("tls", "2001:db8::1", 4740)),
        ("tcp://[::]:0", Endpoint("tcp", "::", 0)),
    ],
)
def test_endpoints_are_read_as_they_are_written(text: str, endpoint: Endpoint) -> None:
    assert parse_endpoint(text) == endpoint
    assert parse_endpoint(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "udp://",
        "192.0.2.1:2055",
        "udp://192.0.2.1",
        "udp://localhost:1",
        "udp://::1:2",
        "udp://[::1]",
        "http://1.2.3.4:5",
        *("udp://192.0.2.1:65536", "udp://192.0.2.1:-1", "udp://192.0.2.1:²", "udp://192.0.2.1:"),
    ],
)
def test_what_is_no_endpoint_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValidationError, match="is no address to listen at: write udp://ADDRESS:PORT"):
        FlowListenSettings(listen=(text,))


def test_settings_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"a tls:// address needs stream\.certificate"):
        FlowListenSettings(listen=("tls://[::]:4740",))
    with pytest.raises(ValidationError, match="set certificate too"):
        StreamSettings.model_validate({"client_ca": "ca.pem"})
    with pytest.raises(ValidationError, match="set client_ca too"):
        StreamSettings.model_validate({"certificate": "c.pem", "client_names": ("core-1",)})
