"""A flow collector whose detectors are all off joins nothing, and measures the same to the octet; also on the way."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from netmon.api.networks import Networks
from netmon.api.traffic import MAPPED, RECORD, Second, Traffic
from netmon.app.catalog import TRAFFIC_RULES
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import Built, build_collector

NS = 1_000_000_000
OFF = {"detectors": {listing.name: {"enabled": False} for listing in TRAFFIC_RULES}}


def flows(count: int) -> Traffic:
    """So many flows, each in two records beside each other."""
    rows = np.zeros(2 * count, RECORD)
    there, back = rows[::2], rows[1::2]
    there["source_lo"], there["destination_lo"] = MAPPED | 1, MAPPED | 2
    there["source_port"], there["destination_port"] = 10_000 + np.arange(count), 443
    for one, other in (("source", "destination"), ("destination", "source")):
        for name in ("lo", "port"):
            back[f"{one}_{name}"] = there[f"{other}_{name}"]
    rows["version"], rows["protocol"], rows["exporter"], rows["sampling"] = 4, 6, 1, 1
    rows["packets"], rows["bytes"] = 10, 1000
    return Traffic(rows)


def watched(settings: TrafficSettings) -> tuple[Built, list[Second]]:
    built, seen = build_collector(settings, Networks()), list[Second]()
    built.hooks.watch = seen.append
    return built, seen


def ended(seconds: Sequence[Second]) -> NDArray[np.void]:
    return np.concatenate([each.ended for each in seconds])


def test_without_detectors_records_go_by_as_they_come() -> None:
    built, seen = watched(TrafficSettings.model_validate(OFF))
    built.pipeline.take_now(flows(3), 100 * NS)
    built.pipeline.take_now(flows(2), 101 * NS)
    assert [len(each.ended) for each in seen] == [6, 4]
    assert [(each.start, each.end, len(each.sources)) for each in seen] == [(100, 100, 0), (101, 101, 0)]
    built.pipeline.elapse(110 * NS)
    assert len(seen) == 3
    window = seen[2]
    assert (window.start, window.end, window.live, len(window.ended)) == (100, 110, False, 0)
    assert (window.records, window.packets, window.bytes) == (10, 100, 10_000)
    assert sorted(window.sources["bytes"].tolist()) == [5000, 5000]
    assert window.ports.tolist() == [(6, 443, 10_000, 100, 10)]
    assert built.counts["pairing"]() == {}


def test_where_nobody_measures_either_nothing_is_summed() -> None:
    built, handed = build_collector(TrafficSettings.model_validate(OFF), Networks()), list[Second]()
    built.pipeline.hand = handed.append
    for now in (100, 111):
        built.pipeline.take_now(flows(3), now * NS)
    built.pipeline.finish()
    assert [(each.start, each.end, each.live) for each in handed] == [(100, 110, False), (110, 120, False)]
    assert all(each.records == len(each.ended) == len(each.sources) == len(each.ports) == 0 for each in handed)


def test_with_one_detector_they_are_joined() -> None:
    off = {name: each for name, each in OFF["detectors"].items() if name != "beacon"}
    built, seen = watched(TrafficSettings.model_validate({"detectors": off}))
    built.pipeline.take_now(flows(3), 100 * NS)
    assert seen == []
    built.pipeline.elapse(110 * NS)
    assert [(len(each.ended), each.records) for each in seen] == [(3, 6)]
    assert seen[0].ended["reply_bytes"].tolist() == [1000] * 3
    assert built.counts["pairing"]()["pairs"] == 3


@pytest.mark.parametrize(("first", "then"), [(OFF, {}), ({}, OFF)], ids=["on", "off"])
def test_nothing_is_lost_or_doubled_when_detectors_are_switched(
    first: dict[str, object], then: dict[str, object]
) -> None:
    built, seen = watched(TrafficSettings.model_validate({**first, "pairing": {"wait_s": 60}}))
    alone = Traffic(flows(4).records[::2].copy())  # wait for their reverse
    built.pipeline.take_now(alone, 100 * NS)
    built.configure(TrafficSettings.model_validate(then), Networks())
    built.pipeline.take_now(alone, 111 * NS)
    built.pipeline.take_now(alone, 121 * NS)
    built.pipeline.finish()
    assert (ended(seen)["bytes"].sum(), sum(each.bytes for each in seen)) == (12_000, 12_000)
    assert {int(each.start) for each in seen if each.end - each.start == 10} == {100, 110, 120}
