"""Twenty recorded real devices, against what LibreNMS reads from them and what dashboards expect of snmp_exporter."""

import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from collectors.snmp import oid
from netmon.api import Family, Kind, Missing, Reading
from tests.support import coverage
from tests.support.librenms import compare, expected, samples_of
from tests.support.snmprec import names, recording

pytestmark = pytest.mark.skipif(not names(), reason="the recorded devices are absent: ../shared/fixtures/librenms")

WHOLE = ("ports", "sensors, profiled", "processors, profiled", "memory, profiled", "storage, profiled")
BY_VENDORS_MIB = {"jetstream_sg2218p"}  # LibreNMS takes its neighbours from TP-Link's MIB: lldpRemTable is empty

HC, PLAIN = "1.3.6.1.2.1.31.1.1.1.{}.{}", "1.3.6.1.2.1.2.2.1.{}.{}"


async def test_every_port_and_every_reading_of_the_profiled_mibs_is_there() -> None:
    scores = await coverage.all_scores()
    sys.stdout.write("\n".join(coverage.scores_as_lines(scores)))
    for device, found in scores.items():
        for name, score in found.items():
            if name.startswith(WHOLE) or (name == "LLDP neighbours" and device not in BY_VENDORS_MIB):
                assert score.matched == score.expected, f"{device}: {name}: {score.lacking}"
    assert sum(found["ports: there"].expected for found in scores.values()) == 882


async def test_the_page_tells_what_the_code_does() -> None:
    assert coverage.PAGE.read_text() == coverage.render(await coverage.all_scores()), (
        "run python bench/snmp_coverage.py"
    )


@pytest.mark.parametrize("device", names())
async def test_octets_are_the_64_bit_counter_or_else_the_32_bit_one(device: str) -> None:
    recorded = recording(device)
    samples = samples_of(await coverage.read_recorded(device))
    ours = {(s.metric, dict(s.labels).get("ifIndex")): s.value for s in samples}
    for port in expected(device)["ports"]:
        index = str(port["ifIndex"])
        for metric, hc, plain in (("receive", 6, 10), ("transmit", 10, 16)):
            wanted = [recorded.get(HC.format(hc, index)), recorded.get(PLAIN.format(plain, index))]
            value = next((cell for cell in wanted if cell is not None), None)
            assert ours.get((f"netmon_interface_{metric}_bytes_total", index)) == value


@pytest.mark.parametrize("device", names())
async def test_no_two_series_are_alike_and_limits_have_the_labels_of_what_they_bound(device: str) -> None:
    reading = await coverage.read_recorded(device)
    series = Counter((s.metric, frozenset(s.labels)) for s in samples_of(reading))
    assert [key for key, count in series.items() if count > 1] == []
    for family, rows in _families(reading):
        for limit in filter(None, (family.upper_limit, family.lower_limit)):
            if family.kind is Kind.GAUGE:
                assert {(limit, row) for row in rows} <= set(series)


def _families(reading: Reading) -> Iterator[tuple[Family, list[frozenset[tuple[str, str]]]]]:
    for part in reading.parts:
        for table in part.tables:
            rows = [frozenset(zip(table.label_names, row, strict=True)) for row in table.rows]
            for family in table.families:
                yield family, rows


@pytest.mark.parametrize("device", names())
async def test_every_number_says_the_oid_that_it_came_from(device: str) -> None:
    recorded = recording(device)
    for sample in samples_of(await coverage.read_recorded(device)):
        if sample.source == "netmon":
            continue
        oid.parse(sample.source)
        assert recorded.get(sample.source) is not None, sample


@pytest.mark.parametrize(
    ("device", "neighbours"),
    [
        # RouterOS 6 sends lldpRemTable under lldpRemIndex alone, without the local port; RouterOS 7 as the MIB says.
        ("routeros_crs317", {("77", "", "SEP0015FAFE4806", "Port 1", "00:15:FA:FE:48:06")}),
        ("routeros_rb750gr3", {("2", "trunk: Down (eth5)", "sw11.mzmol", "trunk: Up (p24)", "E8:28:C1:3C:1C:D8")}),
    ],
)
async def test_neighbours_are_there_also_from_agents_that_shorten_the_index(
    device: str, neighbours: set[tuple[str, ...]]
) -> None:
    reading = await coverage.read_recorded(device)
    assert next(part.problem for part in reading.parts if part.name == "lldp") is None
    found = [(s.source, dict(s.labels)) for s in samples_of(reading) if s.metric == "netmon_neighbor_info"]
    assert len(found) == len(recording(device).under("1.0.8802.1.1.2.1.4.1.1.5"))
    keys = ("local_port", "remote_name", "remote_port", "remote_chassis")
    assert neighbours <= {(source.rsplit(".", 1)[1], *(labels[key] for key in keys)) for source, labels in found}


async def test_memory_of_a_linux_host_leaves_out_what_the_page_cache_holds() -> None:
    samples = samples_of(await coverage.read_recorded("linux_powermon"))
    pools = [pool for pool in expected("linux_powermon")["mempools"] if pool["mempool_descr"] == "Physical memory"]
    used = {dict(s.labels)["pool"]: s.value for s in samples if s.metric == "netmon_memory_used_bytes"}
    assert used["Physical memory"] == pools[0]["mempool_used"]


async def test_nothing_is_missing_from_a_healthy_device() -> None:
    samples = samples_of(await coverage.read_recorded("procurve"))
    lacking = [s for s in samples if isinstance(s.value, Missing)]
    assert {s.metric for s in lacking} <= {"netmon_fan_speed_rpm", "netmon_temperature_celsius"}


@pytest.mark.skipif(not coverage.PARITY.exists(), reason="the list of metrics in use is absent")
def test_the_metrics_that_dashboards_use_have_their_names() -> None:
    lacking = [f"{metric} ({uses})" for _, metric, uses, answered in coverage.parity() if not answered]
    sys.stdout.write(f"not answered yet: {', '.join(lacking)}")
    assert set(lacking) == {"sysIdentity (1)"}  # a name of one vendor's own module for sysName


async def test_a_score_notices_a_port_that_lies() -> None:
    samples = samples_of(await coverage.read_recorded("apc_smtl1000-nmc3"))
    wanted = expected("apc_smtl1000-nmc3")
    wanted["ports"][0] |= {"ifSpeed": 12, "ifOperStatus": "down", "ifDescr": "another"}
    wanted["ports"].append(wanted["ports"][0] | {"ifIndex": 99})
    scores = compare(wanted, samples)
    assert (scores["ports: there"].matched, scores["ports: there"].expected) == (2, 3)
    assert [scores[f"ports: {name}"].matched for name in ("name", "speed", "status")] == [1, 1, 3]
