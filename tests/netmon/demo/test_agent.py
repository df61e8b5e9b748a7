import asyncio
import re
import socket
from collections.abc import Iterable
from pathlib import Path

import pytest

from collectors.snmp import oid
from collectors.snmp.ber import Tag, header
from collectors.snmp.wire import PduType, decode_message, encode_message, encode_pdu
from netmon.demo.agent import Address, Agent, Manners, Responder
from netmon.demo.mib import MibView
from tests.support.netsnmp import run
from tests.support.responder import recorded, recorded_devices, responder

NAME = oid.encode((1, 3, 6, 1, 2, 1, 1, 5, 0))
VIEW = MibView([(NAME, b"\x04\x06acc-01")])
NAMES = {
    Tag.INTEGER: "INTEGER",
    Tag.COUNTER32: "Counter32",
    Tag.GAUGE32: "Gauge32",
    Tag.COUNTER64: "Counter64",
}


def as_netsnmp(view: MibView) -> dict[str, str]:
    """Say each value as `snmpbulkwalk -m '' -OnxeUt` prints it."""
    return {f".{oid.text(oid.decode(raw))}": _printed(view.value(at, 0)) for at, raw in enumerate(view.names)}


def _printed(value: bytes) -> str:
    tag, start, stop = header(value, 0, len(value))
    contents = value[start:stop]
    if tag == Tag.OCTET_STRING:
        return f"Hex-STRING: {contents.hex(' ').upper()}" if contents else '""'
    if tag == Tag.IP_ADDRESS:
        return f"IpAddress: {'.'.join(map(str, contents))}"
    if tag == Tag.OBJECT_IDENTIFIER:
        return f"OID: .{oid.text(oid.decode(contents))}"
    if tag == Tag.NULL:
        return "NULL"
    number = str(int.from_bytes(contents, "big", signed=tag == Tag.INTEGER))
    return number if tag == Tag.TIME_TICKS else f"{NAMES[Tag(tag)]}: {number}"  # -Ot prints ticks bare


def parsed(output: str) -> dict[str, str]:
    """Undo the wrapping of long strings; drop the line that says where the view ended."""
    lines = re.sub(r"\s*\n(?!\.)", " ", output).splitlines()
    pairs = (line.partition(" = ") for line in lines if "No more variables left" not in line)
    return {name: value.strip() for name, _, value in pairs}


@pytest.mark.parametrize("device", recorded_devices() or ["no recordings"])
async def test_snmpbulkwalk_reads_what_was_recorded(device: str) -> None:
    agent = recorded(device)
    async with responder() as serve:
        host, port = serve(agent)
        walk = ["snmpbulkwalk", "-v2c", "-cpublic", "-m", "", "-OnxeUt", "-Cr40", f"{host}:{port}", ".1"]
        code, output = await run(*walk)
    assert code == 0
    assert parsed(output) == as_netsnmp(agent.view)


async def test_snmpget_in_both_versions() -> None:
    async with responder() as serve:
        host, port = serve(Agent(VIEW, b"s3cret"))
        for version in ("-v1", "-v2c"):
            command = ["snmpget", version, "-cs3cret", "-m", "", "-Oqv", f"{host}:{port}"]
            assert await run(*command, ".1.3.6.1.2.1.1.5.0") == (0, '"acc-01"\n')
        code, _ = await run("snmpget", "-v1", "-cs3cret", "-m", "", f"{host}:{port}", ".1.3.6.1.2.1.1.6.0")
        assert code == 2  # noSuchName
        code, _ = await run("snmpget", "-v2c", "-cwrong", "-r0", "-t0.2", f"{host}:{port}", ".1.3.6.1.2.1.1.5.0")
        assert code == 1  # silence


GET = encode_message(1, b"public", encode_pdu(PduType.GET, 77, 0, 0, [NAME]))


async def exchange(agent: Agent, request: bytes, replies: int) -> list[bytes]:
    """Send one datagram to a served agent and wait for that many."""
    loop = asyncio.get_running_loop()
    async with responder() as serve:
        address = serve(agent)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            await loop.sock_sendto(sock, request, address)
            return [await asyncio.wait_for(loop.sock_recv(sock, 65_535), 10) for _ in range(replies)]


async def test_manners_hold_back_repeat_and_reorder() -> None:
    latencies = iter([0.05, 0.0])

    def twice(request: bytes, reply: bytes) -> Iterable[bytes]:
        assert request == GET
        return reply, reply + b"second"

    agent = Agent(VIEW, manners=Manners(latency_s=lambda: next(latencies), tamper=twice))
    first, second = await exchange(agent, GET, 2)
    assert first == second + b"second"
    assert decode_message(second).trailing == 0
    assert (agent.counts.requests, agent.counts.replies) == (1, 2)


async def test_many_agents_on_addresses_of_their_own() -> None:
    serving = Responder()
    loop = asyncio.get_running_loop()
    try:
        first = serving.serve(Agent(VIEW), ("127.77.9.1", 0))
        addresses: list[Address] = [("127.77.9.2", first[1]), ("127.77.9.3", first[1])]
        for address in addresses:
            assert serving.serve(Agent(VIEW), address) == address
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            for address in (first, *addresses):
                await loop.sock_sendto(sock, GET, address)
            seen = {(await asyncio.wait_for(loop.sock_recvfrom(sock, 65_535), 10))[1] for _ in range(3)}
        assert seen == {first, *addresses}  # each answers from the address that was asked
    finally:
        serving.close()


async def test_an_address_that_is_taken_is_named() -> None:
    async with responder() as serve:
        host, port = serve(Agent(VIEW))
        other = Responder()
        with pytest.raises(OSError, match=rf"cannot answer SNMP at {host}:{port}: Address already in use"):
            other.serve(Agent(VIEW), (host, port))
        other.close()


def test_recordings_are_read_without_loss(tmp_path: Path) -> None:
    from tests.support import varbinds

    path = tmp_path / "x.snmprec"
    path.write_bytes(
        b"1.3.6.1.2.1.1.1.0|4|a|b\n1.3.6.1.2.1.1.2.0|6|1.3.6\n1.3.6.1.2.1.1.6.0|4e|\\x00\\\\n\n1.3.6.1.9.1|64x|0A000001\n"
    )
    values = [value for _, value in varbinds.read(path)]
    assert values == [b"\x04\x03a|b", b"\x06\x02\x2b\x06", b"\x04\x03\x00\\n", b"\x40\x04\x0a\x00\x00\x01"]
    path.write_bytes(b"1.3.6.1.2.1.1.1.0|2|seven\n")
    with pytest.raises(ValueError, match=r"x\.snmprec:1: "):
        list(varbinds.read(path))
