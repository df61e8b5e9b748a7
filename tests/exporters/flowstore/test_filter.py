"""The filter language: what it chooses, flow by flow, and what it says of what it does not understand."""

from collections.abc import Callable
from io import BytesIO
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, TypeAlias

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporters.flowstore.filter import MAX_DEPTH, MAX_LENGTH, FilterError
from exporters.flowstore.terms import TERMS, expression
from exporters.flowstore.words import PROTOCOLS, Words
from netmon.api.traffic import address_text
from tests.support.kept_flows import many, written

Row: TypeAlias = dict[str, Any]


def table() -> pl.DataFrame:
    made = pl.read_parquet(BytesIO(written(many(400), good=False)))
    zeros = (
        "reply_bytes",
        "reply_packets",
        "reply_tcp_flags",
        "ttl",
        "icmp_type",
        "icmp_code",
        "state",
        "source_as",
        "destination_as",
    )
    macs = ("source_mac", "destination_mac", "mpls", "retransmissions")
    return made.with_columns(pl.lit(0, pl.UInt32).alias(name) for name in (*zeros, *macs))


TABLE = table()
ROWS = [
    row
    | {
        "source": ip_address(address_text(row["source_hi"], row["source_lo"])),
        "destination": ip_address(address_text(row["destination_hi"], row["destination_lo"])),
    }
    for row in TABLE.with_columns(pl.col(pl.Categorical).cast(pl.String)).iter_rows(named=True)
]


def chosen(text: str, words: Words | None = None) -> list[bool]:
    where = expression(text, words)
    return [True] * TABLE.height if where is None else TABLE.with_columns(where.there.alias("x"))["x"].to_list()


def either(test: Callable[[Row, str], bool]) -> dict[str, Callable[[Row], bool]]:
    return {
        "": lambda row: test(row, "source") or test(row, "destination"),
        "src ": lambda row: test(row, "source"),
        "dst ": lambda row: test(row, "destination"),
    }


def inside(network: str) -> Callable[[Row, str], bool]:
    return lambda row, end: row[end] in ip_network(network)


TERMS_TRUE: dict[str, Callable[[Row], bool]] = {
    **{f"{e}ip 10.1.9.2": t for e, t in either(lambda row, end: row[end] == IPv4Address("10.1.9.2")).items()},
    **{f"{e}host 2001:db8:9::1": t for e, t in either(lambda r, end: r[end] == IPv6Address("2001:db8:9::1")).items()},
    **{f"{e}net 10.1.9.0/24": t for e, t in either(inside("10.1.9.0/24")).items()},
    **{f"{e}net 2001:db8:9::/48": t for e, t in either(inside("2001:db8:9::/48")).items()},
    **{f"{e}net 2001:db8:9::4/126": t for e, t in either(inside("2001:db8:9::4/126")).items()},
    **{f"{e}net 0.0.0.0/0": t for e, t in either(inside("0.0.0.0/0")).items()},
    **{f"{e}net ::/0": t for e, t in either(inside("::/0")).items()},
    **{f"{e}port 443": t for e, t in either(lambda row, end: row[f"{end}_port"] == 443).items()},
    **{f"{e}port < 400": t for e, t in either(lambda row, end: row[f"{end}_port"] < 400).items()},
    **{f"{e}port in [22, 53]": t for e, t in either(lambda row, end: row[f"{end}_port"] in {22, 53}).items()},
    **{f"{e}site rsud": t for e, t in either(lambda row, end: row[f"{end}_site"] == "rsud").items()},
    **{f'{e}site "kantor bupati"': t for e, t in either(lambda r, end: r[f"{end}_site"] == "kantor bupati").items()},
    **{f"{e}site 'kantor bupati'": t for e, t in either(lambda r, end: r[f"{end}_site"] == "kantor bupati").items()},
    **{f'{e}site ""': t for e, t in either(lambda r, end: r[f"{end}_site"] == "").items()},
    "port != 53": lambda row: 53 not in {row["source_port"], row["destination_port"]},
    "proto udp": lambda row: row["protocol"] == 17,
    "proto in [udp 6]": lambda row: row["protocol"] in {6, 17},
    "tcp": lambda row: row["protocol"] == 6,
    "inet6": lambda row: row["version"] == 6,
    "bytes > 100k": lambda row: row["bytes"] > 100_000,
    "packets <= 500": lambda row: row["packets"] <= 500,
    "duration >= 30000": lambda row: row["duration_ms"] >= 30_000,
    "flags SA": lambda row: row["protocol"] == 6 and row["tcp_flags"] & 18 == 18,
    "flags S/SA": lambda row: row["protocol"] == 6 and row["tcp_flags"] & 18 == 2,
    "in if 3": lambda row: row["in_interface"] == 3,
    "out if 2": lambda row: row["out_interface"] == 2,
    "if 1": lambda row: 1 in {row["in_interface"], row["out_interface"]},
    "vlan 2": lambda row: row["vlan"] == 2,
    "vlan != 2": lambda row: row["vlan"] != 2,
    "tos in [184]": lambda row: row["tos"] == 184,
    "exporter sw-1": lambda row: row["exporter"] == "sw-1",
    "app dns": lambda r: r["protocol"] in {6, 17} and min(r["source_port"], r["destination_port"]) == 53,
    "any": lambda _: True,
}

Filter: TypeAlias = tuple[str, Callable[[Row], bool]]
LEAVES = st.sampled_from(sorted(TERMS_TRUE.items()))


def nots(inner: Filter, word: str) -> Filter:
    return f"{word} ({inner[0]})", lambda row: not inner[1](row)


def ands(one: Filter, two: Filter, word: str) -> Filter:
    return f"({one[0]}) {word} ({two[0]})", lambda row: one[1](row) and two[1](row)


def ors(one: Filter, two: Filter, word: str) -> Filter:
    return f"({one[0]} {word} {two[0]})", lambda row: one[1](row) or two[1](row)


FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(nots, inner, st.sampled_from(["not", "!", "NOT"])),
        st.builds(ands, inner, inner, st.sampled_from(["and", "&&", ""])),
        st.builds(ors, inner, inner, st.sampled_from(["or", "||"])),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("text", sorted(TERMS_TRUE))
def test_a_term(text: str) -> None:
    expected = [TERMS_TRUE[text](row) for row in ROWS]
    assert chosen(text) == expected
    assert chosen(f"not {text}") == [not each for each in expected]


def test_the_terms_tell_flows_apart() -> None:
    alike = [text for text in TERMS_TRUE if not 0 < sum(chosen(text)) < TABLE.height]
    assert alike == ["any"]


@settings(max_examples=60)
@given(FILTERS)
def test_terms_together(made: Filter) -> None:
    text, test = made
    assert chosen(text) == [bool(test(row)) for row in ROWS]


ENDS = [(f"source_{part}", f"destination_{part}") for part in ("hi", "lo", "port", "site", "as", "mac")]
ENDS += [("in_interface", "out_interface"), ("tcp_flags", "reply_tcp_flags"), ("bytes", "reply_bytes")]


@settings(max_examples=60)
@given(FILTERS)
@example(("src port 443 or src mac 00:00:00:00:00:00 and flags SA", bool))
@example(("src as 0 and not out if 2", bool))
def test_the_way_back_is_the_way_there_of_a_flow_turned_round(made: Filter) -> None:
    text, _ = made
    where = expression(text)
    if where is None:
        return
    table = TABLE.with_columns(reply_tcp_flags=pl.col("tcp_flags").shift(1, fill_value=0))
    turned = table.rename({one: other for pair in ENDS for one, other in (pair, pair[::-1])})
    back = table.select(where.back.alias("x"))["x"]
    assert back.to_list() == turned.select(where.there.alias("x"))["x"].to_list()
    assert where.sided or back.to_list() == table.select(where.there.alias("x"))["x"].to_list()


def test_and_binds_closer_than_or() -> None:
    assert chosen("tcp and port 443 or udp") == chosen("(tcp and port 443) or udp")
    assert chosen("udp or tcp and port 443") == chosen("udp or (tcp and port 443)")
    assert chosen("not tcp and port 53") == chosen("(not tcp) and port 53")
    assert chosen("tcp port 443 bytes > 1k") == chosen("tcp and port 443 and bytes > 1000")


def test_nothing_lets_everything_through() -> None:
    assert expression("") is None
    assert expression("  \t") is None


def test_own_services_stand_before_the_well_known_ones() -> None:
    words = Words({(6, 53): "e-kinerja"})
    mine = [row["protocol"] == 6 and min(row["source_port"], row["destination_port"]) == 53 for row in ROWS]
    assert chosen("app e-Kinerja", words) == mine
    assert not any(one and other for one, other in zip(mine, chosen("app dns", words), strict=True))


ERRORS = {
    "bad": (1, "word", "bad"),
    "tcp and bad": (9, "word", "bad"),
    "tcp and": (8, "end", ""),
    "(tcp": (5, "end", ""),
    "tcp)": (4, "word", ")"),
    "src": (4, "end", ""),
    "src 10.0.0.1": (5, "word", "10.0.0.1"),
    "src ip": (7, "end", ""),
    "ip 10.0.0.256": (4, "value", "10.0.0.256"),
    "net 10.0.0.0/33": (5, "value", "10.0.0.0/33"),
    "port 65536": (6, "value", "65536"),
    "port -1": (6, "value", "-1"),
    "port http": (6, "value", "http"),
    "port \u0665": (6, "value", "\u0665"),
    "port 80-90": (6, "value", "80-90"),
    "vlan 5000": (6, "value", "5000"),
    "icmp-type 256": (11, "value", "256"),
    "bytes > 1x": (9, "value", "1x"),
    "bytes >": (8, "end", ""),
    "proto 256": (7, "value", "256"),
    "proto foo": (7, "value", "foo"),
    "flags Q": (7, "value", "Q"),
    "flags S/": (7, "value", "S/"),
    "port in 5": (9, "word", "5"),
    "port in [": (10, "end", ""),
    "port in []": (11, "end", ""),
    'site "x': (6, "character", '"'),
    "tcp and site 'a": (14, "character", "'"),
    "site 'kec. selatan": (6, "character", "'"),
    "app nothing-known": (5, "value", "nothing-known"),
    "state dead": (7, "value", "dead"),
    "mac 00:11": (5, "value", "00:11"),
    "in 3": (4, "word", "3"),
    "tcp & udp": (5, "character", "&"),
    '"tcp"': (1, "word", "tcp"),
}


@pytest.mark.parametrize("text", ERRORS)
def test_what_is_wrong_is_told_with_its_column(text: str) -> None:
    with pytest.raises(FilterError) as raised:
        expression(text)
    error = raised.value
    assert (error.at, error.problem, error.found) == ERRORS[text]


def test_what_would_be_right_is_told() -> None:
    for text, right in (("port 80-90", "in [80 443]"), ("app htps", "https"), ("vlan 5000", "0..4095")):
        with pytest.raises(FilterError) as raised:
            expression(text)
        assert right in raised.value.right[:3]


def test_length_depth_and_lists_have_caps() -> None:
    with pytest.raises(FilterError, match="length"):
        expression(" " * (MAX_LENGTH + 1))
    for deep in ("(" * 1_000 + "tcp" + ")" * 1_000, "not " * 1_000 + "tcp"):
        with pytest.raises(FilterError, match="depth"):
            expression(deep)
    assert expression("(" * MAX_DEPTH + "tcp" + ")" * MAX_DEPTH) is not None
    with pytest.raises(FilterError):
        expression(f"port in [{'1 ' * 300}]")


def test_a_filter_as_long_as_allowed_is_answered() -> None:
    text = " or ".join(["tcp"] * (MAX_LENGTH // 7))
    assert chosen(text) == chosen("tcp")


WORDS = st.sampled_from(
    [*TERMS, *PROTOCOLS, "and", "or", ")", "[", "]", ",", ">", "<=", "!=", "10.0.0.1", "::1", "10.0.0.0/8", "5", "1k",
     "999999999999999999", "99999999999999999999", "SA", "S/SA", '"', '""', "established", "\x00", "\u202e", "ß"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=12).map(" ".join)))
@example("bytes 999999999999999999t")
@example("bytes > 4611686018427387904")
@example("tos > 9g and ttl in [1t]")
@example("mpls != 0 or retransmissions > 70000")
def test_whatever_is_asked_is_answered_or_refused(text: str) -> None:
    place = 1
    try:
        where = expression(text)
        chosen_ones = TABLE if where is None else TABLE.filter(where.there, where.back)
    except FilterError as error:
        place, chosen_ones = error.at, TABLE
    assert 1 <= place <= len(text) + 1
    assert chosen_ones.height <= TABLE.height
