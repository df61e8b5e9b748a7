"""`netmon decode`: the packet asked for, what scapy and netmon make of it, and what cannot be shown."""

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from netmon.app.cli import main
from tests.support.command import netmon
from tests.support.packets import SYN, arp, ethernet, ipv4, ipv6, pcap, tcp, udp

FRAMES = [
    ethernet(arp(), pad=True),
    ethernet(ipv4(tcp(b"GET /", flags=SYN)), vlans=[7]),
    ethernet(ipv4(udp(struct.pack("!II", 8 << 24, 0) + ethernet(ipv6(udp(b"abc"))), destination_port=4789))),
]


def run(*arguments: str | Path, columns: str = "120") -> Result:
    environment = {"NETMON_LANG": "en", "COLUMNS": columns, "NO_COLOR": "1"}
    return CliRunner().invoke(main, ["decode", *map(str, arguments)], env=environment)


def shown(*arguments: str | Path) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    out: dict[str, Any] = json.loads(result.stdout)
    return out


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "three.pcap"
    path.write_bytes(pcap(FRAMES))
    return path


def test_the_packet_that_was_asked_for(capture: Path) -> None:
    page = run(capture, "--packet", "2").stdout
    assert "packet 2 of" in page
    assert "2026-01-01T00:00:00.001000000Z" in page
    for line in ("802.1Q", "vlan = 7", "dport = http", "flags = S", "source_port = 40000", "netmon's record: OK"):
        assert line in page
    assert "47 45 54 20 2f" in page
    assert "GET /" in page


def test_the_octets_of_all_layers_are_the_frame(capture: Path) -> None:
    for number, frame in enumerate(FRAMES, 1):
        out = shown(capture, "--packet", str(number))
        assert "".join(layer["octets"] for layer in out["layers"]) == frame.hex()
        at = 0
        for layer in out["layers"]:
            assert layer["at"] == at
            at += len(layer["octets"]) // 2
        assert (out["number"], out["captured"], out["wire"], out["link_type"]) == (number, len(frame), len(frame), 1)


def test_what_netmon_made_of_it(capture: Path) -> None:
    record = shown(capture)["record"]
    assert (record["verdict"], record["ethertype"], record["source"]) == ("NOT_IP", 0x0806, "")
    record = shown(capture, "--packet", "2")["record"]
    assert (record["source"], record["destination"], record["vlan"]) == ("192.0.2.1", "198.51.100.1", 7)
    assert record["source_mac"] == "02:00:00:00:00:01"


def test_inside_a_tunnel_only_where_asked(capture: Path) -> None:
    assert shown(capture, "--packet", "3")["record"]["destination_port"] == 4789
    inner = shown(capture, "--packet", "3", "--tunnels")["record"]
    assert (inner["tunnel"], inner["destination_port"], inner["source"]) == ("VXLAN", 53, "2001:db8::1")


def test_packed_and_from_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "packed.pcap.gz"
    path.write_bytes(gzip.compress(pcap([ipv4(tcp())], link_type=101)))
    assert [layer["name"] for layer in shown(path)["layers"]] == ["IP", "TCP"]


def test_a_number_that_is_not_there(capture: Path) -> None:
    result = run(capture, "--packet", "4")
    assert result.exit_code == 2
    assert "there is no packet 4: it holds 3" in result.stderr
    assert run(capture, "--packet", "0").exit_code == 2


def test_a_file_that_ends_early_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap(FRAMES)[:-5])
    result = run(path, "--packet", "3")
    assert result.exit_code == 2
    assert "it holds 2" in result.stderr
    assert "could not be read to its end" in result.stderr


def test_what_is_no_capture(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("hello, this is text and no capture")
    for name in (path, tmp_path / "absent.pcap"):
        result = run(name)
        assert result.exit_code == 2
        assert str(name) in result.stderr
        assert "Traceback" not in result.output


def test_whatever_a_packet_holds_does_nothing_to_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "evil.pcap"
    payload = b"\x1b]0;owned\x07\x1b[2J[red]markup[/red]"
    frames = [ethernet(ipv4(udp(payload, destination_port=port))) for port in (53, 67, 123, 161, 5353, 4789)]
    path.write_bytes(pcap([*frames, *(frame[:50] for frame in frames), b"", b"\xff" * 9]))
    for number in range(1, 15):
        result = run(path, "--packet", str(number))
        assert result.exit_code == 0, result.output
        assert "\x1b" not in result.output
        assert "\x07" not in result.output
    assert "[red]markup[/red]" in run(path, columns="200").stdout.replace("\n", "")


@pytest.mark.parametrize(("link_type", "first"), [(0, "Loopback"), (113, "cooked linux"), (276, "cooked linux v2")])
def test_other_links(tmp_path: Path, link_type: int, first: str) -> None:
    before = {
        0: b"\2\0\0\0",
        113: b"\0\0\0\1\0\6\2\0\0\0\0\x09\0\0\x08\0",
        276: b"\x08\0\0\0\0\0\0\x05\0\1\0\6\2\0\0\0\0\x09\0\0",
    }
    path = tmp_path / "link.pcap"
    path.write_bytes(pcap([before[link_type] + ipv4(udp(b"abc"))], link_type=link_type))
    out = shown(path)
    assert [layer["name"] for layer in out["layers"]][:2] == [first, "IP"]
    assert out["record"]["verdict"] == "OK"


def test_a_file_that_is_not_there_is_told_in_the_reader_s_language() -> None:
    done = netmon("decode", "/nowhere.pcap", NETMON_LANG="id")
    assert done.returncode == 2
    assert "tidak dapat dibuka" in done.stderr
