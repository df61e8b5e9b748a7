import pytest

from collectors.snmp import oid
from collectors.snmp.ber import MAX_MESSAGE, Tag
from collectors.snmp.wire import (
    ErrorStatus,
    Message,
    Pdu,
    PduType,
    Version,
    decode_message,
    encode_message,
    encode_pdu,
    encode_value,
)
from netmon.demo.agent import Agent, Manners
from netmon.demo.mib import MibView

NOW = 1_790_000_000.0


def name(text: str) -> bytes:
    return oid.encode(oid.parse(text))


def texts(message: Message) -> list[str]:
    assert isinstance(message.pdu, Pdu)
    return [oid.text(oid.decode(raw)) for raw in message.pdu.varbinds.oids]


VALUES: dict[str, tuple[int, int | bytes]] = {
    "1.3.6.1.2.1.1.3.0": (Tag.TIME_TICKS, 4711),
    "1.3.6.1.2.1.1.5.0": (Tag.OCTET_STRING, b"acc-01"),
    "1.3.6.1.2.1.31.1.1.1.6.1": (Tag.COUNTER64, 2**40),
    "1.3.6.1.2.1.31.1.1.1.6.2": (Tag.COUNTER64, 2**41),
    "1.3.6.1.2.1.31.1.1.1.15.1": (Tag.GAUGE32, 1000),
    "1.3.6.1.2.1.31.1.1.1.15.2": (Tag.GAUGE32, 10_000),
}
VIEW = MibView((name(text), encode_value(tag, value)) for text, (tag, value) in reversed(VALUES.items()))


def ask(
    kind: PduType,
    *names: str,
    a: int = 0,
    b: int = 0,
    version: int = Version.V2C,
    manners: Manners | None = None,
) -> tuple[Pdu, list[str]]:
    agent = Agent(VIEW, manners=manners or Manners())
    request = encode_message(version, b"public", encode_pdu(kind, 77, a, b, [name(text) for text in names]))
    reply = agent.respond(request, NOW)
    assert reply is not None
    message = decode_message(reply)
    assert message.version == version
    assert isinstance(message.pdu, Pdu)
    assert (message.pdu.type, message.pdu.request_id) == (PduType.RESPONSE, 77)
    return message.pdu, texts(message)


def test_get_tells_value_object_and_instance_apart() -> None:
    pdu, _ = ask(PduType.GET, "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.5.1", "1.3.6.1.2.1.9.1.0")
    assert pdu.error_status == 0
    assert pdu.varbinds.tags == [Tag.OCTET_STRING, Tag.NO_SUCH_INSTANCE, Tag.NO_SUCH_OBJECT]
    assert pdu.varbinds.values == [b"acc-01", None, None]


def test_getnext_gives_successors_and_the_end() -> None:
    pdu, names = ask(PduType.GETNEXT, "1.3.6.1.2.1.1", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.31.1.1.1.15.2")
    assert names == ["1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.31.1.1.1.6.1", "1.3.6.1.2.1.31.1.1.1.15.2"]
    assert pdu.varbinds.tags[2] == Tag.END_OF_MIB_VIEW


def test_bulk_reads_non_repeaters_once_and_repeaters_in_rows() -> None:
    columns = ("1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.15")
    _, names = ask(PduType.GETBULK, "1.3.6.1.2.1.1.3", *columns, a=1, b=2)
    assert names == [
        "1.3.6.1.2.1.1.3.0",
        "1.3.6.1.2.1.31.1.1.1.6.1",
        "1.3.6.1.2.1.31.1.1.1.15.1",
        "1.3.6.1.2.1.31.1.1.1.6.2",
        "1.3.6.1.2.1.31.1.1.1.15.2",
    ]


def test_bulk_stops_when_every_repeater_is_past_the_end() -> None:
    pdu, names = ask(PduType.GETBULK, "1.3.6.1.2.1.31.1.1.1.15.1", "1.3.6.1.3", b=50)
    last = "1.3.6.1.2.1.31.1.1.1.15.2"
    assert names == [last, "1.3.6.1.3", last, "1.3.6.1.3"]
    assert pdu.varbinds.tags == [Tag.GAUGE32, *[Tag.END_OF_MIB_VIEW] * 3]


@pytest.mark.parametrize(("a", "b", "expected"), [(0, 0, 0), (-1, 1, 2), (9, 5, 2), (1, 0, 1), (0, -4, 0)])
def test_bulk_with_odd_counts(a: int, b: int, expected: int) -> None:
    _, names = ask(PduType.GETBULK, "1.3.6.1.2.1.1.3", "1.3.6.1.2.1.1.5", a=a, b=b)
    assert len(names) == expected


@pytest.mark.parametrize("size", [100, 120, 140, 160])
def test_bulk_is_cut_to_the_message_size(size: int) -> None:
    request = encode_message(1, b"public", encode_pdu(PduType.GETBULK, 77, 0, 20, [name("1.3")]))
    whole = Agent(VIEW).respond(request, NOW)
    cut = Agent(VIEW, manners=Manners(max_message_bytes=size)).respond(request, NOW)
    assert whole is not None
    assert cut is not None
    assert len(cut) <= size < len(whole)
    names = texts(decode_message(cut))
    assert names == texts(decode_message(whole))[: len(names)]
    assert names


def test_bulk_without_room_for_one_or_by_choice_is_too_big() -> None:
    for manners in (Manners(max_message_bytes=75), Manners(max_message_bytes=150, bulk_too_big=True)):
        pdu, names = ask(PduType.GETBULK, "1.3", b=20, manners=manners)
        assert (pdu.error_status, names) == (ErrorStatus.TOO_BIG, [])


def test_get_without_room_is_too_big() -> None:
    pdu, names = ask(PduType.GET, *["1.3.6.1.2.1.1.5.0"] * 10, manners=Manners(max_message_bytes=200))
    assert (pdu.error_status, pdu.error_index, names) == (ErrorStatus.TOO_BIG, 0, [])


def test_version_1_names_what_is_not_there() -> None:
    for kind, missing in ((PduType.GET, "1.3.6.1.2.1.1.9.0"), (PduType.GETNEXT, "1.3.6.1.9")):
        pdu, names = ask(kind, "1.3.6.1.2.1.1.3.0", missing, version=Version.V1)
        assert (pdu.error_status, pdu.error_index) == (ErrorStatus.NO_SUCH_NAME, 2)
        assert names == ["1.3.6.1.2.1.1.3.0", missing]


def test_version_1_does_not_see_64_bits() -> None:
    _, names = ask(PduType.GETNEXT, "1.3.6.1.2.1.1.5.0", version=Version.V1)
    assert names == ["1.3.6.1.2.1.31.1.1.1.15.1"]
    pdu, _ = ask(PduType.GET, "1.3.6.1.2.1.31.1.1.1.6.1", version=Version.V1)
    assert pdu.error_status == ErrorStatus.NO_SUCH_NAME


@pytest.mark.parametrize(
    ("version", "status"), [(Version.V1, ErrorStatus.NO_SUCH_NAME), (Version.V2C, ErrorStatus.NOT_WRITABLE)]
)
def test_nothing_can_be_set(version: int, status: ErrorStatus) -> None:
    pdu, _ = ask(PduType.SET, "1.3.6.1.2.1.1.5.0", version=version)
    assert (pdu.error_status, pdu.error_index) == (status, 1)


def test_silence_where_an_agent_is_silent() -> None:
    get = encode_pdu(PduType.GET, 1, 0, 0, [name("1.3.6.1.2.1.1.5.0")])
    agent = Agent(VIEW)
    silent = [
        b"",
        b"\x30\x03\x02\x01",
        encode_message(1, b"wrong", get),
        encode_message(0, b"public", encode_pdu(PduType.GETBULK, 1, 0, 5, [name("1.3")])),
        encode_message(1, b"public", encode_pdu(PduType.RESPONSE, 1, 0, 0, [])),
    ]
    assert [agent.respond(request, NOW) for request in silent] == [None] * len(silent)
    assert (agent.counts.requests, agent.counts.ignored) == (len(silent), len(silent))


def test_view_sorts_by_numbers_and_computes_at_the_time_asked() -> None:
    arcs = [127, 128, 16_383, 16_384, 2**21 - 1, 2**21, 2**32 - 1]
    view = MibView((oid.encode((1, 3, arc)), lambda now: encode_value(Tag.GAUGE32, int(now))) for arc in arcs[::-1])
    assert [oid.decode(raw)[2] for raw in view.names] == arcs
    assert view.after(oid.encode((1, 3, 16_000))) == 2
    assert view.after(oid.encode((1, 3, 16_000))) == 2  # from memory
    assert view.value(0, 7.0) == encode_value(Tag.GAUGE32, 7)
    assert view.varbind(0, 7.0) != view.varbind(0, 8.0)


def test_view_refuses_two_values_for_one_name() -> None:
    entry = (name("1.3.6.1"), encode_value(Tag.INTEGER, 1))
    with pytest.raises(ValueError, match=r"two values for one name: 1\.3\.6\.1"):
        MibView([entry, entry])


def test_the_largest_reply_fits_a_datagram() -> None:
    rows = MibView((oid.encode((1, 3, arc)), encode_value(Tag.OCTET_STRING, bytes(200))) for arc in range(1000))
    request = encode_message(1, b"public", encode_pdu(PduType.GETBULK, 2**31 - 1, 0, 1000, [name("1.3")]))
    reply = Agent(rows).respond(request, NOW)
    assert reply is not None
    assert MAX_MESSAGE - 300 < len(reply) <= MAX_MESSAGE
