"""A minute of the wire as the sensor sees it: every attack is named by its rule within seconds, nothing else is."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from collectors.traffic.packet.decode import decode_frames
from netmon.api import Finding
from netmon.api.traffic import Verdict
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import build_sensor, networks_of
from netmon.demo.packets.attacks import ATTACKS, Attack
from netmon.demo.packets.places import Places, read, written
from netmon.demo.packets.sender import Sender
from netmon.demo.packets.stage import places_of
from tests.support import demo

BEGAN = 1_795_000_000.3
STORY = BEGAN + 3
SECONDS = 66
NAMED_WITHIN_S = 8.0
MOST_A_SECOND, MOST_IN_A_TENTH = 3_500, 800
TICK_S = 0.01


@pytest.fixture(scope="module")
def places() -> Places:
    return places_of(demo.settings().inventory)


@pytest.fixture(scope="module")
def sent(places: Places) -> list[tuple[float, bytes]]:
    """Return when each frame would have gone out."""
    sender = Sender(places, BEGAN)
    sender.begin_story(STORY)
    ticks = [BEGAN + tick * TICK_S for tick in range(int(SECONDS / TICK_S))]
    return [(now, frame) for now in ticks for frame in sender.step(now)]


@pytest.fixture(scope="module")
def findings(sent: Sequence[tuple[float, bytes]]) -> list[Finding]:
    """Return what the sensor's detectors find in them."""
    found: list[Finding] = []
    built = build_sensor(TrafficSettings(), networks_of(demo.settings().inventory))
    built.hooks.send = found.extend
    for begin in range(0, len(sent), 4_096):
        some = sent[begin : begin + 4_096]
        traffic = decode_frames([frame for _, frame in some], start_ns=[int(at * 1e9) for at, _ in some])
        assert set(traffic.records["verdict"]) == {Verdict.OK}
        built.pipeline.take(traffic)
    built.pipeline.finish()
    assert not built.judges.bugs
    return found


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_an_attack_is_named_within_seconds(attack: Attack, findings: Sequence[Finding]) -> None:
    first = min(finding.at for finding in findings if finding.rule in attack.rules)
    assert 0 < first - (STORY + attack.begins_s) < NAMED_WITHIN_S


def test_nothing_is_named_but_the_attacks(findings: Sequence[Finding]) -> None:
    known = frozenset().union(*(attack.rules for attack in ATTACKS))
    assert [finding.summary for finding in findings if finding.rule not in known] == []
    for attack in ATTACKS:
        keys = {finding.key for finding in findings if finding.rule in attack.rules}
        assert len(keys) == 1, keys  # one attack, one matter


def test_the_wire_is_never_busy(sent: Sequence[tuple[float, bytes]]) -> None:
    counts = [0] * (SECONDS + 1)
    for at, _ in sent:
        counts[int(at - BEGAN)] += 1
    assert max(counts) < MOST_A_SECOND
    quiet = counts[2 : int(STORY - BEGAN) + 10]
    assert min(quiet) > 100
    assert sum(quiet) / len(quiet) < 1_000


def test_frames_come_in_the_order_of_time(sent: Sequence[tuple[float, bytes]]) -> None:
    assert all(before[0] <= after[0] for before, after in pairwise(sent))


def test_a_round_follows_the_other(places: Places) -> None:
    sender = Sender(places, BEGAN)
    sender.begin_story(BEGAN)
    coming = [sender._next_attack, *(next(sender._attacks) for _ in range(2 * len(ATTACKS) - 1))]
    times = [at - BEGAN for at, _ in filter(None, coming)]
    begins = [attack.begins_s for attack in ATTACKS]
    assert times == pytest.approx([*begins, *(420 + each for each in begins)])


def test_a_machine_that_was_busy_goes_on_where_it_was(places: Places) -> None:
    sender = Sender(places, BEGAN)
    sender.begin_story(BEGAN)
    (flood,) = (attack for attack in ATTACKS if attack.name == "syn_flood")
    begins = BEGAN + flood.begins_s
    steady = [len(list(sender.step(BEGAN + tick * 0.1))) for tick in range(int(flood.begins_s + 2) * 10)]
    assert max(steady) < MOST_IN_A_TENTH
    assert len(list(sender.step(begins + 60))) < MOST_IN_A_TENTH  # an hour's sleep brings no hour's frames
    while not any(one["what"] == "ended" and one["attack"] == flood.name for one in sender.told):
        begins += 0.1
        assert len(list(sender.step(begins + 60))) < MOST_IN_A_TENTH
    assert "amplification" not in {one["attack"] for one in sender.told}  # its time was slept away


def test_places_pass_through_json_unchanged(places: Places) -> None:
    assert read(written(places)) == places
    assert len(places.offices) == 14
    assert "web-portal" in places.servers
    assert "netmon-host" not in places.servers  # it has no address of its own
