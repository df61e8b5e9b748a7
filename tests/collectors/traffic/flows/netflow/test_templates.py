"""Templates: defined, repeated, changed, withdrawn, late, and more of them than there is room for."""

from collections.abc import Callable

import pytest

from collectors.traffic.flows.netflow.decoder import NetFlow
from collectors.traffic.flows.netflow.settings import NetFlowSettings
from tests.support.exporters import (
    NOW_S,
    VARIABLE,
    Field,
    batch,
    flowset,
    ipfix,
    mixed,
    number,
    options_ipfix,
    options_v9,
    template,
    v9,
)

PACKETS_LAST: tuple[Field, ...] = ((1, 4), (2, 4))
PACKETS_FIRST: tuple[Field, ...] = ((2, 4), (1, 4))
DATA = number(100, 4) + number(7, 4)
NOW_NS = NOW_S * 10**9

Message = Callable[..., bytes]
BOTH = pytest.mark.parametrize(("message", "templates"), [(v9, 0), (ipfix, 2)], ids=["v9", "ipfix"])


def counted(netflow: NetFlow) -> dict[str, int]:
    return {reason: count for reason, count in netflow.counts.dropped.items() if count}


@BOTH
def test_another_layout_holds_for_what_comes_after(message: Message, templates: int) -> None:
    netflow = NetFlow()
    records = netflow.decode(
        batch(
            message(flowset(templates, template(300, *PACKETS_LAST)), flowset(300, DATA)),
            message(flowset(300, DATA), flowset(templates, template(300, *PACKETS_FIRST)), flowset(300, DATA)),
            message(flowset(templates, template(300, *PACKETS_LAST)), flowset(300, DATA)),
        )
    )
    assert records["bytes"].tolist() == [100, 100, 7, 100]
    assert netflow.counts.templates == 3


@BOTH
def test_a_template_that_is_repeated_is_read_once(message: Message, templates: int) -> None:
    netflow = NetFlow()
    again = message(flowset(templates, template(300, *PACKETS_LAST)), flowset(300, DATA))
    assert len(netflow.decode(batch(*[again] * 50))) == 50
    assert netflow.counts.templates == 1


@BOTH
def test_domains_and_exporters_have_their_own(message: Message, templates: int) -> None:
    netflow = NetFlow()
    records = netflow.decode(
        mixed(
            [
                (1, message(flowset(templates, template(300, *PACKETS_LAST)), domain=1)),
                (1, message(flowset(templates, template(300, *PACKETS_FIRST)), domain=2)),
                (2, message(flowset(templates, template(300, *PACKETS_FIRST)), domain=1)),
                (1, message(flowset(300, DATA), domain=1, sequence=1)),
                (1, message(flowset(300, DATA), domain=2, sequence=1)),
                (2, message(flowset(300, DATA), domain=1, sequence=1)),
            ]
        )
    )
    assert records["bytes"].tolist() == [100, 7, 7]
    assert records["exporter"].tolist() == [1, 1, 2]
    assert records["domain"].tolist() == [1, 2, 1]


def test_versions_have_their_own() -> None:
    netflow = NetFlow()
    define = v9(flowset(0, template(300, *PACKETS_LAST)))
    assert len(netflow.decode(batch(define, ipfix(flowset(300, DATA))))) == 0
    assert netflow.counts.sets_kept == 1


@pytest.mark.parametrize("withdrawal", [number(300, 2) + b"\0\0", number(2, 2) + b"\0\0"], ids=["one", "all"])
def test_withdrawal(withdrawal: bytes) -> None:
    netflow = NetFlow()
    define = flowset(2, template(300, *PACKETS_LAST), template(301, *PACKETS_LAST))
    netflow.decode(batch(ipfix(define)))
    left = netflow.decode(batch(ipfix(flowset(2, withdrawal), flowset(300, DATA), flowset(301, DATA))))
    assert len(left) == (1 if withdrawal[1] == 44 else 0)
    assert netflow.counts.withdrawn == (1 if withdrawal[1] == 44 else 2)
    again = netflow.decode(batch(ipfix(flowset(2, template(300, *PACKETS_FIRST)), flowset(300, DATA))))
    assert again["bytes"].tolist() == [7, 7]  # the one that waited, too


def test_withdrawal_of_options_leaves_templates() -> None:
    netflow = NetFlow()
    netflow.decode(batch(ipfix(flowset(2, template(300, *PACKETS_LAST)))))
    netflow.decode(batch(ipfix(flowset(3, options_ipfix(301, [(149, 4)], (34, 4))))))
    records = netflow.decode(batch(ipfix(flowset(3, number(3, 2) + b"\0\0"), flowset(300, DATA))))
    assert len(records) == 1
    assert netflow.counts.withdrawn == 1


def test_a_session_that_ended_takes_its_templates_along() -> None:
    netflow = NetFlow()
    define, data = flowset(2, template(300, *PACKETS_LAST)), flowset(300, DATA)
    assert len(netflow.decode(mixed([(1, ipfix(define)), (2, ipfix(define))]))) == 0
    netflow.forget(1)
    records = netflow.decode(mixed([(1, ipfix(data)), (2, ipfix(data))]))
    assert records["exporter"].tolist() == [2]
    assert len(netflow.decode(batch(ipfix(define, data)))) == 2


@BOTH
def test_data_before_their_template_wait_for_it(message: Message, templates: int) -> None:
    netflow = NetFlow()
    early = [message(flowset(300, DATA, DATA), seconds=NOW_S - 60 + number_) for number_ in range(3)]
    assert len(netflow.decode(batch(*early))) == 0
    assert netflow.counts.sets_kept == 3
    other = message(flowset(templates, template(301, *PACKETS_LAST)))
    assert len(netflow.decode(batch(other))) == 0
    records = netflow.decode(batch(message(flowset(templates, template(300, *PACKETS_LAST)), flowset(300, DATA))))
    assert len(records) == 7
    assert records["end_ns"].tolist() == [(NOW_S - 60 + at // 2) * 10**9 for at in range(6)] + [NOW_NS]
    assert netflow.counts.late_records == 6
    assert counted(netflow) == {}


def test_what_waits_too_long_is_dropped() -> None:
    netflow = NetFlow(NetFlowSettings(waiting_s=10))
    netflow.decode(batch(v9(flowset(300, DATA)), received_ns=NOW_NS))
    netflow.decode(batch(v9(flowset(301, DATA)), received_ns=NOW_NS + 9 * 10**9))
    later = v9(flowset(0, template(300, *PACKETS_LAST), template(301, *PACKETS_LAST)))
    assert len(netflow.decode(batch(later, received_ns=NOW_NS + 11 * 10**9))) == 1
    assert counted(netflow) == {"waiting_old": 1}


def test_what_waits_is_bounded_for_each_exporter() -> None:
    netflow = NetFlow(NetFlowSettings(waiting_sets=3, waiting_octets=1_000))
    small = [(1, v9(flowset(300, DATA))) for _ in range(5)]
    large = [(2, v9(flowset(300, b"\0" * 600))) for _ in range(2)]
    netflow.decode(mixed([*small, *large, (3, v9(flowset(300, DATA)))]))
    assert netflow.counts.sets_kept == 3 + 1 + 1
    assert counted(netflow) == {"waiting_full": 2 + 1}
    define = v9(flowset(0, template(300, *PACKETS_LAST)))
    assert len(netflow.decode(mixed([(1, define), (2, define), (3, define)]))) == 3 + 75 + 1
    netflow.decode(mixed([(1, v9(flowset(400, DATA))) for _ in range(3)]))  # the room is there again
    assert counted(netflow) == {"waiting_full": 3}


def test_all_that_wait_have_a_bound_too() -> None:
    netflow = NetFlow(NetFlowSettings(waiting_octets=4_194_304, waiting_sets=8_192))
    for _ in range(5):
        netflow.decode(mixed([(row, v9(flowset(300, b"\0" * 60_000))) for row in range(1, 21)]))
    kept = netflow.counts.sets_kept
    assert kept == (4 << 20) // 60_000
    assert counted(netflow) == {"waiting_full": 100 - kept}


BAD = {
    "no fields in v9": v9(flowset(0, template(300))),
    "ends inside its fields, v9": v9(flowset(0, template(300, (1, 4), (2, 4))[:-2])),
    "ends inside its fields": ipfix(flowset(2, template(300, (1, 4), (2, 4))[:-2])),
    "ends inside an enterprise": ipfix(flowset(2, template(300, (1, 4, 9))[:-2])),
    "records of no octets": v9(flowset(0, template(300, (1, 0), (2, 0)))),
    "records longer than a set": ipfix(flowset(2, template(300, (1, 40_000), (2, 40_000)))),
    "a number below 256": v9(flowset(0, template(255, (1, 4)))),
    "too many fields": v9(flowset(0, template(300, *[(1, 1)] * 300))),
    "options without scope": ipfix(flowset(3, options_ipfix(300, [], (34, 4)))),
    "options end inside their header": ipfix(flowset(3, number(300, 2) + number(2, 2))),
    "options of odd lengths": v9(flowset(1, number(300, 2) + number(3, 2) + number(4, 2) + b"\0" * 8)),
    "options end early": v9(flowset(1, options_v9(300, [(1, 4)], (34, 4))[:-3])),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_template(case: str) -> None:
    netflow = NetFlow()
    good = v9(flowset(0, template(400, *PACKETS_LAST)), flowset(400, DATA))
    assert len(netflow.decode(batch(BAD[case], good))) == 1
    assert counted(netflow) == {"bad_template": 1}


def test_a_template_of_more_steps_than_there_is_room_for() -> None:
    fields = [(82, VARIABLE)] * 130
    netflow = NetFlow()
    netflow.decode(batch(ipfix(flowset(2, template(300, *fields), template(301, *PACKETS_LAST)), flowset(301, DATA))))
    assert counted(netflow) == {"template_refused": 1}
    assert netflow.counts.records == 1


def test_template_bombs_are_bounded_for_each_exporter() -> None:
    netflow = NetFlow(NetFlowSettings(max_templates=50, max_domains=4))
    bombs = [
        (1, v9(flowset(0, *(template(256 + at + 60 * part, (1, 4)) for at in range(60))), domain=domain))
        for domain in range(8)
        for part in range(3)
    ]
    good = (2, v9(flowset(0, template(300, *PACKETS_LAST)), flowset(300, DATA)))
    assert len(netflow.decode(mixed([*bombs, good]))) == 1
    assert netflow.counts.templates == 51
    assert counted(netflow) == {"template_refused": 4 * 180 - 50, "domain_refused": 4 * 3}
    assert len(netflow._templates.rows) <= 128


def test_changes_in_a_second_are_bounded() -> None:
    netflow = NetFlow(NetFlowSettings(max_changes_per_s=10))
    flips = [v9(flowset(0, template(300, (1, size)))) for size in (1, 2)] * 10
    netflow.decode(batch(*flips))
    assert netflow.counts.templates == 10
    assert counted(netflow) == {"template_refused": 5}  # every other was what stood already, and known to be
    define = v9(flowset(0, template(300, *PACKETS_LAST)), flowset(300, DATA))
    assert len(netflow.decode(batch(define, received_ns=NOW_NS + 2 * 10**9))) == 1  # taken as soon as there is room


def test_options_in_a_second_are_bounded() -> None:
    netflow = NetFlow(NetFlowSettings(max_options_per_s=10))
    define = v9(flowset(1, options_v9(310, [(1, 4)], (48, 2), (50, 4))))
    told = [v9(flowset(310, b"\0\0\0\0" + number(at, 2) + number(at + 2, 4))) for at in range(30)]
    netflow.decode(batch(define, *told))
    assert netflow.counts.options == 10
    assert counted(netflow) == {"options_refused": 20}
    netflow.decode(batch(*told[10:25], received_ns=NOW_NS + 2 * 10**9))
    assert netflow.counts.options == 20


def test_templates_long_not_used_make_room() -> None:
    netflow = NetFlow(NetFlowSettings(max_templates=4, template_lifetime_s=100))
    netflow.decode(batch(v9(flowset(0, *(template(300 + at, *PACKETS_LAST) for at in range(4))))))
    netflow.decode(batch(v9(flowset(302, DATA), sequence=1), received_ns=NOW_NS + 99 * 10**9))
    new = v9(flowset(0, template(400, *PACKETS_FIRST)), flowset(400, DATA), flowset(302, DATA), sequence=2)
    records = netflow.decode(batch(new, received_ns=NOW_NS + 120 * 10**9))
    assert records["bytes"].tolist() == [7, 100]
    assert counted(netflow) == {}


def test_tables_grow() -> None:
    netflow = NetFlow()
    exporters = 300
    define = [(row, v9(flowset(0, template(300, *PACKETS_LAST)))) for row in range(1, exporters + 1)]
    netflow.decode(mixed(define))
    samplers = flowset(1, options_v9(310, [(1, 4)], (48, 2), (50, 4)))
    told = flowset(310, *(b"\0\0\0\0" + number(at, 2) + number(at + 2, 4) for at in range(200)))
    flow = flowset(0, template(320, (1, 4), (48, 2)))
    data = flowset(320, *(number(10, 4) + number(at, 2) for at in range(200)))
    records = netflow.decode(mixed([(row, v9(samplers, told, flow, data, flowset(300, DATA))) for row in (1, 300)]))
    assert records["sampling"].tolist()[:200] == [at + 2 for at in range(200)]
    assert len(records) == 402
    assert len(netflow.domains()) == exporters


def test_more_records_than_a_batch_may_have() -> None:
    netflow = NetFlow(NetFlowSettings(max_records=4_096))
    define = ipfix(flowset(2, template(300, (4, 1))))
    many = ipfix(flowset(300, b"\6" * 3_000))
    records = netflow.decode(batch(define, many, many, ipfix(flowset(300, b"\6" * 90))))
    assert len(records) == 3_090
    assert counted(netflow) == {"output_full": 1}


def test_the_output_grows() -> None:
    netflow = NetFlow()
    define = ipfix(flowset(2, template(300, (4, 1))))
    assert len(netflow.decode(batch(define, *[ipfix(flowset(300, b"\6" * 60_000))] * 3))) == 180_000


def test_a_domain_that_fell_silent_gives_its_place_to_another() -> None:
    netflow = NetFlow(NetFlowSettings(max_domains=2, domain_idle_s=100))
    define, data = flowset(0, template(300, *PACKETS_LAST)), flowset(300, DATA)
    netflow.decode(batch(v9(define, domain=1), v9(define, domain=2), v9(flowset(301, DATA), domain=1)))
    netflow.decode(batch(v9(data, domain=2, sequence=1), received_ns=NOW_NS + 90 * 10**9))
    assert len(netflow.decode(batch(v9(data, domain=3), received_ns=NOW_NS + 99 * 10**9))) == 0
    assert counted(netflow) == {"domain_refused": 1}
    late = NOW_NS + 150 * 10**9
    assert len(netflow.decode(batch(v9(data, domain=3), received_ns=late))) == 0  # domain 1's template is not its own
    assert len(netflow.decode(batch(v9(define, domain=3, sequence=1), received_ns=late))) == 1
    assert len(netflow.decode(batch(v9(data, domain=2, sequence=2), received_ns=late))) == 1
    assert [domain.domain for domain in netflow.domains()] == [3, 2]
    assert counted(netflow) == {"domain_refused": 1, "waiting_old": 1}
