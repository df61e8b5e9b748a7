import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import oid
from collectors.snmp.ber import WireError

ARC = st.integers(0, 2**32 - 1)
ARCS = st.one_of(
    st.tuples(st.integers(0, 1), st.integers(0, 39)), st.tuples(st.just(2), st.integers(0, 2**32 - 81))
).flatmap(lambda head: st.lists(ARC, max_size=126).map(lambda tail: (*head, *tail)))

KNOWN = [
    ((1, 3, 6, 1, 2, 1), "2b 06 01 02 01"),
    ((0, 0), "00"),
    ((1, 39), "4f"),
    ((2, 0), "50"),
    ((2, 999, 3), "88 37 03"),  # X.690 section 8.19.5
    ((2, 2**32 - 81), "8f ff ff ff 7f"),
    ((1, 3, 127), "2b 7f"),
    ((1, 3, 128), "2b 81 00"),
    ((1, 3, 16_383, 16_384), "2b ff 7f 81 80 00"),
    ((1, 3, 2**32 - 1), "2b 8f ff ff ff 7f"),
    ((1, 3, *[7] * 126), "2b" + "07" * 126),
]


@pytest.mark.parametrize(("arcs", "octets"), KNOWN)
def test_known_octets(arcs: tuple[int, ...], octets: str) -> None:
    assert oid.encode(arcs) == bytes.fromhex(octets)
    assert oid.decode(bytes.fromhex(octets)) == arcs


@given(ARCS)
def test_round_trip(arcs: tuple[int, ...]) -> None:
    assert oid.decode(oid.encode(arcs)) == arcs
    assert oid.parse(oid.text(arcs)) == oid.parse("." + oid.text(arcs)) == arcs


@given(ARCS, st.lists(ARC, max_size=40))
def test_a_suffix_is_what_follows_the_column(column: tuple[int, ...], index: list[int]) -> None:
    suffix = oid.encode_suffix(index)
    assert oid.suffix_arcs(suffix) == tuple(index)
    assert oid.suffix_arcs(suffix) == tuple(index)  # from the cache
    if len(column) + len(index) <= oid.MAX_ARCS:
        assert oid.encode((*column, *index)) == oid.encode(column) + suffix


@pytest.mark.parametrize(
    ("arcs", "why"),
    [
        ((), "2 to 128 arcs, not 0"),
        ((1,), "2 to 128 arcs, not 1"),
        ((1, 3, *[1] * 127), "2 to 128 arcs, not 129"),
        ((1, 40), "cannot begin with 1.40"),
        ((3, 1), "cannot begin with 3.1"),
        ((-1, 1), "cannot begin with -1.1"),
        ((2, 2**32 - 80), "cannot begin with 2.4294967216"),
        ((1, 3, -1), "arc -1 is negative"),
        ((1, 3, 2**32), "arc 4294967296 is above 4294967295"),
    ],
)
def test_what_is_no_object_identifier(arcs: tuple[int, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        oid.encode(arcs)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("2b 86", "octet 1: cut-off sub-identifier"),
        ("86", "octet 0: cut-off sub-identifier"),
        ("2b 90 80 80 80 00", "octet 5: sub-identifier above 4294967295"),
        ("2b ff ff ff ff ff ff ff 7f", "octet 5: sub-identifier above"),
        ("01" * 641, "octet 0: 641 octets, more than 128 arcs take"),
    ],
)
def test_octets_that_are_no_object_identifier(octets: str, why: str) -> None:
    with pytest.raises(WireError, match=why):
        oid.decode(bytes.fromhex(octets))
    with pytest.raises(WireError, match=why):
        oid.suffix_arcs(bytes.fromhex(octets))


def test_no_octets_are_the_null_object_identifier() -> None:
    assert oid.decode(b"") == (0, 0)
    assert oid.suffix_arcs(b"") == ()


@given(st.binary(max_size=12))
def test_any_octets_give_arcs_or_a_wire_error(raw: bytes) -> None:
    try:
        arcs = oid.decode(raw)
    except WireError:
        return
    assert oid.decode(oid.encode(arcs)) == arcs


@pytest.mark.parametrize(
    "text", ["", ".", "1..3", "1.3.x", "1.3.-1", "1.3.4294967296", "1.3.²", "1.3." + "9" * 5000, " 1"]
)
def test_text_that_is_no_object_identifier(text: str) -> None:
    with pytest.raises(ValueError, match="is not a whole number from 0 to 4294967295"):
        oid.parse(text)


def test_the_cache_of_indexes_is_capped() -> None:
    limit = oid._cached.cache_info().maxsize
    assert limit is not None
    before = oid._cached.cache_info().currsize
    oid.suffix_arcs(b"\x01" * 65)
    assert oid._cached.cache_info().currsize == before
