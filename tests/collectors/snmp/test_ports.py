"""Which port a sensor belongs to: by the mapping table, by containment, by names; circles and nonsense end."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from collectors.snmp import oid
from collectors.snmp.answers import Answers, Cell
from collectors.snmp.ber import Tag, header
from collectors.snmp.came import came_for
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.counters import Counts
from collectors.snmp.plan import PortPlan, plan_table
from collectors.snmp.ports import MAX_DEPTH, Ports
from collectors.snmp.profile import Profile
from collectors.snmp.settings import CommunityCredential, SnmpSettings
from collectors.snmp.tables import Moment, TableState, read_table
from netmon.api import Missing, Reading, Reason, Sample, Target
from netmon.demo.devices import view_of
from tests.support import demo
from tests.support.librenms import samples_of
from tests.support.profiles import profile, shipped
from tests.support.snmprec import Memory, Recording, names, recording

UP, DESCR, NAME = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.31.1.1.1.1"
PART_DESCR, INSIDE, CLASS, PART_NAME = (f"1.3.6.1.2.1.47.1.1.1.1.{column}" for column in (2, 4, 5, 7))
MAPPING, SENSOR = "1.3.6.1.2.1.47.1.3.2.1.2", "1.3.6.1.2.1.99.1.1.1"
IF_INDEX = "1.3.6.1.2.1.2.2.1.1"
SENSOR_CLASS, MODULE, PORT, CONTAINER, CHASSIS = 8, 9, 10, 5, 3


def pointer(number: str) -> bytes:
    return oid.encode(oid.parse(number))


def device(*parts: tuple[int, int, int, bytes], ports: Mapping[int, tuple[bytes, bytes]], **more: Cell) -> Recording:
    """Return a device of parts (index, inside, class, name), and ports by ifIndex: (ifName, ifDescr)."""
    values: dict[str, Cell] = {UP: 8_640_000}
    for index, inside, kind, name in parts:
        values |= {f"{INSIDE}.{index}": inside, f"{CLASS}.{index}": kind, f"{PART_NAME}.{index}": name}
        if kind == SENSOR_CLASS:
            for column, cell in enumerate((14 if b"Rx" in name else 8, 9, 1, 254, 1), 1):
                values[f"{SENSOR}.{column}.{index}"] = cell
    for index, (name, descr) in ports.items():
        values |= {f"{NAME}.{index}": name, f"{DESCR}.{index}": descr}
    return Recording([(oid.parse(number), cell) for number, cell in (values | more).items()])


async def read(recorded: Recording, collector: SnmpCollector | None = None) -> Reading:
    snmp = collector or SnmpCollector(
        Memory(sw=recorded),
        shipped(),
        {"default": CommunityCredential(community=SecretStr("public"))},
        SnmpSettings(),
    )
    return await snmp.read(Target("sw", "192.0.2.1", "", "device"), ["entity"], 10)


def found(reading: Reading, *metrics: str) -> dict[str, tuple[str, str]]:
    """Return each sensor's (ifIndex, ifName)."""
    wanted = metrics or ("netmon_temperature_celsius", "netmon_optical_rx_power_dbm")
    labels = [dict(sample.labels) for sample in samples_of(reading) if sample.metric in wanted]
    return {each["sensor"]: (each["ifIndex"], each["ifName"]) for each in labels}


PORTS = {5: (b"Te1/1", b"TenGigabitEthernet1/1"), 50: (b"Te1/10", b"TenGigabitEthernet1/10")}
HOUSE = (
    (1, 0, CHASSIS, b"chassis"),
    (2, 1, SENSOR_CLASS, b"inlet"),
    (10, 1, CONTAINER, b"bay"),
    (11, 10, PORT, b"slot 1 port 1"),
    (12, 11, MODULE, b"SFP"),
    (13, 12, SENSOR_CLASS, b"module heat"),
)


@pytest.mark.parametrize(
    ("mapping", "port"),
    [
        ({"11.0": f"{IF_INDEX}.5"}, ("5", "Te1/1")),
        ({"11.1": f"{IF_INDEX}.5"}, ("5", "Te1/1")),  # for one logical entity only, as Huawei has it
        ({"11.0": f"{IF_INDEX}.5", "11.3": f"{IF_INDEX}.50"}, ("5", "Te1/1")),  # 0, all of them, goes first
        ({"11.0": f"{IF_INDEX}.50", "13.0": f"{IF_INDEX}.5"}, ("5", "Te1/1")),  # the nearest part that is mapped
        ({"11.0": "1.3.6.1.2.1.2.2.1.2.5"}, ("5", "Te1/1")),  # to another column of the port's row
        ({"11.0": f"{IF_INDEX}.7"}, ("7", "")),  # a port that has no name
        ({"11.0": IF_INDEX}, ("", "")),
        ({"11.0": f"{IF_INDEX}.5.5"}, ("", "")),
        ({"11.0": f"{IF_INDEX}.0"}, ("", "")),
        ({"11.0": "1.3.6.1.2.1.17.1.4.1.1.5"}, ("", "")),  # a port of a bridge
        ({"11.0": "0.0"}, ("", "")),
        ({}, ("", "")),
    ],
)
async def test_the_mapping_table_tells_the_port_of_what_is_inside_a_part(
    mapping: dict[str, str], port: tuple[str, str]
) -> None:
    rows: dict[str, Cell] = {f"{MAPPING}.{row}": pointer(target) for row, target in mapping.items()}
    reading = await read(device(*HOUSE, ports=PORTS, **rows))
    assert found(reading) == {"inlet": ("", ""), "module heat": port}
    assert [part.problem for part in reading.parts] == [None]


async def test_a_row_of_the_mapping_table_with_another_index_is_told_and_passed_over() -> None:
    rows: dict[str, Cell] = {f"{MAPPING}.{row}": pointer(f"{IF_INDEX}.5") for row in ("11", "11.0.0")}
    reading = await read(device(*HOUSE, ports=PORTS, **rows))
    assert found(reading)["module heat"] == ("", "")
    assert [part.problem for part in reading.parts] == [
        Missing(Reason.INVALID, "mappings: index 11 ends inside its integer")
    ]


@pytest.mark.parametrize(
    ("name", "kind", "port"),
    [
        (b"Te1/10", PORT, ("50", "Te1/10")),
        (b"TenGigabitEthernet1/1", MODULE, ("5", "Te1/1")),
        (b"Te1/10\0", PORT, ("50", "Te1/10")),
        (b"Te1/10", CONTAINER, ("", "")),
        (b"Te1/1 ", PORT, ("5", "Te1/1")),
        (b"Te1/100", PORT, ("", "")),
        (b"", PORT, ("", "")),
    ],
)
async def test_a_part_called_like_a_port_is_the_port_where_no_mapping_says(
    name: bytes, kind: int, port: tuple[str, str]
) -> None:
    parts = [(i, inside, kind if i == 11 else k, name if i == 11 else n) for i, inside, k, n in HOUSE]
    assert found(await read(device(*parts, ports=PORTS)))["module heat"] == port


@pytest.mark.parametrize(
    ("name", "port"),
    [
        (b"TenGigabitEthernet1/1 Rx Power Sensor", ("5", "Te1/1")),
        (b"TenGigabitEthernet1/10 Rx Power Sensor", ("50", "Te1/10")),
        (b"Te1/1 Rx Power", ("5", "Te1/1")),
        (b"Te1/1-Rx", ("5", "Te1/1")),
        (b"Te1/1: Rx", ("5", "Te1/1")),
        (b"Te1/1 Lane 1 Transceiver Rx Power Sensor", ("5", "Te1/1")),
        (b"DOM Rx Power Sensor for Te1/10", ("50", "Te1/10")),
        (b"Te1/1", ("5", "Te1/1")),
        (b"a port of many words 1 Rx Power", ("11", "a port of many words 1")),
        (b"Te1/1" + b" - " * 80 + b"Rx", ("5", "Te1/1")),
        (b"- " * 10 + b"Te1/1" + b" -" * 10 + b"Rx", ("", "")),  # in the middle of nothing but separators
        (b"Te1/1/3 Rx Power", ("", "")),  # a port that has no row
        (b"Te1/11 Rx Power", ("", "")),
        (b"7 Rx Power", ("", "")),  # too short to be sure
        (b"uplink Rx Power", ("", "")),  # a name without a number is too common a word
        (b"two 1/1 Rx", ("", "")),  # two ports have this name
        (b"Rx Power", ("", "")),
        (b"\xff\x00 Rx", ("", "")),
    ],
)
async def test_a_name_that_begins_or_ends_with_a_ports_name_is_the_last_resort(
    name: bytes, port: tuple[str, str]
) -> None:
    ports = PORTS | {7: (b"7", b"7"), 8: (b"uplink", b"x"), 9: (b"two 1/1", b"a"), 10: (b"two 1/1", b"b")}
    ports |= {11: (b"a port of many words 1", b"")}
    reading = await read(device((1, 0, CHASSIS, b"chassis"), (2, 1, SENSOR_CLASS, name), ports=ports))
    assert set(found(reading).values()) == {port}


async def test_an_agent_without_if_x_table_calls_its_ports_by_if_descr() -> None:
    recorded = device(*HOUSE, ports=PORTS, **{f"{MAPPING}.11.0": pointer(f"{IF_INDEX}.5")})
    for port in PORTS:
        recorded.change(f"{NAME}.{port}", None)
    assert found(await read(recorded))["module heat"] == ("5", "TenGigabitEthernet1/1")


@pytest.mark.parametrize("inside", [13, 12, -1, 2**32, b"\x0b", 11.0])
async def test_circles_and_nonsense_end(inside: Any) -> None:
    reading = await read(device(*HOUSE, ports=PORTS, **{f"{INSIDE}.12": inside}))
    assert found(reading)["module heat"] == ("", "")


def ports_of(answers: Answers) -> Ports:
    plan = plan_table(profile("entity"), "sensors")
    assert isinstance(plan.port, PortPlan)
    return Ports(plan.port, came_for(plan, answers))


def answers_of(recorded: Recording) -> Answers:
    return recorded.answer((), [[pointer(obj.oid) for _, _, obj in profile("entity").objects()]])


def test_parts_are_followed_only_so_deep() -> None:
    parts = [(at, at + 1, CONTAINER, b"x") for at in range(1, 200)]
    ports = ports_of(
        answers_of(device(*parts, ports=PORTS, **{f"{MAPPING}.100.0": pointer(f"{IF_INDEX}.5")})),
    )
    assert ports.around(100 - MAX_DEPTH + 1) == 5
    assert ports.around(100 - MAX_DEPTH) is None


async def test_the_port_follows_when_the_device_says_that_its_parts_or_ports_changed() -> None:
    changed, ports_changed = "1.3.6.1.2.1.47.1.4.1.0", "1.3.6.1.2.1.31.1.5.0"
    more: dict[str, Cell] = {f"{MAPPING}.11.0": pointer(f"{IF_INDEX}.5"), changed: 100, ports_changed: 100}
    recorded = device(*HOUSE, ports=PORTS, **more)
    memory = Memory(sw=recorded)
    credentials = {"default": CommunityCredential(community=SecretStr("public"))}
    snmp = SnmpCollector(memory, shipped(), credentials, SnmpSettings())
    assert found(await read(recorded, snmp))["module heat"] == ("5", "Te1/1")
    recorded.change(f"{MAPPING}.11.0", pointer(f"{IF_INDEX}.50"))
    recorded.change(changed, 200)
    assert found(await read(recorded, snmp))["module heat"] == ("50", "Te1/10")
    recorded.change(f"{NAME}.50", b"Hu2/1")
    recorded.change(ports_changed, 200)
    assert found(await read(recorded, snmp))["module heat"] == ("50", "Hu2/1")


async def test_names_are_read_again_soon_where_the_device_does_not_tell_of_every_change() -> None:
    more: dict[str, Cell] = {f"{MAPPING}.11.0": pointer(f"{IF_INDEX}.5"), "1.3.6.1.2.1.47.1.4.1.0": 100}
    recorded = device(*HOUSE, ports=PORTS, **more)  # it tells when its parts changed, but not its ports
    credentials = {"default": CommunityCredential(community=SecretStr("public"))}
    now = [1_000_000.0]
    snmp = SnmpCollector(Memory(sw=recorded), shipped(), credentials, SnmpSettings(), clock=lambda: now[0])
    await read(recorded, snmp)
    recorded.change(f"{NAME}.5", b"Hu2/1")
    seen = []
    for _ in range(3):
        now[0] += 600
        recorded.change(UP, int(now[0] * 100) % 2**32)
        seen.append(found(await read(recorded, snmp))["module heat"][1])
    assert seen[-1] == "Hu2/1"


def test_names_that_were_not_answered_this_time_are_remembered() -> None:
    plan, state = plan_table(profile("entity"), "sensors"), TableState()
    recorded = device(*HOUSE, ports=PORTS, **{f"{MAPPING}.11.0": pointer(f"{IF_INDEX}.5")})

    def heat() -> tuple[str, str]:
        tables = read_table(plan, answers, state, Moment(1.0, 0, Counts())).tables
        samples: list[Sample] = [sample for table in tables for sample in table.samples()]
        labels = [dict(s.labels) for s in samples if s.metric == "netmon_temperature_celsius"]
        return next((each["ifIndex"], each["ifName"]) for each in labels if each["sensor"] == "module heat")

    answers = answers_of(recorded)
    assert heat() == ("5", "Te1/1")
    for column in (pointer(NAME), pointer(MAPPING), pointer(INSIDE)):
        answers = answers_of(recorded)
        answers.cells[column] = {}
        answers.problems[column] = Missing(Reason.TIMEOUT, "no answer")
        assert heat() == ("5", "Te1/1")
    recorded.change(f"{MAPPING}.11.0", None)
    answers = answers_of(recorded)
    assert heat() == ("", "")


VENDORS = {
    "name": "acme",
    "tables": {
        "interfaces": {
            "mib": "IF-MIB",
            "index": [{"name": "ifIndex"}],
            "objects": {"ifName": {"oid": NAME, "syntax": "string", "emit": "nothing"}},
        },
        "optics": {
            "mib": "ACME-MIB",
            "index": [{"name": "acmePort"}],
            "labels": ["acmePort"],
            "port": {"names": ["ifName"], "index": "acmePort"},
            "objects": {"acmeRx": {"oid": "1.3.6.1.4.1.99999.1.1.1", "syntax": "integer"}},
            "blocks": [
                {"labels": {"sensor": "rx"}, "metrics": {"netmon_optical_rx_power_dbm": {"value": "acmeRx / 100"}}}
            ],
        },
        "modules": {
            "mib": "ACME-MIB",
            "index": [{"name": "acmeModule"}],
            "labels": {"acmeModule": "{acmeModule}", "port": "{port} {port.name}"},
            "port": {"names": ["ifName"], "mentioned": "{acmeCage}"},
            "objects": {
                "acmeCage": {"oid": "1.3.6.1.4.1.99999.2.1.1", "syntax": "string", "emit": "nothing"},
                "acmeHeat": {"oid": "1.3.6.1.4.1.99999.2.1.2", "syntax": "integer"},
            },
        },
    },
}


async def test_a_vendors_table_names_ports_by_its_index_or_by_a_name() -> None:
    values: dict[str, Cell] = {UP: 1, f"{NAME}.5": b"sfp1", f"{NAME}.6": b"sfp2"}
    values |= {"1.3.6.1.4.1.99999.1.1.1.5": -523, "1.3.6.1.4.1.99999.1.1.1.6": -611}
    values |= {"1.3.6.1.4.1.99999.2.1.1.3": b"sfp2", "1.3.6.1.4.1.99999.2.1.2.3": 40}
    recorded = Recording([(oid.parse(number), cell) for number, cell in values.items()])
    credentials = {"default": CommunityCredential(community=SecretStr("public"))}
    snmp = SnmpCollector(Memory(sw=recorded), [Profile.model_validate(VENDORS)], credentials, SnmpSettings())
    samples = samples_of(await snmp.read(Target("sw", "192.0.2.1", "", "device"), ["acme"], 10))
    light = [dict(s.labels) for s in samples if s.metric == "netmon_optical_rx_power_dbm"]
    assert [(each["sensor"], each["ifIndex"], each["ifName"]) for each in light] == [
        ("rx", "5", "sfp1"),
        ("rx", "6", "sfp2"),
    ]
    assert [dict(s.labels)["port"] for s in samples if s.metric == "acmeHeat"] == ["6 sfp2"]


@pytest.mark.parametrize("name", [name for name, node in demo.ring().layout.nodes.items() if node.ports[0].optic])
async def test_every_optic_of_the_demonstration_belongs_to_its_port(name: str) -> None:
    node = demo.ring().node(name)
    reading = await read(Recording(list(_varbinds(name))))
    light = found(reading, "netmon_optical_rx_power_dbm", "netmon_optical_tx_power_dbm")
    optics = {port.descr: (str(port.index), port.name) for port in node.ports if port.optic}
    assert light == {
        f"{descr} {way} Power Sensor": port for descr, port in optics.items() for way in ("Receive", "Transmit")
    }
    assert found(reading, "netmon_fan_speed_rpm")["Fan 1 Speed Sensor"] == ("", "")


def _varbinds(name: str) -> Any:
    """Give what a simulated device answers at one moment."""
    mib = view_of(demo.ring(), demo.ring().node(name))
    for at, number in enumerate(mib.names):
        tlv = mib.value(at, 1_795_000_000.0)
        tag, start, stop = header(tlv, 0, len(tlv))
        octets = tag in (Tag.OCTET_STRING, Tag.OBJECT_IDENTIFIER, Tag.OPAQUE, Tag.IP_ADDRESS)
        raw = tlv[start:stop]
        yield oid.decode(number), raw if octets else int.from_bytes(raw, "big", signed=tag == Tag.INTEGER)


@pytest.mark.skipif(not names(), reason="the recorded devices are absent: ../shared/fixtures/librenms")
@pytest.mark.parametrize(
    ("name", "sensors"), [("nxos_n3k-3064pq", 40), ("ios_2960x", 10), ("comware", 0), ("procurve", 0)]
)
def test_sensors_of_recorded_devices_belong_to_the_port_that_their_name_tells(name: str, sensors: int) -> None:
    recorded = recording(name)
    answers = answers_of(recorded)
    ports = ports_of(answers)
    mapped = 0
    for row, kind in answers.cells[pointer(CLASS)].items():
        part = oid.suffix_arcs(row)[0]
        port = ports.around(part)
        if kind == PORT:
            assert port is not None
        if kind == SENSOR_CLASS and port is not None:
            mapped += 1
            texts = [answers.cells[pointer(column)].get(row) for column in (PART_NAME, PART_DESCR)]
            told = ports.mentioned([text.decode() for text in texts if isinstance(text, bytes)])
            assert told in (port, None)
    assert mapped == sensors
