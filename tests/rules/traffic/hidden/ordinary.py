"""Ordinary flows of an office: staff, servers, machines that ask regularly, backups, calls. Held by their kinds."""

import numpy as np

from netmon.api.traffic import FlowState
from tests.rules.traffic.hidden.flows import ICMP, UDP, flows, low

HOUR = 3_600
STAFF = low("10.20.2.0")
WEB, MAIL, MONITOR, FILES, CAMERAS, TOOLS = (
    low(text) for text in ("10.20.1.80", "10.20.1.25", "10.20.1.5", "10.20.1.90", "10.20.1.70", "10.20.1.60")
)
CLOUD = low("52.96.0.0")  # a thousand addresses of services that everybody uses
SITES = low("185.60.0.0")  # many addresses that somebody visits now and then


def _each(rng: np.random.Generator, every_s: float, length_s: float, jitter_s: float = 0.2) -> np.ndarray:
    """Return the times of something that runs by a clock."""
    at = np.arange(rng.uniform(0, every_s), length_s, every_s)
    return at + rng.normal(0, jitter_s, len(at))


def browsing(rng: np.random.Generator, length_s: float, people: int = 60) -> list[np.ndarray]:
    """People who read pages: bursts of connections to a few sites, with pauses of any length."""
    parts = []
    for person in range(people):
        at = np.cumsum(rng.exponential(70, int(length_s / 60)))
        at = at[at < length_s]
        site = SITES + rng.zipf(1.3, len(at)) % 4_000 * 7
        for burst in range(3):
            count = len(at)
            parts.append(
                flows(
                    at + rng.uniform(0, 1.5, count) * burst, STAFF + person, site + burst,
                    source_port=rng.integers(32_768, 60_000, count), took=rng.exponential(20, count),
                    sent=rng.lognormal(7.5, 1, count).astype(int), back=rng.lognormal(10, 1.5, count).astype(int),
                )
            )  # fmt: skip
    return parts


def services(rng: np.random.Generator, length_s: float, people: int = 60) -> list[np.ndarray]:
    """What programs do by the clock on each work station: telemetry, mail, time, names, push, cloud storage."""
    parts = []
    for person in range(people):
        host = STAFF + person
        for every, service, size in ((60, 3, 2_900), (30, 17, 1_500), (300, 41, 4_000), (15, 99, 900)):
            at = _each(rng, every, length_s)
            ports = rng.integers(32_768, 60_000, len(at))
            parts.append(flows(at, host, CLOUD + service, source_port=ports, sent=size))
        for every, port, protocol in ((120, 993, 6), (64, 123, UDP), (20, 53, UDP), (60, 5_228, 6), (60, 1_883, 6)):
            at = _each(rng, every, length_s)
            parts.append(
                flows(
                    at, host, low("203.0.113.7") + person * 256, port=port, protocol=protocol,
                    source_port=rng.integers(32_768, 60_000, len(at)), sent=700,
                )
            )  # fmt: skip
    return parts


def monitoring(rng: np.random.Generator, length_s: float) -> list[np.ndarray]:
    """A monitor that asks twelve addresses outside each minute, and pings thirty of ours each second or five."""
    parts = []
    for place in range(12):
        at = _each(rng, 60, length_s)
        ports = rng.integers(32_768, 60_000, len(at))
        parts.append(flows(at, MONITOR, low("198.51.100.9") + place * 256, source_port=ports, sent=620))
    for place in range(30):
        pings = _ping(length_s, low("10.20.3.0") + place, size=98 if place % 2 else 1_442, rate=1 if place % 3 else 0.2)
        parts.append(pings)
    return parts


def _ping(length_s: float, target: int, *, size: int, rate: float) -> np.ndarray:
    """A ping that goes on: a flow each minute, sizes alike, some replies lost."""
    at = np.arange(0, length_s, 60.0)
    count = int(60 * rate)
    lost = np.arange(len(at)) % 5 == 0
    return flows(
        at, MONITOR, target, protocol=ICMP, took=60, packets=count, sent=count * size, replies=count - lost,
        back=(count - lost) * size, state=FlowState.ANSWERED,
    )  # fmt: skip


def pings(length_s: float) -> list[np.ndarray]:
    """What an administrator does: a flood of large ones, a sweep of sizes, truncated answers, other sizes in turn."""
    sweep = np.arange(42, 1_514, 16)
    return [
        flows(
            100, MONITOR, "10.20.3.9", protocol=ICMP, took=30, packets=60_000, sent=60_000 * 1_442, replies=59_990,
            back=59_990 * 1_442,
        ),
        flows(
            200, MONITOR, "8.8.8.8", protocol=ICMP, took=92, packets=92, sent=int(sweep.sum()), replies=92,
            back=int(sweep.sum()),
        ),
        flows(
            300 + np.arange(0, 600, 60.0), MONITOR, "8.8.8.8", protocol=ICMP, took=60, packets=60, sent=60 * 1_442,
            replies=60, back=60 * 106,
        ),
        flows(
            1_000 + np.arange(0, 600, 60.0), STAFF, "1.1.1.1", protocol=ICMP, took=60, packets=64,
            sent=60 * 1_442 + 4 * 74, replies=64, back=60 * 1_442 + 4 * 74,
        ),
        flows(
            np.arange(20, length_s, 10.0), STAFF + 3, "9.9.9.9", protocol=ICMP, took=3, packets=4, sent=4 * 60,
            replies=4, back=4 * 60,
        ),
    ]  # fmt: skip


def streams(rng: np.random.Generator, length_s: float) -> list[np.ndarray]:
    """What goes on for long and is told in parts: calls, tunnels with keep-alives, sessions, a cloud's storage."""
    minutes = np.arange(0, length_s, 60.0)
    return [
        flows(
            minutes, STAFF + 7, "203.0.113.99", protocol=UDP, port=8_801, took=60, sent=3_000_000, back=5_000_000,
            source_port=41_000,
        ),
        flows(minutes + 20, STAFF + 8, "203.0.113.98", took=60, flags=24, state=FlowState.ESTABLISHED, sent=420),
        flows(np.arange(0, length_s, 25.0), TOOLS, "203.0.113.97", protocol=UDP, port=4_501, source_port=4_501),
        flows(minutes + 5, STAFF + 9, "203.0.113.96", protocol=UDP, port=443, source_port=41_001, sent=900),
        flows(minutes + 33, STAFF + 9, "203.0.113.96", protocol=UDP, port=443, source_port=41_002, sent=900),
        flows(
            np.sort(rng.uniform(0, length_s, int(length_s / 40))), STAFF + 11, "203.0.113.95", sent=5_000_000,
            source_port=rng.integers(32_768, 60_000, int(length_s / 40)), took=8,
        ),
    ]  # fmt: skip


def office(seed: int, length_s: float = HOUR) -> list[np.ndarray]:
    """All of it."""
    rng = np.random.default_rng(seed)
    parts = [*browsing(rng, length_s), *services(rng, length_s), *monitoring(rng, length_s), *pings(length_s)]
    return [*parts, *streams(rng, length_s)]
