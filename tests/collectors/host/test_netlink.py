"""sock_diag(7): against the kernel, and against what no kernel sends."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host import facts
from collectors.host.procfs import netlink
from collectors.host.procfs.shape import Malformed
from tests.support.host_memory import read_part, series


def message(kind: int, body: bytes) -> bytes:
    padded = body + bytes(-len(body) % 4)
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 0) + padded


def diag(state: int, to_read: int, to_send: int) -> bytes:
    return message(20, struct.pack("=BBBB48xIIIII", 2, state, 0, 0, 0, to_read, to_send, 0, 0))


DUMP = diag(1, 5, 7) + diag(10, 3, 4096) + diag(6, 0, 0) + message(3, bytes(4))


def test_sockets_are_counted_and_the_queues_of_listening_ones_left_out() -> None:
    found = series(read_part("tcpstat", {"@tcp_diag": DUMP}))
    states = {dict(labels)["state"]: value for (_, labels), value in found.items()}
    assert states == {"established": 1, "listen": 1, "time_wait": 1, "rx_queued_bytes": 5, "tx_queued_bytes": 7}


def test_the_end_and_a_refusal_are_told_apart() -> None:
    assert netlink.ended(diag(1, 0, 0)) is None
    assert netlink.ended(DUMP) == 0
    assert netlink.ended(message(2, struct.pack("=i", -13) + bytes(16))) == 13


def test_the_kernel_tells_of_a_socket_of_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            client.sendall(b"x" * 1000)
            accepted.recv(1, socket.MSG_PEEK)  # until the bytes are there
            try:
                found = list(netlink.sockets(facts.tcp_sockets()))
            except OSError as error:
                pytest.skip(f"sock_diag is barred here: {error}")
    assert any(to_read == 1000 for _, to_read, _ in found)
    assert {1, 10} <= {state for state, _, _ in found}, "established and listening"


@given(st.binary(max_size=200), st.integers(0, len(DUMP)))
def test_other_bytes_than_a_kernel_sends(noise: bytes, cut: int) -> None:
    for text in (noise, DUMP[:cut] + noise, noise + DUMP):
        for read in (netlink.ended, lambda text: list(netlink.sockets(text))):
            try:
                read(text)
            except Malformed as error:
                assert str(error).startswith("/@tcp_diag: ")  # noqa: PT017 - most texts raise nothing
