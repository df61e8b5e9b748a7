"""sock_diag(7): the kernel's sockets as netlink messages, without the socket that carries them."""

import struct
from collections.abc import Iterator

from collectors.host.procfs.shape import Malformed

FACT = "@tcp_diag"
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_REQUEST = struct.Struct("=BBBxI48x")  # struct inet_diag_req_v2: family, protocol, extensions, states, socket id
_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_TCP = 6
_EVERY_STATE = 0xFFFFFFFF
_STATE = 17  # byte of struct inet_diag_msg after the header: family, then state
_QUEUES = struct.Struct("=II")  # idiag_rqueue, idiag_wqueue
_QUEUES_AT = 16 + 4 + 48 + 4
_MESSAGE = 16 + 72


def request(family: int) -> bytes:
    """Return the request for all TCP sockets of an address family."""
    length = _HEADER.size + _REQUEST.size
    header = _HEADER.pack(length, _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 1, 0)
    return header + _REQUEST.pack(family, _TCP, 0, _EVERY_STATE)


def _messages(text: bytes) -> Iterator[tuple[int, int, int]]:
    """Give (kind, begin, length) of each message. Raises Malformed for one that does not fit."""
    at = 0
    while at < len(text):
        if len(text) - at < _HEADER.size:
            raise Malformed(FACT, "ends in the middle of a message")
        length, kind, *_ = _HEADER.unpack_from(text, at)
        if length < _HEADER.size or at + length > len(text):
            raise Malformed(FACT, "a message is longer than what came")
        yield kind, at, length
        at += length + 3 & ~3  # NLMSG_ALIGN


def ended(text: bytes) -> int | None:
    """Return None while more is to come, 0 at the end of a dump, the error's number when the kernel refuses."""
    for kind, at, length in _messages(text):
        if kind == _NLMSG_DONE:
            return 0
        if kind == _NLMSG_ERROR:
            return -int.from_bytes(text[at + 16 : at + min(20, length)], "little", signed=True)
    return None


def sockets(text: bytes) -> Iterator[tuple[int, int, int]]:
    """Give (state, bytes to be read, bytes to be sent) of each socket; the states are those of tcp_states.h."""
    for kind, at, length in _messages(text):
        if kind == _SOCK_DIAG_BY_FAMILY:
            if length < _MESSAGE:
                raise Malformed(FACT, f"a socket has {length} bytes where there should be {_MESSAGE} or more")
            received, sent = _QUEUES.unpack_from(text, at + _QUEUES_AT)
            yield text[at + _STATE], received, sent
