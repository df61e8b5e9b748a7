"""Answers become tables: labels, indexes, numbers, and what is left when part of it is bad."""

from array import array
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import oid
from collectors.snmp.answers import Answers, Cell
from collectors.snmp.counters import Counts
from collectors.snmp.device import Device, ProfilePlan
from collectors.snmp.plan import plan_table
from collectors.snmp.profile import Profile
from collectors.snmp.tables import Moment, TablesRead, TableState, read_table
from netmon.api import Missing, Reason, Sample, Table
from tests.support.profiles import profile

BASE = "1.3.6.1.4.1.99999.1.1"


def table(**extra: Any) -> Profile:
    """Return a profile of one table with a name, a number and a counter."""
    contents: dict[str, Any] = {
        "mib": "ACME-MIB",
        "index": [{"name": "slot"}],
        "labels": ["name"],
        "objects": {
            "name": {"oid": f"{BASE}.1", "syntax": "string", "emit": "nothing"},
            "temp": {"oid": f"{BASE}.2", "syntax": "integer", "range": [-50, 200]},
            "packets": {"oid": f"{BASE}.3", "syntax": "counter64"},
        },
    }
    return Profile.model_validate({"name": "acme", "tables": {"things": contents | extra}})


def suffix(index: str) -> bytes:
    return oid.encode_suffix(oid.parse(index))


def answers(columns: Mapping[str, Mapping[str, Cell]], problems: Mapping[str, Missing] | None = None) -> Answers:
    """Return answers of `{column: {index: cell}}`, both dotted."""
    return Answers(
        {oid.encode(oid.parse(column)): {suffix(i): c for i, c in cells.items()} for column, cells in columns.items()},
        {oid.encode(oid.parse(column)): problem for column, problem in (problems or {}).items()},
    )


def read(what: Profile, came: Answers, state: TableState | None = None, name: str = "things") -> TablesRead:
    return read_table(plan_table(what, name), came, state or TableState(), Moment(1.0, 0, Counts()))


def samples(result: TablesRead, metric: str) -> list[Sample]:
    return [sample for part in result.tables for sample in part.samples() if sample.metric == metric]


def named(result: TablesRead, metric: str) -> dict[str, Any]:
    return {dict(sample.labels)["name"]: sample.value for sample in samples(result, metric)}


def cells(*names: bytes, **columns: list[Cell]) -> dict[str, dict[str, Cell]]:
    """Return rows 1, 2, … with these names and columns."""
    found: dict[str, dict[str, Cell]] = {f"{BASE}.1": {str(i): n for i, n in enumerate(names, 1)}}
    for column, name in (("2", "temp"), ("3", "packets")):
        if name in columns:
            found[f"{BASE}.{column}"] = {str(i): v for i, v in enumerate(columns[name], 1)}
    return found


def test_rows_have_labels_keys_and_packed_columns() -> None:
    result = read(table(), answers(cells(b"a", b"b", temp=[20, -3], packets=[2**63, 1])))
    (whole,) = result.tables
    assert whole.label_names == ("name",)
    assert whole.rows == (("a",), ("b",))
    assert whole.keys == ("1", "2")
    assert whole.columns == (array("q", [20, -3]), array("Q", [2**63, 1]))
    assert [(f.name, f.kind.value, f.source) for f in whole.families] == [
        ("temp", "gauge", f"{BASE}.2"),
        ("packets", "counter", f"{BASE}.3"),
    ]
    assert (result.came, result.asked, result.problem) == (6, 6, None)
    assert samples(result, "temp")[1].source == f"{BASE}.2.2"


def test_the_rows_stay_one_object_while_no_label_changes() -> None:
    state = TableState()
    first = read(table(), answers(cells(b"a", b"b", temp=[1, 2])), state).tables[0]
    second = read(table(), answers(cells(b"a", b"b", temp=[3, 4])), state).tables[0]
    third = read(table(), answers(cells(b"a", b"c", temp=[3, 4])), state).tables[0]
    assert second.rows is first.rows
    assert list(second.columns[0]) == [3, 4]
    assert third.rows == (("a",), ("c",))


def test_rows_come_and_go() -> None:
    state = TableState()
    read(table(), answers(cells(b"a", b"b", temp=[1, 2])), state)
    assert named(read(table(), answers(cells(b"a", b"b", b"c", temp=[1, 2, 3])), state), "temp") == {
        "a": 1,
        "b": 2,
        "c": 3,
    }
    assert named(read(table(), answers(cells(b"a", temp=[1])), state), "temp") == {"a": 1}
    assert read(table(), answers({}), state).tables == ()


def test_a_column_that_some_rows_lack_is_a_table_of_its_own_without_gaps() -> None:
    columns = cells(b"a", b"b", temp=[1, 2])
    columns[f"{BASE}.3"] = {"2": 7}
    result = read(table(), answers(columns))
    assert sorted(len(part.rows) for part in result.tables) == [1, 2]
    assert named(result, "packets") == {"b": 7}
    assert all(part.count()[1] == 0 for part in result.tables)


@pytest.mark.parametrize("bad", [b"text", 1.5, 201, -51, 2**40])
def test_what_is_no_such_number_is_invalid_and_its_neighbour_is_kept(bad: Cell) -> None:
    found = named(read(table(), answers(cells(b"a", b"b", temp=[bad, 7]))), "temp")
    assert found["b"] == 7
    assert isinstance(found["a"], Missing)
    assert found["a"].reason is Reason.INVALID


def test_a_value_that_stands_for_none_is_missing_without_blame() -> None:
    what = table(objects={"temp": {"oid": f"{BASE}.2", "syntax": "integer", "no_value": [65535]}}, labels=["slot"])
    (lost, kept) = (s.value for s in samples(read(what, answers(cells(temp=[65535, 7]))), "temp"))
    assert isinstance(lost, Missing)
    assert (lost.reason, kept) == (Reason.NOT_SUPPORTED, 7)


def test_a_column_that_ended_early_lacks_its_last_rows_for_that_reason() -> None:
    late = Missing(Reason.TIMEOUT, "no answer")
    columns = cells(b"a", b"b", b"c", temp=[1, 2, 3])
    columns[f"{BASE}.3"] = {"1": 9}
    result = read(table(), answers(columns, {f"{BASE}.3": late}))
    assert named(result, "packets") == {"a": 9, "b": late, "c": late}
    assert named(result, "temp") == {"a": 1, "b": 2, "c": 3}
    assert result.problem == Missing(Reason.TIMEOUT, "packets: no answer")
    assert (result.came, result.asked) == (7, 9)


def test_a_column_that_ended_early_is_due_only_the_rows_that_it_had_before() -> None:
    state = TableState()
    columns = cells(b"a", b"b", b"c", temp=[1, 2, 3])
    columns[f"{BASE}.3"] = {"1": 8, "2": 8}  # the third never had it
    read(table(), answers(columns), state)
    columns[f"{BASE}.3"] = {"1": 9}
    result = read(table(), answers(columns, {f"{BASE}.3": Missing(Reason.TIMEOUT)}), state)
    assert named(result, "packets") == {"a": 9, "b": Missing(Reason.TIMEOUT)}
    columns[f"{BASE}.3"] = {"1": 10, "2": 10}
    assert named(read(table(), answers(columns), state), "packets") == {"a": 10, "b": 10}


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        ([b"port", b"port"], ["port (1)", "port (2)"]),
        ([b"", b""], ["(1)", "(2)"]),
        ([b"", b"x"], ["", "x"]),
        ([b"port", b"port", b"port (1)"], ["port (1) (1)", "port (2)", "port (1) (3)"]),
        ([b"caf\xc3\xa9", b"caf\xe9"], ["café", "caf\\xe9"]),
        ([b"a\0", b"a"], ["a (1)", "a (2)"]),
        ([b"a\x01b", b"a\x02b"], ["a\\x01b", "a\\x02b"]),
        ([b"\x00\x1a\x2b\x3c\x4d\x5e", b"x"], ["\\x00\x1a+<M^".replace("\x1a", "\\x1a"), "x"]),
        ([b"y" * 5000 + b"1", b"y" * 5000 + b"2"], ["y" * 1024 + " (1)", "y" * 1024 + " (2)"]),
        ([7, b"seven"], ["7", "seven"]),
    ],
)
def test_no_two_rows_look_alike_whatever_the_device_calls_them(names: list[Any], labels: list[str]) -> None:
    result = read(table(), answers(cells(*names, temp=list(range(len(names))))))
    assert [dict(sample.labels)["name"] for sample in samples(result, "temp")] == labels


@given(st.lists(st.sampled_from([b"p", b"p (1)", b"p (2)", b"p (1) (1)", b"", b"(3)", b"\xff"]), max_size=9))
def test_no_row_is_lost_and_none_looks_like_another_even_where_names_look_like_marks(names: list[bytes]) -> None:
    result = read(table(), answers(cells(*names, temp=list(range(len(names))))))
    labels = [sample.labels for sample in samples(result, "temp")]
    assert len(set(labels)) == len(labels) == len(names)


def test_used_and_size_of_one_pool_have_the_same_labels_when_they_must_be_told_apart() -> None:
    storage = profile("host_resources")
    base = "1.3.6.1.2.1.25.2.3.1"
    ram = oid.encode(oid.parse("1.3.6.1.2.1.25.2.1.2"))
    columns: dict[str, dict[str, Cell]] = {
        f"{base}.2": {"1": ram, "2": ram},
        f"{base}.3": {"1": b"RAM", "2": b"RAM"},
        f"{base}.4": {"1": 1024, "2": 1024},
        f"{base}.5": {"1": 100, "2": 200},
        f"{base}.6": {"1": 50, "2": 60},
    }
    result = read(storage, answers(columns), name="storage")
    used, size = (samples(result, f"netmon_memory_{what}_bytes") for what in ("used", "size"))
    assert [s.labels for s in used] == [s.labels for s in size]
    assert [dict(s.labels)["pool"] for s in used] == ["RAM (1)", "RAM (2)"]
    assert [s.value for s in used] == [51_200, 61_440]
    families = {family.name: family for part in result.tables for family in part.families}
    assert families["netmon_memory_used_bytes"].upper_limit == "netmon_memory_size_bytes"


def test_an_index_that_is_not_what_the_mib_says_loses_its_row_and_says_so() -> None:
    columns = cells(b"a", b"b", temp=[1, 2])
    columns[f"{BASE}.2"]["1.7"] = 3
    result = read(table(), answers(columns))
    assert named(result, "temp") == {"a": 1, "b": 2}
    assert result.problem == Missing(Reason.INVALID, "things: index 1.7 has 1 arcs too many")


def test_rows_whose_index_lacks_parts_are_read_where_the_profile_knows_of_such_agents() -> None:
    index = [{"name": "chassis"}, {"name": "slot"}]
    what = table(index=index, index_or=[["slot"]], labels=["name", "chassis", "slot"])
    columns: dict[str, dict[str, Cell]] = {
        f"{BASE}.1": {"7": b"a", "1.7": b"b", "1.7.7": b"c"},
        f"{BASE}.2": {"7": 1, "1.7": 2, "1.7.7": 3},
    }
    result = read(what, answers(columns))
    assert [tuple(value for _, value in s.labels) for s in samples(result, "temp")] == [("a", "", "7"), ("b", "1", "7")]
    assert result.problem == Missing(Reason.INVALID, "things: index 1.7.7 has 1 arcs too many")


def test_a_pointer_of_which_the_row_lacks_a_part_leads_nowhere() -> None:
    index = [{"name": "chassis"}, {"name": "slot"}]
    objects = {
        "name": {"oid": f"{BASE}.1", "syntax": "string", "emit": "nothing"},
        "temp": {"oid": f"{BASE}.2", "syntax": "integer"},
    }
    lookups = {
        "there": {"object": "name", "by": ["chassis", "slot"]},
        "far": {"object": "name", "by": ["temp", "slot"]},
    }
    labels = {"slot": "{slot}", "there": "{there}", "far": "{far}"}
    what = table(index=index, index_or=[["slot"]], objects=objects, lookups=lookups, labels=labels)
    columns: dict[str, dict[str, Cell]] = {f"{BASE}.1": {"7": b"a", "1.7": b"b"}, f"{BASE}.2": {"7": 1, "1.7": -1}}
    rows = [tuple(value for _, value in s.labels) for s in samples(read(what, answers(columns)), "temp")]
    assert rows == [("7", "", "b"), ("7", "b", "")]


def test_a_label_can_follow_a_pointer_into_another_table() -> None:
    what = Profile.model_validate(
        {
            "name": "acme",
            "tables": {
                "boxes": {
                    "mib": "ACME-MIB",
                    "index": [{"name": "box"}],
                    "objects": {"boxName": {"oid": "1.3.6.1.4.1.99999.2.1.1", "syntax": "string"}},
                },
                "things": {
                    "mib": "ACME-MIB",
                    "index": [{"name": "slot"}],
                    "labels": {"slot": "{slot}", "box": ["{within}", "loose"]},
                    "lookups": {"within": {"object": "boxName", "by": ["container"]}},
                    "objects": {
                        "container": {"oid": f"{BASE}.4", "syntax": "integer", "emit": "nothing"},
                        "temp": {"oid": f"{BASE}.2", "syntax": "integer"},
                    },
                },
            },
        }
    )
    columns: dict[str, dict[str, Cell]] = {
        "1.3.6.1.4.1.99999.2.1.1": {"300": b"left", "9": b"right"},
        f"{BASE}.4": {"1": 300, "2": 9, "3": 0, "4": -1},
        f"{BASE}.2": {"1": 1, "2": 2, "3": 3, "4": 4},
    }
    state = TableState()
    result = read(what, answers(columns), state)
    assert [dict(s.labels)["box"] for s in samples(result, "temp")] == ["left", "right", "loose", "loose"]
    columns["1.3.6.1.4.1.99999.2.1.1"]["300"] = b"renamed"
    result = read(what, answers(columns), state)
    assert dict(samples(result, "temp")[0].labels)["box"] == "renamed"


def interfaces(came: Mapping[str, Mapping[str, Cell]], state: TableState) -> tuple[Table, ...]:
    return read(profile("if_mib"), answers(came), state, "interfaces").tables


def test_a_port_with_only_32_bits_counts_on_and_one_with_64_is_left_alone() -> None:
    ports: dict[str, dict[str, Cell]] = {
        "1.3.6.1.2.1.2.2.1.2": {"1": b"one", "2": b"two"},
        "1.3.6.1.2.1.2.2.1.10": {"1": 2**32 - 10, "2": 5},
        "1.3.6.1.2.1.31.1.1.1.6": {"2": 2**32 + 5},
    }
    state = TableState()
    counts = Counts()
    plan = plan_table(profile("if_mib"), "interfaces")
    read_table(plan, answers(ports), state, Moment(0.0, 0, counts))
    ports["1.3.6.1.2.1.2.2.1.10"] = {"1": 10, "2": 1}  # the second wraps too, which nobody asked about
    ports["1.3.6.1.2.1.31.1.1.1.6"] = {"2": 2 * 2**32 + 1}
    result = read_table(plan, answers(ports), state, Moment(30.0, 0, counts))
    received = samples(result, "netmon_interface_receive_bytes_total")
    assert [sample.value for sample in received] == [2**32 + 10, 2 * 2**32 + 1]
    assert dict(counts.seen) == {"wrap": 1}
    assert [sample.value for sample in samples(result, "ifInOctets")] == [10, 1]  # as the device says


def test_a_name_that_was_not_answered_this_time_is_remembered_for_rows_that_are_still_the_same() -> None:
    objects = {
        "descr": {"oid": f"{BASE}.4", "syntax": "string", "emit": "nothing"},
        "name": {"oid": f"{BASE}.1", "syntax": "string", "emit": "nothing"},
        "temp": {"oid": f"{BASE}.2", "syntax": "integer"},
    }
    what, state = table(objects=objects, labels=["name", "descr"]), TableState()
    columns = cells(b"a", b"b", temp=[1, 2]) | {f"{BASE}.4": {"1": b"left", "2": b"right"}}
    whole = read(what, answers(columns), state)
    columns[f"{BASE}.1"] = {}
    late = {f"{BASE}.1": Missing(Reason.TIMEOUT, "no answer")}
    result = read(what, answers(columns, late), state)
    assert named(result, "temp") == {"a": 1, "b": 2}
    assert result.tables[0].rows is whole.tables[0].rows
    assert (result.came, result.asked) == (4, 6)
    columns[f"{BASE}.4"] = {"1": b"right", "2": b"left"}  # renumbered, and its names got lost: no old name for it
    result = read(what, answers(columns, late), state)
    assert [sample.labels for sample in samples(result, "temp")] == [
        (("name", ""), ("descr", "right")),
        (("name", ""), ("descr", "left")),
    ]


def test_rows_of_two_tables_that_look_alike_are_told_apart() -> None:
    def rack(mib: str, base: str) -> dict[str, Any]:
        return {
            "mib": "ACME-MIB",
            "index": [{"name": f"{mib}Index"}],
            "labels": [f"{mib}Index"],
            "objects": {
                f"{mib}Name": {"oid": f"{base}.1", "syntax": "string", "emit": "nothing"},
                f"{mib}Temp": {"oid": f"{base}.2", "syntax": "integer"},
            },
            "blocks": [
                {
                    "labels": {"mib": "ACME-MIB", "sensor": f"{{{mib}Name}}"},
                    "metrics": {"netmon_temperature_celsius": {"value": f"{mib}Temp"}},
                }
            ],
        }

    other = "1.3.6.1.4.1.99999.7.1"
    what = Profile.model_validate(
        {"name": "acme", "tables": {"left": rack("left", BASE), "right": rack("right", other)}}
    )
    came = answers(
        {
            f"{BASE}.1": {"1": b"inlet"},
            f"{BASE}.2": {"1": 20},
            f"{other}.1": {"1": b"inlet", "2": b"outlet"},
            f"{other}.2": {"1": 21, "2": 22},
        }
    )
    plan, device = ProfilePlan(what), Device()
    for _ in range(2):
        results = [
            read_table(table_plan, came, state, Moment(1.0, 0, Counts()))
            for table_plan, state in zip(plan.tables, device.states(plan), strict=True)
        ]
        labels = [s.labels for result in results for s in samples(result, "netmon_temperature_celsius")]
        assert [dict(label)["sensor"] for label in labels] == ["inlet", "inlet (1)", "outlet"]
        assert {tuple(name for name, _ in label) for label in labels} == {("sensor", "ifIndex", "ifName", "mib")}
