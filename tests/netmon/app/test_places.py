"""Scopes of maintenance and labels of other systems, over an inventory."""

import pytest

from netmon.api import Invalid, Matcher
from netmon.app.places import Places
from netmon.app.settings.inventory import Application, Device, Inventory, Link, Port, Server, Site

INVENTORY = Inventory(
    sites=(Site(name="kota"), Site(name="desa")),
    devices=(
        Device(name="sw-1", address="192.0.2.1", site="kota"),
        Device(name="sw-2", address="[2001:db8::2]:1161", site="desa"),
    ),
    servers=(Server(name="db-1", address="192.0.2.10:161", site="kota"),),
    applications=(Application(name="sipd", servers=("db-1",)),),
    links=(Link(name="kota-desa", a=Port(device="sw-1", port="xe-0/1"), b=Port(device="sw-2"), length_km=3),),
)
PLACES = Places(INVENTORY, own="noc")


def test_sites() -> None:
    assert [PLACES.site_of(name) for name in ("sw-1", "sw-2", "db-1", "sipd", "noc", "nobody")] == [
        "kota",
        "desa",
        "kota",
        "",
        "",
        "",
    ]
    assert PLACES.targets == {"sw-1", "sw-2", "db-1", "sipd", "noc"}


@pytest.mark.parametrize(
    ("instance", "target"),
    [
        ("sw-1", "sw-1"),
        ("sw-1:9100", "sw-1"),
        ("192.0.2.10:9100", "db-1"),
        ("192.0.2.10", "db-1"),
        ("[2001:db8::2]:9100", "sw-2"),
        ("2001:db8::2", "sw-2"),
        ("elsewhere:9100", "elsewhere:9100"),
        ("", ""),
    ],
)
def test_what_an_instance_label_means(instance: str, target: str) -> None:
    assert PLACES.target_of({"instance": instance}) == target


def test_a_link_covers_its_ports_and_never_a_whole_device() -> None:
    assert PLACES.matchers_of("link:kota-desa") == (
        (Matcher("link", "kota-desa"),),
        (Matcher("instance", "sw-1"), Matcher("ifName", "xe-0/1")),
        (Matcher("instance", "sw-1"), Matcher("ifDescr", "xe-0/1")),
    )


@pytest.mark.parametrize(
    ("scope", "matcher"),
    [
        ("site:kota", Matcher("site", "kota")),
        ("device:sw-2", Matcher("instance", "sw-2")),
        ("server:db-1", Matcher("instance", "db-1")),
        ("application:sipd", Matcher("instance", "sipd")),
    ],
)
def test_other_scopes(scope: str, matcher: Matcher) -> None:
    assert PLACES.matchers_of(scope) == ((matcher,),)


@pytest.mark.parametrize(
    ("scope", "says"),
    [
        ("sw-1", "'sw-1' names nothing to work on; write one of site:NAME, link:NAME, device:NAME"),
        ("rack:1", "names nothing to work on"),
        ("device:sw-3", "the inventory has no device 'sw-3'; did you mean"),
        ("site:zzz", "the inventory has no site 'zzz'; `netmon check --dump` shows the names"),
    ],
)
def test_a_wrong_scope_is_told(scope: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMON_LANG", "en")
    with pytest.raises(Invalid) as told:
        PLACES.matchers_of(scope)
    assert says in str(told.value)


@pytest.mark.parametrize(
    ("element", "targets"),
    [
        ("link:kota-desa", {"sw-1", "sw-2"}),
        ("link:db-1/sw-1/xe-0/7", {"db-1", "sw-1"}),
        ("link:nowhere", set()),
        ("device:sw-1", {"sw-1"}),
        ("application:sipd", {"sipd"}),
        ("device:nobody", set()),
        ("site:kota", set()),
        ("", set()),
    ],
)
def test_the_targets_that_an_element_is_about(element: str, targets: set[str]) -> None:
    assert PLACES.ends_of(element) == targets
