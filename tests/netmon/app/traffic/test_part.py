"""What judging threads find is told in the language of whoever started them."""

import asyncio
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from prometheus_client import CollectorRegistry

from exporters.actions.actor import Actor
from exporters.actions.settings import ActionSettings
from netmon.api import Event, Finding, Severity
from netmon.app.text import language, speaking
from netmon.app.traffic.build import Hooks
from netmon.app.traffic.chores import Chores
from netmon.app.traffic.indicatorfiles import IndicatorFiles
from netmon.app.traffic.part import TrafficPart
from netmon.app.traffic.prefixfiles import PrefixFiles
from rules.traffic.hidden.settings import FirstSeenSettings
from rules.traffic.indicators.settings import IndicatorSettings

if TYPE_CHECKING:
    from netmon.app.traffic.stream import Stream

FINDING = Finding("udp_flood", "web1", 1.0, Severity.ERROR, "a flood", "udp_flood/web1")


class Spoken:
    """An uplink that notes the language in use."""

    def __init__(self) -> None:
        self.languages: list[str] = []

    def send(self, things: Sequence[Finding | Event]) -> None:
        self.languages += [language() for _ in things]


@pytest.mark.parametrize("chosen", ["id", "en"])
async def test_findings_are_told_in_the_language_of_the_configuration(
    chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NETMON_LANG", raising=False)
    uplink, registry, hooks = Spoken(), CollectorRegistry(), Hooks()
    actor = Actor(ActionSettings(), uplink, registry, source="here")
    stream = SimpleNamespace(
        opened=True,
        built=SimpleNamespace(hooks=hooks),
        memory=None,
        source=SimpleNamespace(close=lambda: None),
        start=lambda: None,
        stop=lambda: None,
    )
    lists = IndicatorFiles(IndicatorSettings()), PrefixFiles(FirstSeenSettings())
    part = TrafficPart([cast("Stream", stream)], actor, None, 10, Chores(registry), lists)
    with speaking("id" if chosen == "id" else "en"):
        await part.start()
    assert hooks.send is not None
    judging = threading.Thread(target=hooks.send, args=([FINDING],))
    judging.start()
    judging.join()
    await asyncio.sleep(0)
    await part.stop()
    assert uplink.languages == [chosen]
