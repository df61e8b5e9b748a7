"""`netmon replay`: a capture file in, each attack once out, and its flows kept where that is asked for."""

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import NETMON, environment, netmon
from tests.support.packets import SYN, ethernet, ipv4, pcap, tcp

VICTIM = "10.9.0.10"
START_NS = 1_767_225_600_000_000_000
SYNS_PER_S = 1_000
SECONDS = 3


@pytest.fixture(scope="module")
def flood(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of SYNs from as many addresses, and what was on the wire of them."""
    count = SYNS_PER_S * SECONDS
    frames = [
        ethernet(
            ipv4(
                tcp(flags=SYN, source_port=1024 + row, destination_port=443),
                source=f"198.51.{row // 256}.{row % 256}",
                destination=VICTIM,
            )
        )
        for row in range(count)
    ]
    path = tmp_path_factory.mktemp("flood") / "flood.pcap"
    path.write_bytes(pcap(frames, start_ns=[START_NS + row * 10**9 // SYNS_PER_S for row in range(count)]))
    return path


def findings(*arguments: str | Path) -> list[dict[str, Any]]:
    done = netmon("replay", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_attack_is_one_object_with_its_totals(flood: Path) -> None:
    (found,) = findings(flood)
    assert found["rule"] == "syn_flood"
    assert found["target"] == VICTIM
    assert found["technique"] == "T1499.001"
    assert found["severity"] in {"warning", "error", "critical"}
    assert found["start"] == pytest.approx(START_NS / 1e9, abs=1)
    assert found["end"] == pytest.approx(START_NS / 1e9 + SECONDS, abs=1)
    assert found["open"] is False
    assert found["evidence"]["total_packets"] == SYNS_PER_S * SECONDS


def test_a_packed_file_and_standard_input_give_the_same(flood: Path, tmp_path: Path) -> None:
    packed = tmp_path / "flood.pcap.gz"
    packed.write_bytes(gzip.compress(flood.read_bytes()))
    piped = subprocess.run(
        [*NETMON, "replay", "-", "--json"], input=flood.read_bytes(), capture_output=True, env=environment(), check=True
    )
    streamed = [json.loads(line) for line in piped.stdout.splitlines()]
    for found in (findings(packed), streamed):
        assert [(one["rule"], one["target"], one["evidence"]["total_packets"]) for one in found] == [
            ("syn_flood", VICTIM, SYNS_PER_S * SECONDS)
        ]


def test_a_table_for_people_says_it_in_their_language(flood: Path) -> None:
    told = netmon("replay", flood, NETMON_LANG="id")
    assert told.returncode == 0
    assert "TINGKAT" in told.stdout
    assert VICTIM in told.stdout
    assert "3.000 paket" in told.stderr


def test_flows_are_kept_and_named_by_office(flood: Path, tmp_path: Path) -> None:
    directory = tmp_path / "etc"
    (directory / "inventory").mkdir(parents=True)
    (directory / "netmon.yaml").write_text("{}\n", encoding="utf-8")
    inventory = {"sites": [{"name": "rsud", "prefixes": ["10.9.0.0/16"]}]}
    (directory / "inventory" / "all.yaml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    (found,) = findings(flood, "--config", directory, "--store", tmp_path / "flows")
    assert found["labels"]["site"] == "rsud"
    top = netmon(
        "flows", "top", "--store", tmp_path / "flows", "--by", "site", "--since", "2025-12-31", "--format", "json"
    )
    rows = [json.loads(line) for line in top.stdout.splitlines()]
    assert any("rsud" in json.dumps(row) for row in rows), top.stdout + top.stderr
    again = netmon("replay", flood, "--store", tmp_path / "flows")
    assert again.stderr.count(f"{tmp_path / 'flows'} has flows of this capture already") == 1


def test_an_empty_capture_has_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "empty.pcap").write_bytes(pcap([]))
    told = netmon("replay", tmp_path / "empty.pcap")
    assert (told.returncode, "No detector found anything" in told.stdout) == (0, True)


@pytest.mark.parametrize("content", [b"", b"not a capture at all", b"\xd4\xc3\xb2\xa1\x02"])
def test_what_is_no_capture_is_a_fault_that_says_what_would_be(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "some.file"
    path.write_bytes(content)
    told = netmon("replay", path)
    assert told.returncode == 2
    assert "some.file" in told.stderr
    assert "pcap" in told.stderr
    assert "Traceback" not in told.stderr
