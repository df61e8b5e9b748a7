"""Which machines forward for others, and that made up addresses do not make that forgotten."""

import pytest

from rules.traffic.local import gateways
from rules.traffic.local.gateways import Gateways
from tests.support.local_frames import said
from tests.support.local_talk import Timed, seconds

ROUTER, HOST = "02:00:00:00:00:01", "02:00:00:00:00:10"
ROUTER_NUMBER, HOST_NUMBER = 0x0200_0000_0001, 0x0200_0000_0010


def forwarding() -> list[Timed]:
    """Return ten seconds of a router, with a packet of another in each, and of a host with its own."""
    packets = [(at + 0.1, said(ROUTER, f"198.51.100.{at + 1}")) for at in range(10)]
    return packets + [(at + 0.2, said(HOST, "10.0.0.10")) for at in range(10)]


def after(frames: list[Timed]) -> Gateways:
    learned = Gateways()
    for second in seconds(frames):
        learned.observe(second)
    return learned


def test_who_is_seen_with_many_addresses_forwards() -> None:
    learned = after(forwarding())
    assert learned.forwards(ROUTER_NUMBER)
    assert not learned.forwards(HOST_NUMBER)


def test_a_router_that_is_heard_stays_known_while_addresses_are_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways, "_CARRIERS_MAX", 16)
    frames = forwarding()
    for at in range(10, 20):
        frames += [(at + n / 20, said(f"02:66:00:00:{at:02x}:{n:02x}", "10.0.0.9")) for n in range(10)]
        frames.append((at + 0.6, said(ROUTER, "198.51.100.1")))
    learned = after(frames)
    assert learned.forwards(ROUTER_NUMBER)
    assert not learned.forwards(HOST_NUMBER)
