import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.snmp import ber
from collectors.snmp.ber import Tag, WireError
from collectors.snmp.values import VarBinds, decode_carefully, decode_varbinds, encode_value
from tests.support.snmp_samples import IF_NAME, VALUES


def page(*values: bytes, name: bytes = IF_NAME) -> bytes:
    """Return a VarBindList with these values."""
    inside = b"".join(ber.tlv(0x30, ber.tlv(0x06, name) + value) for value in values)
    return ber.tlv(0x30, inside)


def read(*values: bytes) -> VarBinds:
    data = page(*values)
    return decode_varbinds(data, 0, len(data))


@pytest.mark.parametrize(("tag", "value", "octets"), VALUES)
def test_every_type_both_ways(tag: int, value: object, octets: str) -> None:
    encoded = bytes.fromhex(octets)
    assert encode_value(tag, value) == encoded  # type: ignore[arg-type] # the table mixes types
    assert read(encoded) == VarBinds([IF_NAME], [tag], [value])  # type: ignore[list-item] # the same
    assert type(read(encoded).values[0]) is type(value)


def test_one_list_of_all_types() -> None:
    assert read(*(bytes.fromhex(octets) for _, _, octets in VALUES)) == VarBinds(
        [IF_NAME] * len(VALUES), [tag for tag, _, _ in VALUES], [value for _, value, _ in VALUES]
    )


@pytest.mark.parametrize(
    ("octets", "tag", "value"),
    [
        ("41 04 ff ff ff fe", 0x41, 4_294_967_294),  # the zero octet before a set high bit forgotten
        ("41 01 c8", 0x41, 200),
        ("42 02 ff ff", 0x42, 65_535),
        ("43 04 80 00 00 00", 0x43, 2**31),
        ("46 08 ff ff ff ff ff ff ff fe", 0x46, 2**64 - 2),
        ("46 05 ff 00 00 00 01", 0x46, 0xFF_0000_0001),
        ("41 08 ff ff ff ff ff ff ff fe", 0x41, 4_294_967_294),  # sign-extended
        ("41 05 ff ff ff ff fe", 0x41, 4_294_967_294),
        ("41 05 ff 80 00 00 00", 0x41, 2**31),
        ("46 09 ff ff ff ff ff ff ff ff fe", 0x46, 2**64 - 2),
        ("46 09 00 ff ff ff ff ff ff ff ff", 0x46, 2**64 - 1),
        ("46 0a 00 00 ff ff ff ff ff ff ff ff", 0x46, 2**64 - 1),  # leading octets that carry nothing
        ("41 08 00 00 00 00 00 00 00 07", 0x41, 7),
        ("02 04 00 00 00 07", 0x02, 7),
        ("02 03 ff ff fe", 0x02, -2),
        ("02 0a 00 00 00 00 00 00 00 00 00 07", 0x02, 7),
        ("02 05 00 ff ff ff ff", 0x02, 2**32 - 1),  # wider than its type
        ("41 05 01 00 00 00 00", 0x41, 2**32),
        ("02 08 7f ff ff ff ff ff ff ff", 0x02, 2**63 - 1),
        ("41 82 00 04 ff ff ff fe", 0x41, 4_294_967_294),  # lengths in the long form
        ("04 83 00 00 02 68 69", 0x04, b"hi"),
        ("02 00", 0x05, None),  # no octets say nothing
        ("41 00", 0x05, None),
        ("46 00", 0x05, None),
        ("40 00", 0x40, b""),  # an agent that has no address
        ("06 00", 0x06, b""),
        ("05 01 00", 0x05, None),
        ("44 05 9f 78 04 41 ac", 0x44, b"\x9f\x78\x04\x41\xac"),  # not the size of a float
        ("44 00", 0x44, b""),
        ("03 02 00 01", 0x03, b"\x00\x01"),  # a type that SNMP does not know
    ],
)
def test_what_agents_get_wrong(octets: str, tag: int, value: object) -> None:
    encoded = bytes.fromhex(octets)
    found = read(encoded)
    assert (found.tags, found.values) == ([tag], [value])
    data = page(encoded)
    assert decode_carefully(data, 2, len(data)) == found


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("46 09 01 00 00 00 00 00 00 00 00", "octet 20: number of 9 octets where one of 1 to 64 bits belongs"),
        ("02 09 00 ff ff ff ff ff ff ff ff", "octet 20: number of 9 octets"),
        ("02 09 ff 00 00 00 00 00 00 00 00", "octet 20: number of 9 octets"),
        ("1f 01 00", "octet 20: tag 0x1f of more than one octet"),
        ("41 80 00 00", "octet 19: indefinite length"),
        ("41 02 01", "octet 19: 2 octets of contents announced, 1 left"),
        ("41 01 01 00", "octet 21: 1 octets after the value, inside its varbind"),
        ("", "octet 18: the message ends inside a tag or length"),
    ],
)
def test_what_cannot_be_read(octets: str, why: str) -> None:
    with pytest.raises(WireError, match=why):
        read(bytes.fromhex(octets))


def test_a_list_that_reaches_past_its_pdu_is_refused_even_where_the_octets_are_there() -> None:
    data = page(b"\x41\x01\x07") + b"plenty of octets after it"
    with pytest.raises(WireError, match="octets of contents announced"):
        decode_varbinds(data, 0, 12)
    short = bytes((0x30, data[1] - 1)) + data[2:]
    with pytest.raises(WireError, match="octet 3: 17 octets of contents announced, 16 left"):
        decode_varbinds(short, 0, 2 + short[1])


def test_a_name_longer_than_any_object_identifier() -> None:
    data = page(b"\x05\x00", name=b"\x01" * 641)
    with pytest.raises(WireError, match="OBJECT IDENTIFIER of 641 octets, more than 640"):
        decode_varbinds(data, 0, len(data))


@pytest.mark.parametrize(
    ("tag", "value", "why"),
    [
        (0x41, -1, "-1 does not fit tag 0x41, which holds 0 to 4294967295"),
        (0x41, 2**32, "does not fit tag 0x41"),
        (0x46, 2**64, "does not fit tag 0x46"),
        (0x02, 2**31, "does not fit tag 0x02, which holds -2147483648 to 2147483647"),
        (0x04, 1, "1 does not fit tag 0x04"),
        (0x04, None, "no value for tag 0x04"),
        (0x05, 1, "tag 0x05 carries no value"),
        (0x41, b"1", "octets where tag 0x41 holds a number"),
        (0x40, b"abc", "an IpAddress has 4 octets, not 3"),
        (0x42, 1.5, "a float where tag 0x42 belongs"),
    ],
)
def test_values_that_do_not_fit_their_type(tag: int, value: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        encode_value(tag, value)  # type: ignore[arg-type] # what it must refuse


@given(st.floats())
def test_floats_come_back_exactly(value: float) -> None:
    (found,) = read(encode_value(Tag.OPAQUE, value)).values
    assert found == value or (math.isnan(value) and isinstance(found, float) and math.isnan(found))


TAGS = [0x02, 0x04, 0x05, 0x41, 0x46, 0x44, 0x82, 0x1F]


@st.composite
def binding(draw: st.DrawFn) -> bytes:
    """Give a varbind that is right, or wrong in one length or tag, or has a length in the long form."""
    fault = draw(st.sampled_from(["", "", "", "", "size", "name size", "value size", "tag", "name tag", "long"]))
    off = draw(st.sampled_from([-1, 1, 2, 127]))
    name, value = draw(st.binary(max_size=10)), draw(st.binary(max_size=10))

    def element(tag: int, contents: bytes, *faults: str) -> bytes:
        size = len(contents) + (off if fault in faults else 0)
        long = b"\x81" if fault == "long" and off > 0 else b""
        return bytes((tag,)) + long + bytes((size % 128,)) + contents

    inside = element(0x04 if fault == "name tag" else 0x06, name, "name size")
    inside += element(draw(st.sampled_from(TAGS)), value, "value size")
    return element(0x31 if fault == "tag" else 0x30, inside, "size")


NEARLY = st.lists(binding(), max_size=6).map(b"".join)


@settings(max_examples=500)
@given(NEARLY, st.binary(max_size=20))
def test_the_fast_way_and_the_careful_way_agree(inside: bytes, after: bytes) -> None:
    data = ber.tlv(0x30, inside)
    end, start = len(data), len(data) - len(inside)
    data += after
    try:
        expected: VarBinds | str = decode_carefully(data, start, end)
    except WireError as error:
        expected = str(error)
    try:
        found: VarBinds | str = decode_varbinds(data, 0, end)
    except WireError as error:
        found = str(error)
    assert found == expected
