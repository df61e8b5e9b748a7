"""Seconds of traffic in, readings out: what the page of a sensor or a flow collector shows of its traffic.

Counters only grow, and begin anew when the daemon does. The number of series is bounded by the inventory's sites and
by the settings, whatever crosses the network.
"""

import threading
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.meter.links import Links
from collectors.traffic.meter.meter_kernel import count_ends, count_flows
from collectors.traffic.meter.places import DIRECTIONS, Places
from collectors.traffic.meter.ports import PROTOCOLS, VERSIONS, Ports, Protocols
from collectors.traffic.meter.settings import MeterSettings
from collectors.traffic.meter.sheet import Sheet, counter, gauge
from collectors.traffic.meter.topn import TopN
from netmon.api import Part, Reading, Table
from netmon.api.networks import Networks
from netmon.api.traffic import Second, address_text

_PORT_NAMES: Final = {6: "tcp", 17: "udp", 132: "sctp"}
_OTHER: Final = ("other", "other")

NamesExporter = Callable[[int], str]
NamesInterface = Callable[[int, int], str]


class Meter:
    """Counts each window. `see` and `reading` may be called from two threads.

    `exporter_name` and `interface_name` tell what to call an exporter's row and its interface of an ifIndex.
    """

    def __init__(
        self,
        settings: MeterSettings,
        networks: Networks,
        *,
        target: str = "",
        exporter_name: NamesExporter = str,
        interface_name: NamesInterface = lambda exporter, index: "",  # noqa: ARG005 - nobody told
    ) -> None:
        self._settings = settings
        self._networks = networks
        self._target = target
        self._exporter_name = exporter_name
        self._interface_name = interface_name
        self._lock = threading.Lock()
        self._seen = False
        self._unlisted: dict[str, int] = {"destinations": 0, "sources": 0}
        self._places = Places(networks)
        self._protocols = Protocols()
        self._ports = Ports(settings.ports, settings.followed, settings.half_life_s)
        self._links = Links(settings.interfaces)
        self._tops = {
            end: TopN(settings.followed, ("bytes", "packets"), half_life_s=settings.half_life_s)
            for end in ("source", "destination")
        }
        self._sheets = _sheets()

    def configure(self, networks: Networks) -> None:
        """Go on with other prefixes and names."""
        with self._lock:
            self._networks = networks
            self._places.configure(networks)

    def see(self, second: Second) -> None:
        """Count one window."""
        with self._lock:
            self._seen = True
            if second.live:
                self._see_packets(second)
                self._see_flows(second.begun, whole=False)
            else:
                self._see_flows(second.ended, whole=True)
            if len(second.ports):
                self._ports.see(second)
            for table, count in second.unlisted.items():
                self._unlisted[table] = self._unlisted.get(table, 0) + count
            for end, rows in (("source", second.sources), ("destination", second.destinations)):
                if len(rows):
                    self._tops[end].add(rows["hi"], rows["lo"], (rows["bytes"], rows["packets"]), second.end)

    def _see_packets(self, second: Second) -> None:
        """Count a sensor's window by its tables: that of who received holds every packet."""
        sites, protocols = len(self._places.sites), np.zeros((2, len(PROTOCOLS), 2), np.uint64)
        sums = np.zeros((2, sites, 2), np.uint64)
        for ends, sum_, by_kind in (
            (second.sources, sums[0], protocols[:0]),
            (second.destinations, sums[1], protocols),
        ):
            count_ends(np.require(ends, requirements=["C", "W"]), *self._places.tables, sum_, by_kind)
        self._places.add_packets(second, *sums)
        self._protocols.add(protocols, last_is_all=True)

    def _see_flows(self, flows: NDArray[np.void], *, whole: bool) -> None:
        """Count flows: of a sensor how many began, of exporters all of them, both directions of each."""
        places, links = self._places, self._links
        flows, sites, dropped = np.require(flows, requirements=["C", "W"]), len(places.sites), links.dropped
        wrong = True
        while wrong:  # again where an exporter is seen for the first time to report output by itself
            crossed = np.zeros((len(DIRECTIONS), sites, 3), np.uint64)
            received, protocols = np.zeros((sites, 2), np.uint64), np.zeros((2, len(PROTOCOLS), 2), np.uint64)
            links.begin(dropped)
            sums: Any = (crossed, received, protocols, *links.tables)
            wrong = count_flows(flows, whole, *places.tables, sites, *sums)
        places.add_flows(crossed, received)
        self._protocols.add(protocols, last_is_all=False)
        links.end()

    def reading(self, now: float) -> Reading | None:
        """Return what was counted; None before the first window. `now` is in Unix seconds, as windows' times are."""
        with self._lock:
            if not self._seen:
                return None
            parts = (
                Part("places", self._place_tables(now), 0.0),
                Part("protocols", self._protocol_tables(now), 0.0),
                Part("ports", self._port_tables(now), 0.0),
                Part("addresses", self._address_tables(now), 0.0),
                *((Part("links", self._link_tables(now), 0.0),) if self._links.loads else ()),
            )
        return Reading(self._target, "traffic", now, 0.0, parts)

    def _place_tables(self, now: float) -> tuple[Table, ...]:
        places = self._places
        crossed = [places.crossed["bytes"], places.crossed["packets"], places.flows]
        cells = [
            (way, site)
            for way in range(len(DIRECTIONS))
            for site in range(len(places.sites))
            if any(int(each[way, site]) for each in crossed)
        ]
        rows = [(places.sites[site], DIRECTIONS[way]) for way, site in cells]
        columns = [[int(each[cell]) for cell in cells] for each in crossed]
        sites = [(site,) for site in places.sites]
        ends = [places.sent["bytes"], places.sent["packets"], places.received["bytes"], places.received["packets"]]
        return (
            self._sheets["crossed"].table(rows, columns, now),
            self._sheets["site"].table(sites, [each.tolist() for each in ends], now),
        )

    def _protocol_tables(self, now: float) -> tuple[Table, ...]:
        rows = [(version, protocol) for version in VERSIONS for protocol in PROTOCOLS]
        columns = [self._protocols.bytes.ravel().tolist(), self._protocols.packets.ravel().tolist()]
        tables = list(self._unlisted.items())
        return (
            self._sheets["protocol"].table(rows, columns, now),
            self._sheets["unlisted"].table([(name,) for name, _ in tables], [[count for _, count in tables]], now),
        )

    def _port_tables(self, now: float) -> tuple[Table, ...]:
        ports, settings = self._ports, self._settings
        names = [(_PORT_NAMES[protocol], str(port)) for protocol, port in ports.keys] + [_OTHER]
        shown = [row for row in range(len(names)) if ports.told[row].any()]
        busiest = ports.busiest.busiest(settings.top_ports, now, stay_s=settings.leave_s)
        rows = [(_PORT_NAMES.get(int(row["hi"]), str(row["hi"])), str(row["lo"])) for row in busiest]
        return (
            self._sheets["port"].table([names[row] for row in shown], ports.told[shown].T.tolist(), now),
            self._sheets["top_port"].table(rows, _columns(busiest, 3), now),
        )

    def _address_tables(self, now: float) -> tuple[Table, ...]:
        settings = self._settings
        tables = []
        for end, top in self._tops.items():
            busiest = top.busiest(settings.top_addresses, now, stay_s=settings.leave_s)
            rows = [self._called(int(row["hi"]), int(row["lo"])) for row in busiest]
            columns = [*_columns(busiest, 2), np.rint(busiest["error"]).tolist()]
            tables.append(self._sheets[f"top_{end}"].table(rows, columns, now))
        return tuple(tables)

    def _called(self, hi: int, lo: int) -> tuple[str, str, str]:
        address, name = address_text(hi, lo), self._networks.name_of(hi, lo)
        return address, "" if name == address else name, self._networks.site_of(hi, lo)

    def _link_tables(self, now: float) -> tuple[Table, ...]:
        loads = sorted(self._links.loads.items())
        rows = [
            (self._exporter_name(exporter), str(index), self._interface_name(exporter, index))
            for (exporter, index), _ in loads
        ]
        columns = [[load[column] for _, load in loads] for column in range(4)]
        return (
            self._sheets["link"].table(rows, columns, now),
            self._sheets["no_room"].table([()], [[self._links.dropped]], now),
        )


def _columns(rows: NDArray[np.void], count: int) -> list[list[int]]:
    return [rows["counts"][:, column].tolist() for column in range(count)]


def _sheets() -> dict[str, Sheet]:
    """Return the tables that a reading has."""
    sheets = {
        "crossed": Sheet(
            [
                counter("netmon_traffic_bytes_total", "IP traffic by site and direction; each octet counts once"),
                counter("netmon_traffic_packets_total", "IP packets by site and direction; each counts once"),
                counter("netmon_traffic_flows_total", "Flows by site and direction of who began them"),
            ],
            ["network_site", "direction"],
        ),
        "site": Sheet(
            [
                counter("netmon_traffic_site_sent_bytes_total", "What the addresses of a site sent, to anybody"),
                counter("netmon_traffic_site_sent_packets_total", "Packets that the addresses of a site sent"),
                counter("netmon_traffic_site_received_bytes_total", "What the addresses of a site received"),
                counter("netmon_traffic_site_received_packets_total", "Packets that the addresses of a site received"),
            ],
            ["network_site"],
        ),
        "protocol": Sheet(
            [
                counter("netmon_traffic_protocol_bytes_total", "IP traffic by IP version and protocol"),
                counter("netmon_traffic_protocol_packets_total", "IP packets by IP version and protocol"),
            ],
            ["ip", "protocol"],
        ),
        "unlisted": Sheet(
            [
                counter(
                    "netmon_traffic_unlisted_records_total", "Records whose address the window's table had no room for"
                )
            ],
            ["table"],
        ),
        "link": Sheet(
            [
                counter("netmon_traffic_link_in_bytes_total", "Flow records: what came in at an exporter's interface"),
                counter(
                    "netmon_traffic_link_out_bytes_total", "Flow records: what went out at an exporter's interface"
                ),
                counter("netmon_traffic_link_in_packets_total", "Flow records: packets in at an exporter's interface"),
                counter(
                    "netmon_traffic_link_out_packets_total", "Flow records: packets out of an exporter's interface"
                ),
            ],
            ["exporter", "ifIndex", "ifName"],
        ),
        "no_room": Sheet(
            [
                counter(
                    "netmon_traffic_link_dropped_total", "Sums of flow records whose interface there was no room for"
                )
            ],
            [],
        ),
    }
    for name, which in (("port", "an application port"), ("top_port", "one of the busiest ports beside those listed")):
        sheets[name] = Sheet(
            [
                counter(f"netmon_traffic_{name}_bytes_total", f"Traffic of {which}, both directions"),
                counter(f"netmon_traffic_{name}_packets_total", f"Packets of {which}, both directions"),
                counter(f"netmon_traffic_{name}_flows_total", f"Connections begun, or flow records, of {which}"),
            ],
            ["protocol", "port"],
        )
    for end, did in (("source", "sent"), ("destination", "received")):
        sheets[f"top_{end}"] = Sheet(
            [
                counter(
                    f"netmon_traffic_top_{end}_bytes_total", f"What one of the busiest addresses {did} since followed"
                ),
                counter(f"netmon_traffic_top_{end}_packets_total", f"Packets that one of the busiest addresses {did}"),
                gauge(f"netmon_traffic_top_{end}_error_bytes", "How much of its weight in the ranking may be others'"),
            ],
            ["address", "name", "network_site"],
        )
    return sheets
