import numpy as np

from netmon.api.traffic import RECORD, halves
from rules.traffic import telling
from rules.traffic.local.telling import dari_siapa


def rows(*of: tuple[str, int]) -> telling.Records:
    records = np.zeros(len(of), RECORD)
    for record, (source, count) in zip(records, of, strict=True):
        record["source_hi"], record["source_lo"] = halves(source)
        record["destination_hi"], record["destination_lo"] = halves("2001:db8::1")
        record["packets"], record["bytes"], record["version"], record["protocol"] = count, 60 * count, 4, 6
        record["tcp_flags"], record["source_port"], record["destination_port"] = 0x12, 1025, 443
        record["start_ns"] = 1_795_000_000_123_456_789
    return records


def test_numbers_take_the_separators_of_their_language() -> None:
    assert telling.packets(48_000.4) == "48,000 packets/s"
    assert telling.packets(48_000.4, "id") == "48.000 paket/dtk"
    assert telling.number(1.25, "id") == "1,2"
    assert telling.bits(1_210_000_000) == "1.21 Gbit/s"
    assert telling.bits(999_900) == "1 Mbit/s"
    assert telling.octets(12_300, "id") == "12,3 kB"
    assert telling.times(1.5) == "1.5 times"
    assert telling.share(0.004) == "0.4%"
    assert [telling.addresses(count) for count in (1, 12_345)] == ["1 address", "12,345 addresses"]
    assert telling.duration(3 * 3600, "id") == "3 jam"
    assert [telling.duration(seconds) for seconds in (299, 7_190, 86_400)] == ["5 min", "120 min", "24 h"]
    assert telling.join(["a", "b", "c"], "id") == "a, b dan c"


def test_the_most_frequent_come_first_with_their_shares() -> None:
    records = rows(("198.51.100.7", 3), ("203.0.113.9", 5), ("198.51.100.7", 12))
    assert telling.top_sources(records) == "198.51.100.7 75%, 203.0.113.9 25%"
    assert telling.top_sources(records, count=1) == "198.51.100.7 75%"
    assert telling.top_ports(records) == "443 (HTTPS) 100%"
    assert telling.top_sources(records[:0]) == ""
    only = telling.chosen(records, source=halves("203.0.113.9"), destination=halves("2001:db8::1"))
    assert only["packets"].tolist() == [5]


def test_a_record_is_a_line() -> None:
    record = rows(("198.51.100.7", 1))[0]
    assert telling.record(record) == (
        "2026-11-18T11:06:40.123456Z TCP 198.51.100.7:1025 > [2001:db8::1]:443 SYN+ACK 1 packet 60 B"
    )
    record["protocol"], record["icmp_type"], record["state"] = 58, 128, 2
    assert telling.record(record) == (
        "2026-11-18T11:06:40.123456Z ICMPv6 198.51.100.7 > 2001:db8::1 type 128 code 0 1 packet 60 B one way"
    )


def test_samples_are_spread_over_the_records() -> None:
    told = telling.samples(rows(*((f"198.51.100.{last}", 1) for last in range(9))))
    assert [f"198.51.100.{last}:" in text for last, text in zip((0, 4, 8), told.values(), strict=True)] == [True] * 3
    assert list(told) == ["sample_1", "sample_2", "sample_3"]


def test_the_records_of_many_addresses_are_found_in_one_reading() -> None:
    several = [f"198.51.{last & 1}.{last % 7}" for last in range(60)]
    records = rows(*((address, packets) for packets, address in enumerate(several)))
    records["source_hi"][5:9] = 9  # another address with the same low half
    pairs = [halves("198.51.0.2"), halves("198.51.1.3"), halves("192.0.2.1"), (9, halves("198.51.1.5")[1])]
    found = telling.by_address(records, "source", pairs)
    assert list(found) == pairs
    for pair, part in found.items():
        assert part["packets"].tolist() == telling.chosen(records, source=pair)["packets"].tolist()
    assert [len(part) > 0 for part in found.values()] == [True, True, False, True]
    assert telling.by_address(records, "source", []) == {}


def test_how_many_addresses_are_said_in_indonesian_and_an_address_as_it_is() -> None:
    assert dari_siapa("3,000 addresses") == "3.000 alamat"
    assert dari_siapa("1,200 MAC addresses") == "1.200 alamat MAC"
    assert dari_siapa("2001:db8::1") == "2001:db8::1"
