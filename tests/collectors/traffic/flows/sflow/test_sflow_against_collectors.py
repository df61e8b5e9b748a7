"""Other programs as oracles: sfcapd reads the same datagrams; pmacctd samples a capture that we read too."""

import shutil
import socket
from collections import Counter
from ipaddress import ip_network
from pathlib import Path

import numpy as np
import pytest

from collectors.traffic.flows.settings import FlowListenSettings
from collectors.traffic.flows.sflow.sflow import SFlow
from netmon.api.traffic import address_text
from tests.support.exporters import nfdump, wait_bound
from tests.support.flow_source import listening, port_of, pump
from tests.support.packets import ACK, SYN, ethernet, icmp, ipv4, ipv6, tcp, udp, write_pcap
from tests.support.packets import decoded as decoded_packets
from tests.support.processes import free_port, running
from tests.support.sflow import captured_datagrams, datagram, decoded, expanded_flow_sample, flow_sample, raw_header
from tests.support.waiting import eventually_sync


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def sampled() -> list[bytes]:
    """Recorded datagrams, and made ones with other rates and the expanded form."""
    frames = [
        ethernet(ipv4(tcp(source_port=50_000 + number, destination_port=443, flags=ACK), source=f"192.0.2.{number}"))
        for number in range(1, 40)
    ]
    made = [
        datagram(
            flow_sample(raw_header(frame, length=600 + 7 * number), rate=100, sequence=number, inward=5, outward=6),
            expanded_flow_sample(raw_header(frame, length=60), rate=4_096, sequence=number, source=(0, 9)),
            sequence=number,
            sub_agent=1,
        )
        for number, frame in enumerate(frames, 1)
    ]
    return captured_datagrams() + made


def send(datagrams: list[bytes], port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for each in datagrams:
            sock.sendto(each, ("127.0.0.1", port))


def wait_read(port: int) -> None:
    """Return once nothing waits in the receive queue of this UDP port."""

    def empty() -> bool:
        rows = [line.split() for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]]
        return [row[4].partition(":")[2] for row in rows if row[1].endswith(f":{port:04X}")] == ["00000000"]

    eventually_sync(empty)


@needs("sfcapd")
@needs("nfdump")
def test_every_record_is_what_sfcapd_keeps_of_it(tmp_path: Path) -> None:
    folder, log, port = tmp_path / "flows", tmp_path / "sfcapd.log", free_port(socket.SOCK_DGRAM)
    folder.mkdir()
    datagrams = sampled()
    with running(["sfcapd", "-w", str(folder), "-p", str(port), "-b", "127.0.0.1", "-t", "3600"], log) as process:
        wait_bound(process, port, log)
        send(datagrams, port)
        wait_read(port)
    columns = "fmt:%sa;%da;%pr;%sp;%dp;%pkt;%byt;%in;%flg"
    theirs = Counter(
        tuple(each.strip() for each in line.split(";"))
        for line in nfdump(folder, "-o", columns, "-N", "-6", "-q").splitlines()
    )
    assert theirs == Counter(as_nfdump(each) for each in decoded(SFlow(), datagrams))


def as_nfdump(each: np.void) -> tuple[str, ...]:
    source, destination = (address_text(each[f"{side}_hi"], each[f"{side}_lo"]) for side in ("source", "destination"))
    flags = "".join(name if each["tcp_flags"] & bit else "." for name, bit in zip("CEUAPRSF", _FLAGS, strict=True))
    ports = (str(each["source_port"]), str(each["destination_port"]))
    if each["protocol"] == 1:  # it shows a type alone, and nothing of ICMPv6's
        ports = (str(each["icmp_type"]), "0.0")
    elif each["protocol"] == 58:
        ports = ("0", "0.0")
    numbers = (str(each["packets"]), str(each["bytes"]), str(each["in_interface"]), flags)
    return (source, destination, str(each["protocol"]), *ports, *numbers)


_FLAGS = (128, 64, 32, 16, 8, 4, 2, 1)


@needs("pmacctd")
def test_what_pmacctd_samples_one_in_one_of_a_capture_is_what_the_capture_has(tmp_path: Path) -> None:
    frames = []
    for number in range(200):
        segment = [
            tcp(b"x" * number, source_port=30_000 + number, destination_port=80, flags=SYN),
            udp(b"y" * number, source_port=30_000 + number),
            icmp(b"z" * number),
        ][number % 3]
        packet = ipv4 if number % 2 else ipv6
        frames.append(ethernet(packet(segment)))
    capture = write_pcap(tmp_path / "in.pcap", frames)
    settings = FlowListenSettings(listen=("udp://127.0.0.1:0",), allow=(ip_network("127.0.0.1"),))
    with listening(settings) as source:
        config = tmp_path / "pmacctd.conf"
        config.write_text(
            f"daemonize: false\npcap_savefile: {capture}\npcap_savefile_wait: 60\nplugins: sfprobe[a]\n"
            f"sfprobe_receiver[a]: 127.0.0.1:{port_of(source, 'udp')}\nsampling_rate[a]: 1\nsfprobe_agentsubid[a]: 3\n"
        )
        with running(["pmacctd", "-f", str(config)], tmp_path / "pmacctd.log"):
            ours = pump(source, lambda count: count >= 190)  # it keeps the last, unfilled datagram to itself
        assert source.sflow.counts["samples_lost"] == source.sflow.counts["datagrams_lost"] == 0
    theirs = decoded_packets(frames).records[: len(ours)]
    for name in ("source_hi", "source_lo", "destination_hi", "destination_lo", "source_port", "destination_port"):
        assert ours[name].tolist() == theirs[name].tolist(), name
    for name in ("source_mac", "destination_mac", "protocol", "tcp_flags", "icmp_type", "ttl", "version", "verdict"):
        assert ours[name].tolist() == theirs[name].tolist(), name
    assert ours["bytes"].tolist() == (theirs["bytes"] + 4).tolist()  # the frame check sequence
    assert set(ours["domain"].tolist()) == {3}
