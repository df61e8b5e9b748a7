"""The part that keeps, put together from a configuration: what the core knows of the inventory."""

import time
from dataclasses import replace
from pathlib import Path

from prometheus_client import CollectorRegistry

from netmon.api import Event, Finding, Severity
from netmon.app.corepart import CorePart
from netmon.app.settings import load_directory
from tests.support.ring import port_down
from tests.support.unusual import event
from tests.support.waiting import eventually

EXAMPLE = Path(__file__).parents[3] / "config" / "example"


async def test_an_incident_shows_what_was_unusual_at_the_silent_end_of_its_link(tmp_path: Path) -> None:
    settings = load_directory(EXAMPLE, {"NETMON_SNMP_COMMUNITY": "maplesyrup"})
    link = settings.inventory.links[0]
    part = CorePart(settings, tmp_path, "noc", CollectorRegistry())
    await part.start()
    try:
        cut = replace(port_down(link.a.device, link.a.port), severity=Severity.CRITICAL)  # fires at once
        told: list[Finding | Event] = [cut, event(link.b.device, time.time())]
        await part.core.take("p-00000000", list(enumerate(told, 1)))
        await eventually(lambda: [each.cause for each in part.core.desk.incidents()] == [f"link:{link.name}"])
        (incident,) = part.core.desk.incidents()
        assert [each.target for each in part.core.desk.unusual_at(incident.id)] == [link.b.device]
    finally:
        await part.stop()
