"""A flow collector on loopback for tests, and what it hands on."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from collectors.traffic.flows.collector import FlowSource
from collectors.traffic.flows.settings import FlowListenSettings
from netmon.api.traffic import RECORD


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="this host's loopback has no IPv6")


@contextmanager
def listening(settings: FlowListenSettings, names: dict[tuple[int, int], str] | None = None) -> Iterator[FlowSource]:
    source = FlowSource(settings, names)
    source.open()
    try:
        yield source
    finally:
        source.close()


def port_of(source: FlowSource, scheme: str) -> int:
    return next(each.port for each in source.endpoints if each.scheme == scheme)


def pump(source: FlowSource, done: Callable[[int], object], within_s: float = 10.0) -> NDArray[np.void]:
    """Read until `done` (told how many records came) holds; return copies of the records."""
    deadline = time.monotonic() + within_s
    came: list[NDArray[np.void]] = []
    while not done(sum(len(each) for each in came)):
        assert time.monotonic() < deadline, (
            f"not within {within_s:g} s: {source.receiver.counts} {source.streams.counts}"
        )
        traffic = source.next(0.02)
        if traffic is not None:
            came.append(traffic.records.copy())
    return np.concatenate(came) if came else np.zeros(0, RECORD)
