"""Feeds mutated octets to what reads link and spool: `python tests/fuzz/fuzz_link.py -max_total_time=60 [CORPUS]`.

Options are libFuzzer's. The first octet chooses the reader and in which pieces it gets the rest. Anything but a
WireError ends the run, and so does an answer that breaks what the readers promise.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["netmon.core"], enable_loader_override=False):
    from netmon.core import codec
    from netmon.core.link import lines, wire

from tests.support.link import finding

MAX_BYTES = 4_096
MAX_RECORDS = 8


def frames(data: bytes, step: int) -> None:
    decoder = wire.Decoder(MAX_BYTES, MAX_RECORDS)
    for at in range(0, len(data), step):
        decoder.feed(data[at : at + step])
        while (frame := decoder.next_frame()) is not None:
            check(frame)
        assert decoder.waiting_bytes <= 4 + MAX_BYTES


def check(frame: wire.Frame) -> None:
    again = wire.Decoder(2 * MAX_BYTES, MAX_RECORDS)
    again.feed(wire.encode(frame))
    assert again.next_frame() == frame
    if isinstance(frame, wire.Batch):
        assert 1 <= frame.first <= frame.last <= wire.MAX_NUMBER
        assert len(frame.lines) <= MAX_RECORDS
        for line in frame.lines:
            thing(line, 1)


def thing(data: bytes, _step: int) -> None:
    try:
        found = codec.decode(data)
    except (ValueError, RecursionError):
        return
    assert repr(codec.decode(codec.encode(found))) == repr(found)


def stored(data: bytes, _step: int) -> None:
    found = lines.decode(data)
    assert found is None or lines.decode(lines.encode(*found)) == found


TARGETS = (frames, thing, stored)


def one_input(data: bytes) -> None:
    if not data:
        return
    try:
        TARGETS[data[0] % len(TARGETS)](data[1:], 1 + data[0] // len(TARGETS))
    except wire.WireError as error:
        assert str(error)  # noqa: PT017 - it tells what was wrong


def seeds() -> dict[str, bytes]:
    """Return good input to begin with, each behind the octet that chooses its reader."""
    line = codec.encode(finding(1))
    said: list[wire.Frame] = [
        wire.Hello("collector-0123abcd", 7),
        wire.Welcome(41, 4, 1_000, 1 << 20),
        wire.Batch(42, [line, line]),
        wire.Ack(44),
        wire.Heartbeat(),
        wire.Refused("no"),
    ]
    found = {f"f{number}": b"\x30" + wire.encode(frame) for number, frame in enumerate(said)}
    return found | {"thing": b"\x01" + line, "stored": b"\x02" + lines.encode(7, line)}


def main() -> int:
    """Fuzz in a child: libFuzzer ends its process without letting it clear up."""
    if sys.argv[1:2] == ["--child"]:
        atheris.Setup([sys.argv[0], *sys.argv[2:]], one_input)
        atheris.Fuzz()
    with tempfile.TemporaryDirectory() as begin:
        for name, data in seeds().items():
            Path(begin, name).write_bytes(data)
        found = [argument for argument in sys.argv[1:] if not argument.startswith("-")]  # new inputs go to the first
        options = [argument for argument in sys.argv[1:] if argument.startswith("-")]
        return subprocess.run([sys.executable, __file__, "--child", *options, *found, begin], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
