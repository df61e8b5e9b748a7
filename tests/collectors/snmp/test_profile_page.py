"""The example of docs/snmp-profiles.md does what the page says."""

import re
from pathlib import Path

import yaml
from pydantic import SecretStr

from collectors.snmp import oid
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.convert import Syntax
from collectors.snmp.expression import FUNCTIONS
from collectors.snmp.index import IndexType
from collectors.snmp.profile import Profile
from collectors.snmp.settings import CommunityCredential, SnmpSettings
from netmon.api import Missing, Reason, Target
from tests.support.librenms import samples_of
from tests.support.snmprec import Memory, Recording

PAGE = Path("docs/snmp-profiles.md").read_text()
ACME = "1.3.6.1.4.1.99999"


def suffixed(name: str) -> str:
    return f"{len(name)}.{'.'.join(str(octet) for octet in name.encode())}"


async def test_the_example_reads_sensors_memory_and_slots() -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    profile = Profile.model_validate(yaml.safe_load(found[1]))
    inlet, light, none = (f"2.{suffixed(name)}" for name in ("inlet", "port1 rx", "outlet"))
    values: dict[str, int | bytes] = {
        "1.3.6.1.2.1.1.3.0": 100_000,
        "1.3.6.1.2.1.1.2.0": oid.encode(oid.parse(f"{ACME}.7")),
        f"{ACME}.1.1.0": 5,
        f"{ACME}.1.2.0": 1000,
        f"{ACME}.1.3.0": 400,
        f"{ACME}.3.1.2.9": b"left",
        f"{ACME}.3.1.3.9": 2,
    }
    for row, kind, scale, value, high, slot in (
        (inlet, 1, -3, 25_400, 60_000, 9),
        (none, 1, 0, 65_535, 60, 8),
        (light, 2, -3, 1, 2, 9),
    ):
        for column, cell in enumerate((kind, scale, value, high, slot), 3):
            values[f"{ACME}.2.1.{column}.{row}"] = cell
    recorded = Recording([(oid.parse(number), cell) for number, cell in values.items()])
    credentials = {"default": CommunityCredential(community=SecretStr("public"))}
    collector = SnmpCollector(Memory(sw=recorded), [profile], credentials, SnmpSettings())
    reading = await collector.read(Target("sw", "192.0.2.1", "", "device"), ["acme"], 10)
    got = {(s.metric, dict(s.labels).get("sensor", "")): s.value for s in samples_of(reading)}
    assert got["netmon_memory_used_bytes", ""] == 600 * 1024
    assert got["netmon_memory_size_bytes", ""] == 1000 * 1024
    assert got["netmon_temperature_celsius", "left inlet"] == 25.4
    assert got["netmon_temperature_upper_limit_celsius", "left inlet"] == 60
    assert got["netmon_optical_rx_power_dbm", "port1 rx"] == 0
    lost = got["netmon_temperature_celsius", "outlet"]
    assert isinstance(lost, Missing)
    assert lost.reason is Reason.NOT_SUPPORTED
    states = [dict(s.labels) for s in samples_of(reading) if s.metric == "acmeSlotState_info"]
    assert states == [{"acmeSlotIndex": "9", "acmeSlotState": "failed"}]
    families = {f.name: f for part in reading.parts for table in part.tables for f in table.families}
    assert families["netmon_temperature_celsius"].upper_limit == "netmon_temperature_upper_limit_celsius"


def test_the_page_names_every_syntax_index_type_and_function() -> None:
    for word in (*(s.value for s in Syntax), *(t.value for t in IndexType), *FUNCTIONS):
        assert f"`{word}" in PAGE, word
