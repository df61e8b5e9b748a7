"""What people read of causes and risks."""

from string import Formatter

from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.core.causes import tables
from netmon.core.causes.explain import explain
from netmon.core.causes.facts import ApplicationDown, Fact, LightLow, PortDown, PortUp, PowerLost, Unreachable
from netmon.core.causes.redundancy import Risk, at_risk
from netmon.core.causes.topology import Edge, Node, Topology
from netmon.core.causes.words import NAMES, element, explanation, risk, title
from tests.support.causes import SHAPES, breakdown, demo, facts, network, observed

DEMO = demo()
NOW = 2000.0


def silent(node: str) -> Fact:
    return Unreachable(f"silent {node}", 1000.0, node)


def down(node: str, port: str, rx: float | None = None, before: float | None = None) -> Fact:
    return PortDown(f"down {node} {port}", 1000.0, node, port, rx, before)


def said(*told: Fact, topology: Topology = DEMO) -> list[tuple[str, str, str, str]]:
    """Return title and explanation of each cause in both languages."""
    return [
        (titles["en"], whys["en"], titles["id"], whys["id"])
        for cause in explain(topology, told, NOW).causes
        for titles, whys in [(title(topology, cause, told), explanation(topology, cause, told))]
    ]


def test_a_cut() -> None:
    assert said(down("acc-rsud", "Te1/1/2", -40.0, -6.0), down("acc-disdik", "Te1/1/1", -40.0, -6.0)) == [
        (
            "Fiber ring-03 is cut between acc-rsud and acc-disdik (1.4 km, joints at 0.40 and 0.94 km)",
            "Both ends say that the port is down. Both fibers of the pair are dark: the cable is cut.",
            "Serat ring-03 putus antara acc-rsud dan acc-disdik (1.4 km, sambungan di km 0.40 dan 0.94)",
            "Kedua ujung melaporkan portnya mati. Kedua serat gelap: kabel putus.",
        )
    ]


def test_one_direction() -> None:
    assert said(down("acc-rsud", "Te1/1/2", -6.0, -6.0), down("acc-disdik", "Te1/1/1", -40.0, -6.0)) == [
        (
            "Fiber ring-03 carries no light from acc-rsud to acc-disdik (1.4 km, joints at 0.40 and 0.94 km)",
            (
                "Both ends say that the port is down. Only acc-disdik receives no light: the fiber from acc-rsud, or"
                " the transceiver of acc-rsud."
            ),
            "Serat ring-03 tidak membawa cahaya dari acc-rsud ke acc-disdik (1.4 km, sambungan di km 0.40 dan 0.94)",
            (
                "Kedua ujung melaporkan portnya mati. Hanya acc-disdik yang tidak menerima cahaya: serat dari acc-rsud,"
                " atau transceiver acc-rsud."
            ),
        )
    ]


def test_light_on_a_link_that_is_down_means_its_ports() -> None:
    ((name, why, _, _),) = said(down("acc-rsud", "Te1/1/2", -6.0, -6.0), down("acc-disdik", "Te1/1/1", -6.1, -6.0))
    assert name == "Link ring-03 between acc-rsud and acc-disdik is down, though its fiber carries light"
    assert why.endswith("look at the ports and their settings, not at the fiber.")


def test_a_switch_that_is_off() -> None:
    told = [silent("acc-rsud"), down("acc-dinkes", "Te1/1/2"), down("acc-disdik", "Te1/1/1")]
    assert said(*told) == [
        (
            "Device acc-rsud has failed or has no power",
            "It does not answer, and its neighbours say that the ports to it are down.",
            "Perangkat acc-rsud rusak atau tanpa listrik",
            "Tidak menjawab, dan tetangganya melaporkan port ke arahnya mati.",
        )
    ]


def test_a_switch_that_only_does_not_answer() -> None:
    assert said(silent("acc-rsud"))[0][0] == "Device acc-rsud does not answer, though nobody sees its links down"
    (one,) = said(silent("acc-rsud"), PortUp("", 1.0, "acc-dinkes", "Te1/1/2"))
    assert one[0] == "Device acc-rsud does not answer, though its ports are up"


def test_an_isolated_stretch() -> None:
    names = ("acc-rsud", "acc-disdik")
    told = [*map(silent, names), down("acc-dinkes", "Te1/1/2", -40.0, -6.0), down("acc-disdukcapil", "Te1/1/1")]
    first = said(*told)[0]
    assert (
        first[0] == "Fiber ring-02 is probably cut between acc-dinkes and acc-rsud (1.6 km, joints at 0.48 and 1.09 km)"
    )
    assert first[1] == (
        "acc-dinkes says that its port is down. acc-dinkes receives no light from acc-rsud, which does not answer:"
        " it may be without power. It may also be device acc-rsud. Unreachable because of it: acc-disdik, acc-rsud."
    )


def test_a_server_its_application_and_an_application_alone() -> None:
    told = [silent("simrs"), down("core-kominfo", "Te1/0/6"), ApplicationDown("app", 1.0, "naskah-dinas")]
    assert [(one[0], one[1]) for one in said(*told)] == [
        ("Application naskah-dinas does not work, though its servers do", ""),
        (
            "Server simrs cannot be reached: it has probably failed",
            (
                "It does not answer, and its neighbours say that the ports to it are down."
                " It may also be the connection of simrs to core-kominfo (Te1/0/6)."
            ),
        ),
    ]


def test_an_uplink_is_named_by_its_port() -> None:
    told = [silent("simrs"), down("core-kominfo", "Te1/0/6")]
    (cause,) = explain(DEMO, told, NOW).causes
    assert element(DEMO, cause.alternatives[0])["id"] == "sambungan simrs ke core-kominfo (Te1/0/6)"


def test_power_and_light() -> None:
    mains = said(PowerLost("ups", 1.0, "kominfo", "ups-kominfo"))[0]
    assert mains[:2] == ("Site kominfo has lost its mains power", "Its UPS runs on battery.")
    low = said(LightLow("low", 1.0, "acc-disdik", "Te1/1/1", -12.5, -6.0))[0]
    assert low[:2] == (
        "Fiber ring-03 between acc-rsud and acc-disdik carries too little light (1.4 km, joints at 0.40 and 0.94 km)",
        (
            "A port receives too little light. acc-disdik receives less light from acc-rsud by 6.5 dB;"
            " of the other direction nothing is known."
        ),
    )


def test_a_risk() -> None:
    worst = at_risk(DEMO, ["link:ring-03"])[0]
    assert risk(DEMO, worst)["en"] == (
        "Redundancy lost: one more cut between core-kominfo and acc-disdik isolates up to 11 offices:"
        " bapenda, dinsos, disdik, disdukcapil, dishub, dprd, dpupr, kec-cibening, kec-sukaraja, mpp, setda"
    )
    assert risk(DEMO, worst)["id"].startswith(
        "Redundansi hilang: satu putus lagi antara core-kominfo dan acc-disdik mengisolasi hingga 11 kantor: bapenda,"
    )
    alone = Risk("device:b", ("a", "a"), (), ("c",), (), "", ("a",))
    last = Risk("link:x", ("a", "b"), ("y",), ("c", "d"), ("one", "two"), "y")
    offices = Topology([Node("c", site="one"), Node("d", site="two")], [], {}, "c")
    assert risk(offices, last)["en"] == "Redundancy lost: one more cut between a and b isolates 2 offices: one, two"
    assert risk(DEMO, alone)["en"] == "Redundancy lost: if a fails, that isolates one device: c"


def test_a_risk_names_offices_that_are_cut_off_and_of_others_what_is() -> None:
    """A ring m-a-b; the office at b has nothing else, at hq a server hangs on a and on b."""
    nodes = [
        Node("m", "device", "hq"),
        Node("a", "device", "hq"),
        Node("b", "device", "rsud"),
        Node("ups", "device", "rsud", forwards=False),
        Node("db", "server", "hq", forwards=False),
    ]
    pairs = [("m", "a"), ("a", "b"), ("b", "m"), ("b", "ups"), ("b", "db")]
    ring = Topology(nodes, [Edge(f"{a}-{b}", a, "", b, "") for a, b in pairs], {}, "m")
    texts = [risk(ring, lost)["en"].partition("isolates ")[2] for lost in at_risk(ring, ["link:b-m"])]
    assert texts == ["up to one office: rsud; one device: a; one server: db"]
    assert risk(ring, at_risk(ring, ["link:b-m"])[0])["id"].endswith(
        "satu kantor: rsud; satu perangkat: a; satu server: db"
    )


def test_many_names_are_counted() -> None:
    many = Risk("link:x", ("a", "b"), ("e",), tuple(f"n{number:02d}" for number in range(NAMES + 3)))
    assert risk(DEMO, many)["en"].endswith(f"n{NAMES - 1:02d} and 3 more")
    assert risk(DEMO, many)["id"].endswith(f"n{NAMES - 1:02d} dan 3 lainnya")


def test_every_text_is_there_in_both_languages_with_the_same_blanks() -> None:
    groups = (tables.TITLES, tables.ELEMENTS, tables.WHY, tables.LIGHT, tables.RISKS)
    texts = [text for group in groups for text in group.values()] + [tables.WHERE, tables.JOINT, tables.JOINTS]
    for text in texts:
        blanks = [{blank for _, blank, _, _ in Formatter().parse(text[language]) if blank} for language in ("en", "id")]
        assert blanks[0] == blanks[1]
        assert text.keys() == {"en", "id"}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SHAPES), st.integers(0, 2**32), st.integers(2, 60), st.integers(1, 6), st.booleans())
def test_there_are_words_for_everything(shape: str, seed: int, count: int, failures: int, told: bool) -> None:
    topology = network(seed, shape, count)
    failed = breakdown(topology, seed, failures)
    known = facts(topology, observed(topology, failed))
    for cause in explain(topology, known, NOW).causes:
        texts = [*title(topology, cause, known if told else ()).values()]
        texts += explanation(topology, cause, known if told else ()).values()
        assert not any("{" in text or "  " in text or "()" in text for text in texts)
        name = cause.element.partition(":")[2]
        edge = topology.edge(name) if cause.element.startswith("link:") else None
        assert all((name if edge is None or edge.fiber else edge.b) in text for text in texts[:2])
    for lost in at_risk(topology, sorted(failed)):
        assert all(lost.between[0] in text for text in risk(topology, lost).values())
