"""Alerts from Prometheus become findings."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from exporters.api.receive import Posted, finding, key_of
from netmon.api import Finding, Severity, State
from tests.support.api import Api
from tests.support.desk import FakeDesk
from tests.support.exposition import Clock

NOW = 1_700_000_000.0
PATH = "/api/v2/alerts"

SENT: dict[str, Any] = {  # as Prometheus 2.42 sends it
    "annotations": {
        "summary": "Disk almost full",
        "summary_id": "Disk hampir penuh",
        "description": "4% left on /var",
        "runbook_url": "https://wiki.example/disk",
    },
    "endsAt": "2023-11-14T22:17:20.000Z",
    "startsAt": "2023-11-14T22:03:20.000Z",
    "generatorURL": "http://prom.example/graph?g0.expr=x",
    "labels": {
        "alertname": "DiskFull",
        "instance": "192.0.2.4:9100",
        "job": "node",
        "mountpoint": "/var",
        "severity": "page",
        "empty": "",
    },
}


def target_of(labels: Mapping[str, str]) -> str:
    """Know one target by its address, as the inventory does."""
    instance = labels.get("instance", "")
    return "srv-1" if instance == "192.0.2.4:9100" else instance


def found(**change: Any) -> Finding:
    import msgspec

    return finding(msgspec.convert(SENT | change, Posted), NOW, target_of, 300)


def test_what_prometheus_sends() -> None:
    assert found() == Finding(
        rule="DiskFull",
        target="srv-1",
        at=NOW,
        severity=Severity.CRITICAL,
        summary="Disk almost full",
        key="prometheus/" + found().key.removeprefix("prometheus/"),
        evidence={
            "description": "4% left on /var",
            "starts_at": "2023-11-14T22:03:20+00:00",
            "generator_url": "http://prom.example/graph?g0.expr=x",
            "instance": "192.0.2.4:9100",
        },
        cleared=False,
        expires_s=240.0,
        labels={"job": "node", "mountpoint": "/var"},
        summaries={"id": "Disk hampir penuh"},
        runbook="https://wiki.example/disk",
    )


def test_the_key_is_the_labels_in_any_order_and_never_changes() -> None:
    labels = {"alertname": "A", "b": "c"}
    assert key_of(labels) == key_of(dict(reversed(labels.items()))) == "prometheus/cb2dee7f913a3fbdee02e7a2d7520e69"
    assert key_of({"a": "bc"}) != key_of({"ab": "c"})
    with_empty = found(labels={"alertname": "A", "b": "c", "d": ""})
    assert with_empty.key == key_of(labels)


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("PAGE", Severity.CRITICAL),
        ("error", Severity.ERROR),
        ("high", Severity.ERROR),
        ("ticket", Severity.WARNING),
        ("none", Severity.INFO),
        ("info", Severity.INFO),
        ("strange", Severity.WARNING),
        (None, Severity.WARNING),
    ],
)
def test_severities(said: str | None, severity: Severity) -> None:
    labels = {"alertname": "A"} | ({"severity": said} if said else {})
    assert found(labels=labels).severity is severity


@pytest.mark.parametrize(
    ("ends", "cleared", "expires_s"),
    [
        ("2023-11-14T22:13:20Z", True, 0.0),
        ("2023-11-14T22:13:19.5Z", True, 0.0),
        ("2023-11-14T22:13:21Z", False, 1.0),
        ("0001-01-01T00:00:00Z", False, 300.0),  # Go's zero time: not said
        (None, False, 300.0),
    ],
)
def test_when_it_ends(ends: str | None, cleared: bool, expires_s: float) -> None:
    result = found(endsAt=ends)
    assert (result.cleared, result.expires_s) == (cleared, expires_s)


def test_what_there_is_to_say_without_a_summary() -> None:
    assert found(annotations={"description": "About it"}).summary == "About it"
    assert found(annotations={}).summary == "DiskFull on srv-1"
    assert found(annotations={}, labels={"alertname": "Watchdog"}).summary == "Watchdog"
    assert len(found(annotations={"summary": "x" * 9_999}).summary) == 1_000


def test_control_characters_become_no_names() -> None:
    labels = {"alertname": "A", "instance": "sw-1\x1b]0;owned\x07", "a\u202eb": "x\ny\x9b2J", "site": "hub"}
    about = {"summary": "Hot\x1b[2J", "summary_id": "Panas\x07", "runbook_url": "http://x\r", "a\x1bb": "one\ntwo\x00"}
    made = found(labels=labels, annotations=about, generatorURL="http://g\x1b[0m")
    assert made.target == "sw-1\ufffd]0;owned\ufffd"
    assert made.labels == {"a\ufffdb": "x\ufffdy\ufffd2J", "site": "hub"}
    assert (made.summary, made.summaries["id"], made.runbook) == ("Hot\ufffd[2J", "Panas\ufffd", "http://x\ufffd")
    assert made.evidence["a\ufffdb"] == "one\ntwo\ufffd"
    assert made.evidence["generator_url"] == "http://g\ufffd[0m"


async def test_one_alert_fires_and_is_resolved_however_often_it_is_sent() -> None:
    clock = Clock(NOW)
    api = Api(FakeDesk(clock))
    for _ in range(3):
        assert (await api.post(PATH, [SENT], user="prom")).status_code == 200
        clock.now += 60
    (alert,) = api.desk.alerts()
    assert (alert.state, alert.source, alert.target) == (State.FIRING, "prom", "192.0.2.4:9100")
    ended = SENT | {"endsAt": datetime.fromtimestamp(clock.now, UTC).isoformat()}
    assert (await api.post(PATH, [ended], user="prom")).status_code == 200
    assert [each.state for each in api.desk.alerts()] == [State.RESOLVED]
    assert api.counted("netmon_api_received_alerts_total") == api.counted("netmon_api_stored_alerts_total") == 4


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"labels": {"instance": "a"}}, "the label alertname is missing"),
        ({"labels": {"alertname": ""}}, "the label alertname is missing"),
        ({"labels": {"alertname": "A", "x": "y" * 1_025}}, "the label 'x' is longer than 1024 characters"),
        ({"labels": {"alertname": "A"} | {f"l{n}": "x" for n in range(64)}}, "65 labels are more than 64"),
        ({"annotations": {}}, "missing required field `labels`"),
        ({"labels": {"alertname": 5}}, "Expected `str`, got `int`"),
        ({"labels": {"alertname": "A"}, "endsAt": "tomorrow"}, "Invalid RFC3339"),
        ({"labels": {"alertname": "A"}, "endsAt": "2023-11-14T22:13:20"}, "timezone"),
        (5, "Expected `object`, got `int`"),
    ],
)
async def test_a_wrong_alert_keeps_no_other_out(wrong: Any, said: str) -> None:
    api = Api(FakeDesk(Clock(NOW)))
    answer = await api.post(PATH, [SENT, wrong, SENT | {"labels": {"alertname": "B"}}], user="prom")
    assert answer.status_code == 400
    assert "1 of 3 alerts are wrong, the first is number 1" in answer.json()["detail"]
    assert said in answer.json()["detail"]
    assert {alert.rule for alert in api.desk.alerts()} == {"DiskFull", "B"}
    assert api.counted("netmon_api_received_alerts_total") == 3
    assert api.counted("netmon_api_stored_alerts_total") == 2
    assert api.counted("netmon_api_dropped_alerts_total", reason="invalid") == 1


async def test_what_cannot_be_stored_is_counted_and_told() -> None:
    api = Api()
    api.desk.refuses = "the disk is full"
    answer = await api.post(PATH, [SENT], user="prom")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert api.counted("netmon_api_dropped_alerts_total", reason="failed") == 1


async def test_what_is_not_on_disk_in_time_is_sent_again() -> None:
    api = Api()
    api.desk.forgets = "the disk stopped taking records meanwhile"
    answer = await api.post(PATH, [SENT], user="prom")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unrecorded", "5")
    assert api.counted("netmon_api_received_alerts_total") == 1
    assert api.counted("netmon_api_dropped_alerts_total", reason="unrecorded") == 1


async def test_when_each_sender_was_last_heard() -> None:
    clock = Clock(NOW)
    api = Api(FakeDesk(clock), roles={}, default_role="sender")
    await api.post(PATH, [SENT], user="prom")
    clock.now += 60
    for number in range(120):
        await api.post(PATH, [], user=f"p{number}")
    name = "netmon_api_sender_last_alerts_timestamp_seconds"
    assert api.counted(name, sender="prom") == NOW
    assert api.counted(name, sender="p98") == api.counted(name, sender="other") == NOW + 60
    assert api.counted(name, sender="p99") == 0


async def test_ten_thousand_in_one_request() -> None:
    api = Api(FakeDesk(Clock(NOW)))
    alerts = [SENT | {"labels": {"alertname": "A", "instance": f"srv-{number}"}} for number in range(10_000)]
    body = json.dumps(alerts)
    headers = {"content-type": "application/json"}
    assert (await api.ask("POST", PATH, user="prom", content=body, headers=headers)).status_code == 200
    assert len(api.desk.alerts()) == 10_000


async def test_no_list() -> None:
    answer = await Api().post(PATH, {"labels": {}}, user="prom")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_an_empty_list() -> None:
    assert (await Api().post(PATH, [], user="prom")).status_code == 200
