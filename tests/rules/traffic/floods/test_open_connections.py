"""Connections that are open, followed in columns, against the same in dictionaries, one flow at a time."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api.traffic import ENDPOINT, MAPPED, RECORD, EndReason, FlowState, Second
from rules.traffic.floods.open_connections import OpenConnections, counts_of
from rules.traffic.floods.settings import HeldConnectionsSettings
from rules.traffic.learned import hashed
from tests.rules.traffic.floods.ordinary import NETWORKS, WEB, address

SETTINGS = HeldConnectionsSettings(followed=6, together=4, forget_s=3.0)
SERVERS = (WEB, WEB + 1, address("198.51.100.9"))  # the last is not ours
CLIENT = MAPPED + 0xCB00_7100
FLOW = st.tuples(
    st.integers(0, 3),  # which client
    st.sampled_from(SERVERS),
    st.sampled_from([80, 443, 25]),
    st.sampled_from([6, 6, 6, 17]),
    st.sampled_from([FlowState.CLOSED, FlowState.RESET, FlowState.ONE_WAY, FlowState.REFUSED]),
    st.sampled_from([EndReason.END, EndReason.ACTIVE]),
)
WINDOW = st.tuples(st.lists(FLOW, max_size=12), st.lists(FLOW, max_size=8), st.lists(st.integers(0, 4), min_size=7))

Key = tuple[int, ...]
Flows = list[tuple[int, ...]]


class Plain:
    """What is open, by source and service and by service: how many, of them new, when last, since when."""

    def __init__(self) -> None:
        self.pairs: dict[Key, list[float]] = {}
        self.services: dict[Key, list[float]] = {}
        self.dropped = 0

    def observe(self, begun: np.ndarray, ended: np.ndarray, done: dict[int, int], at: float) -> None:
        mine = [_key(flow) for flow in begun if _counts(flow)]
        services = Counter(key[1:] for key in mine)
        chosen = [key for key, count in services.items() if count >= SETTINGS.begun or key in self.services]
        self._open(self.services, chosen, services, done, 0, at)
        crowded = {key for key, held in self.services.items() if held[0] >= SETTINGS.together // 2}
        pairs = Counter(mine)
        chosen = [
            key for key, count in pairs.items() if count >= SETTINGS.begun or key in self.pairs or key[1:] in crowded
        ]
        self._open(self.pairs, chosen, pairs, done, 0, at)
        over = [
            _key(flow)
            for flow in ended
            if _counts(flow)
            and flow["end_reason"] != EndReason.ACTIVE
            and flow["state"] not in (FlowState.ONE_WAY, FlowState.REFUSED)
        ]
        for table, counts in ((self.pairs, Counter(over)), (self.services, Counter(key[1:] for key in over))):
            for key, held in list(table.items()):
                held[0] = max(held[0] - counts[key], 0)
                if held[0] == 0 or held[2] <= at - SETTINGS.forget_s:
                    del table[key]

    def _open(  # noqa: PLR0917 - one window
        self,
        table: dict[Key, list[float]],
        chosen: list[Key],
        counts: Counter[Key],
        done: dict[int, int],
        place: int,
        at: float,
    ) -> None:
        for key in sorted(chosen, key=_mark):
            if key not in table:
                if len(table) >= SETTINGS.followed:
                    self.dropped += 1
                    continue
                table[key] = [0, 0, at, at - 1]
            new = min(counts[key], done.get(key[place], 0))
            table[key] = [table[key][0] + new, new, at, table[key][3]]


def _counts(flow: np.void) -> bool:
    return flow["protocol"] == 6 and flow["destination_port"] in (80, 443) and flow["destination_lo"] != SERVERS[2]


def _key(flow: np.void) -> Key:
    return int(flow["source_lo"]), int(flow["destination_lo"]), int(flow["destination_port"])


def _mark(key: Key) -> int:
    """Return what the columns sort by: the hash of a service, or of a source with it."""
    zero, numbers = np.zeros(1, np.uint64), [np.array([number], np.uint64) for number in key]
    service = hashed(hashed(zero, numbers[-2]), numbers[-1])
    return int((hashed(hashed(zero, numbers[0]), service) if len(key) == 3 else service)[0])


def _flows(rows: Flows) -> np.ndarray:
    flows = np.zeros(len(rows), RECORD)
    for flow, (client, server, port, protocol, state, reason) in zip(flows, rows, strict=True):
        flow["source_lo"], flow["destination_lo"], flow["destination_port"] = CLIENT + client, server, port
        flow["protocol"], flow["state"], flow["end_reason"] = protocol, state, reason
    return flows


@settings(max_examples=40)
@given(st.lists(WINDOW, min_size=1, max_size=7))
def test_columns_hold_what_dictionaries_hold(windows: list[tuple[Flows, Flows, list[int]]]) -> None:
    columns, plain = OpenConnections(SETTINGS, NETWORKS), Plain()
    addresses = [*(CLIENT + row for row in range(4)), *SERVERS]
    for at, (begun, ended, handshakes) in enumerate(windows, start=1):
        table = np.zeros(len(addresses), ENDPOINT)
        table["lo"], table["handshakes"] = addresses, handshakes[: len(addresses)]
        second = Second(at - 1, at, begun=_flows(begun), ended=_flows(ended), destinations=table, sources=table)
        columns.observe(second)
        plain.observe(second.begun, second.ended, dict(zip(addresses, handshakes, strict=False)), at)
        assert columns.dropped == plain.dropped
        for rows, table_of, fields in (
            (columns.pairs, plain.pairs, ("source_lo", "destination_lo", "destination_port")),
            (columns.services, plain.services, ("destination_lo", "destination_port")),
        ):
            held = zip(*(rows[name].tolist() for name in ("open", "new", "at", "since")), strict=True)
            keys = zip(*(rows[name].tolist() for name in fields), strict=True)
            assert list(zip(keys, map(list, held), strict=True)) == list(table_of.items())
        followed = list(plain.services)
        places = [followed.index(key[1:]) if key[1:] in plain.services else -1 for key in plain.pairs]
        assert columns.services_of(columns.pairs).tolist() == places


def test_a_count_is_that_of_the_address_and_not_of_one_whose_half_is_the_same() -> None:
    table = np.zeros(3, ENDPOINT)
    table["hi"], table["lo"], table["tcp_bytes"] = (0, 1, 0), (7, 7, 8), (100, 200, 300)
    hi, lo = np.array([1, 0, 0, 1], np.uint64), np.array([7, 8, 7, 8], np.uint64)
    assert counts_of(table, "tcp_bytes", hi, lo).tolist() == [200, 300, 100, 0]
