"""Starting and stopping inside somebody else's event loop."""

import asyncio
import signal
import socket

import httpx
import pytest
from pydantic import ValidationError

from exporters.prometheus.server import bind
from exporters.prometheus.settings import WebSettings, split_address
from netmon.api import ConfigError
from tests.support.exposition import make_exporter, octets, part, reading, serving, target


def taken_port() -> socket.socket:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    return sock


async def test_an_address_in_use_is_the_operators_to_mend() -> None:
    with taken_port() as sock:
        port = sock.getsockname()[1]
        with pytest.raises(ConfigError) as caught:
            await make_exporter(listen=[f"127.0.0.1:{port}"]).start()
    assert str(caught.value) == (
        f"web.listen: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "stop the program that listens there (ss -ltnp shows it), or choose another port"
    )


def test_all_addresses_that_cannot_be_had_are_named_and_none_is_kept() -> None:
    with taken_port() as sock:
        port = sock.getsockname()[1]
        with pytest.raises(ConfigError) as caught:
            bind(["127.0.0.1:0", f"127.0.0.1:{port}", "192.0.2.77:0", "no-such-host.invalid:1"])
    problems = [fault.problem for fault in caught.value.faults]
    assert len(problems) == 3
    assert any("192.0.2.77:0: Cannot assign requested address" in problem for problem in problems)
    assert any("no-such-host.invalid" in problem for problem in problems)


async def test_several_addresses() -> None:
    async with serving(make_exporter(listen=["127.0.0.1:0", "[::1]:0", ":0"])) as _:
        pass
    exporter = make_exporter(listen=["127.0.0.1:0", "[::1]:0"])
    async with serving(exporter), httpx.AsyncClient() as client:
        assert len(exporter.addresses) == 2
        for address in exporter.addresses:
            assert (await client.get(f"http://{address}/-/healthy")).status_code == 200


async def test_signals_stay_the_daemons() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with serving(make_exporter()):
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_the_constructor_opens_nothing_and_stop_comes_twice() -> None:
    exporter = make_exporter()
    assert exporter.addresses == []
    await exporter.stop()
    await exporter.start()
    address = exporter.addresses[0]
    await exporter.stop()
    await exporter.stop()
    host, port = address.rsplit(":", 1)
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(host, int(port))


async def test_it_stops_in_time_while_a_client_hangs() -> None:
    exporter = make_exporter()
    exporter.put(target(), "snmp", reading(part(octets(*range(300_000)))))
    await exporter.start()
    host, port = exporter.addresses[0].rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    reader._transport.pause_reading()  # type: ignore[attr-defined] # what a client does that hangs
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await exporter.stop()
    writer.close()


async def test_a_request_that_does_not_end_is_refused() -> None:
    exporter = make_exporter(max_request_bytes=2_048)
    async with serving(exporter), asyncio.timeout(10):
        host, port = exporter.addresses[0].rsplit(":", 1)
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /metrics HTTP/1.1\r\nX-Long: " + b"x" * 3_000)
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()


@pytest.mark.parametrize(
    ("address", "wanted"),
    [("127.0.0.1:1", ("127.0.0.1", 1)), ("[::1]:2", ("::1", 2)), (":3", ("", 3)), ("host:4", ("host", 4))],
)
def test_addresses(address: str, wanted: tuple[str, int]) -> None:
    assert split_address(address) == wanted


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"listen": ["19100"]}, "'19100' is not an address to listen on; write host:port, as in 127.0.0.1:19100"),
        ({"listen": ["h:x"]}, "'h:x' is not an address to listen on; write host:port, as in 127.0.0.1:19100"),
        ({"listen": ["h:65536"]}, "'h:65536' is not an address to listen on"),
        ({"listen": ["::1:19100"]}, "'::1:19100': an IPv6 address stands in brackets, as in [::1]:19100"),
        ({"listen": []}, "at least 1 item"),
        ({"external_url": "netmon.example"}, "'netmon.example' is not a base URL; write it as in https://"),
        ({"port": 1}, "Extra inputs are not permitted"),
        ({"stale_after_s": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WebSettings.model_validate(settings)
    assert message in str(caught.value)
