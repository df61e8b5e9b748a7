"""The files of flows at the stop: whoever writes at that moment comes to an end first."""

import threading
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from exporters.flowstore.settings import FlowStoreSettings
from exporters.flowstore.writer import FlowStore
from netmon.api.networks import Networks
from netmon.api.traffic import RECORD
from netmon.app.traffic.keeper import Keeper

NOW = 1_790_000_000.0


def test_the_stop_waits_for_a_write_that_is_under_way(tmp_path: Path) -> None:
    keeper = Keeper(FlowStoreSettings(part_s=1), tmp_path, Networks([], {}), CollectorRegistry())
    keeper.open(NOW)
    store = keeper._store
    begun, go_on = threading.Event(), threading.Event()

    class Slow(FlowStore):
        def tick(self, now: float) -> None:
            begun.set()
            assert go_on.wait(10)
            super().tick(now)

    store.__class__ = Slow
    records = np.zeros(5, RECORD)
    records["start_ns"] = records["end_ns"] = int(NOW * 1e9)
    keeper.put(records)
    ticking = threading.Thread(target=keeper.tick, args=(NOW + 2,))
    closing = threading.Thread(target=keeper.close)
    ticking.start()
    assert begun.wait(10)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive(), "closed beside a write"
    go_on.set()
    ticking.join(10)
    closing.join(10)
    assert not closing.is_alive()
    assert keeper.counts["kept"] == 5
    assert keeper.counts["dropped_unwritten"] == 0


def test_nothing_is_written_after_the_stop(tmp_path: Path) -> None:
    keeper = Keeper(FlowStoreSettings(part_s=1), tmp_path, Networks([], {}), CollectorRegistry())
    keeper.open(NOW)
    keeper.close()
    keeper.put(np.zeros(5, RECORD))
    keeper.tick(NOW + 60)
    keeper.close()
    assert [each.name for each in tmp_path.iterdir()] == ["lock"]
