"""What decoding costs: nanoseconds of CPU for each varbind of a reply, by its shape, beside pysnmp on the same octets.

Run `python -m bench.wire` (add `--quick` to leave pysnmp out). Medians of repeated runs of this process's CPU time;
differences under 1.5x are ties.
"""

import argparse
import random
import statistics
import time
import warnings
from collections.abc import Callable, Iterator

from collectors.snmp import oid, wire
from collectors.snmp.settings import AuthProtocol, PrivProtocol
from collectors.snmp.usm import Engine, User, decode_v3, encode_v3, localise

ROWS = 16
COLUMNS = 10
ENGINE = Engine(bytes.fromhex("80001f8880aabbccdd"), 3, 4711)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without pysnmp")
    options = parser.parse_args()
    columns = f"{'shape':<28}{'octets':>8}{'ns/varbind':>12}{'pysnmp':>12}"
    print(columns)
    for name, varbinds in shapes():
        data = wire.encode_message(1, b"public", wire.encode_response(1_234_567, 0, 0, varbinds))
        theirs = "" if options.quick else f"{cost(pysnmp_decoder(data), len(varbinds), 3):12.0f}"
        print(f"{name:<28}{len(data):>8}{cost(lambda: wire.decode_message(data), len(varbinds)):12.0f}{theirs}")  # noqa: B023 - called at once
    print(f"\n{'version 3, mixed':<28}{'octets':>8}{'ns/varbind':>12}{'us/request':>12}")
    for auth, priv in (
        (AuthProtocol.SHA1, None),
        (AuthProtocol.SHA1, PrivProtocol.AES128),
        (AuthProtocol.SHA256, PrivProtocol.AES256),
        (AuthProtocol.MD5, PrivProtocol.DES),
    ):
        secured(auth, priv)


def shapes() -> Iterator[tuple[str, list[tuple[bytes, bytes]]]]:
    """Give pages of 160 varbinds: ten columns of sixteen ports."""
    numbers = random.Random(1)
    kinds: dict[str, Callable[[], bytes]] = {
        "Counter64": lambda: wire.encode_value(wire.Tag.COUNTER64, numbers.getrandbits(50)),
        "Counter32": lambda: wire.encode_value(wire.Tag.COUNTER32, numbers.getrandbits(32)),
        "zero Counter32": lambda: wire.encode_value(wire.Tag.COUNTER32, 0),
        "INTEGER 1..7": lambda: wire.encode_value(wire.Tag.INTEGER, numbers.randint(1, 7)),
        "INTEGER 32 bits": lambda: wire.encode_value(wire.Tag.INTEGER, numbers.getrandbits(31)),
        "OCTET STRING of 20": lambda: wire.encode_value(wire.Tag.OCTET_STRING, b"GigabitEthernet1/0/1"),
        "OCTET STRING of 200": lambda: wire.encode_value(wire.Tag.OCTET_STRING, bytes(200)),
        "noSuchInstance": lambda: wire.encode_value(wire.Tag.NO_SUCH_INSTANCE, None),
    }
    for name, kind in kinds.items():
        yield name, page([kind] * COLUMNS)
    yield "mixed", mixed(kinds)


def mixed(kinds: dict[str, Callable[[], bytes]]) -> list[tuple[bytes, bytes]]:
    """Return a page as ifTable and ifXTable give it."""
    names = ["Counter64"] * 3 + ["Counter32"] * 2 + ["zero Counter32"] * 2 + ["INTEGER 1..7"] * 2
    return page([kinds[name] for name in (*names, "OCTET STRING of 20")])


def page(columns: list[Callable[[], bytes]]) -> list[tuple[bytes, bytes]]:
    return [
        (oid.encode((1, 3, 6, 1, 2, 1, 31, 1, 1, 1, column + 1, 10_101 + row)), value())
        for row in range(ROWS)
        for column, value in enumerate(columns)
    ]


def secured(auth: AuthProtocol, priv: PrivProtocol | None) -> None:
    varbinds = dict(shapes())["mixed"]
    keys = localise(User(b"netmon", auth, b"authpassword", priv, b"privpassword"), ENGINE.id)
    data = encode_v3(wire.encode_response(1, 0, 0, varbinds), msg_id=1, engine=ENGINE, keys=keys)
    request = wire.encode_pdu(wire.PduType.GETBULK, 1, 0, ROWS, [name for name, _ in varbinds[:COLUMNS]])
    reading = cost(lambda: decode_v3(data, keys), len(varbinds))
    writing = cost(lambda: encode_v3(request, msg_id=1, engine=ENGINE, keys=keys), 1000)
    print(f"{auth + ' ' + (priv or '-'):<28}{len(data):>8}{reading:12.0f}{writing:12.1f}")


def pysnmp_decoder(data: bytes) -> Callable[[], object]:
    """Return pysnmp's way from the same octets to names and values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyasn1.codec.ber import decoder  # noqa: PLC0415 - slow to import, and not needed by --quick
        from pysnmp.proto import api  # noqa: PLC0415 - the same
    protocol = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]

    def decode() -> object:
        message, _ = decoder.decode(data, asn1Spec=protocol.Message())
        return protocol.apiPDU.get_varbinds(protocol.apiMessage.get_pdu(message))

    return decode


def cost(call: Callable[[], object], varbinds: int, runs: int = 200) -> float:
    """Return nanoseconds of CPU for each varbind: the median of nine rounds."""
    call()
    rounds = []
    for _ in range(9 if runs > 3 else 3):
        start = time.process_time()
        for _ in range(runs):
            call()
        rounds.append((time.process_time() - start) / runs / varbinds * 1e9)
    return statistics.median(rounds)


if __name__ == "__main__":
    main()
