"""Lists of alerts and incidents, and what operators do to them."""

from dataclasses import replace

import pytest

from netmon.api import Alert, Impact, Severity, State
from tests.support.api import Api
from tests.support.desk import FakeDesk
from tests.support.exposition import Clock


@pytest.fixture
def api() -> Api:
    clock = Clock(1_700_000_000.25)
    api = Api(FakeDesk(clock))
    for number, (rule, target, severity, site) in enumerate(
        [
            ("LinkDown", "sw-1", Severity.CRITICAL, "hub"),
            ("LinkSlow", "sw-2", Severity.WARNING, "hub"),
            ("Temperature", "ap-7", Severity.ERROR, "kecamatan"),
            ("LinkDown", "sw-3", Severity.CRITICAL, ""),
        ]
    ):
        clock.now += number
        api.desk.say(rule, target, severity, labels={"site": site})
    return api


async def ids(api: Api, query: str) -> list[str]:
    answer = await api.get(f"/api/v1/alerts{query}")
    assert answer.status_code == 200, answer.text
    return [f"{each['rule']}/{each['target']}" for each in answer.json()["alerts"]]


async def test_the_worst_and_newest_come_first(api: Api) -> None:
    assert await ids(api, "") == ["LinkDown/sw-3", "LinkDown/sw-1", "Temperature/ap-7", "LinkSlow/sw-2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?severity=error", ["LinkDown/sw-3", "LinkDown/sw-1", "Temperature/ap-7"]),
        ("?site=hub", ["LinkDown/sw-1", "LinkSlow/sw-2"]),
        ("?site=hub&site=kec*", ["LinkDown/sw-1", "Temperature/ap-7", "LinkSlow/sw-2"]),
        ("?target=sw-*", ["LinkDown/sw-3", "LinkDown/sw-1", "LinkSlow/sw-2"]),
        ("?rule=LinkDown&target=sw-1", ["LinkDown/sw-1"]),
        ("?rule=Link", []),
        ("?text=KECAMATAN", ["Temperature/ap-7"]),
        ("?incident=I2", ["LinkSlow/sw-2"]),
        ("?state=resolved", []),
        ("?muted=true", []),
        ("?muted=false&limit=1", ["LinkDown/sw-3"]),
    ],
)
async def test_filters(api: Api, query: str, found: list[str]) -> None:
    assert await ids(api, query) == found


async def test_resolved_ones_are_shown_when_asked_for(api: Api) -> None:
    api.desk.say("LinkDown", "sw-1", Severity.CRITICAL, labels={"site": "hub"}, cleared=True)
    assert "LinkDown/sw-1" not in await ids(api, "")
    assert await ids(api, "?state=resolved") == ["LinkDown/sw-1"]
    assert (await ids(api, "?state=resolved&state=firing"))[-2:] == ["LinkSlow/sw-2", "LinkDown/sw-1"]


async def test_an_alert_says_all_that_is_known(api: Api) -> None:
    alert = replace(
        api.desk.alert(api.desk.alerts()[0].id),
        impact=Impact(1_700_000_100, 1_700_000_200, float("inf")),
        evidence={"rx_power_dbm": -28.5, "bad": float("nan"), "port": "ge-0/0/1"},
        summaries={"id": "Tautan putus"},
        resolved_at=float("nan"),
    )
    api.desk.put([alert])
    shown = (await api.get(f"/api/v1/alerts/{alert.id}")).json()
    assert shown["starts_at"] == "2023-11-14T22:13:26.250000Z"
    assert shown["evidence"] == {"rx_power_dbm": -28.5, "bad": None, "port": "ge-0/0/1"}
    assert shown["impact"] == {
        "p10": "2023-11-14T22:15:00Z",
        "p50": "2023-11-14T22:16:40Z",
        "p90": "9999-12-31T23:59:59Z",
    }
    assert shown["labels"]["instance"] == "sw-3"
    assert shown["summaries"] == {"id": "Tautan putus"}
    assert set(Alert.__slots__) - set(shown) == {"key", "expires_s"}


async def test_a_page_follows_the_other_while_things_change(api: Api) -> None:
    first = (await api.get("/api/v1/alerts?limit=2")).json()
    assert (len(first["alerts"]), first["total"]) == (2, 4)
    api.desk.say("LinkDown", "sw-9", Severity.CRITICAL)  # before the cursor: not on a later page
    api.desk.drop(first["alerts"][1]["id"])  # the one that the cursor was made of
    second = (await api.get(f"/api/v1/alerts?limit=2&cursor={first['next']}")).json()
    assert [each["target"] for each in second["alerts"]] == ["ap-7", "sw-2"]
    assert second["next"] is None


@pytest.mark.parametrize("cursor", ["x", "%00", "W10", "WzEsMiwzXQ", "W3RydWUsMSwyLG51bGxd", "é"])
async def test_a_cursor_of_somebody_else(api: Api, cursor: str) -> None:
    answer = await api.get(f"/api/v1/alerts?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_part_of_an_id_is_enough(api: Api) -> None:
    alert = api.desk.alerts()[0]
    assert (await api.get(f"/api/v1/alerts/{alert.id[:6]}")).json()["id"] == alert.id


async def test_an_unknown_id_gets_near_ones(api: Api) -> None:
    alert = api.desk.alerts()[0]
    wrong = ("0" if alert.id[0] != "0" else "1") + alert.id[1:]
    problem = (await api.get(f"/api/v1/alerts/{wrong}")).json()
    assert (problem["code"], problem["near"]) == ("unknown_alert", [alert.id])
    assert (await api.get("/api/v1/alerts/SW-3")).json()["near"] == [alert.id]
    assert (await api.get("/api/v1/incidents/I9")).json()["code"] == "unknown_incident"
    assert (await api.post("/api/v1/alerts/acknowledge", {"ids": [alert.id, "nothing-like-it"]})).status_code == 404
    assert api.desk.alert(alert.id).state is State.FIRING


async def test_acknowledging_and_back(api: Api) -> None:
    alert = api.desk.alerts()[0]
    answer = await api.post(f"/api/v1/alerts/{alert.id[:8]}/acknowledge", {"note": "called the ISP"})
    assert [each["state"] for each in answer.json()["alerts"]] == ["acknowledged"]
    assert await ids(api, "?state=acknowledged") == ["LinkDown/sw-3"]
    await api.post(f"/api/v1/alerts/{alert.id}/unacknowledge", {})
    assert api.desk.alert(alert.id).state is State.FIRING


async def test_several_at_once_and_whole_incidents(api: Api) -> None:
    alert = api.desk.alerts()[0]
    answer = await api.post("/api/v1/alerts/acknowledge", {"ids": [alert.id, "I2", alert.id], "note": "storm"})
    assert sorted(each["target"] for each in answer.json()["alerts"]) == ["sw-2", "sw-3"]
    answer = await api.post("/api/v1/incidents/I1/resolve", {})
    assert [each["why_resolved"] for each in answer.json()["alerts"]] == ["operator"]
    assert (await api.get("/api/v1/incidents/I1")).json()["incident"]["state"] == "resolved"


async def test_a_remark_is_in_the_ledger(api: Api) -> None:
    alert = api.desk.alerts()[0]
    assert (await api.post(f"/api/v1/alerts/{alert.id}/comments", {"note": "fiber cut at km 12"})).status_code == 204
    assert (await api.post("/api/v1/incidents/I1/comments", {"note": "crew on its way"})).status_code == 204
    records = (await api.get("/api/v1/history?kind=action", user="aud")).json()["records"]
    assert [(each["data"]["note"], each["data"]["by"]) for each in records] == [
        ("crew on its way", "oki"),
        ("fiber cut at km 12", "oki"),
    ]


async def test_incidents(api: Api) -> None:
    shown = (await api.get("/api/v1/incidents?limit=3")).json()
    assert [each["id"] for each in shown["incidents"]] == ["I4", "I1", "I3"]
    rest = (await api.get(f"/api/v1/incidents?limit=3&cursor={shown['next']}")).json()
    assert [each["id"] for each in rest["incidents"]] == ["I2"]
    whole = (await api.get("/api/v1/incidents/I3")).json()
    assert (whole["incident"]["targets"], whole["alert_count"]) == (["ap-7"], 1)
    assert [each["target"] for each in whole["alerts"]] == ["ap-7"]
    found = (await api.get("/api/v1/incidents?target=sw-*&severity=critical&text=sw-1&site=hub&muted=false")).json()
    assert [each["id"] for each in found["incidents"]] == ["I1"]


async def test_while_the_ledger_cannot_be_written_nothing_is_done_and_people_hear_why(api: Api) -> None:
    api.desk.refuses = "no space left on the disk"
    answer = await api.post(f"/api/v1/alerts/{api.desk.alerts()[0].id}/acknowledge", {})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["detail"] == "no space left on the disk"
    assert answer.json()["remedy"].startswith("Nothing was changed")


async def test_what_took_effect_but_is_not_recorded_is_another_matter(api: Api) -> None:
    api.desk.forgets = "what you did took effect"
    alert = api.desk.alerts()[0]
    answer = await api.post(f"/api/v1/alerts/{alert.id}/acknowledge", {})
    assert (answer.status_code, answer.json()["code"]) == (503, "unrecorded")
    assert "retry-after" not in answer.headers  # to ask again would be to do it twice
    assert "do not ask again" in answer.json()["remedy"]
    assert api.desk.alert(alert.id).state is State.ACKNOWLEDGED


async def test_several_alerts_begin_so(api: Api) -> None:
    first = api.desk.alerts()[0]
    api.desk.put([replace(first, id="3fa94be07c11"), replace(first, id="3fa94be07c12")])
    answer = await api.get("/api/v1/alerts/3FA9")
    assert (answer.status_code, answer.json()["code"]) == (422, "ambiguous_alert")
    assert answer.json()["near"] == ["3fa94be07c11", "3fa94be07c12"]
    gone = await api.get("/api/v1/alerts/3fb")
    assert (gone.status_code, gone.json()["detail"]) == (404, "There is no alert '3fb'.")


async def test_status(api: Api) -> None:
    api.desk.problems = ("The disk is full.",)
    shown = (await api.get("/api/v1/status", user="both")).json()
    assert (shown["ok"], shown["problems"], shown["version"]) == (False, ["The disk is full."], "1.2.3")
    assert shown["alerts"] == {"pending": 0, "firing": 4, "acknowledged": 0, "resolved": 0}
    assert shown["you"] == {"name": "both", "roles": ["operator", "auditor"]}


async def test_history_by_pages(api: Api) -> None:
    first = (await api.get("/api/v1/history?limit=3&order=oldest", user="aud")).json()
    assert ([each["seq"] for each in first["records"]], first["next"]) == ([0, 1, 2], 2)
    rest = (await api.get("/api/v1/history?limit=3&order=oldest&after_seq=2", user="aud")).json()
    assert ([each["seq"] for each in rest["records"]], rest["next"]) == ([3], None)
    query = "?since=2023-11-15T05:13:22%2B07:00&until=2023-11-14T22:13:30Z&target=ap-*&severity=error&text=firing"
    found = (await api.get(f"/api/v1/history{query}", user="aud")).json()
    assert [each["target"] for each in found["records"]] == ["ap-7"]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/api/v1/alerts?limit=0", "limit"),
        ("/api/v1/alerts?limit=1001", "limit"),
        ("/api/v1/alerts?colour=red", "colour"),
        ("/api/v1/alerts?severity=bad", "severity"),
        ("/api/v1/alerts?state=open", "state.0"),
        ("/api/v1/history?since=yesterday", "since"),
        ("/api/v1/history?since=1700000000", "since"),
        ("/api/v1/history?since=2023-11-15T05:13:24", "since"),
        ("/api/v1/silences?status=over", "status.0"),
    ],
)
async def test_parameters_that_cannot_be(api: Api, path: str, parameter: str) -> None:
    answer = await api.get(path, user="both")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, parameter)
