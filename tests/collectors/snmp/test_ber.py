import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import ber
from collectors.snmp.ber import WireError


@pytest.mark.parametrize(
    ("size", "octets"),
    [(0, "00"), (127, "7f"), (128, "81 80"), (255, "81 ff"), (256, "82 01 00"), (65_535, "82 ff ff")],
)
def test_lengths_are_the_shortest(size: int, octets: str) -> None:
    assert ber.length(size) == bytes.fromhex(octets)


def test_contents_that_no_message_could_hold() -> None:
    with pytest.raises(ValueError, match="65536 octets do not fit a message, which holds at most 65507"):
        ber.tlv(ber.Tag.OCTET_STRING, bytes(65_536))


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 60_000])
def test_header_finds_the_contents(size: int) -> None:
    data = b"??" + ber.tlv(ber.Tag.OCTET_STRING, b"x" * size) + b"after"
    tag, start, stop = ber.header(data, 2, len(data))
    assert (tag, data[start:stop], data[stop:]) == (ber.Tag.OCTET_STRING, b"x" * size, b"after")


@pytest.mark.parametrize("octets", ["04 01 61", "04 81 01 61", "04 82 00 01 61", "04 88 00 00 00 00 00 00 00 01 61"])
def test_long_forms_of_a_length_are_read(octets: str) -> None:
    assert ber.read_octets(bytes.fromhex(octets), 0, len(bytes.fromhex(octets)))[0] == b"a"


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("", "octet 0: the message ends inside a tag or length"),
        ("04", "octet 0: the message ends inside a tag or length"),
        ("04 81", "octet 1: the message ends inside a length"),
        ("04 80 61 00 00", "octet 1: indefinite length, which SNMP does not allow"),
        ("04 ff 61", "octet 1: length of 127 octets"),
        ("04 89 00 00 00 00 00 00 00 00 01 61", "octet 1: length of 9 octets"),
        ("04 02 61", "octet 1: 2 octets of contents announced, 1 left"),
        ("04 84 ff ff ff ff 61", "octet 1: 4294967295 octets of contents announced, 1 left"),
        ("05 00", "octet 0: tag 0x05 where 0x04 belongs"),
    ],
)
def test_errors_name_the_octet(octets: str, why: str) -> None:
    data = bytes.fromhex(octets)
    with pytest.raises(WireError) as caught:
        ber.read_octets(data, 0, len(data))
    assert str(caught.value) == why
    assert why.startswith(f"octet {caught.value.offset}: ")


def test_a_length_is_held_against_what_encloses_it_not_against_the_datagram() -> None:
    with pytest.raises(WireError, match="3 octets of contents announced, 2 left"):
        ber.read_octets(b"\x04\x03abc", 0, 4)


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_round_trip_in_the_fewest_octets(value: int) -> None:
    encoded = ber.integer(value)
    assert ber.read_integer(encoded, 0, len(encoded)) == (value, len(encoded))
    contents = encoded[2:]
    if len(contents) > 1:  # X.690 section 8.3.2: the first nine bits are not all alike
        assert (contents[0], contents[1] >> 7) not in ((0x00, 0), (0xFF, 1))


@pytest.mark.parametrize(("octets", "size"), [("02 00", 0), ("02 09 00 00 00 00 00 00 00 00 01", 9)])
def test_a_field_of_a_message_has_one_to_eight_octets(octets: str, size: int) -> None:
    data = bytes.fromhex(octets)
    with pytest.raises(WireError, match=f"octet 1: INTEGER of {size} octets"):
        ber.read_integer(data, 0, len(data))


def test_tags_are_numbered_as_in_rfc_2578_and_rfc_3416() -> None:
    assert {tag.name: f"{tag:02x}" for tag in ber.Tag} == {
        "INTEGER": "02",
        "OCTET_STRING": "04",
        "NULL": "05",
        "OBJECT_IDENTIFIER": "06",
        "SEQUENCE": "30",
        "IP_ADDRESS": "40",
        "COUNTER32": "41",
        "GAUGE32": "42",
        "TIME_TICKS": "43",
        "OPAQUE": "44",
        "NSAP_ADDRESS": "45",
        "COUNTER64": "46",
        "UINTEGER32": "47",
        "NO_SUCH_OBJECT": "80",
        "NO_SUCH_INSTANCE": "81",
        "END_OF_MIB_VIEW": "82",
    }
