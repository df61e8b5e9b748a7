"""Recorded devices read through the client and the wire say what they say when they are read from memory."""

import pytest

from collectors.snmp.collector import SnmpCollector
from collectors.snmp.settings import CommunityCredential, SnmpSettings
from netmon.api import Missing, Reading, Target, Value
from tests.support import coverage
from tests.support.librenms import samples_of
from tests.support.profiles import shipped
from tests.support.responder import recorded, responder
from tests.support.snmp_client import snmp_client
from tests.support.snmprec import names

pytestmark = pytest.mark.skipif(not names(), reason="the recorded devices are absent: ../shared/fixtures/librenms")

WITHIN_S = 30.0
MOVES = {"sysUpTime", "sysUpTimeInstance", "netmon_device_uptime_seconds"}  # the responder's clock goes on


def said(reading: Reading) -> dict[tuple[str, tuple[tuple[str, str], ...], str], Value | Missing]:
    """Return every series with its value and its source; a time that goes on is there without its value."""
    return {
        (sample.metric, sample.labels, sample.source): 0 if sample.metric in MOVES else sample.value
        for sample in samples_of(reading)
    }


@pytest.mark.parametrize("device", names())
async def test_over_the_wire_a_device_says_what_it_says_from_memory(device: str) -> None:
    expected = await coverage.read_recorded(device)
    credentials = {"default": CommunityCredential.model_validate({"version": "v2c", "community": "public"})}
    profiles = shipped()
    async with responder() as serve, snmp_client(timeout_s=5) as harness:
        host, port = serve(recorded(device))
        collector = SnmpCollector(harness.client, profiles, credentials, SnmpSettings())
        target = Target(device, f"{host}:{port}", "", "device")
        reading = await collector.read(target, [profile.name for profile in profiles], WITHIN_S)
    assert reading.problem is None
    assert [(part.name, part.absent, part.problem) for part in reading.parts] == [
        (part.name, part.absent, part.problem) for part in expected.parts
    ]
    wanted = said(expected)
    assert wanted
    assert said(reading) == wanted
