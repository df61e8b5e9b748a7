"""Forecasts have incidents of their own, and no incident keeps the title of what is over."""

from collections.abc import Mapping
from typing import Any

import pytest

from netmon.api import Impact
from netmon.core.alerts.engine import Alerts
from netmon.core.alerts.site import BySite
from tests.support.alerts import START, World, settings

IN_WEEKS = Impact(START + 1e6, START + 2e6, START + 3e6)
USED = "netmon_storage_used_bytes"
FILLING = "filling/sw-1/root"
FULL = "full/sw-1/root"


def world() -> World:
    return World(pending_for_s={"info": 0, "warning": 0, "error": 0, "critical": 0})


def about(mountpoint: str = "/", metric: str = USED) -> dict[str, Any]:
    """Return what a finding says of what it is about."""
    return {"labels": {"mountpoint": mountpoint}, "evidence": {"metric": metric}}


def foretell(made: World, severity: str = "warning", key: str = FILLING) -> list[str]:
    return made.say(key, severity, impact=IN_WEEKS, **about())


def titles(made: World) -> Mapping[str, str]:
    """Return incident → its title, for those that are open."""
    return {each.id: each.title for each in made.alerts.incidents() if each.state.value == "firing"}


def test_a_forecast_and_what_else_befalls_its_target_are_two_incidents() -> None:
    made = world()
    made.say("restarted/sw-1", "info")
    assert "incident I2 opened" in foretell(made)
    made.say("hot/sw-1", "error")
    assert titles(made) == {"I1": "hot at sw-1", "I2": "filling at sw-1/root"}
    assert made.alert("hot/sw-1").incident == made.alert("restarted/sw-1").incident == "I1"


def test_the_limits_alert_on_the_same_thing_joins_the_forecast_and_takes_the_title() -> None:
    made = world()
    foretell(made)
    made.say(FULL, "warning", **about())
    assert titles(made) == {"I1": "full at sw-1/root"}
    made.say(FILLING, "warning", impact=IN_WEEKS, cleared=True, **about())
    assert "alert filling/sw-1/root resolved" in made.later(20)
    made.say("fuller/sw-1/root", "error", **about())  # the next limit of the same thing
    assert made.alert("fuller/sw-1/root").incident == made.alert(FULL).incident == "I1"
    made.say("hot/sw-1", "error")
    assert made.alert("hot/sw-1").incident == "I2"


@pytest.mark.parametrize(
    ("more", "joins"),
    [
        (about(), True),
        ({"evidence": {"metric": USED}}, True),  # it does not tell them apart
        (about("/var"), False),
        (about(metric="netmon_memory_used_bytes"), False),
        ({"labels": {"mountpoint": "/"}}, False),  # of what, it does not say
        (about() | {"target": "sw-2"}, False),
    ],
)
def test_what_joins_a_forecast_speaks_of_the_same_thing(more: dict[str, Any], *, joins: bool) -> None:
    made = world()
    foretell(made)
    made.say("full/sw-1/other", "error", **more)
    assert (made.alert("full/sw-1/other").incident == "I1") is joins


def test_what_fires_with_its_forecast_at_once_joins_it() -> None:
    chosen = settings(pending_for_s={"warning": 30, "error": 30})
    made = world()
    made.alerts = Alerts(chosen, BySite(chosen), lambda _target: "", lambda _scope: ())
    made.say(FULL, "error", **about())
    foretell(made, "error")
    assert "incident I1 opened" in made.later(30)
    assert titles(made) == {"I1": "full at sw-1/root"}  # what is, before what will be


def test_a_limit_in_a_forecasts_incident_still_counts_for_its_site() -> None:
    made = world()
    foretell(made)
    made.say(FULL, "error", **about())
    made.say("full/sw-2", "error")
    made.say("full/sw-3", "error")
    assert made.alerts.incident(made.alert(FULL).incident).key == "site:kota"
    assert titles(made)["I1"] == "filling at sw-1/root"  # what it spoke of went elsewhere


def test_the_title_is_made_anew_when_what_it_speaks_of_is_over() -> None:
    made = world()
    made.say("restarted/sw-1", "warning", summary="sw-1 was restarted 5 min ago")
    made.say("slow/sw-1", "warning", summary="sw-1 is slow", summaries={"id": "sw-1 lambat"})
    made.say("restarted/sw-1", "warning", summary="sw-1 was restarted 8 min ago")
    assert titles(made) == {"I1": "sw-1 was restarted 5 min ago"}
    made.say("restarted/sw-1", "warning", cleared=True, summary="sw-1 was restarted 15 min ago")
    assert titles(made) == {"I1": "sw-1 was restarted 5 min ago"}  # held, in case that it comes back
    assert made.later(20) == ["alert restarted/sw-1 resolved", "incident I1 retitled"]
    assert titles(made) == {"I1": "sw-1 is slow"}
    assert made.alerts.incident("I1").titles == {"id": "sw-1 lambat"}


def test_the_title_stays_when_something_else_is_over() -> None:
    made = world()
    made.say("slow/sw-1", "error")
    made.say("hot/sw-1", "warning")
    made.clear("hot/sw-1")
    assert made.later(20) == ["alert hot/sw-1 resolved"]
    assert titles(made) == {"I1": "slow at sw-1"}


def test_what_got_worse_is_called_what_it_is_by_now() -> None:
    made = world()
    made.say(FILLING, "warning", impact=IN_WEEKS, summary="/ of sw-1 fills in 22 days")
    made.say(FILLING, "warning", impact=IN_WEEKS, summary="/ of sw-1 fills in 21 days")
    assert titles(made) == {"I1": "/ of sw-1 fills in 22 days"}  # no news
    happened = made.say(FILLING, "error", impact=IN_WEEKS, summary="/ of sw-1 fills in 6 days")
    assert happened[-2:] == ["incident I1 worse", "incident I1 retitled"]
    assert titles(made) == {"I1": "/ of sw-1 fills in 6 days"}


def test_an_incident_that_opens_again_speaks_of_what_opened_it() -> None:
    made = world()
    made.say("hot/sw-1")
    made.clear("hot/sw-1")
    made.later(20)
    assert made.say("slow/sw-1") == ["incident I1 reopened", "alert slow/sw-1 firing"]
    assert titles(made) == {"I1": "slow at sw-1"}
