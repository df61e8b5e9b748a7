"""The terms of a filter: addresses, ports, sites, sizes. Pure.

A term without `src` or `dst` holds where either end fits; what went back has its ends the other way. Names and
meanings are nfdump's where it has them: bytes, packets and duration with `k`, `m`, `g` (1000 each); `flags SA` are set,
whatever else is; `flags S/SA` is pf's and tcpdump's: of these, only the first are set.
"""

import operator
import re
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

import polars as pl

from exporters.flowstore.ends import VALUES
from exporters.flowstore.filter import Chosen, FilterError, Reader, Token, balanced, parse
from exporters.flowstore.words import FLAGS, ICMP, PROTOCOLS, STATES, Words

Compare: TypeAlias = Callable[[pl.Expr, int], pl.Expr]

_COMPARE: Final[dict[str, Compare]] = {
    "=": operator.eq, "==": operator.eq, "eq": operator.eq, "!=": operator.ne,
    "<": operator.lt, "lt": operator.lt, "<=": operator.le, ">": operator.gt, "gt": operator.gt, ">=": operator.ge,
}  # fmt: skip
_SCALED: Final = re.compile(r"(\d{1,18})([kmgt]?)", re.ASCII)
_SCALE: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_ENDS_OF: Final = (("source", "destination"), ("in_interface", "out_interface"), ("tcp_flags", "reply_tcp_flags"))
_BACK: Final = {name: other for pair in _ENDS_OF for name, other in (pair, pair[::-1])}
_PORT_MAX: Final = 65_535
_TOPS: Final = {"vlan": 4_095, "tos": 255, "ttl": 255, "mpls": 0xF_FFFF}
_MOST: Final = 1 << 62
_MANY: Final = 256  # values in one list

# In floating point where they are multiplied: a forged record may have 2**63 bytes.
_octets: Final = pl.col("bytes").cast(pl.Float64) + pl.col("reply_bytes")
_packets: Final = pl.col("packets").cast(pl.Float64) + pl.col("reply_packets")
_lasted: Final = pl.col("duration_ms")
_NUMBERS: Final[dict[str, pl.Expr]] = {
    "bytes": pl.col("bytes") + pl.col("reply_bytes"),
    "packets": pl.col("packets") + pl.col("reply_packets"),
    "duration": pl.col("duration_ms"),
    # Whole numbers, as nfdump compares them; 0 where there is nothing to divide by.
    "bps": pl.when(_lasted > 0).then((_octets * 8_000 / _lasted).floor()).otherwise(0),
    "pps": pl.when(_lasted > 0).then((_packets * 1_000 / _lasted).floor()).otherwise(0),
    "bpp": pl.when(_packets > 0).then((_octets / _packets).floor()).otherwise(0),
    "vlan": pl.col("vlan"),
    "tos": pl.col("tos"),
    "ttl": pl.col("ttl"),
    "mpls": pl.col("mpls") // 4_096,  # the label: the upper 20 bits
    "retransmissions": pl.col("retransmissions"),
}
_BARE: Final = ("tcp", "udp", "icmp", "icmp6", "gre", "esp", "ah", "sctp", "igmp", "ospf")
_ALONE: Final[dict[str, pl.Expr]] = {
    **{name: pl.col("protocol") == PROTOCOLS[name] for name in _BARE},
    **{name: pl.col("version") == number for name, number in (("inet", 4), ("ipv4", 4), ("inet6", 6), ("ipv6", 6))},
    "any": pl.lit(True),
}
_ENDS: Final = ("ip", "host", "addr", "net", "port", "as", "site", "mac")
TERMS: Final = (
    "src", "dst", *_ENDS, "proto", "app", *_NUMBERS, "flags", "in if", "out if", "if", "exporter", "state",
    "icmp-type", "icmp-code", *_ALONE, "began", "not", "(",
)  # fmt: skip


def expression(text: str, words: Words | None = None) -> Chosen | None:
    """Return what a filter lets through, None where that is all; FilterError."""
    return parse(text, partial(_term, words=words or Words()))


def _term(reader: Reader, words: Words) -> pl.Expr:
    token = reader.take()
    word = token.word
    if word in _ENDS:
        return _end(reader, token, ("source", "destination"))
    if word in _NUMBERS:
        return _compared(reader, _NUMBERS[word], _TOPS.get(word, _MOST))
    if word in _ALONE:
        return _ALONE[word]
    if word in _READ:
        return _READ[word](reader)
    if word == "app":
        return _app(reader, words)
    raise reader.fail("word", *TERMS, token=token)


def _seen(reader: Reader, name: str) -> str:
    """Return what an end, or a column of one end, is in the direction that is read for."""
    reader.sided = True
    return _BACK[name] if reader.back else name


def _one_end(end: str) -> Callable[[Reader], pl.Expr]:
    def read(reader: Reader) -> pl.Expr:
        token = reader.take()
        if token.word not in _ENDS:
            raise reader.fail("word", *_ENDS, token=token)
        return _end(reader, token, (_seen(reader, end),))

    return read


def _end(reader: Reader, kind: Token, ends: tuple[str, ...]) -> pl.Expr:
    """Read the value, or a list of them, that one end must have."""
    word = kind.word
    if word in {"port", "as"}:
        return _end_number(reader, word, ends)
    reader.took("=", "==")
    values = _listed(reader) if reader.took("in") else [reader.take()]
    read = VALUES[word]
    made = [read(value) for value in values]
    return balanced(operator.or_, [each(end) for each in made for end in ends])


def _end_number(reader: Reader, word: str, ends: tuple[str, ...]) -> pl.Expr:
    top = _PORT_MAX if word == "port" else 0xFFFF_FFFF
    columns = [pl.col(f"{end}_{word}") for end in ends]
    if reader.took("in"):
        numbers = [_number(token, top) for token in _listed(reader)]
        return balanced(operator.or_, [column.is_in(numbers) for column in columns])
    sign = reader.take().word if reader.here.word in _COMPARE else "="
    number = _number(reader.take(), top)
    if sign == "!=":
        return ~balanced(operator.or_, [column == number for column in columns])
    return balanced(operator.or_, [_COMPARE[sign](column, number) for column in columns])


def _listed(reader: Reader) -> list[Token]:
    """Read `[a b c]` or `[a, b, c]`."""
    if not reader.took("["):
        raise reader.fail("word", "[")
    found: list[Token] = []
    while not reader.took("]"):
        if reader.took(",") and found:
            continue
        token = reader.take()
        if (not token.quoted and token.text in {"", "(", ")", "[", ",", "!"}) or len(found) >= _MANY:
            raise reader.fail("word", "]", token=token)
        found.append(token)
    if not found:
        raise reader.fail("value", token=reader.here)
    return found


def _number(token: Token, top: int = _MOST) -> int:
    found = _SCALED.fullmatch(token.word)
    if found is None:
        right = ["443", "> 1024", "in [80 443]"] if top == _PORT_MAX else ["443", "1k", "5m"]
        raise FilterError("value" if token.text else "end", token.at, token.text, right)
    number = int(found[1]) * _SCALE[found[2]]
    if number > top:
        raise FilterError("value", token.at, token.text, [f"0..{top}"])
    return number


def _compared(reader: Reader, left: pl.Expr, top: int) -> pl.Expr:
    if reader.took("in"):
        return left.is_in([_number(token, top) for token in _listed(reader)])
    sign = reader.take().word if reader.here.word in _COMPARE else "="
    return _COMPARE[sign](left, _number(reader.take(), top))


def _protocol(reader: Reader) -> pl.Expr:
    reader.took("=", "==")
    tokens = _listed(reader) if reader.took("in") else [reader.take()]
    numbers = []
    for token in tokens:
        if (number := PROTOCOLS.get(token.word)) is None:
            if not token.word.isdecimal() or len(token.word) > 3 or int(token.word) > 255:
                raise FilterError("value" if token.text else "end", token.at, token.text, [*PROTOCOLS, "0..255"])
            number = int(token.word)
        numbers.append(number)
    return pl.col("protocol").is_in(numbers) if len(numbers) > 1 else pl.col("protocol") == numbers[0]


def _flags(reader: Reader) -> pl.Expr:
    token = reader.take()
    wanted, slash, mask = token.text.upper().partition("/")
    if not token.text or set(wanted + mask) - set(FLAGS) or (slash and not mask):
        raise FilterError("value" if token.text else "end", token.at, token.text, ["S", "SA", "S/SA"])
    of, among = _bits(wanted), _bits(mask) if slash else _bits(wanted)
    return (pl.col("protocol") == PROTOCOLS["tcp"]) & ((pl.col(_seen(reader, "tcp_flags")) & among) == of)


def _bits(letters: str) -> int:
    return sum(FLAGS[letter] for letter in set(letters))


def _icmp(column: str) -> Callable[[Reader], pl.Expr]:
    return lambda reader: _compared(reader, pl.col(column), 255) & pl.col("protocol").is_in(list(ICMP))


def _interface(*columns: str) -> Callable[[Reader], pl.Expr]:
    def read(reader: Reader) -> pl.Expr:
        if len(columns) == 1 and not reader.took("if"):
            raise reader.fail("word", "if")
        number = _number(reader.take(), 0xFFFF_FFFF)
        one = len(columns) == 1
        return balanced(operator.or_, [pl.col(_seen(reader, each) if one else each) == number for each in columns])

    return read


def _exporter(reader: Reader) -> pl.Expr:
    reader.took("=", "==")
    token = reader.take()
    if not token.text and not token.quoted:
        raise FilterError("end", token.at, "", ["sw-01"])
    return pl.col("exporter") == token.text


def _state(reader: Reader) -> pl.Expr:
    token = reader.take()
    if token.word not in STATES:
        raise FilterError("value" if token.text else "end", token.at, token.text, list(STATES))
    return pl.col("state") == STATES[token.word]


def _began(reader: Reader) -> pl.Expr:
    reader.sided = True
    return pl.lit(not reader.back)


_READ: Final[dict[str, Callable[[Reader], pl.Expr]]] = {
    "src": _one_end("source"),
    "source": _one_end("source"),
    "dst": _one_end("destination"),
    "destination": _one_end("destination"),
    "icmp-type": _icmp("icmp_type"),
    "icmp-code": _icmp("icmp_code"),
    "proto": _protocol,
    "flags": _flags,
    "in": _interface("in_interface"),
    "out": _interface("out_interface"),
    "if": _interface("in_interface", "out_interface"),
    "exporter": _exporter,
    "state": _state,
    "began": _began,
}


def _app(reader: Reader, words: Words) -> pl.Expr:
    token = reader.take()
    ports = words.ports_of(token.text)
    if not ports:
        raise FilterError("value" if token.text else "end", token.at, token.text, words.like(token.text))
    several = [(pl.col("protocol") == protocol) & (app_port() == number) for protocol, number in ports]
    return balanced(operator.or_, several)


def app_port() -> pl.Expr:
    """Return the port that is the application's: the lower of the two (as PORT_LOAD has it)."""
    return pl.min_horizontal("source_port", "destination_port")
