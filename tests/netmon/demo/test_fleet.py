import asyncio
import resource
import socket

import pytest

from collectors.snmp import oid
from collectors.snmp.wire import Pdu, PduType, decode_message, encode_message, encode_pdu
from netmon.demo.agent import Manners, Responder
from netmon.demo.fleet import address_of, allow_files, serve_fleet, switch_view
from tests.support.processes import free_port

IF_DESCR = oid.encode(oid.parse("1.3.6.1.2.1.2.2.1.2"))


def test_a_switch_has_forty_columns_a_port() -> None:
    view = switch_view(48)
    assert len(view) == 48 * 40 + 8
    assert view._encoded.count(None) == 1  # only sysUpTime is computed


def test_addresses_are_distinct_and_on_loopback() -> None:
    addresses = [address_of(number, 161) for number in range(200_000)]
    assert addresses[0] == ("127.64.0.1", 161)
    assert len(set(addresses)) == len(addresses)
    assert all(socket.inet_aton(host)[0] == 127 for host, _ in addresses)


async def test_each_of_many_answers_from_its_own_address() -> None:
    loop, responder = asyncio.get_running_loop(), Responder()
    port = free_port(socket.SOCK_DGRAM, "127.64.0.1")
    request = encode_message(1, b"public", encode_pdu(PduType.GETBULK, 1, 0, 48, [IF_DESCR]))
    try:
        addresses = serve_fleet(responder, 300, port, view=switch_view(), manners=Manners())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            for address in addresses:
                await loop.sock_sendto(sock, request, address)
                reply, peer = await asyncio.wait_for(loop.sock_recvfrom(sock, 65_535), 10)
                assert peer == address
                pdu = decode_message(reply).pdu
                assert isinstance(pdu, Pdu)
                assert pdu.varbinds.values[0] == b"GigabitEthernet1/0/1"
                assert len(pdu.varbinds) == 48
    finally:
        responder.close()


def test_too_few_open_files_are_said() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_files(64)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this system allows any number of open files")
    with pytest.raises(OSError, match="open files are needed"):
        allow_files(hard + 1)
