"""What becomes of the packets of one flow: who began it, how far it came, when it is told."""

import numpy as np
import pytest

from collectors.traffic.flowtable.table import FlowTable
from netmon.api.traffic import EndReason, FlowState
from tests.support.flow_packets import (
    CLIENT,
    SERVER,
    answered,
    at,
    back,
    ends,
    feed,
    flows,
    handshake,
    only,
    plain,
    sent,
    small,
    sums,
    there,
    traffic,
)
from tests.support.packets import ACK, FIN, PSH, RST, SYN, arp, decoded, ethernet, icmp, icmp6, ipv4, ipv6, tcp, udp

CLOSING = [
    sent(1, FIN | ACK, sequence=1001),
    answered(1.1, FIN | ACK, sequence=9001),
    sent(1.2, ACK, sequence=1002),
]

STATES = {
    "unanswered": ([sent(0, SYN), sent(1, SYN)], FlowState.ONE_WAY),
    "refused": ([sent(0, SYN), answered(0.1, RST | ACK)], FlowState.REFUSED),
    "half open": ([sent(0, SYN), answered(0.1, SYN | ACK)], FlowState.ANSWERED),
    "half open, then reset by the scanner": ([*handshake()[:2], sent(0.2, RST)], FlowState.RESET),
    "established": (handshake(), FlowState.ESTABLISHED),
    "one side closed": ([*handshake(), CLOSING[0]], FlowState.ESTABLISHED),
    "closed": ([*handshake(), *CLOSING], FlowState.CLOSED),
    "reset after it was closed": ([*handshake(), *CLOSING, answered(1.3, RST)], FlowState.CLOSED),
    "reset": ([*handshake(), answered(1, RST)], FlowState.RESET),
    "given up by the client": ([sent(0, SYN), sent(0.1, RST)], FlowState.ONE_WAY),
    "from the middle": ([sent(0, ACK), answered(0.1, ACK)], FlowState.ANSWERED),
    "from the middle, one side": ([sent(0, ACK), sent(0.1, ACK)], FlowState.ONE_WAY),
    "from the middle, closed": ([sent(0, ACK), answered(0.1, ACK), *CLOSING], FlowState.CLOSED),
    "FIN scan of a closed port": ([sent(0, FIN), answered(0.1, RST | ACK)], FlowState.REFUSED),
    "NULL scan of an open port": ([sent(0, 0)], FlowState.ONE_WAY),
    "ACK scan": ([sent(0, ACK), answered(0.1, RST)], FlowState.RESET),
    "answers that take another way": ([sent(0, SYN), sent(0.1, ACK), sent(0.2, ACK)], FlowState.ONE_WAY),
    "answers to a forged sender": ([answered(0, SYN | ACK), answered(1, SYN | ACK)], FlowState.ONE_WAY),
    "UDP unanswered": ([there(0, udp())], FlowState.ONE_WAY),
    "UDP": ([there(0, udp()), back(0.1, udp(source_port=53, destination_port=40000))], FlowState.ANSWERED),
    "ping": ([there(0, icmp()), back(0.1, icmp(kind=0))], FlowState.ANSWERED),
}


@pytest.mark.parametrize(("packets", "state"), STATES.values(), ids=STATES)
def test_how_far_it_came(packets: list[tuple[float, bytes]], state: FlowState) -> None:
    row = only(packets)
    assert FlowState(row["state"]) is state
    assert row["packets"] + row["reply_packets"] == len(packets)
    assert ends(row)[0::2] == (CLIENT, SERVER)


def test_a_record_tells_both_directions_and_what_the_first_packet_says() -> None:
    row = only(
        [*handshake(), sent(0.5, ACK | PSH, b"GET /", sequence=1001), answered(0.6, ACK, bytes(100), sequence=9001)]
    )
    assert ends(row) == (CLIENT, 40000, SERVER, 80)
    assert (row["start_ns"], row["end_ns"]) == (at(0), at(0.6))
    assert (row["packets"], row["bytes"], row["tcp_flags"]) == (3, 54 + 54 + 59, SYN | ACK | PSH)
    assert (row["reply_packets"], row["reply_bytes"], row["reply_tcp_flags"]) == (2, 54 + 154, SYN | ACK)
    assert (row["source_mac"], row["destination_mac"]) == (0x020000000001, 0x020000000002)
    assert (row["ttl"], row["version"], row["protocol"], row["ethertype"]) == (64, 4, 6, 0x0800)
    assert (row["handshake_us"], row["retransmissions"], row["sampling"]) == (20_000, 0, 1)
    assert (row["end_reason"], row["vlan"], row["payload_at"]) == (EndReason.FORCED, 0, 0)


@pytest.mark.parametrize(
    ("first", "initiator"),
    [
        (answered(0, SYN | ACK), CLIENT),
        (answered(0, ACK), CLIENT),  # from port 80
        (there(0, tcp(source_port=3306, destination_port=50000)), SERVER),  # from a port that no system takes by itself
        (there(0, tcp(source_port=50000, destination_port=3306)), CLIENT),
        (there(0, tcp(source_port=50000, destination_port=50001)), CLIENT),
        (there(0, tcp(source_port=22, destination_port=179)), CLIENT),
        (there(0, tcp(source_port=80, destination_port=50001, flags=SYN)), CLIENT),
        (there(0, tcp(source_port=80, destination_port=50001, flags=FIN)), CLIENT),  # no stack sends that: a scan
        (back(0, icmp(kind=0)), CLIENT),
        (there(0, udp(source_port=53, destination_port=50000)), CLIENT),  # amplified: who sends it is its source
    ],
)
def test_who_began_it(first: tuple[float, bytes], initiator: str) -> None:
    assert ends(only([first]))[0] == initiator


def test_a_syn_and_ack_alone_is_the_answer_of_a_flow_whose_question_was_not_seen() -> None:
    row = only([answered(0, SYN | ACK)])
    assert ends(row) == (CLIENT, 40000, SERVER, 80)
    assert (row["packets"], row["reply_packets"], row["reply_tcp_flags"]) == (0, 1, SYN | ACK)
    assert (row["source_mac"], row["destination_mac"]) == (0x020000000002, 0x020000000001)  # its receiver is the source


def test_what_begins_is_told_once_with_its_first_packet() -> None:
    table = small()
    feed(table, handshake())
    begun, ended = table.drain(at(1))
    assert (len(begun), len(ended)) == (1, 0)
    assert (begun[0]["state"], begun[0]["packets"], begun[0]["tcp_flags"]) == (FlowState.BEGUN, 1, SYN)
    feed(table, [sent(1, ACK)])
    assert not len(table.drain(at(2))[0])


QUIET = {
    "half open": ([sent(0, SYN)], 5, EndReason.IDLE),
    "UDP": ([there(0, udp())], 15, EndReason.IDLE),
    "established": (handshake(-0.02), 300, EndReason.IDLE),
    "closed": ([*handshake(-1.2), *((when - 1.2, frame) for when, frame in CLOSING)], 2, EndReason.END),
    "reset": ([*handshake(-1), answered(0, RST)], 2, EndReason.END),
    "refused": ([sent(-1, SYN), answered(0, RST | ACK)], 2, EndReason.END),
}


@pytest.mark.parametrize(("packets", "quiet_s", "reason"), QUIET.values(), ids=QUIET)
def test_when_it_is_over(packets: list[tuple[float, bytes]], quiet_s: int, reason: EndReason) -> None:
    table = small(active_s=1000)
    feed(table, packets)
    assert not len(table.drain(at(quiet_s - 0.001))[1])
    ended = table.drain(at(quiet_s))[1]
    assert [row["end_reason"] for row in ended] == [reason]
    assert sums(ended)[0] == len(packets)
    assert table.open == 0


def test_a_packet_after_the_silence_begins_a_new_flow_also_when_nobody_drained() -> None:
    found = flows([there(0, udp()), there(14, udp()), there(30, udp())])
    assert [(row["packets"], row["end_reason"]) for row in found] == [(2, EndReason.IDLE), (1, EndReason.FORCED)]


def test_a_port_used_again_is_another_flow() -> None:
    again = [(when + 1.5, frame) for when, frame in handshake()]
    found = flows([*handshake(), *CLOSING, *again])
    assert [FlowState(row["state"]) for row in found] == [FlowState.CLOSED, FlowState.ESTABLISHED]
    assert [row["end_reason"] for row in found] == [EndReason.END, EndReason.FORCED]
    assert [row["handshake_us"] for row in found] == [20_000, 20_000]
    lost_end = flows([*handshake(), *handshake(20)])
    assert [FlowState(row["state"]) for row in lost_end] == [FlowState.ESTABLISHED] * 2


def test_late_packets_join_what_was_closed() -> None:
    assert only([*handshake(), *CLOSING, answered(2, ACK, sequence=9002)])["packets"] == 4


def test_a_long_flow_is_told_in_parts() -> None:
    table = small(active_s=10, established_idle_s=30)
    feed(table, [*handshake(), *(sent(second, ACK) for second in range(1, 26))])
    feed(table, [answered(26, RST)])
    parts, rest = table.drain(at(26))[1], table.finish()
    told = [*parts, *rest]
    assert [row["end_reason"] for row in told] == [EndReason.ACTIVE, EndReason.ACTIVE, EndReason.FORCED]
    assert [FlowState(row["state"]) for row in told] == [FlowState.ESTABLISHED, FlowState.ESTABLISHED, FlowState.RESET]
    assert [(row["packets"], row["reply_packets"]) for row in told] == [(11, 1), (10, 0), (6, 1)]
    assert [(row["start_ns"], row["end_ns"]) for row in told] == [
        (at(0), at(9)),
        (at(10), at(19)),
        (at(20), at(26)),
    ]
    assert [row["tcp_flags"] for row in told] == [SYN | ACK, ACK, ACK]
    assert [row["handshake_us"] for row in told] == [20_000] * 3
    assert table.counts["parts"] == 2


def test_a_part_is_told_in_time_though_no_packet_comes_and_silence_is_not_told_again() -> None:
    table = small(active_s=10, established_idle_s=30)
    feed(table, handshake())
    assert [row["end_reason"] for row in table.drain(at(10))[1]] == [EndReason.ACTIVE]
    assert table.open == 1
    assert not len(table.drain(at(31))[1])
    assert (table.open, table.counts["ended_idle"]) == (0, 1)


def test_what_goes_on_after_its_part_is_counted_from_there() -> None:
    table = small(active_s=10, established_idle_s=30)
    feed(table, handshake())
    table.drain(at(10))
    feed(table, [sent(15, ACK)])
    assert not len(table.drain(at(24))[1])
    (row,) = table.drain(at(25))[1]
    assert (row["start_ns"], row["packets"], row["end_reason"]) == (at(15), 1, EndReason.ACTIVE)


def test_what_tells_flows_apart() -> None:
    same = ipv4(udp(), source=CLIENT, destination=SERVER)
    frames = [ethernet(same), ethernet(same, vlans=[7]), ethernet(same, vlans=[8])]
    packets = [(0.1 * number, frame) for number, frame in enumerate(frames)]
    assert sorted(row["vlan"] for row in flows(packets)) == [0, 7, 8]
    assert only(packets, by_vlan=False)["packets"] == 3
    ports = [there(0, udp(destination_port=port)) for port in (1, 2, 3)]
    assert len(flows([*ports, there(0, tcp(destination_port=1, flags=SYN))])) == 4


def test_pings_are_flows_by_identifier_and_other_icmp_by_type() -> None:
    pings = [
        packet
        for number in (1, 2)
        for packet in (
            there(0, icmp(rest=bytes([0, number, 0, 1]))),
            back(0.1, icmp(kind=0, rest=bytes([0, number, 0, 1]))),
        )
    ]
    found = flows([*pings, there(1, icmp(kind=11)), there(1, icmp(kind=3, code=1))])
    assert [(row["icmp_type"], row["packets"], row["reply_packets"]) for row in found] == [
        (8, 1, 1),
        (8, 1, 1),
        (11, 1, 0),
        (3, 1, 0),
    ]
    assert all(row["source_port"] == row["destination_port"] == 0 for row in found)
    six = [
        (0.0, ethernet(ipv6(icmp6()))),
        (0.1, ethernet(ipv6(icmp6(kind=129), source="2001:db8::2", destination="2001:db8::1"))),
    ]
    assert only(six)["reply_packets"] == 1


def test_later_fragments_are_a_flow_of_their_own() -> None:
    whole = udp(bytes(2000))
    packets = [there(0, whole[:1480], more=True, protocol=17), there(0, whole[1480:], fragment=185, protocol=17)]  # type: ignore[arg-type]
    found = flows(packets)
    assert [(row["destination_port"], row["fragment"], row["packets"]) for row in found] == [(53, 1, 1), (0, 2, 1)]
    assert sums(found)[1] == sum(len(frame) for _, frame in packets)


REFUSALS = {
    "IPv4": (
        there(0, udp()),
        back(0.1, icmp(ipv4(udp(), source=CLIENT, destination=SERVER), kind=3, code=3)),
        FlowState.REFUSED,
    ),
    "a firewall's, for TCP": (
        sent(0, SYN),
        back(0.1, icmp(ipv4(tcp(flags=SYN), source=CLIENT, destination=SERVER), kind=3, code=3)),
        FlowState.REFUSED,
    ),
    "IPv6": (
        (0.0, ethernet(ipv6(udp()))),
        (0.1, ethernet(ipv6(icmp6(ipv6(udp()), kind=1, code=4), source="2001:db8::2", destination="2001:db8::1"))),
        FlowState.REFUSED,
    ),
    "another port": (
        there(0, udp()),
        back(0.1, icmp(ipv4(udp(destination_port=54), source=CLIENT, destination=SERVER), kind=3, code=3)),
        FlowState.ONE_WAY,
    ),
    "the wrong way round": (
        there(0, udp()),
        back(
            0.1,
            icmp(ipv4(udp(source_port=53, destination_port=40000), source=SERVER, destination=CLIENT), kind=3, code=3),
        ),
        FlowState.ONE_WAY,
    ),
    "host unreachable": (
        there(0, udp()),
        back(0.1, icmp(ipv4(udp(), source=CLIENT, destination=SERVER), kind=3, code=1)),
        FlowState.ONE_WAY,
    ),
    "cut short": (
        there(0, udp()),
        back(0.1, icmp(ipv4(udp(), source=CLIENT, destination=SERVER)[:22], kind=3, code=3)),
        FlowState.ONE_WAY,
    ),
}


@pytest.mark.parametrize(("asked", "error", "state"), REFUSALS.values(), ids=REFUSALS)
def test_port_unreachable_is_a_refusal(
    asked: tuple[float, bytes], error: tuple[float, bytes], state: FlowState
) -> None:
    found = flows([asked, error])
    assert len(found) == 2
    assert FlowState(found[0]["state"]) is state


def test_a_forged_refusal_ends_nothing_that_was_answered() -> None:
    answer = back(0.1, udp(source_port=53, destination_port=40000))
    error = back(0.2, icmp(ipv4(udp(), source=CLIENT, destination=SERVER), kind=3, code=3))
    assert FlowState(flows([there(0, udp()), answer, error])[0]["state"]) is FlowState.ANSWERED
    assert FlowState(flows([there(0, udp()), (0.1, error[1]), (0.2, answer[1])])[0]["state"]) is FlowState.ANSWERED


AGAIN = {
    "a segment": ([sent(1, ACK, b"abc", sequence=1001), sent(2, ACK, b"abc", sequence=1001)], 1),
    "half of it": ([sent(1, ACK, b"abcd", sequence=1001), sent(2, ACK, b"cdef", sequence=1003)], 1),
    "of the server": ([answered(1, ACK, b"abc", sequence=9001), answered(2, ACK, b"abc", sequence=9001)], 1),
    "new ones": ([sent(1, ACK, b"abc", sequence=1001), sent(2, ACK, b"def", sequence=1004)], 0),
    "acknowledgements": ([sent(1, ACK, sequence=1001), sent(2, ACK, sequence=1001)], 0),
    "keep-alives": (
        [sent(1, ACK, b"abc", sequence=1001), sent(2, ACK, b"c", sequence=1003), sent(3, ACK, sequence=1003)],
        0,
    ),
    "FIN": ([sent(1, FIN | ACK, sequence=1001), sent(2, FIN | ACK, sequence=1001)], 1),
    "the lost one of three": (
        [
            sent(1, ACK, b"ghi", sequence=1007),
            sent(1.1, ACK, b"abc", sequence=1001),
            sent(1.2, ACK, b"def", sequence=1004),
        ],
        2,
    ),
    "over the end of the sequence space": (
        [
            sent(1, ACK, b"abcdef", sequence=1001),
            *(sent(1 + step, ACK, b"x", sequence=(1001 + step * 0x7000_0000) % 2**32) for step in range(1, 5)),
        ],
        0,
    ),
}


@pytest.mark.parametrize(("packets", "count"), AGAIN.values(), ids=AGAIN)
def test_retransmissions(packets: list[tuple[float, bytes]], count: int) -> None:
    assert only([*handshake(), *packets])["retransmissions"] == count


@pytest.mark.parametrize("options", [b"", bytes(12), bytes(40)])
def test_retransmissions_whatever_the_header_length_and_the_snap_length(options: bytes) -> None:
    packets = [there(when, tcp(bytes(900), sequence=5000, options=options)) for when in (0, 1)]
    assert only(packets)["retransmissions"] == 1
    cut = [(when, frame[: 54 + len(options) + 10]) for when, frame in packets]
    later = there(2, tcp(bytes(900), sequence=5000 + 900, options=options))
    seen = decoded([frame for _, frame in [*cut, later]], start_ns=[at(0), at(1), at(2)], wire=[len(later[1])] * 3)
    table = small()
    table.add(seen.records, seen.frames)
    assert table.finish()["retransmissions"].tolist() == [1]


def test_many_retransmissions_are_as_many_as_there_is_room_to_say() -> None:
    seen = traffic([sent(0, ACK, b"abc")] * 1024)
    table = small()
    for _ in range(65):
        table.add(seen.records, seen.frames)
    assert table.finish()["retransmissions"].tolist() == [65535]


def test_what_is_no_flow_is_counted() -> None:
    table = small()
    bad = ethernet(b"\x45\x00\x00\x05" + bytes(30), ethertype=0x0800)
    assert feed(table, [(0, ethernet(arp())), (0, bad), (0, b"\x01\x02"), there(0, udp())]) == 1
    assert {name: table.counts[name] for name in ("packets", "skipped_not_ip", "skipped_malformed")} == {
        "packets": 1,
        "skipped_not_ip": 1,
        "skipped_malformed": 2,
    }


def test_begun_flows_beyond_the_cap_are_counted() -> None:
    table = small(begun_rows=10)
    table.add(plain(25))
    assert (len(table.drain(at(0))[0]), table.counts["begun"], table.counts["begun_untold"]) == (10, 25, 15)


def test_a_table_goes_on_after_its_end() -> None:
    table = small()
    table.add(plain(100))
    assert len(table.finish()) == 100
    table.add(plain(100))
    assert (table.open, len(table.finish()), len(table.finish())) == (100, 100, 0)


def test_read_only_records_and_frames_are_taken() -> None:
    records = plain(3)
    records.flags.writeable = False
    assert FlowTable().add(np.ascontiguousarray(records)) == 3
