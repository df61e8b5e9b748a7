"""What is unusual: across the network, and at an incident."""

import pytest

from netmon.api import Severity
from tests.support.api import Api
from tests.support.desk import FakeDesk
from tests.support.exposition import Clock
from tests.support.unusual import METRIC, anomaly

NOW = 1_700_000_000.25


@pytest.fixture
def api() -> Api:
    api = Api(FakeDesk(Clock(NOW)))
    api.desk.board.learn("sw-1", NOW - 60, anomaly(0.75))
    api.desk.board.learn("sw-1", NOW - 120, anomaly(0.5))
    api.desk.board.learn("ap-7", NOW - 900, anomaly(0.9))
    api.desk.board.learn("sw-2", NOW - 901, anomaly(0.95))
    api.desk.board.learn("sw-3", NOW + 86_400, anomaly(0.99))  # whose clock is wrong
    return api


async def targets(api: Api, query: str = "") -> tuple[list[str], int]:
    answer = (await api.get(f"/api/v1/attention{query}")).json()
    return [each["target"] for each in answer["unusual"]], answer["total"]


async def test_a_series_is_shown_when_it_was_most_unusual(api: Api) -> None:
    answer = (await api.get("/api/v1/attention?target=sw-*")).json()
    assert answer == {
        "since": "2023-11-14T21:58:20.250000Z",
        "unusual": [
            {
                "target": "sw-1",
                "metric": METRIC,
                "labels": "ifName=xe-0/1,lane=1",
                "at": "2023-11-14T22:12:20.250000Z",
                "value": -19.5,
                "expected": -7.25,
                "score": 0.75,
                "times": 2,
            }
        ],
        "total": 1,
    }


@pytest.mark.parametrize(
    ("query", "found", "total"),
    [
        ("", ["ap-7", "sw-1"], 2),
        ("?limit=1", ["ap-7"], 2),
        ("?target=sw-1&target=no", ["sw-1"], 1),
        ("?since=2023-11-14T21:00:00Z", ["sw-2", "ap-7", "sw-1"], 3),
        ("?since=2023-11-14T22:13:00Z", [], 0),
    ],
)
async def test_filters(api: Api, query: str, found: list[str], total: int) -> None:
    assert await targets(api, query) == (found, total)


@pytest.mark.parametrize("query", ["?limit=0", "?limit=1001", "?since=1h", "?score=1"])
async def test_what_makes_no_sense_is_refused(api: Api, query: str) -> None:
    assert (await api.get(f"/api/v1/attention{query}")).status_code == 422


async def test_an_incident_shows_what_was_most_unusual_and_counts_the_rest(api: Api) -> None:
    api.desk.say("LinkDown", "sw-9", Severity.CRITICAL)
    for port in range(25):
        api.desk.board.learn("sw-9", NOW, anomaly(0.5 + port / 100, port=f"xe-0/{port}"))
    whole = (await api.get("/api/v1/incidents/I1")).json()
    assert whole["unusual_count"] == 25
    assert [each["labels"] for each in whole["unusual"]] == [f"ifName=xe-0/{n},lane=1" for n in range(24, 4, -1)]


async def test_an_incident_without_anything_unusual(api: Api) -> None:
    api.desk.say("LinkDown", "sw-9")
    whole = (await api.get("/api/v1/incidents/I1")).json()
    assert (whole["unusual"], whole["unusual_count"]) == ([], 0)
