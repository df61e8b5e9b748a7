"""IPFIX over TCP and TLS, with real connections on loopback."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from collectors.traffic.flows.collector import FlowSource
from collectors.traffic.flows.settings import FlowListenSettings, StreamSettings
from netmon.api.errors import ConfigError
from netmon.api.traffic import halves
from tests.support.certificates import Authority, Pair
from tests.support.exporters import flowset, ipfix, number, template
from tests.support.flow_source import listening, port_of, pump

ALLOW = (ip_network("127.0.0.0/8"),)
TEMPLATE = flowset(2, template(256, (8, 4), (12, 4), (1, 4), (2, 4)))
OTHER_TEMPLATE = flowset(2, template(256, (12, 4), (8, 4), (2, 4), (1, 4)))


def data(*packets: int) -> bytes:
    rows = (bytes([192, 0, 2, 1, 192, 0, 2, 2]) + number(100 * each, 4) + number(each, 4) for each in packets)
    return flowset(256, *rows)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def tcp(stack: ExitStack, **options: object) -> FlowSource:
    stream = StreamSettings.model_validate(options)
    return stack.enter_context(listening(FlowListenSettings(listen=("tcp://127.0.0.1:0",), allow=ALLOW, stream=stream)))


def connected(stack: ExitStack, source: FlowSource, address: str = "127.0.0.1") -> socket.socket:
    client = stack.enter_context(closing(socket.socket()))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.bind((address, 0))
    client.connect(("127.0.0.1", port_of(source, "tcp")))
    return client


def test_messages_are_cut_out_wherever_the_segments_end(stack: ExitStack) -> None:
    source = tcp(stack)
    client = connected(stack, source, "127.0.0.7")
    octets = ipfix(TEMPLATE) + ipfix(data(1, 2), sequence=0) + ipfix(data(3), sequence=2)
    rest = iter(octets)

    def octet_by_octet(count: int) -> bool:
        client.send(bytes([octet]) if (octet := next(rest, None)) is not None else b"")
        return count == 3

    records = pump(source, octet_by_octet)
    assert records["packets"].tolist() == [1, 2, 3]
    assert source.exporters.name(int(records["exporter"][0])) == "127.0.0.7"
    assert set(records["exporter"].tolist()) == {1}
    assert (source.streams.counts["messages"], source.streams.counts["octets"]) == (3, len(octets))
    assert next(iter(source.exporters)).datagrams == 3


def test_the_largest_messages_in_one_go_are_all_there(stack: ExitStack) -> None:
    source = tcp(stack)
    client = connected(stack, source)
    large = [ipfix(data(*range(4_094)), sequence=4_094 * turn) for turn in range(40)]
    assert len(large[0]) > 65_500
    sender = threading.Thread(target=client.sendall, args=(ipfix(TEMPLATE) + b"".join(large),))
    sender.start()
    records = pump(source, lambda count: count == 40 * 4_094)
    sender.join()
    assert int(records["packets"].sum()) == 40 * sum(range(4_094))


def test_templates_live_as_long_as_their_session_and_in_it_alone(stack: ExitStack) -> None:
    source = tcp(stack)
    first, second = connected(stack, source), connected(stack, source)
    first.send(ipfix(TEMPLATE))
    second.send(ipfix(OTHER_TEMPLATE))
    pump(source, lambda _: source.streams.counts["messages"] == 2)
    first.send(ipfix(data(5)))
    second.send(ipfix(data(6)))
    records = pump(source, lambda count: count == 2)
    told = {(int(each["packets"]), int(each["bytes"])) for each in records}
    assert told == {(5, 500), (600, 6)}  # as each template says, of one domain of one exporter
    first.close()
    pump(source, lambda _: source.streams.counts["ended"] == 1)
    third = connected(stack, source)
    third.send(ipfix(data(7)))
    pump(source, lambda _: source.streams.counts["messages"] == 5)
    assert len(pump(source, lambda _: True)) == 0  # its template went with the first session, whose number it has


def test_what_is_no_ipfix_ends_the_session_after_what_was_whole(stack: ExitStack) -> None:
    source = tcp(stack)
    client = connected(stack, source)
    client.send(ipfix(TEMPLATE) + ipfix(data(1)) + b"GET / HTTP/1.1\r\n")
    assert len(pump(source, lambda count: count == 1)) == 1
    pump(source, lambda _: source.streams.sessions == 0)
    assert source.streams.counts["not_ipfix"] == 1


@pytest.mark.parametrize("head", [b"\0\x0a\0\x0f", b"\0\x0a\0\0", b"\0\x09\0\x20", b"\xff" * 4])
def test_a_header_that_cannot_be_ends_the_session(stack: ExitStack, head: bytes) -> None:
    source = tcp(stack)
    connected(stack, source).send(head)
    pump(source, lambda _: source.streams.counts["not_ipfix"] == 1)
    assert source.streams.sessions == 0


def test_an_end_inside_a_message_is_told_from_one_between_messages(stack: ExitStack) -> None:
    source = tcp(stack)
    whole, half = connected(stack, source), connected(stack, source)
    whole.send(ipfix(TEMPLATE))
    half.send(ipfix(TEMPLATE)[:-1])
    whole.close()
    half.close()
    pump(source, lambda _: source.streams.counts["ended"] == source.streams.counts["broken"] == 1)
    assert source.streams.sessions == 0


def test_a_message_that_does_not_end_is_not_waited_for_though_octets_drip(stack: ExitStack) -> None:
    source = tcp(stack, message_timeout_s=0.3)
    client = connected(stack, source)
    drip = iter(ipfix(TEMPLATE, data(*range(4_000))))

    def dripping(_: int) -> bool:
        if source.streams.counts["message_timeout"] == 0:
            client.send(bytes([next(drip)]))
        return source.streams.counts["message_timeout"] == 1

    pump(source, dripping)
    assert source.streams.sessions == 0


def test_a_silent_connection_ends(stack: ExitStack) -> None:
    source = tcp(stack, idle_timeout_s=0.1)
    connected(stack, source)
    pump(source, lambda _: source.streams.counts["idle_timeout"] == 1)


def test_connections_have_caps_for_all_and_for_each_address(stack: ExitStack) -> None:
    source = tcp(stack, max_connections=5, max_connections_per_address=3)
    for _ in range(4):
        connected(stack, source, "127.0.0.2")
    for _ in range(4):
        connected(stack, source, "127.0.0.3")
    pump(source, lambda _: source.streams.counts["connections"] + source.streams.counts["too_many"] == 8)
    assert (source.streams.sessions, source.streams.counts["too_many"]) == (5, 3)


def test_a_stranger_is_turned_away_at_the_door(stack: ExitStack) -> None:
    settings = FlowListenSettings(listen=("tcp://127.0.0.1:0",), allow=(ip_network("127.0.0.9"),))
    source = stack.enter_context(listening(settings))
    client = connected(stack, source, "127.0.0.66")
    pump(source, lambda _: source.streams.counts["refused"] == 1)
    client.settimeout(5)
    assert client.recv(1) == b""
    assert [each.address for each in source.exporters.turned_away()] == ["127.0.0.66"]


def test_a_host_without_descriptors_left_pauses_and_goes_on(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tcp(stack)
    listener = source.streams._listeners[0]

    class Exhausted:
        def accept(self) -> None:
            raise OSError(24, "Too many open files")

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    real = listener.socket
    monkeypatch.setattr(listener, "socket", Exhausted())
    monkeypatch.setattr("collectors.traffic.flows.stream._PAUSE_S", 0.2)
    client = connected(stack, source)
    pump(source, lambda _: source.streams.counts["accept_errors"] == 1)
    monkeypatch.setattr(listener, "socket", real)
    client.send(ipfix(TEMPLATE) + ipfix(data(1)))
    assert len(pump(source, lambda count: count == 1)) == 1
    assert source.streams.counts["accept_errors"] == 1


def tls(stack: ExitStack, pair: Pair, allow: str = "127.0.0.0/8", **options: object) -> FlowSource:
    stream = StreamSettings.model_validate({"certificate": pair.cert, "key": pair.key, **options})
    settings = FlowListenSettings(listen=("tls://127.0.0.1:0",), allow=(ip_network(allow),), stream=stream)
    return stack.enter_context(listening(settings))


def client_pair(authority: Authority, folder: Path, name: str, *dns: str) -> Pair:
    """A certificate with these DNS names, or with a common name alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = authority._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key())
    if dns:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in dns]), False)
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    pair.cert.write_bytes(builder.sign(authority._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pair.key.write_bytes(key.private_bytes(*form))
    return pair


def send_over_tls(
    source: FlowSource,
    authority: Authority,
    octets: bytes,
    pair: Pair | None = None,
    *,
    version: ssl.TLSVersion | None = None,
) -> Callable[[], None]:
    """Send from a thread, which shakes hands meanwhile; return what waits for its end."""
    context = ssl.create_default_context(cafile=authority.cert)
    if pair is not None:
        context.load_cert_chain(pair.cert, pair.key)
    if version is not None:
        context.maximum_version = version

    def run() -> None:
        with socket.create_connection(("127.0.0.1", port_of(source, "tls"))) as plain:
            try:
                with context.wrap_socket(plain, server_hostname="localhost") as client:
                    client.sendall(octets)
                    client.recv(1)  # until the collector ends the connection, or the test the collector
            except OSError:
                pass

    thread = threading.Thread(target=run)
    thread.start()
    return thread.join


def test_records_come_over_tls(stack: ExitStack, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    source = tls(stack, authority.sign("collector"))
    octets = ipfix(TEMPLATE) + b"".join(ipfix(data(*range(1_000)), sequence=1_000 * turn) for turn in range(30))
    stack.callback(send_over_tls(source, authority, octets))
    records = pump(source, lambda count: count == 30_000)
    assert int(records["packets"].sum()) == 30 * sum(range(1_000))
    source.close()


def test_an_exporter_is_known_by_the_name_in_its_certificate_wherever_it_calls_from(
    stack: ExitStack, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    names = ("core-1.example.net", "core-2.example.net")
    source = tls(stack, authority.sign("collector"), "192.0.2.0/24", client_ca=authority.cert, client_names=names)
    for pair in (
        client_pair(authority, tmp_path, "one", "CORE-1.example.net"),
        client_pair(authority, tmp_path, "core-2.example.net"),
    ):
        stack.callback(send_over_tls(source, authority, ipfix(TEMPLATE) + ipfix(data(1)), pair))
    records = pump(source, lambda count: count == 2)
    assert {source.exporters.name(int(row)) for row in records["exporter"]} == set(names)
    source.close()


@pytest.mark.parametrize(
    ("who", "counted"),
    [("nobody", "handshake_failed"), ("another authority's", "handshake_failed"), ("another name", "refused")],
)
def test_exporters_without_the_right_certificate_are_turned_away(
    stack: ExitStack, tmp_path: Path, who: str, counted: str
) -> None:
    authority, another = Authority(tmp_path), Authority(tmp_path, "another")
    pair = {
        "nobody": None,
        "another authority's": client_pair(another, tmp_path, "core-1.example.net"),
        "another name": client_pair(authority, tmp_path, "core-9.example.net"),
    }[who]
    source = tls(stack, authority.sign("collector"), client_ca=authority.cert, client_names=("core-1.example.net",))
    stack.callback(send_over_tls(source, authority, ipfix(TEMPLATE) + ipfix(data(1)), pair))
    assert len(pump(source, lambda _: source.streams.counts[counted] == 1)) == 0
    assert (source.streams.sessions, len(source.exporters)) == (0, 0)
    source.close()


def test_old_versions_of_tls_and_plain_text_are_not_spoken(stack: ExitStack, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    source = tls(stack, authority.sign("collector"))
    with socket.create_connection(("127.0.0.1", port_of(source, "tls"))) as plain:
        plain.send(ipfix(TEMPLATE))
        pump(source, lambda _: source.streams.counts["handshake_failed"] == 1)
    # A hello of TLS 1.1 (RFC 4346), as no client library of today sends it.
    body = bytes.fromhex("0302") + bytes(32) + bytes.fromhex("00000200350100")
    hello = b"\x16\x03\x01" + number(len(body) + 4, 2) + b"\1" + number(len(body), 3) + body
    with socket.create_connection(("127.0.0.1", port_of(source, "tls"))) as old:
        old.send(hello)
        pump(source, lambda _: source.streams.counts["handshake_failed"] == 2)
        old.settimeout(5)
        assert old.recv(7)[-2:] == b"\x02\x46"  # fatal, protocol_version


def test_a_handshake_that_does_not_end_is_not_waited_for(stack: ExitStack, tmp_path: Path) -> None:
    source = tls(stack, Authority(tmp_path).sign("collector"), handshake_timeout_s=0.1)
    with socket.create_connection(("127.0.0.1", port_of(source, "tls"))) as silent:
        silent.send(b"\x16\x03\x01")
        pump(source, lambda _: source.streams.counts["handshake_timeout"] == 1)
    assert source.streams.sessions == 0


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    pair = Authority(tmp_path).sign("collector")
    pair.key.write_text("no key")
    stream = StreamSettings(certificate=pair.cert, key=pair.key)
    source = FlowSource(FlowListenSettings(listen=("udp://127.0.0.1:0", "tls://127.0.0.1:0"), stream=stream))
    with pytest.raises(ConfigError, match=f"{pair.cert} with {pair.key}: the certificate cannot be used"):
        source.open()
    assert source.endpoints == []
    source.close()


def test_the_rows_of_named_exporters_have_an_end(stack: ExitStack, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.sign("collector")
    stream = StreamSettings(certificate=pair.cert, key=pair.key, client_ca=authority.cert)
    settings = FlowListenSettings(listen=("tls://127.0.0.1:0",), allow=ALLOW, stream=stream, max_exporters=1)
    source = stack.enter_context(listening(settings, {halves("192.0.2.1"): "core-1"}))
    mine = client_pair(authority, tmp_path, "core-9.example.net")
    stack.callback(send_over_tls(source, authority, ipfix(TEMPLATE), mine))
    pump(source, lambda _: source.streams.counts["too_many"] == 1)
    source.close()
