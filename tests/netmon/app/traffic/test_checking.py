from pathlib import Path

import pytest

from netmon.api import ConfigError
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.checking import faults_of, remarks_on
from netmon.app.wiring import load_plan


def problems(directory: Path, **section: object) -> list[str]:
    return [fault.problem for fault in faults_of(TrafficSettings.model_validate(section), directory)]


def test_a_filter_that_libpcap_refuses_is_told_before_the_start(tmp_path: Path) -> None:
    (wrong,) = problems(
        tmp_path, sensors=[{"interface": "eth0", "filter": "udp"}, {"interface": "eth1", "filter": "not hots 1.2.3.4"}]
    )
    assert wrong.startswith("traffic.sensors.1.filter: ")


def test_lists_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("192.0.2.1\n", encoding="ascii")
    lists = [{"name": "here", "file": "bad.txt"}, {"name": "gone", "file": "gone.txt"}, {"name": "folder", "file": "."}]
    told = problems(tmp_path, detectors={"indicators": {"lists": lists}, "first_seen": {"lists": {"xx": "xx.txt"}}})
    assert [one.rpartition("/")[2] for one in told] == ["gone.txt", tmp_path.name, "xx.txt"]
    assert told[0].startswith("traffic.detectors.indicators.lists: gone: there is no file")


def test_what_is_there_twice(tmp_path: Path) -> None:
    flows = {"listen": ["udp://127.0.0.1:2055", "udp://127.0.0.1:2055"], "allow": ["127.0.0.0/8"]}
    told = problems(tmp_path, sensors=[{"interface": "eth0"}, {"interface": "eth0"}], flows=flows)
    assert told == ["traffic.flows.listen: udp://127.0.0.1:2055 is there twice", "traffic.sensors: eth0 is there twice"]


def test_a_port_that_nobody_knows(tmp_path: Path) -> None:
    flows = {"listen": ["udp://127.0.0.1:2055", "udp://[::]:0"], "allow": ["127.0.0.0/8"]}
    (told,) = problems(tmp_path, flows=flows)
    assert told.startswith("traffic.flows.listen: udp://[::]:0 has a port that nobody knows")


@pytest.mark.parametrize(
    ("section", "problem", "remedy"),
    [
        (
            "  detectors: {scans: {allow: [10.0.0.5/8]}}\n",
            '"10.0.0.5/8" is an address inside a network',
            "write the network, 10.0.0.0/8",
        ),
        (
            "  actions: {allow: [192.0.2.0/33]}\n",
            '"192.0.2.0/33" is no network',
            "write one such as 10.1.0.0/16 or 2001:db8::/32",
        ),
        ("  detectors: {guessing: {allow: [[]]}}\n", "a list is no network", None),
        ("  detectors: {new_device: {protected_vlans: [20, 5000]}}\n", "5000 is too large", None),
        ("  detectors: {new_device: {protected_vlans: [-1]}}\n", "-1 is too small", None),
    ],
)
def test_a_wrong_prefix_or_vlan_is_one_fault(tmp_path: Path, section: str, problem: str, remedy: str | None) -> None:
    (tmp_path / "netmon.yaml").write_text(f"traffic:\n{section}")
    with pytest.raises(ConfigError) as caught:
        load_plan(tmp_path)
    (fault,) = caught.value.faults
    assert fault.line == 2
    assert fault.problem == problem
    assert remedy in (None, fault.remedy)


def test_a_bulk_beyond_the_snap_length_is_noted_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text(
        "traffic:\n"
        "  sensors:\n"
        "    - {interface: eth0, snaplen_bytes: 96}\n"
        "    - {interface: eth1, snaplen_bytes: 2000, bulk_bytes: 2001}\n"
        "    - {interface: eth2, snaplen_bytes: 2000, bulk_bytes: 2000}\n"
    )
    (note,) = remarks_on(load_plan(tmp_path).settings)
    assert (note.line, note.column) == (4, 58)
    assert "bulk_bytes of 2001 shortens nothing: of no frame are more than 2000 octets" in note.problem


def test_what_holds_by_default_is_fine(tmp_path: Path) -> None:
    assert problems(tmp_path) == []


def test_each_is_told_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text(
        "traffic:\n"
        "  sensors:\n"
        "    - {interface: eth0, filter: not hots}\n"
        "    - {interface: eth0}\n"
        "  flows: {listen: ['udp://127.0.0.1:2055', 'udp://127.0.0.1:2055'], allow: [127.0.0.0/8]}\n"
        "  detectors:\n"
        "    first_seen:\n"
        "      lists:\n"
        "        xx: xx.txt\n"
        "    indicators: {lists: [{name: gone, file: gone.txt}]}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_plan(tmp_path)
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [
        (3, 33),
        (4, 7),
        (5, 44),
        (9, 13),
        (10, 45),
    ]
