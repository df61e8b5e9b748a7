"""Cells as text and as numbers, and indexes as parts: RFC 2578 section 7.7, RFC 2579's textual conventions."""

from array import array

import pytest

from collectors.snmp import convert, oid
from collectors.snmp.convert import RANGES, Syntax
from collectors.snmp.index import IndexMismatch, IndexType, split
from netmon.api import Missing, Reason

MAC = b"\x00\x1a\x2b\x3c\x4d\x5e"


@pytest.mark.parametrize(
    ("syntax", "cell", "text"),
    [
        (Syntax.STRING, b"Gi1/0/1", "Gi1/0/1"),
        (Syntax.STRING, "Bêka".encode(), "Bêka"),
        (Syntax.STRING, b"tail\0\0", "tail"),
        (Syntax.STRING, b"two\r\nlines\t", "two\r\nlines\t"),
        (Syntax.STRING, b"\xff\x1b[31m", "\\xff\\x1b[31m"),
        (Syntax.STRING, b"\xc2\x85", "\\x85"),  # a control character of ISO 8859
        (Syntax.STRING, 42, "42"),
        (Syntax.MAC, MAC, "00:1A:2B:3C:4D:5E"),
        (Syntax.MAC, b"", "00:00:00:00:00:00"),  # as snmp_exporter shows a loopback
        (Syntax.MAC, b"E8:28:C1:3C:1C:D8", "E8:28:C1:3C:1C:D8"),  # an agent that writes it as text
        (Syntax.MAC, b"\x01\xd7\x01\xcf\xaf\x80\x00\x00", "01:D7:01:CF:AF:80:00:00"),
        (Syntax.OCTETS, b"\x0a\x1b", "0x0A1B"),
        (Syntax.OCTETS, b"", ""),
        (Syntax.ADDRESS, b"\xc0\x00\x02\x01", "192.0.2.1"),
        (Syntax.ADDRESS, b"\x20\x01\x0d\xb8" + bytes(11) + b"\x01", "2001:db8::1"),
        (Syntax.ADDRESS, b"\x01\xc0\x00\x02\x01", "192.0.2.1"),  # with its family, as LLDP has it
        (Syntax.ADDRESS, b"\x02\x20\x01\x0d\xb8" + bytes(11) + b"\x01", "2001:db8::1"),
        (Syntax.ADDRESS, b"\x07", "0x07"),
        (Syntax.OID, oid.encode((1, 3, 6, 1, 4, 1, 9)), "1.3.6.1.4.1.9"),
        (Syntax.OID, b"\x2b\x80", "0x2B80"),  # cut off
    ],
)
def test_a_cell_as_text(syntax: Syntax, cell: bytes | int, text: str) -> None:
    assert convert.text(syntax, cell) == text


def test_the_same_octets_give_the_same_object() -> None:
    assert convert.text(Syntax.STRING, b"x" * 50) is convert.text(Syntax.STRING, bytes([120] * 50))


def test_a_long_text_is_cut() -> None:
    assert len(convert.text(Syntax.STRING, b"x" * 5000)) == convert.MAX_TEXT


@pytest.mark.parametrize("syntax", RANGES)
def test_numbers_are_packed_up_to_the_ends_of_their_range(syntax: Syntax) -> None:
    least, greatest = RANGES[syntax]
    column = convert.pack([least, greatest], syntax, RANGES[syntax])
    assert isinstance(column, array)
    assert list(column) == [least, greatest]


@pytest.mark.parametrize(
    ("syntax", "cell", "value"),
    [
        (Syntax.FLOAT, 1.5, 1.5),
        (Syntax.NUMBER, b"0.31", 0.31),
        (Syntax.NUMBER, b"24.5 C", 24.5),
        (Syntax.NUMBER, b" 7 ", 7),
        (Syntax.NUMBER, 12, 12),
        (Syntax.DATE_AND_TIME, bytes((7, 0xEA, 11, 21, 10, 30, 0, 5)), 1_795_257_000),
        (Syntax.DATE_AND_TIME, bytes((7, 0xEA, 11, 21, 17, 30, 0, 5)) + b"+\x07\x00", 1_795_257_000),
        (Syntax.DATE_AND_TIME, bytes((7, 0xEA, 11, 21, 5, 30, 0, 5)) + b"-\x05\x00", 1_795_257_000),
        (Syntax.DATE_AND_TIME, bytes((7, 0xB2, 1, 1, 0, 0, 0, 0)), 0),
    ],
)
def test_numbers_in_other_dress(syntax: Syntax, cell: bytes | float, value: float) -> None:
    assert list(convert.pack([cell], syntax, None)) == [value]


@pytest.mark.parametrize(
    ("syntax", "cell"),
    [
        (Syntax.INTEGER, b"\x01"),
        (Syntax.INTEGER, 1.0),
        (Syntax.COUNTER32, 2**32),
        (Syntax.COUNTER64, -1),
        (Syntax.GAUGE32, -1),
        (Syntax.FLOAT, float("nan")),
        (Syntax.FLOAT, float("inf")),
        (Syntax.NUMBER, b"none"),
        (Syntax.NUMBER, b""),
        (Syntax.NUMBER, b"inf"),
        (Syntax.DATE_AND_TIME, b"\x07\xea"),
        (Syntax.DATE_AND_TIME, bytes((7, 0xEA, 13, 21, 10, 30, 0, 5))),
    ],
)
def test_what_is_none_of_them_is_invalid_and_its_neighbours_are_kept(syntax: Syntax, cell: bytes | float) -> None:
    bad, good = convert.pack([cell, 3], syntax, RANGES.get(syntax))
    assert isinstance(bad, Missing)
    assert bad.reason is Reason.INVALID
    assert good == 3


def test_computed_numbers_are_packed_as_what_they_are() -> None:
    codes = [convert.pack_results(values) for values in ([1, -2], [2**63, 1], [1, 0.5])]
    assert [column.typecode for column in codes if isinstance(column, array)] == ["q", "Q", "d"]
    lost = Missing(Reason.TIMEOUT)
    assert convert.pack_results([1, lost]) == [1, lost]
    infinite, finite = convert.pack_results([float("inf"), 1.0])
    assert isinstance(infinite, Missing)
    assert finite == 1.0


@pytest.mark.parametrize(
    ("kind", "size", "arcs", "text"),
    [
        (IndexType.INTEGER, 0, (10101,), "10101"),
        (IndexType.STRING, 0, (3, 97, 98, 99), "abc"),
        (IndexType.STRING, 0, (0,), ""),
        (IndexType.IMPLIED_STRING, 0, (97, 98), "ab"),
        (IndexType.OCTETS, 0, (2, 10, 27), "0x0A1B"),
        (IndexType.FIXED_OCTETS, 2, (10, 27), "0x0A1B"),
        (IndexType.MAC, 0, tuple(MAC), "00:1A:2B:3C:4D:5E"),
        (IndexType.IPV4, 0, (192, 0, 2, 1), "192.0.2.1"),
        (IndexType.INET_ADDRESS, 0, (4, 192, 0, 2, 1), "192.0.2.1"),
        (IndexType.OID, 0, (3, 1, 3, 6), "1.3.6"),
        (IndexType.IMPLIED_OID, 0, (1, 3, 600), "1.3.600"),
    ],
)
def test_one_part_of_an_index(kind: IndexType, size: int, arcs: tuple[int, ...], text: str) -> None:
    (own,) = split(arcs, [(kind, size)])
    assert convert.index_text(kind, own) == text
    if kind not in (IndexType.IMPLIED_STRING, IndexType.IMPLIED_OID):
        for end in range(len(arcs)):
            with pytest.raises(IndexMismatch):
                split(arcs[:end], [(kind, size)])
        with pytest.raises(IndexMismatch, match="1 arcs too many"):
            split((*arcs, 1), [(kind, size)])


def test_several_parts_follow_one_another() -> None:
    clause = [(IndexType.INTEGER, 0), (IndexType.STRING, 0), (IndexType.IPV4, 0)]
    assert split((7, 2, 97, 98, 10, 0, 0, 1), clause) == ((7,), (97, 98), (10, 0, 0, 1))


def test_an_octet_is_no_larger_than_255() -> None:
    with pytest.raises(IndexMismatch, match=r"index 1.300 has an arc above 255 inside its string"):
        split((1, 300), [(IndexType.STRING, 0)])
