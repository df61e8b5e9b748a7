"""What exporters tell beside their flows: sampling, in records and options, and the names of interfaces."""

import struct
from typing import Any

import pytest

from collectors.traffic.flows.netflow.decoder import NetFlow
from collectors.traffic.flows.netflow.settings import NetFlowSettings
from tests.support import exporters as make
from tests.support.exporters import Field, batch, flowset, ipfix, number, template, v5, v5_record, v9
from tests.support.flow_fields import TCP, one


def test_version_5_samples_as_its_header_says() -> None:
    (record,) = NetFlow().decode(batch(v5([v5_record()], sampling=0x4000 | 100)))
    assert [int(record[name]) for name in ("sampling", "bytes", "packets")] == [100, 18_000, 300]


SAMPLED = {
    "random interval": [((50, 4), number(100, 4))],
    "interval": [((34, 4), number(100, 4))],
    "packets and space": [((305, 4), number(1, 4)), ((306, 4), number(99, 4))],
}


@pytest.mark.parametrize("case", SAMPLED)
def test_sampling_in_the_record(case: str) -> None:
    record = one([*TCP, ((1, 4), number(50, 4)), ((2, 4), b"\0\0\0\2"), *SAMPLED[case]])
    assert [int(record[name]) for name in ("sampling", "bytes", "packets")] == [100, 5_000, 200]


def sampled(scope: list[Field], told: list[tuple[Field, bytes]], flow: list[tuple[Field, bytes]], version: int) -> Any:
    """Return the last record where options told a sampling, and the record perhaps a sampler."""
    fields = [*TCP, ((2, 4), number(1, 4)), *flow]
    layout, data = template(300, *(f for f, _ in fields)), flowset(300, *(o for _, o in fields))
    values = b"\0" * sum(field[1] for field in scope) + b"".join(octets for _, octets in told)
    if version == 9:
        options = flowset(1, make.options_v9(310, scope, *(f for f, _ in told)), padding=2)
        message = v9(flowset(0, layout), options, flowset(310, values), data)
    else:
        options = flowset(3, make.options_ipfix(310, scope, *(f for f, _ in told)))
        message = ipfix(flowset(2, layout), options, flowset(310, values), data)
    netflow = NetFlow()
    (record,) = netflow.decode(batch(message))
    assert netflow.counts.options == 1
    return record


OPTIONS = {
    "v9, all": (9, [((34, 4), number(50, 4)), ((35, 1), b"\1")], []),
    "v9, a sampler": (9, [((48, 1), b"\3"), ((49, 1), b"\2"), ((50, 2), number(50, 2))], [((48, 1), b"\3")]),
    "v9, the only one": (9, [((48, 1), b"\3"), ((50, 2), number(50, 2))], []),
    "ipfix, selector": (
        10,
        [((302, 8), number(9, 8)), ((305, 4), number(1, 4)), ((306, 4), number(49, 4))],
        [((302, 8), number(9, 8))],
    ),
    "ipfix, of a population": (10, [((309, 4), number(2, 4)), ((310, 4), number(100, 4))], []),
    "ipfix, probability": (10, [((311, 8), struct.pack(">d", 0.02))], []),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_sampling_from_options(case: str) -> None:
    version, told, flow = OPTIONS[case]
    scope: list[Field] = [(1, 4)] if version == 9 else [(149, 4)]
    record = sampled(scope, told, flow, version)  # type: ignore[arg-type]
    assert (int(record["sampling"]), int(record["packets"])) == (50, 50)


def test_a_record_of_another_sampler_is_not_of_this_one() -> None:
    netflow = NetFlow()
    fields = [*TCP, ((48, 1), b"\4")]
    samplers = flowset(310, b"\0\0\0\0\3" + number(50, 2), b"\0\0\0\0\5" + number(70, 2))
    message = v9(
        flowset(0, template(300, *(f for f, _ in fields))),
        flowset(1, make.options_v9(310, [(1, 4)], (48, 1), (50, 2))),
        samplers,
        flowset(300, *(o for _, o in fields)),
    )
    assert int(netflow.decode(batch(message))[0]["sampling"]) == 1


def test_options_that_changed_and_changed_back() -> None:
    netflow = NetFlow()
    fields = [*TCP, ((2, 4), number(1, 4))]
    define = [
        flowset(0, template(300, *(f for f, _ in fields))),
        flowset(1, make.options_v9(310, [(1, 4)], (34, 4))),
    ]
    data = flowset(300, *(o for _, o in fields))
    netflow.decode(batch(v9(*define)))
    rates = []
    for sequence, rate in enumerate([10, 20, 10, 10, 30], start=1):
        told = flowset(310, b"\0\0\0\0" + number(rate, 4))
        rates.append(int(netflow.decode(batch(v9(*define, told, data, sequence=sequence)))[0]["sampling"]))
    assert rates == [10, 20, 10, 10, 30]
    assert netflow.counts.options == 5


def test_the_operator_tells_what_an_exporter_does_not() -> None:
    netflow = NetFlow(NetFlowSettings.model_validate({"sampling": {"10.9.0.0/16": 200, "10.9.1.0/24": 400}}))
    for row, address in ((1, "10.9.1.7"), (2, "10.9.2.7"), (3, "10.8.0.1")):
        netflow.name_exporter(row, address)
    records = netflow.decode(make.mixed([(row, v5([v5_record()])) for row in (1, 2, 3)]))
    assert records["sampling"].tolist() == [400, 200, 1]
    told = netflow.decode(batch(v5([v5_record()], sampling=0x4000 | 16, sequence=1)))
    assert told["sampling"].tolist() == [16]


def test_names_of_interfaces() -> None:
    netflow = NetFlow()
    layout = make.options_v9(310, [(2, 4)], (82, 8), (83, 13))
    names = number(7, 4) + b"Gi0/1\0\0\0" + b"To\x1b[2J Office"
    netflow.decode(batch(v9(flowset(1, layout), flowset(310, names))))
    told = netflow.interface(1, 7)
    assert told is not None
    assert (told.name, told.description) == ("Gi0/1", "To[2J Office")
    assert netflow.interface(1, 8) is None
    assert netflow.interface(2, 7) is None


def test_names_of_interfaces_are_bounded() -> None:
    netflow = NetFlow(NetFlowSettings(max_interfaces=3))
    layout = flowset(1, make.options_v9(310, [(2, 4)], (82, 4)))
    netflow.decode(batch(v9(layout, flowset(310, *(number(at, 4) + b"eth0" for at in range(1, 6))))))
    assert [netflow.interface(1, at) is not None for at in range(1, 6)] == [True] * 3 + [False] * 2
    assert netflow.counts.dropped["options_refused"] == 2
    netflow.decode(batch(v9(layout, flowset(310, number(2, 4) + b"eth9"), sequence=1)))
    renamed = netflow.interface(1, 2)
    assert renamed is not None
    assert renamed.name == "eth9"
