"""What LibreNMS reads from the recorded devices, compared with what we read: the share matched by class of reading."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isclose
from pathlib import Path
from typing import Any, TypeAlias

from netmon.api import Missing, Reading, Sample
from tests.support.snmprec import FOLDER

PROFILED = (  # the MIBs that profiles read: the rest is vendors', or another issue's
    *(f"1.3.6.1.2.1.{group}." for group in ("1", "2", "31", "10.7", "47", "99", "25", "33")),
    *(f"1.3.6.1.4.1.2021.{group}." for group in ("4", "9", "10", "11")),
    "1.0.8802.",
)

_STATUS = {"up": 1, "down": 2, "testing": 3, "unknown": 4, "dormant": 5, "notPresent": 6, "lowerLayerDown": 7}


@dataclass(slots=True)
class Score:
    """How many of the expected readings were there; the first few that were not, with what differed."""

    expected: int = 0
    matched: int = 0
    lacking: list[str] = field(default_factory=list)

    def note(self, ok: bool, what: str) -> None:
        """Count one expected reading."""
        self.expected += 1
        self.matched += ok
        if not ok and len(self.lacking) < 10:
            self.lacking.append(what)


Scores: TypeAlias = dict[str, Score]
Note: TypeAlias = Callable[[str, bool, str], None]


def expected(device: str, folder: Path = FOLDER) -> dict[str, Any]:
    """Return what LibreNMS makes of a recorded device."""
    found: dict[str, Any] = json.loads((folder / "expected" / f"{device}.json").read_text())
    return found


def samples_of(reading: Reading) -> list[Sample]:
    """Return every sample of a reading."""
    return [sample for part in reading.parts for table in part.tables for sample in table.samples()]


def compare(wanted: Mapping[str, Any], samples: Iterable[Sample]) -> Scores:
    """Score a device's samples by class."""
    every = list(samples)
    scores: Scores = {}

    def note(name: str, ok: bool, what: str) -> None:
        scores.setdefault(name, Score()).note(ok, what)

    _ports(wanted["ports"], every, note)
    values = {sample.source: sample.value for sample in every if not sample.metric.startswith("netmon_")}
    for kind, oid, raw, what in _readings(wanted):
        where = "profiled MIBs" if oid.startswith(PROFILED) else "other MIBs"
        note(f"{kind}, {where}", _same(values.get(oid), raw), what)
    _links(wanted["links"], every, note)
    return scores


def _links(links: Iterable[Mapping[str, Any]], samples: Iterable[Sample], note: Note) -> None:
    """Score neighbours by the names at both ends. Where one has no name, LibreNMS shows something of its own."""
    found = [dict(sample.labels) for sample in samples if sample.metric == "netmon_neighbor_info"]
    for link in links:
        if link["protocol"] != "lldp":
            continue
        ours = [
            labels
            for labels in found
            if {link["ifName"], link["ifDescr"], link["ifAlias"]} & {labels["local_port"], labels["local_port_id"]}
        ]
        ok = any(labels["remote_name"] in {link["remote_hostname"], ""} for labels in ours)
        note("LLDP neighbours", ok, f"{link['ifName']} to {link['remote_hostname']}, ours {ours}")


def _ports(ports: Iterable[Mapping[str, Any]], samples: Iterable[Sample], note: Note) -> None:
    found: dict[str, dict[str, Any]] = {}
    for sample in samples:
        labels = dict(sample.labels)
        if "ifDescr" in labels and "ifIndex" in labels:
            found.setdefault(labels["ifIndex"], {"labels": labels})[sample.metric] = sample.value
    for port in ports:
        index = str(port["ifIndex"])
        note("ports: there", index in found, f"ifIndex {index}")
        for name, ok, what in _port(port, found[index]) if index in found else ():
            note(f"ports: {name}", ok, f"ifIndex {index}: {what}")


def _port(port: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[tuple[str, bool, str]]:
    labels = ours["labels"]
    names = {labels["ifName"].strip(), labels["ifDescr"].strip()}
    wanted = {name.strip() for name in (port["ifName"], port["ifDescr"]) if name}
    yield "name", wanted <= names, f"{wanted} not in {names}"
    if port["ifSpeed"] is not None:
        speed = ours.get("netmon_interface_speed_bits_per_second")
        yield "speed", _same(speed, port["ifSpeed"]), f"{port['ifSpeed']} is {speed}"
    for key in ("ifOperStatus", "ifAdminStatus"):
        if port[key] in _STATUS:
            yield "status", _same(ours.get(key), _STATUS[port[key]]), f"{key} {port[key]} is {ours.get(key)}"
    for key, metric in (("ifInOctets", "receive"), ("ifOutOctets", "transmit")):
        raw = port.get("_raw", {}).get(key)
        if raw is not None and int(raw):
            values = [ours.get(name) for name in (f"netmon_interface_{metric}_bytes_total", key)]
            yield "octets", any(_same(value, raw) for value in values), f"{key} {raw} is {values}"


def _readings(wanted: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, str]]:
    """Give (class, OID, recorded value, words) for what LibreNMS reads from single objects."""
    for sensor in wanted["sensors"]:
        what = f"{sensor['sensor_class']} {sensor['sensor_descr']} {sensor['sensor_oid']}"
        yield "sensors", sensor["sensor_oid"].removeprefix("."), sensor.get("_raw"), what
    for cpu in wanted["processors"]:
        raw = cpu.get("_raw", cpu["processor_usage"])
        yield "processors", cpu["processor_oid"].removeprefix("."), raw, cpu["processor_descr"]
    for pool in wanted["mempools"]:
        oid = next(
            (pool[key] for key in ("mempool_used_oid", "mempool_free_oid", "mempool_perc_oid") if pool.get(key)), ""
        )
        yield "memory", oid.removeprefix("."), None, f"{pool['mempool_descr']} {oid}"
    for store in wanted["storage"]:
        oid = next(
            (store[key] for key in ("storage_used_oid", "storage_free_oid", "storage_perc_oid") if store.get(key)), ""
        )
        raw = store["storage_used"] / store["storage_units"] if oid.startswith(".1.3.6.1.2.1.25") else None
        yield "storage", oid.removeprefix("."), raw, f"{store['storage_descr']} {oid}"


def _same(ours: object, theirs: object) -> bool:
    """Tell whether a value is the recorded one; None stands for any number."""
    if ours is None or isinstance(ours, Missing):
        return False
    if theirs is None:
        return True
    try:
        return isclose(float(str(ours)), float(str(theirs)), rel_tol=1e-9)
    except ValueError:
        return False
