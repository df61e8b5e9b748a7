"""Questions for names that fail, as a sensor sees them, and what the rule dns_failures says of them."""

import random
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from netmon.api import Finding
from netmon.api.networks import Networks
from netmon.api.traffic import DNS, Second, halves
from rules.traffic.dns_failures.rule import DnsFailures
from rules.traffic.dns_failures.settings import DnsFailureSettings

START = 1_795_000_000
RESOLVER, FAR = "10.20.1.53", "198.51.100.1"
NXDOMAIN, SERVFAIL, NONE = 3, 2, -1
LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its answer, directly or through our resolver."""

    at: float
    client: str
    name: str
    code: int = NXDOMAIN  # 0: there; NONE: no answer
    through: bool = True  # through our resolver, both of whose sides are seen


def _rows(asked: Iterable[Asked]) -> Iterator[tuple[float, str, str, str, int, int]]:
    for one in asked:
        legs = [(one.client, RESOLVER, 0.0), (RESOLVER, FAR, 0.001)] if one.through else [(one.client, FAR, 0.0)]
        for client, server, later in legs:
            yield one.at + later, client, server, one.name, 0, 0
            if one.code != NONE:
                yield one.at + 0.03 - later, client, server, one.name, 1, one.code


def messages(asked: Iterable[Asked]) -> np.ndarray:
    told = sorted(_rows(asked))
    rows = np.zeros(len(told), DNS)
    known: dict[str, tuple[int, int]] = {}
    for row, (at, client, server, name, response, code) in zip(rows, told, strict=True):
        row["at_ns"] = int((START + at) * 1e9)
        row["client_hi"], row["client_lo"] = known.setdefault(client, halves(client))
        row["server_hi"], row["server_lo"] = known.setdefault(server, halves(server))
        row["name"], row["response"], row["code"] = name.encode(), response, code
        row["answers"], row["query_type"] = response and not code, 1
    return rows


def findings(
    asked: Iterable[Asked], *, quiet: int = 0, networks: Networks | None = None, **settings: object
) -> list[Finding]:
    rule = DnsFailures(DnsFailureSettings(**settings), networks or Networks())
    rows = messages(asked)
    windows = (rows["at_ns"] // 10**9).astype(np.int64) - START
    found: list[Finding] = []
    for second in range(int(windows.max()) + 1 + quiet):
        at = START + second
        found += rule.observe(Second(at, at + 1, dns=rows[windows == second]))
    return found


def begun(found: Iterable[Finding]) -> list[Finding]:
    first: dict[str, Finding] = {}
    for finding in found:
        first.setdefault(finding.key, finding)
    return list(first.values())


def drawn(draw: random.Random, length: int = 12) -> str:
    return "".join(draw.choice(LETTERS) for _ in range(length))
