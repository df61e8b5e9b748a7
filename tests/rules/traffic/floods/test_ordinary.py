"""What is no flood: ordinary traffic, crowds, uploads, scans, a server that died."""

import numpy as np
import pytest

from netmon.api.networks import Networks
from netmon.api.traffic import MAPPED
from tests.rules.traffic.floods import ordinary
from tests.rules.traffic.floods.attacks import BOT, anyone, high, run
from tests.rules.traffic.floods.ordinary import (
    CLIENTS,
    SYN,
    TCP,
    UDP,
    WEB,
    Bundles,
    packets,
)


def test_ordinary_traffic_is_no_flood() -> None:
    stretches = ((0, 20), (315, 30), (345, 10), (1_495, 20))  # all there is: transfers, speed tests, the crowd
    for first, count in stretches:
        assert run(ordinary.seconds(first, count)) == []


def test_ordinary_traffic_is_no_flood_where_no_prefix_is_known() -> None:
    for first, count in ((0, 8), (318, 16), (1_495, 12)):
        assert run(ordinary.seconds(first, count), Networks()) == []


def test_a_scan_is_no_flood() -> None:
    draw = np.random.default_rng(1)
    down = packets(
        source=BOT, destination=WEB, source_port=50_000, destination_port=draw.permutation(5_000) + 1, protocol=TCP,
        flags=SYN,
    )  # fmt: skip
    across = packets(
        source=BOT, destination=CLIENTS - 512 + np.tile(np.arange(1_024), 2), source_port=50_000, destination_port=445,
        protocol=TCP, flags=SYN,
    )  # fmt: skip
    knock = packets(
        source=BOT, destination=WEB, source_port=50_000, destination_port=draw.permutation(3_000) + 1, protocol=UDP
    )
    for batch in (down, across, knock):
        assert run([batch, batch]) == []


@pytest.mark.parametrize("gathered", [2, 22, 44, 64])
def test_uploads_are_no_flood_however_few_or_many_and_however_they_are_acknowledged(gathered: int) -> None:
    draw = np.random.default_rng(3)
    for uploads in (1, 3, 40, 600):
        made = Bundles()
        for sender in anyone(draw, uploads).tolist():
            made.transfer(sender, WEB, 443, 60_000 // uploads, each=gathered)
        made.connections(anyone(draw, 500), WEB, 443, high(draw, 500), up=2, down=3)
        assert run([made.records()] * 3) == []


def test_a_crowd_behind_many_offices_is_no_flood() -> None:
    draw = np.random.default_rng(3)
    made = Bundles()
    made.connections(anyone(draw, 200)[np.arange(600) % 200], WEB, 443, high(draw, 600), up=2, down=7)
    assert run([made.records()] * 3) == []
    assert run([made.records()] * 3, flows=True) == []


def test_clients_of_a_server_that_died_are_no_flood() -> None:
    def dead(records: np.ndarray) -> np.ndarray:
        kept = records[records["source_lo"] != WEB]
        asks = (kept["destination_lo"] == WEB) & (kept["tcp_flags"] == SYN)
        again = kept[asks]
        return np.concatenate([kept[(kept["destination_lo"] != WEB)], again, again])

    crowd = list(ordinary.seconds(1_500, 12))
    assert run([*crowd, *(dead(one) for one in crowd[:4])]) == []


def test_half_of_the_traffic_is_not_taken_for_an_attack() -> None:
    """A mirror that shows one direction only: everything seems unanswered."""
    to_us = [
        one[(one["destination_lo"] >> np.uint64(16)) == ((MAPPED + 0x0A140000) >> 16)] for one in ordinary.seconds(0, 6)
    ]
    away = [one[(one["source_lo"] >> np.uint64(16)) == ((MAPPED + 0x0A140000) >> 16)] for one in ordinary.seconds(0, 6)]
    assert run(to_us) == []
    assert run(away) == []
