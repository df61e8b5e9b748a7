"""Who may do what: every page as every role, and as nobody."""

from typing import Any

import pytest
from pydantic import ValidationError

from exporters.api.callers import caller_of
from exporters.api.roles import LOCAL, Caller, Role
from exporters.api.settings import ApiSettings
from netmon.api import Severity
from tests.support.api import Api

SILENCE = {"matchers": [{"name": "instance", "value": "sw-1"}], "duration_s": 60, "reason": "work"}
MAINTENANCE = {"scope": ["site:hub"], "duration_s": 60, "reason": "work"}
ALERTS = [{"labels": {"alertname": "Up", "instance": "a"}}]

READING = ["/api/v1/alerts", "/api/v1/alerts/{alert}", "/api/v1/incidents", "/api/v1/incidents/I1", "/api/v1/silences"]
READING += ["/api/v1/maintenances", "/api/v1/status", "/api/v1/predictions", "/api/v1/predictions/report"]
READING += ["/api/v1/attention"]
ACTING: list[tuple[str, str, Any]] = [
    ("POST", "/api/v1/alerts/{alert}/acknowledge", {}),
    ("POST", "/api/v1/alerts/{alert}/unacknowledge", {}),
    ("POST", "/api/v1/alerts/acknowledge", {"ids": ["{alert}"]}),
    ("POST", "/api/v1/alerts/{alert}/comments", {"note": "seen"}),
    ("POST", "/api/v1/incidents/I1/acknowledge", {}),
    ("POST", "/api/v1/incidents/I1/comments", {"note": "seen"}),
    ("POST", "/api/v1/alerts/{alert}/resolve", {}),
    ("POST", "/api/v1/silences", SILENCE),
    ("DELETE", "/api/v1/silences/S2", None),
    ("POST", "/api/v1/maintenances", MAINTENANCE),
    ("DELETE", "/api/v1/maintenances/M3", None),
]
PAGES = [
    *(("GET", path, None, {"vera", "oki", "aud", "both"}) for path in READING),
    *((method, path, body, {"oki", "both"}) for method, path, body in ACTING),
    ("GET", "/api/v1/history", None, {"aud", "both"}),
    ("POST", "/api/v2/alerts", ALERTS, {"prom"}),
    ("GET", "/api/v2/status", None, {"vera", "oki", "aud", "prom", "both"}),
    ("GET", "/api/v1/openapi.json", None, {"vera", "oki", "aud", "prom", "both"}),
]


@pytest.mark.parametrize("user", ["vera", "oki", "aud", "prom", "both", "fired"])
async def test_every_page_as_every_role(user: str) -> None:
    api = Api(default_role=[])
    alert = api.desk.say("LinkDown", "sw-1").id
    for method, path, body, allowed in PAGES:
        before = len(api.desk.records)
        given: Any = {"ids": [alert]} if body == {"ids": ["{alert}"]} else body
        more: dict[str, Any] = {} if given is None else {"json": given}
        answer = await api.ask(method, path.format(alert=alert), user=user, **more)
        assert (answer.status_code != 403) == (user in allowed), (method, path, answer.text)
        if user in allowed:
            assert answer.status_code < 300, (method, path, answer.text)
        else:
            assert len(api.desk.records) == before
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "forbidden"
            assert answer.json()["remedy"]


async def test_the_author_is_who_the_gate_let_in() -> None:
    api = Api()
    alert = api.desk.say("LinkDown", "sw-1", Severity.CRITICAL)
    answer = await api.post(f"/api/v1/alerts/{alert.id}/acknowledge", {"note": "on it"}, user="oki")
    assert answer.json()["alerts"][0]["acknowledged_by"] == "oki"
    assert api.desk.alert(alert.id).note == "on it"


async def test_users_without_a_role_of_their_own_read() -> None:
    api = Api()
    assert (await api.get("/api/v1/alerts", user="somebody")).status_code == 200
    assert (await api.post("/api/v1/silences", SILENCE, user="somebody")).status_code == 403


LOOPBACK = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]
ELSEWHERE = ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "not-an-address"]


@pytest.mark.parametrize(
    ("client", "read"), [*((each, 200) for each in LOOPBACK), *((each, 403) for each in ELSEWHERE)]
)
async def test_without_users_this_host_reads_and_nobody_acts(client: str, read: int) -> None:
    api = Api()
    assert (await api.get("/api/v1/alerts", user="", client=(client, 1))).status_code == read
    assert (await api.post("/api/v1/silences", SILENCE, user="", client=(client, 1))).status_code == 403
    assert (await api.post("/api/v2/alerts", ALERTS, user="", client=(client, 1))).status_code == 403
    assert (await api.get("/api/v1/history", user="", client=(client, 1))).status_code == 403


async def test_anonymous_programs_may_be_let_in_by_name_of_their_role() -> None:
    api = Api(anonymous_role=["viewer", "sender"])
    assert (await api.get("/api/v1/alerts", user="")).status_code == 200
    assert (await api.post("/api/v2/alerts", ALERTS, user="")).status_code == 200
    assert api.desk.alerts()[0].source == "prometheus"


def test_nobody_acts_without_a_name() -> None:
    with pytest.raises(ValidationError, match="nobody may be operator without a name; write viewer or sender"):
        ApiSettings.model_validate({"anonymous_role": "operator"})


def test_a_client_without_an_address_is_nobody() -> None:
    assert caller_of({"client": None}, ApiSettings()) == Caller("", ())
    assert caller_of({}, ApiSettings()) == Caller("", ())


def test_who_comes_through_the_control_socket_is_known_already() -> None:
    root = Caller("root", LOCAL)
    assert caller_of({"state": {"caller": root, "user": "vera"}}, ApiSettings()) is root


def test_roles_are_one_or_many() -> None:
    settings = ApiSettings.model_validate({"roles": {"a": "viewer", "b": ["operator", "auditor"]}, "default_role": []})
    assert settings.roles == {"a": (Role.VIEWER,), "b": (Role.OPERATOR, Role.AUDITOR)}
    assert settings.default_role == ()
