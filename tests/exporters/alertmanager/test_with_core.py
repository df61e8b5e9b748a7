"""The exporter over the real core and a real Alertmanager: what each side does arrives on the other, once."""

import time
from pathlib import Path

from prometheus_client import CollectorRegistry

from exporters.alertmanager.exporter import AlertmanagerExporter
from exporters.alertmanager.settings import AlertmanagerServer, AlertmanagerSettings
from exporters.alertmanager.wire import timestamp
from netmon.api import Matcher, NewMaintenance, NewSilence
from tests.exporters.alertmanager.conftest import QUICK, Starts
from tests.support.alertmanager import Receiver, agrees
from tests.support.core import Bench, finding
from tests.support.waiting import eventually


async def test_over_the_life_of_two_cores(start: Starts, receiver: Receiver, tmp_path: Path) -> None:
    manager = await start()
    bench = Bench(tmp_path / "state")
    settings = AlertmanagerSettings.model_validate({**QUICK, "servers": [AlertmanagerServer(url=manager.url)]})
    core = bench.make()
    await core.start([AlertmanagerExporter(settings, core.desk, bench.folder, CollectorRegistry())], bench.post)
    await core.take("poller-00000000", [(1, finding()), (2, finding("b", "sw-2"))])
    await eventually(lambda: sum(receiver.told("firing").values()) == 2)
    theirs = await manager.silence(timestamp(time.time() + 3600))
    now = time.time()
    ours = await core.desk.silence(NewSilence((Matcher("instance", "sw-2"),), now, now + 3600, "noise"), "budi")
    work = await core.desk.maintain(NewMaintenance(("device:sw-3",), now, now + 3600, "splicing"), "budi")
    await agrees(manager.silences, lambda there: len(there) == 3)
    await eventually(lambda: len(core.desk.silences()) == 2)
    await core.stop()

    core = bench.make()
    await core.start([AlertmanagerExporter(settings, core.desk, bench.folder, CollectorRegistry())], bench.post)
    try:
        await core.take("poller-00000000", [(3, finding("c", "sw-3")), (4, finding("b", "sw-2", cleared=True))])
        await agrees(manager.firing, lambda there: there == {"link_down/sw-1", "link_down/sw-3"})
        await core.desk.end_silence(ours.id, "budi")
        await core.desk.end_maintenance(work.id, "budi")
        await agrees(manager.silences, lambda there: [each["id"] for each in there] == [theirs])
        await eventually(lambda: receiver.told("firing")["link_down/sw-3"] == 1)
        await manager.expire(theirs)
        await eventually(lambda: all(each.ends_at <= time.time() for each in core.desk.silences()))
        assert len(core.desk.silences()) == 2
        assert receiver.told("firing") == {"link_down/sw-1": 1, "link_down/sw-2": 1, "link_down/sw-3": 1}
    finally:
        await core.stop()
    acts = [(record.data["what"], record.data["by"]) for record in bench.kinds("silence")]
    label = manager.url.removeprefix("http://")
    assert [by for what, by in acts if what == "created"] == ["budi", f"siti (via {label})"]
    assert [by for what, by in acts if what == "ended"] == ["budi", label]
