"""`netmon decode`: one packet of a capture file, as scapy reads it and as netmon's record has it."""

import json
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from netmon.api import ConfigError, Fault
from netmon.app.asked import escaped, printable
from netmon.app.faultwords import in_words
from netmon.app.text import t
from netmon.app.traffic.needs import needs_traffic

if TYPE_CHECKING:  # scapy and numba are for those who ask
    from scapy.packet import Packet

    from collectors.traffic.capture.files import CaptureFile

USAGE: Final = 2

_WIDE: Final = 120  # columns of a terminal that has room for 16 octets a line beside the fields
_MOST_OCTETS: Final = 1024  # of one layer that are shown: more is for a program, which gets all of them (--json)
_SAID: Final = {"verdict", "start_ns", "end_ns", "captured"}  # elsewhere on the page
_NO_FIELD: Final = "autopad"  # a switch of scapy's, no octets
_ADDRESSES: Final = ("source", "destination")


@dataclass(frozen=True, slots=True)
class Taken:
    """A packet out of a file, with what netmon made of it."""

    number: int
    octets: bytes
    wire: int
    link_type: int
    at_ns: int
    record: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Layer:
    """A header, or what no header was found in. `fields` as text, in the order in which they stand."""

    name: str
    at: int
    octets: bytes
    fields: Mapping[str, str]


@click.command("decode", help=t("decode.help"), epilog=t("decode.examples"))
@click.argument("file", type=click.Path(allow_dash=True, path_type=str))
@click.option(
    "--packet", "number", type=click.IntRange(min=1), default=1, show_default=True, help=t("decode.option.packet")
)
@click.option("--tunnels", is_flag=True, help=t("decode.option.tunnels"))
@click.option("--json", "as_json", is_flag=True, help=t("decode.option.json"))
def command(file: str, *, number: int, tunnels: bool, as_json: bool) -> None:
    """Exit 0; 2 where the file cannot be read or has no such packet."""
    try:
        _needs_scapy()
        taken = _take(file, number, tunnels=tunnels)
    except ConfigError as error:
        click.echo(printable(str(in_words(error))), err=True)
        sys.exit(USAGE)
    layers, problem = dissect(taken.octets, taken.link_type)
    if as_json:
        click.echo(escaped(json.dumps(_as_json(taken, layers, problem), ensure_ascii=False)))
        return
    console = Console(highlight=False)
    console.print(_shown(printable(file), taken, layers, problem, 16 if console.width >= _WIDE else 8))


def _needs_scapy() -> None:
    needs_traffic()
    if find_spec("scapy") is None:
        problem = t("traffic.not_installed", problem="scapy")
        raise ConfigError(Fault("netmon", 0, 0, problem, t("traffic.not_installed.remedy")))


def _take(file: str, number: int, *, tunnels: bool) -> Taken:
    """Return a packet, counted from 1. ConfigError where there is none."""
    from collectors.traffic.capture.files import open_capture  # noqa: PLC0415 - numba takes a while
    from netmon.api.traffic import Tunnel  # noqa: PLC0415 - numpy takes a while

    mask = sum(1 << kind for kind in Tunnel if kind) if tunnels else 0
    before = 0
    with open_capture(file, tunnels=mask) as capture:
        for batch in capture.batches():
            row = number - 1 - before
            before += len(batch)
            if row >= len(batch) or batch.frames is None:
                continue
            frame, record = batch.frames.index[row], batch.records[row]
            at, captured = int(frame["at"]), int(frame["captured"])
            octets = batch.frames.buffer[at : at + captured].tobytes()
            link_type = batch.frames.link_type
            return Taken(
                number, octets, int(frame["wire"]), link_type, int(record["start_ns"]), _record(record, len(octets))
            )
        remedy = t("decode.none.remedy", count=before) if before else t("decode.none.empty")
        raise ConfigError(Fault(printable(file), 0, 0, _absent(capture, number, before), remedy))


def _absent(capture: "CaptureFile", number: int, count: int) -> str:
    text = t("decode.none", number=number, count=count)
    counts = capture.counts
    if counts.stopped_at is None:
        return text
    return f"{text}; {t('decode.stopped', octet=counts.stopped_at, why=counts.why)}"


def _record(record: Any, captured: int) -> dict[str, int | str]:
    """Return the packet's part of a record as people read it: addresses as text, names for numbers of ours."""
    from netmon.api.traffic import Fragment, Tunnel, Verdict, address_text, mac_text  # noqa: PLC0415

    names = record.dtype.names[: record.dtype.names.index("reply_bytes")]
    out: dict[str, int | str] = {name: int(record[name]) for name in names}
    for side in _ADDRESSES:
        high, low = int(out.pop(f"{side}_hi")), int(out.pop(f"{side}_lo"))
        out[side] = address_text(high, low) if out["version"] else ""
        out[f"{side}_mac"] = mac_text(int(record[f"{side}_mac"])) if record[f"{side}_mac"] else ""
    out["verdict"] = Verdict(int(record["verdict"])).name
    out["fragment"] = Fragment(int(record["fragment"])).name
    out["tunnel"] = Tunnel(int(record["tunnel"])).name
    out["captured"] = captured
    return out


def dissect(octets: bytes, link_type: int) -> tuple[list[Layer], str]:
    """Return a packet's layers, and what kept scapy from reading it (empty where nothing did)."""
    problem = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages that scapy's optional parts import
        logging.getLogger("scapy").setLevel(logging.CRITICAL)
        import_module("scapy.layers.all")  # it takes a second, and binds what it holds
        from scapy.config import conf  # noqa: PLC0415
        from scapy.packet import Raw  # noqa: PLC0415

        conf.debug_dissector = False
        try:
            packet = _first(octets, link_type)(octets)
        except Exception as error:  # noqa: BLE001 - dissectors raise whatever they like over a packet that lies
            problem = f"{type(error).__name__}: {error}"
            packet = Raw(octets)
        return list(_layers(packet, octets)), problem


def _first(octets: bytes, link_type: int) -> Any:
    """Return scapy's class for the first layer."""
    from scapy.config import conf  # noqa: PLC0415
    from scapy.contrib import geneve, mpls  # noqa: F401, PLC0415 - loading them binds them
    from scapy.layers.inet import IP  # noqa: PLC0415
    from scapy.layers.inet6 import IPv6  # noqa: PLC0415
    from scapy.layers.l2 import SNAP, Ether  # noqa: PLC0415
    from scapy.layers.ppp import PPP  # noqa: PLC0415
    from scapy.packet import Raw, bind_layers  # noqa: PLC0415

    bind_layers(Ether, mpls.MPLS, type=0x8847)  # what scapy does not look into by itself
    bind_layers(SNAP, IPv6, code=0x86DD)
    bind_layers(PPP, IPv6, proto=0x0057)
    if link_type in {12, 14, 101, 228, 229}:
        return IPv6 if octets[:1] and octets[0] >> 4 == 6 else IP
    return conf.l2types.num2layer.get(link_type, Raw)


def _layers(packet: "Packet", octets: bytes) -> Iterator[Layer]:
    """Go through the layers. Where each begins follows from how many octets those before it took."""
    at = 0
    while packet and packet.name != "NoPayload":
        own = packet.raw_packet_cache
        own = packet.self_build() if own is None else own
        own = octets[at : at + len(own)]
        yield Layer(str(packet.name), at, own, dict(_fields(packet)))
        at += len(own)
        packet = packet.payload


def _fields(packet: "Packet") -> Iterator[tuple[str, str]]:
    for field in packet.fields_desc:
        if field.name not in packet.fields or field.name == _NO_FIELD:
            continue  # a conditional one that is not there
        yield field.name, printable(_value(packet, field, packet.getfieldval(field.name)))


def _value(packet: "Packet", field: Any, value: Any) -> str:
    """Return a field as scapy shows it; options that are packets themselves by name, with their fields."""
    if isinstance(value, list) and value and all(hasattr(one, "fields_desc") for one in value):
        return "; ".join(f"{one.name} ({', '.join(f'{name} {text}' for name, text in _fields(one))})" for one in value)
    try:
        return str(field.i2repr(packet, value))
    except Exception:  # noqa: BLE001 - as above
        return repr(value)


def _as_json(taken: Taken, layers: list[Layer], problem: str) -> dict[str, Any]:
    shown = [{"name": one.name, "at": one.at, "octets": one.octets.hex(), "fields": one.fields} for one in layers]
    out = {
        "number": taken.number,
        "time_ns": taken.at_ns,
        "time": _time(taken.at_ns),
        "captured": len(taken.octets),
        "wire": taken.wire,
        "link_type": taken.link_type,
        "layers": shown,
        "record": taken.record,
    }
    return out | ({"problem": problem} if problem else {})


def _time(at_ns: int) -> str:
    """Return Unix nanoseconds in UTC; as a number where the calendar ends before it."""
    seconds, rest = divmod(at_ns, 1_000_000_000)
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
    except (OverflowError, ValueError):
        return str(at_ns)


def _shown(file: str, taken: Taken, layers: list[Layer], problem: str, a_line: int) -> Group:
    title = t(
        "decode.title",
        number=taken.number,
        file=file,
        time=_time(taken.at_ns),
        captured=len(taken.octets),
        wire=taken.wire,
        link=taken.link_type,
    )
    parts: list[Any] = [Text(title, "bold")]
    if problem:
        parts.append(Text(t("decode.unread", problem=printable(problem)), "red"))
    beside = Table.grid(padding=(0, 2))
    beside.add_column(ratio=1)
    beside.add_column(no_wrap=True)
    for layer in layers:
        tree = Tree(Text(printable(layer.name), "bold cyan"))
        for name, value in layer.fields.items():
            tree.add(Text(f"{name} = {value}" if layer.name not in {"Raw", "Padding"} else name))
        beside.add_row(tree, Text("\n".join(_hexadecimal(layer, a_line)), "dim"))
    parts.append(beside)
    return Group(*parts, _record_tree(taken.record))


def _hexadecimal(layer: Layer, a_line: int) -> Iterator[str]:
    """Give the octets of a layer in lines, each with its place in the frame, in hexadecimal and as text."""
    octets = layer.octets[:_MOST_OCTETS]
    for start in range(0, len(octets), a_line):
        line = octets[start : start + a_line]
        text = "".join(chr(each) if 32 <= each < 127 else "." for each in line)
        yield f"{layer.at + start:04x}  {line.hex(' '):<{3 * a_line}} {text}"
    if len(layer.octets) > _MOST_OCTETS:
        yield f"… +{len(layer.octets) - _MOST_OCTETS}"


def _record_tree(record: Mapping[str, int | str]) -> Tree:
    """Show what the record says; what it does not know is left out."""
    verdict = str(record["verdict"])
    tree = Tree(Text(t("decode.record", verdict=f"{verdict}: {t(f'decode.verdict.{verdict}')}"), "bold green"))
    for name, value in record.items():
        if name not in _SAID and value not in {0, "", "NONE"}:
            tree.add(Text(f"{name} = {f'0x{value:04x}' if name == 'ethertype' else value}"))
    return tree
