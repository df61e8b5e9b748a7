"""Silences and maintenance windows over HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from netmon.api import Maintenance, Matcher, NewMaintenance, NewSilence, Severity, Silence
from tests.support.api import Api
from tests.support.desk import FakeDesk
from tests.support.exposition import Clock

MATCHER = {"name": "site", "value": "k.*", "is_regex": True, "is_equal": True}


@pytest.fixture
def clock() -> Clock:
    return Clock(1_700_000_000)


@pytest.fixture
def api(clock: Clock) -> Api:
    return Api(FakeDesk(clock))


def asked(**more: Any) -> dict[str, Any]:
    return {"matchers": [MATCHER], "duration_s": 3600, "reason": "Splicing at km 12"} | more


async def test_a_silence_from_its_beginning_to_its_end(api: Api, clock: Clock) -> None:
    api.desk.say("LinkDown", "sw-1", Severity.CRITICAL, labels={"site": "kota"})
    answer = await api.post("/api/v1/silences", asked())
    made = answer.json()
    assert (answer.status_code, made["author"], made["status"]) == (201, "oki", "active")
    assert (made["starts_at"], made["ends_at"]) == ("2023-11-14T22:13:20Z", "2023-11-14T23:13:20Z")
    assert made["matchers"] == [MATCHER]
    assert (await api.get("/api/v1/alerts?muted=true")).json()["alerts"][0]["muted_by"] == [made["id"]]
    clock.now += 60
    ended = (await api.delete(f"/api/v1/silences/{made['id']}", user="both")).json()
    assert (ended["status"], ended["ended_by"]) == ("ended", "both")
    assert (await api.get("/api/v1/silences?status=active")).json() == {"silences": []}
    assert len((await api.get("/api/v1/silences")).json()["silences"]) == 1
    again = await api.delete(f"/api/v1/silences/{made['id']}")
    assert (again.status_code, again.json()["code"]) == (422, "invalid")


async def test_a_maintenance_window(api: Api, clock: Clock) -> None:
    body = {
        "scope": ["site:hub", "device:sw-7"],
        "starts_at": "2023-11-15T06:00:00+07:00",
        "ends_at": "2023-11-15T00:00:00Z",
        "reason": "New UPS",
        "title": "UPS",
    }
    answer = await api.post("/api/v1/maintenances", body)
    made = answer.json()
    assert (answer.status_code, made["status"], made["title"]) == (201, "pending", "UPS")
    assert (made["starts_at"], made["ends_at"]) == ("2023-11-14T23:00:00Z", "2023-11-15T00:00:00Z")
    assert [scope[0]["value"] for scope in made["scope"]] == ["hub", "sw-7"]
    clock.now += 3600
    assert len((await api.get("/api/v1/maintenances?status=active&status=pending")).json()["maintenances"]) == 1
    ended = (await api.delete(f"/api/v1/maintenances/{made['id']}")).json()
    assert (ended["status"], ended["ended_by"]) == ("ended", "oki")


async def test_those_that_end_last_come_first(api: Api) -> None:
    for duration_s in (60, 600, 6):
        await api.post("/api/v1/silences", asked(duration_s=duration_s))
    assert [each["id"] for each in (await api.get("/api/v1/silences")).json()["silences"]] == ["S2", "S1", "S3"]


@pytest.mark.parametrize(
    ("change", "pointer", "said"),
    [
        ({"matchers": []}, "/matchers", "at least 1 item"),
        ({"matchers": [{"name": "site"}]}, "/matchers/0/value", "Field required"),
        ({"matchers": [MATCHER | {"is_regex": "yes"}]}, "/matchers/0/is_regex", "valid boolean"),
        ({"matchers": [MATCHER | {"value": 5}]}, "/matchers/0/value", "valid string"),
        ({"reason": " "}, "/reason", "write something"),
        ({"reason": "a\u001b[2Jb"}, "/reason", "control characters are not allowed"),
        ({"reason": "x" * 2_001}, "/reason", "at most 2000 characters"),
        ({"duration_s": 0}, "/duration_s", "greater than 0"),
        ({"duration_s": "60"}, "/duration_s", "valid number"),
        ({"ends_at": "2023-11-15T00:00:00Z"}, "", "give either ends_at or duration_s"),
        ({"duration_s": None}, "", "give either ends_at or duration_s"),
        ({"duration_s": None, "ends_at": 1_700_000_000}, "/ends_at", "RFC 3339"),
        ({"duration_s": 366 * 86_400 + 1}, "/duration_s", "less than or equal to"),
        ({"author": "root"}, "/author", "Extra inputs are not permitted"),
        ({"a/b~c": 1}, "/a~1b~0c", "Extra inputs are not permitted"),
    ],
)
async def test_a_silence_that_cannot_be(api: Api, change: dict[str, Any], pointer: str, said: str) -> None:
    answer = await api.post("/api/v1/silences", asked(**change))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid")
    assert problem["errors"][0].get("pointer", "") == pointer
    assert said in problem["errors"][0]["detail"]
    assert not api.desk.silences()


async def test_what_the_core_refuses_is_told_in_its_words(api: Api) -> None:
    answer = await api.post("/api/v1/silences", asked(duration_s=None, ends_at="2023-11-14T22:13:20Z"))
    assert (answer.status_code, answer.json()["detail"]) == (422, "it ends before it starts")


@pytest.mark.parametrize(
    ("page", "what"), [("silences", {"matchers": [MATCHER]}), ("maintenances", {"scope": ["site:hub"]})]
)
async def test_no_window_is_longer_than_a_year(api: Api, page: str, what: dict[str, Any]) -> None:
    times = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2024-11-14T22:13:20Z", "reason": "x"}  # 366 days from now
    assert (await api.post(f"/api/v1/{page}", what | times)).status_code == 201
    answer = await api.post(f"/api/v1/{page}", what | times | {"ends_at": "2024-11-14T22:13:21Z"})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["reason"]) == (422, "invalid", "lasts_long")
    assert problem["values"] == {"days": "366"}


class Later(FakeDesk):
    """A desk whose clock goes on while a request is served, and that begins nothing in the past, as the core does."""

    async def silence(self, new: NewSilence, author: str) -> Silence:
        self.now.now += 0.25  # type: ignore[attr-defined]
        return await super().silence(replace(new, starts_at=max(new.starts_at, self.now())), author)

    async def maintain(self, new: NewMaintenance, author: str) -> Maintenance:
        self.now.now += 0.25  # type: ignore[attr-defined]
        return await super().maintain(replace(new, starts_at=max(new.starts_at, self.now())), author)


async def test_what_begins_now_is_active_in_the_answer(clock: Clock) -> None:
    api = Api(Later(clock))
    assert (await api.post("/api/v1/silences", asked())).json()["status"] == "active"
    work = {"scope": ["site:hub"], "duration_s": 60, "reason": "x"}
    assert (await api.post("/api/v1/maintenances", work)).json()["status"] == "active"


@pytest.mark.parametrize(
    ("matcher", "covers"),
    [
        ({"name": "site", "value": "k.*", "is_regex": True}, 2),
        ({"name": "site", "value": "k", "is_regex": True}, 0),
        ({"name": "site", "value": "k.*", "is_regex": True, "is_equal": False}, 1),
        ({"name": "site", "value": "kota", "is_equal": False}, 2),
        ({"name": "instance", "value": "sw-77"}, 0),
        ({"name": "absent", "value": ""}, 3),
    ],
)
async def test_a_new_silence_tells_how_many_alerts_it_is_about(api: Api, matcher: dict[str, Any], covers: int) -> None:
    for target, site in (("sw-1", "kota"), ("sw-2", "kuta"), ("sw-3", "hub")):
        api.desk.say("LinkDown", target, labels={"site": site})
    api.desk.say("Over", "sw-4", labels={"site": "kota"}, cleared=True)
    for start in ({}, {"starts_at": "2023-11-14T23:00:00Z"}):
        made = (await api.post("/api/v1/silences", asked(matchers=[matcher], **start))).json()
        assert made["covers"] == covers
    assert {each["covers"] for each in (await api.get("/api/v1/silences")).json()["silences"]} == {None}


async def test_new_work_tells_how_many_alerts_it_is_about(api: Api) -> None:
    api.desk.say("LinkDown", "sw-1", labels={"site": "hub"})
    api.desk.say("LinkDown", "sw-2", labels={"site": "kota"})
    work = {"scope": ["site:hub", "device:sw-1", "device:sw-2"], "duration_s": 60, "reason": "x"}
    assert (await api.post("/api/v1/maintenances", work)).json()["covers"] == 2


async def test_unknown_ones_get_near_ones(api: Api) -> None:
    await api.post("/api/v1/silences", asked())
    problem = (await api.delete("/api/v1/silences/S")).json()
    assert (problem["code"], problem["near"]) == ("unknown_silence", ["S1"])
    assert (await api.delete("/api/v1/maintenances/M7")).json()["code"] == "unknown_maintenance"


async def test_a_silence_keeps_what_was_asked(api: Api) -> None:
    matchers = [MATCHER, {"name": "rule", "value": "", "is_regex": False, "is_equal": False}]
    await api.post("/api/v1/silences", asked(matchers=matchers))
    assert api.desk.silences()[0].matchers == (
        Matcher("site", "k.*", is_regex=True),
        Matcher("rule", "", is_equal=False),
    )
