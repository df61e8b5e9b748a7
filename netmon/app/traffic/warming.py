"""Everything that is compiled, called once before it is needed: on packets that nobody sent, in parts thrown away.

To be called before rights are given up and threads are started: who became another user may have no place to keep
what is compiled, and who judges is not to wait for a compiler when the first attack comes.
"""

import ctypes
import gc
from contextlib import suppress
from enum import Flag, auto
from functools import partial
from ipaddress import ip_network
from typing import Final

from collectors.traffic.meter.meter import Meter
from collectors.traffic.packet.decode import decode_frames
from netmon.api.networks import Networks, Place
from netmon.api.traffic import Second, Traffic
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import Built, build_collector, build_sensor
from netmon.app.traffic.exported import Exported
from rules.traffic.indicators.lists import Indicators
from rules.traffic.indicators.rule import ListedPeers
from rules.traffic.indicators.settings import IndicatorList
from rules.traffic.tables.merge import Merging
from rules.traffic.tables.tables import Tables

QUESTION: Final = bytes.fromhex(  # a DNS question of example.org, in Ethernet, IPv4 and UDP: documentation addresses
    "020000000002020000000001080045000039000000004011f8770a0000010a00000203e80035002500000001"
    "01000001000000000000076578616d706c65036f72670000010001"
)
_SYN: Final = bytes.fromhex(  # from port 1000 to port 22
    "0200000000020200000000010800450000280000000040060000c00002010a000002"
    "03e80016000000000000000050022000000000000000000000000000"
)
_RST_ACK: Final = 0x14
_SCANNER: Final = bytes([198, 51, 100, 1])
_OURS: Final = Networks([Place(ip_network("10.0.0.0/8"), "ours")])
_LIST: Final = b"203.0.113.1\n203.0.113.0/28\nexample.org\n"
_FORGED: Final = 1_500
_SCANNED: Final = 64
_NS: Final = 1_000_000_000


class Ways(Flag):
    """How traffic comes in: each has loops of its own, which take memory where nothing ever comes that way."""

    PACKETS = auto()
    PROCESSES = auto()  # packets that others capture
    FLOWS = auto()


EVERY_WAY: Final = Ways.PACKETS | Ways.PROCESSES | Ways.FLOWS


def warm_up(settings: TrafficSettings, ways: Ways = EVERY_WAY) -> None:
    """Load every loop that these settings may come to need, or compile it: then it takes half a minute."""
    small = settings.model_copy(
        update={
            "table": settings.table.model_copy(update={"flows": 4_096, "begun_rows": 4_096, "ended_rows": 4_096}),
            "tables": settings.tables.model_copy(update={"rows": 4_096, "kept": 16}),
        }
    )
    traffic = _attacks()
    if ways & (Ways.PACKETS | Ways.PROCESSES):
        _run(build_sensor(small, _OURS), traffic, settings)
    if ways & Ways.PROCESSES:
        window = Tables(small.tables)
        window.add(traffic.records)
        Merging().merge([window.drain(0.0, 1.0)] * 2)
    if ways & Ways.FLOWS:
        _run(build_collector(small, _OURS), traffic, settings)
        for judged in (True, False):  # which may change while a flow collector runs
            way = Exported(small, partial(bool, judged), lambda: _nobody).way
            way.count(traffic.records)
            way.take(traffic.records, _NS)
    give_back()


def give_back() -> None:
    """Return to the system what was needed to load and to compile: the C library keeps it for this process else."""
    gc.collect()
    with suppress(AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


def _nobody(second: Second) -> None:
    """Measure nothing."""


def _run(built: Built, traffic: Traffic, settings: TrafficSettings) -> None:
    """Have traffic judged, with a meter and a list of indicators."""
    built.hooks.watch = Meter(settings.meter, _OURS, target="").see
    lists = [Indicators(IndicatorList(file="warm", name="warm"), _LIST, 8)]
    for rule in built.judges.rules:
        if isinstance(rule, ListedPeers):
            rule.adopt(lists)
    built.pipeline.take(traffic)
    built.pipeline.finish(quiet_windows=1)


def _attacks() -> Traffic:
    """Return a name asked for, a flood from forged sources, a scan that is refused, and some who are refused once."""
    frames = [QUESTION]
    frames += [_packet(bytes([203, 0, number >> 8, number & 0xFF]), _ours(1)) for number in range(_FORGED)]
    for number in range(_SCANNED):
        ours, once = _ours(number), bytes([*_SCANNER[:3], 128 + number])
        for other in (_SCANNER, once):
            frames += [_packet(other, ours), _refused(_packet(ours, other))]
    return decode_frames(frames, start_ns=[_NS + number * _NS // _FORGED for number in range(len(frames))])


def _ours(number: int) -> bytes:
    return bytes([10, 0, 0, number])


def _packet(source: bytes, destination: bytes) -> bytes:
    """Return a SYN between these IPv4 addresses."""
    return _SYN[:26] + source + destination + _SYN[34:]


def _refused(packet: bytes) -> bytes:
    """Return the same as the answer of a port that is closed: ports the other way round, RST and ACK."""
    return packet[:34] + packet[36:38] + packet[34:36] + packet[38:47] + bytes([_RST_ACK]) + packet[48:]
