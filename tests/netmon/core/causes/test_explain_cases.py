"""Cases that an operator would recognise, on a ring of six switches with a hub's leaves, servers and applications."""

import pytest

from netmon.core.causes.explain import Cause, explain
from netmon.core.causes.facts import ApplicationDown, Fact, LightLow, PortDown, PortUp, PowerLost, Unreachable
from netmon.core.causes.known import SKEW_S
from netmon.core.causes.topology import Edge, Node, Topology

NOW = 10_000.0
RING = 6


def _topology() -> Topology:
    """Ring sw0 … sw5 (link-N from port b of swN to port a of the next), netmon on sw0; hub on sw1 with three leaves.

    Servers web and db on sw3, spare on sw4. `mail` needs web and db, `files` one of web and spare. `lone` hangs on
    nothing; ups-4 stands at sw4's site, on sw3.
    """
    nodes = [Node(f"sw{number}", "device", f"office-{number}") for number in range(RING)]
    nodes += [Node("hub", "device", "street"), *(Node(f"leaf{number}", "device", "street") for number in range(3))]
    nodes += [Node("web", "server", "office-3"), Node("db", "server", "office-3"), Node("spare", "server", "office-4")]
    nodes += [Node("ups-4", "device", "office-4"), Node("lone", "device", "attic")]
    nodes += [Node("mail", "application"), Node("files", "application")]
    edges = [Edge(f"link-{n}", f"sw{n}", "b", f"sw{(n + 1) % RING}", "a", 1.0) for n in range(RING)]
    edges += [Edge("spur", "sw1", "c", "hub", "a", 2.0)]
    edges += [Edge(f"spur-{n}", "hub", f"p{n}", f"leaf{n}", "a", 0.5) for n in range(3)]
    for server, switch in (("web", "sw3"), ("db", "sw3"), ("spare", "sw4"), ("ups-4", "sw3")):
        edges.append(Edge(f"{server}/{switch}", switch, server, server, "", fiber=False))
    return Topology(nodes, edges, {"mail": ("web", "db")}, "sw0", {"files": ("web", "spare")})


TOPOLOGY = _topology()


def silent(node: str, since: float = 1000.0) -> Unreachable:
    return Unreachable(f"silent {node}", since, node)


def down(node: str, port: str, since: float = 1000.0) -> PortDown:
    return PortDown(f"down {node} {port}", since, node, port)


def causes(*facts: Fact) -> dict[str, Cause]:
    return {cause.element: cause for cause in explain(TOPOLOGY, facts, NOW).causes}


def test_nothing_is_wrong() -> None:
    assert explain(TOPOLOGY, (), NOW).causes == ()


def test_a_cut_is_known_from_either_end() -> None:
    for told in ([down("sw2", "b")], [down("sw3", "a")], [down("sw2", "b"), down("sw3", "a")]):
        found = causes(*told)
        assert list(found) == ["link:link-2"]
        assert found["link:link-2"].certain
        assert set(found["link:link-2"].facts) == {fact.id for fact in told}


def test_a_switch_off_while_the_ring_is_whole() -> None:
    found = causes(silent("sw2", 1060), down("sw1", "b", 1010), down("sw3", "a", 1020))
    assert list(found) == ["device:sw2"]
    assert found["device:sw2"] == Cause("device:sw2", 1010, ("silent sw2",), ("down sw1 b", "down sw3 a"), certain=True)


def test_a_dead_server_behind_a_live_switch_takes_its_application() -> None:
    found = causes(silent("web"), down("sw3", "web"), ApplicationDown("mail!", 1100, "mail"))
    assert list(found) == ["server:web"]
    assert set(found["server:web"].effects) == {"down sw3 web", "mail!"}
    assert found["server:web"].alternatives == ("link:web/sw3",)
    early = causes(silent("web"), ApplicationDown("mail!", 10, "mail"))["server:web"]
    assert early.since == 1000  # an effect does not make its cause older


def test_two_cuts_isolate_and_the_later_one_did_it() -> None:
    ends: list[Fact] = [
        down("sw1", "b"),
        down("sw2", "a"),
        down("sw4", "b", 5000),
        silent("sw2", 5060),
        silent("sw3", 5060),
    ]
    found = causes(*ends, silent("sw4", 5070), down("sw5", "a", 5010), silent("web", 5050), silent("db", 5090))
    assert set(found) == {"link:link-1", "link:link-4"}
    assert found["link:link-4"].isolated == ("db", "sw2", "sw3", "sw4", "web")
    assert found["link:link-1"].effects == ()


def test_two_cuts_within_the_skew_are_one_moment_and_the_nearer_counts() -> None:
    near, far = down("sw0", "b", 1000), down("sw5", "a", 1000 + SKEW_S)
    isolated: list[Fact] = [silent(f"sw{number}", 1200) for number in range(1, 5)]
    assert len(causes(near, far, *isolated)["link:link-0"].isolated) == 4
    assert len(causes(near, down("sw5", "a", 1001 + SKEW_S), *isolated)["link:link-4"].isolated) == 4
    near, far = down("sw0", "a", 1000), down("sw1", "b", 1000)  # the nearer one need not be the first in the inventory
    isolated = [silent(f"sw{number}", 1200) for number in range(2, 6)]
    assert len(causes(near, far, *isolated)["link:link-5"].isolated) == 4


def test_a_port_down_long_before_its_neighbour_fell_silent_is_a_cut() -> None:
    first, second = down("sw1", "b", 1000), down("sw3", "a", 5000)
    found = causes(first, second, silent("sw2", 5000))
    assert set(found) == {"link:link-1", "link:link-2"}
    assert found["link:link-1"].certain
    assert found["link:link-2"].alternatives == ("device:sw2",)
    assert set(causes(down("sw1", "b", 5000 - SKEW_S), second, silent("sw2", 5000))) == {"device:sw2"}


def test_what_the_isolated_told_before_is_not_forgotten() -> None:
    told: list[Fact] = [down("sw1", "b"), down("sw2", "a"), down("sw3", "a"), silent("sw2")]
    assert set(causes(*told)) == {"link:link-1", "link:link-2"}


def test_a_hub_hides_its_leaves_and_its_fiber_is_suspected_first() -> None:
    leaves = [silent(f"leaf{number}") for number in range(3)]
    found = causes(silent("hub"), *leaves, down("sw1", "c"))
    assert list(found) == ["link:spur"]
    assert found["link:spur"].alternatives == ("device:hub",)
    assert found["link:spur"].isolated == ("hub", "leaf0", "leaf1", "leaf2")
    assert set(causes(silent("hub"), *leaves)) == {"link:spur"}


def test_a_hub_whose_fiber_is_told_down_is_gone_and_not_only_silent() -> None:
    found = causes(silent("hub"), down("sw1", "c"))["link:spur"]
    assert not found.degraded
    assert found.alternatives == ("device:hub",)


def test_a_hub_that_passes_nothing_on_does_not_work_though_its_port_is_up() -> None:
    leaves = [silent(f"leaf{number}") for number in range(3)]
    found = causes(silent("hub"), *leaves, PortUp("", 1000, "sw1", "c"))["device:hub"]
    assert found.certain
    assert not found.degraded
    assert found.isolated == ("leaf0", "leaf1", "leaf2")


def test_leaves_that_were_not_asked_yet_do_not_make_the_hub_the_cause() -> None:
    found = causes(silent("hub"), silent("leaf1"), down("sw1", "c"))
    assert list(found) == ["link:spur"]


def test_a_leaf_at_the_end_of_a_fiber_is_off_or_cut_off() -> None:
    found = causes(silent("leaf1"), down("hub", "p1"))
    assert found["device:leaf1"].alternatives == ("link:spur-1",)
    assert not found["device:leaf1"].certain
    assert list(causes(down("hub", "p1"))) == ["link:spur-1"]  # it answers still, as far as anybody knows


def test_all_links_dark_is_the_device_before_anybody_misses_it() -> None:
    found = causes(down("sw1", "b"), down("sw3", "a"))
    assert list(found) == ["device:sw2"]
    assert found["device:sw2"].isolated == ()
    both_sides = [down("sw1", "b"), down("sw3", "a"), down("sw2", "a"), down("sw2", "b")]
    assert set(causes(*both_sides)) == {"link:link-1", "link:link-2"}  # it lives: it tells so


def test_a_switch_that_only_does_not_answer_takes_nothing_away() -> None:
    found = causes(silent("sw2"))["device:sw2"]
    assert found.degraded
    assert not found.certain
    assert explain(TOPOLOGY, [silent("sw2")], NOW).failed == ()
    found = causes(silent("hub"))["device:hub"]
    assert found.degraded
    assert found.alternatives == ("link:spur",)


def test_a_port_known_up_excludes_the_cut() -> None:
    up = PortUp("", 1000, "hub", "p1")
    found = causes(silent("leaf1"), up)["device:leaf1"]
    assert found.certain
    assert found.alternatives == ()
    assert found.degraded


def test_what_a_dark_node_told_gives_way_to_what_a_lit_one_tells() -> None:
    found = causes(silent("sw2"), down("sw2", "a", 500), PortUp("", 1000, "sw1", "b"), down("sw3", "a"))
    assert list(found) == ["device:sw2"]
    assert set(found["device:sw2"].effects) == {"down sw2 a", "down sw3 a"}


def test_one_direction_down_is_still_the_link() -> None:
    found = causes(down("leaf1", "a"), PortUp("", 1000, "hub", "p1"))
    assert list(found) == ["link:spur-1"]


def test_a_site_without_power_is_one_cause() -> None:
    dark: list[Fact] = [silent("sw4"), silent("spare"), down("sw3", "b"), down("sw5", "a")]
    power = PowerLost("ups", 900, "office-4", "ups-4")
    found = causes(*dark, power)
    assert list(found) == ["site:office-4"]
    assert found["site:office-4"].since == 900
    assert found["site:office-4"].alternatives == ("device:sw4",)  # one switch: it may be that alone
    assert set(found["site:office-4"].facts) == {"ups", "silent sw4"}
    assert not found["site:office-4"].degraded


def test_power_lost_where_somebody_still_works_explains_nothing() -> None:
    found = causes(silent("spare"), down("sw4", "spare"), PowerLost("ups", 900, "office-4", "ups-4"))
    assert set(found) == {"server:spare", "site:office-4"}
    assert found["site:office-4"].degraded


def test_neighbours_dark_at_one_site_may_be_its_power() -> None:
    nodes = [Node("m", "device", "center"), Node("a", "device", "hall"), Node("b", "device", "hall")]
    edges = [Edge("ma", "m", "1", "a", "1"), Edge("ma2", "m", "2", "a", "2")]
    edges += [Edge("mb", "m", "3", "b", "1"), Edge("mb2", "m", "4", "b", "2")]
    topology = Topology(nodes, edges, {}, "m")
    told: list[Fact] = [silent("a"), silent("b"), *(down("m", str(port)) for port in (1, 2, 3, 4))]
    found = explain(topology, told, NOW)
    assert [(cause.element, cause.alternatives) for cause in found.causes] == [
        ("device:a", ("site:hall",)),
        ("device:b", ("site:hall",)),
    ]
    (site,) = explain(topology, [*told, PowerLost("ups", 900, "hall")], NOW).causes
    assert (site.element, site.certain) == ("site:hall", True)


def test_an_application_needs_all_of_these_and_one_of_those() -> None:
    mail, files = ApplicationDown("mail!", 1100, "mail"), ApplicationDown("files!", 1100, "files")
    assert set(causes(mail)) == {"application:mail"}
    assert not causes(mail)["application:mail"].degraded
    assert set(causes(silent("web"), files)) == {"server:web", "application:files"}
    found = causes(silent("web"), silent("spare", 2000), files)
    assert found["server:web"].effects == ("files!",)
    isolated: list[Fact] = [silent("web", 1060), silent("db", 1060), silent("sw3"), down("sw2", "b"), down("sw4", "a")]
    found = causes(*isolated, silent("ups-4"), mail)
    assert list(found) == ["device:sw3"]
    assert "mail!" in found["device:sw3"].effects


def test_light_that_is_low_is_a_matter_of_its_own_until_the_link_falls() -> None:
    low = LightLow("low", 500, "sw3", "a", -17.0, -7.0)
    found = causes(low)["link:link-2"]
    assert found.degraded
    assert found.facts == ("low",)
    found = causes(low, down("sw2", "b"))["link:link-2"]
    assert not found.degraded
    assert found.facts == ("low", "down sw2 b")
    assert set(causes(low, silent("sw2"), down("sw1", "b"), down("sw3", "a"))) == {"device:sw2"}
    assert set(causes(low, down("sw0", "b"))) == {"link:link-2", "link:link-0"}


def test_the_monitor_itself_may_be_silent() -> None:
    found = causes(silent("sw0"))
    assert found["device:sw0"].degraded
    assert set(causes(silent("sw0"), down("sw2", "b"))) == {"device:sw0", "link:link-2"}


def test_what_hangs_on_nothing_is_its_own_cause() -> None:
    found = causes(silent("lone"), down("sw2", "b"))
    assert set(found) == {"device:lone", "link:link-2"}
    assert not found["device:lone"].certain


def test_what_the_topology_does_not_know_is_in_no_cause() -> None:
    found = explain(
        TOPOLOGY,
        [
            silent("who"),
            down("sw2", "z"),
            down("who", "a"),
            ApplicationDown("x", 1, "who"),
            LightLow("y", 1, "who", "a"),
            PowerLost("z", 1, "nowhere"),
        ],
        NOW,
    )
    assert found.causes == ()
    assert found.cause_of == {}


def test_a_clock_ahead_of_ours_makes_no_cause_of_tomorrow() -> None:
    assert causes(silent("sw2", NOW + 500))["device:sw2"].since == NOW


def test_an_earlier_word_of_the_same_counts() -> None:
    again = Unreachable("silent again", 800, "sw2")
    found = causes(silent("sw2"), again, down("sw1", "b"), down("sw3", "a"))
    assert found["device:sw2"].facts == ("silent again", "silent sw2")
    assert found["device:sw2"].since == 800


@pytest.mark.parametrize(
    ("nodes", "edges", "monitor", "says"),
    [
        ([Node("a"), Node("a")], [], "a", "one name"),
        ([Node("a"), Node("b")], [Edge("e", "a", "1", "b", "1"), Edge("e", "a", "2", "b", "2")], "a", "one name"),
        ([Node("a")], [], "b", "which is no node"),
    ],
)
def test_a_topology_that_contradicts_itself(nodes: list[Node], edges: list[Edge], monitor: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Topology(nodes, edges, {}, monitor)


def test_edges_to_nothing_and_to_oneself_are_left_out() -> None:
    topology = Topology([Node("a"), Node("b")], [Edge("x", "a", "1", "c", "1"), Edge("y", "b", "1", "b", "2")], {}, "a")
    assert topology.edges == ()
    assert topology.edge_at("b", "1") is None


def _twice() -> Topology:
    """A ring mon-c1-r-c2-c1; db on c1 and c2, store on r and c2. Neither they nor the monitor forward."""
    nodes = [Node("mon", "server", forwards=False), Node("c1"), Node("r"), Node("c2")]
    nodes += [Node("db", "server", forwards=False), Node("store", "server", forwards=False)]
    edges = [Edge("l1", "c1", "1", "r", "1", 1.0), Edge("l2", "r", "2", "c2", "1", 1.0)]
    for server, switch in (("mon", "c1"), ("db", "c1"), ("db", "c2"), ("store", "r"), ("store", "c2")):
        edges.append(Edge(f"{server}/{switch}", switch, server, server, f"to {switch}", fiber=False))
    return Topology(nodes, edges, {}, "mon")


def told_twice(*facts: Fact) -> dict[str, Cause]:
    return {cause.element: cause for cause in explain(_twice(), facts, NOW).causes}


def test_no_way_leads_through_a_server_with_two_uplinks() -> None:
    found = told_twice(down("c1", "1"), silent("r"), silent("c2"), silent("store"))
    assert list(found) == ["link:l1"]
    assert found["link:l1"].isolated == ("c2", "r", "store")
    assert found["link:l1"].alternatives == ("device:r",)


def test_a_lit_server_tells_of_the_switch_at_its_other_uplink() -> None:
    lost: list[Fact] = [down("c1", "1"), silent("r"), silent("c2")]
    found = told_twice(*lost, down("db", "to c2"))
    assert set(found) == {"link:l1", "device:c2"}  # it is dead, or unplugged
    assert found["device:c2"].alternatives == ("link:db/c2",)
    found = told_twice(down("r", "2"), silent("c2"), PortUp("", 1000, "db", "to c2"))
    assert list(found) == ["link:l2"]  # it has power
    assert found["link:l2"].certain


def test_a_server_on_two_dark_switches_is_an_effect_of_the_later_failure() -> None:
    nodes = [Node("m"), Node("a"), Node("b"), Node("s", "server", forwards=False)]
    edges = [Edge("ma", "m", "1", "a", "1"), Edge("mb", "m", "2", "b", "1")]
    edges += [Edge("sa", "a", "s", "s", "", fiber=False), Edge("sb", "b", "s", "s", "", fiber=False)]
    topology = Topology(nodes, edges, {}, "m")
    told: list[Fact] = [down("m", "1", 1000), silent("a", 1060), down("m", "2", 5000), silent("b", 5060)]
    found = {cause.element: cause for cause in explain(topology, [*told, silent("s", 5060)], NOW).causes}
    isolated = {element: cause.isolated for element, cause in found.items()}
    assert sum("s" in names for names in isolated.values()) == 1
    assert "s" in max(found.values(), key=lambda cause: cause.since).isolated
