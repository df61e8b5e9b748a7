"""Recorded devices damaged at random and read twice: whatever an agent sends, a reading stays a reading."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from math import isfinite
from os import environ
from random import Random
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from collectors.snmp.answers import Cell
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.settings import CommunityCredential, SnmpSettings
from netmon.api import Missing, Part, Reading, Reason, Table, Target
from tests.support.profiles import shipped
from tests.support.snmprec import Memory, Recording, names, recording

pytestmark = pytest.mark.skipif(not names(), reason="the recorded devices are absent: ../shared/fixtures/librenms")

Values: TypeAlias = dict[tuple[int, ...], Cell]
Damage: TypeAlias = Callable[[Values, Random], None]

NAMES = tuple(profile.name for profile in shipped())
READ = tuple(tuple(map(int, obj.oid.split("."))) for profile in shipped() for _, _, obj in profile.objects())
COLUMNS = frozenset(READ)
SIZES = sorted({len(column) for column in READ}, reverse=True)
EXAMPLES = int(environ.get("NETMON_DAMAGED_EXAMPLES", "250"))  # 10 s; more when one wants to look harder
TARGET = Target("sw", "192.0.2.1", "", "device")


def column_of(arcs: tuple[int, ...]) -> tuple[int, ...]:
    """Return the column that an instance is of; empty where no profile reads it."""
    return next((arcs[:size] for size in SIZES if arcs[:size] in COLUMNS), ())


def some(values: Values, random: Random, share: float) -> list[tuple[int, ...]]:
    """Return half of the instances of a share of the columns."""
    columns: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for arcs in values:
        columns.setdefault(column_of(arcs), []).append(arcs)
    if not columns:
        return []
    chosen = random.sample(sorted(columns), max(1, int(len(columns) * share)))
    return [arcs for column in chosen for arcs in columns[column] if random.random() < 0.5]


def drop_rows(values: Values, random: Random) -> None:
    for arcs in some(values, random, 0.3):
        del values[arcs]


def another_type(values: Values, random: Random) -> None:
    kinds: list[Cell] = [b"17", 1.5, float("nan"), float("inf"), 2**70, 7]
    for arcs in some(values, random, 0.2):
        values[arcs] = random.choice(kinds)


def wild_octets(values: Values, random: Random) -> None:
    for arcs in some(values, random, 0.2):
        if isinstance(values[arcs], bytes):
            values[arcs] = random.randbytes(random.choice([0, 1, 6, 8, 40, 3000]))


def like_others(values: Values, random: Random) -> None:
    """Give rows the same names: text of one row in another."""
    for arcs in some(values, random, 0.2):
        if isinstance(values[arcs], bytes):
            values[arcs] = random.choice([b"", b"port", b"port (1)", b"\0", b"(1)"])


def other_indexes(values: Values, random: Random) -> None:
    for arcs in some(values, random, 0.1):
        way = random.randrange(4)
        size = len(column_of(arcs))
        if way == 0 and len(arcs) < 120:
            new = (*arcs, random.randrange(300))
        elif way == 1 and len(arcs) > size + 1:
            new = arcs[:-1]
        elif way == 2:
            new = (*arcs[:-1], random.choice([0, 2**32 - 1, arcs[-1] + 1]) % 2**32)
        else:
            new = (*arcs[:size], *(random.randrange(256) for _ in range(random.randrange(1, 20))))
        values[new] = values.pop(arcs)


def wild_numbers(values: Values, random: Random) -> None:
    wild = [-1, 0, 1, -(2**31), 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1, 65_535]
    for arcs in some(values, random, 0.3):
        if isinstance(values[arcs], int):
            values[arcs] = random.choice(wild)


def empty_tables(values: Values, random: Random) -> None:
    gone = set(random.sample(READ, random.randrange(len(READ) // 4)))
    for arcs in list(values):
        if column_of(arcs) in gone:
            del values[arcs]


def counters_back(values: Values, random: Random) -> None:
    for arcs in some(values, random, 0.3):
        cell = values[arcs]
        if isinstance(cell, int):
            values[arcs] = cell // 2


def renumber(values: Values, random: Random) -> None:
    """Give ports each other's index, in every table alike."""
    tables = ((1, 3, 6, 1, 2, 1, 2, 2, 1), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1), (1, 3, 6, 1, 2, 1, 10, 7, 2, 1))
    ports = sorted({arcs[-1] for arcs in values if arcs[:9] == tables[0]})
    anew = dict(zip(ports, random.sample(ports, len(ports)), strict=True))
    for arcs in [arcs for arcs in values if arcs[: len(arcs) - 2] in tables]:
        values[(*arcs[:-1], -1 - anew.get(arcs[-1], arcs[-1]))] = values.pop(arcs)
    for arcs in [arcs for arcs in values if arcs[-1] < 0]:
        values[(*arcs[:-1], -1 - arcs[-1])] = values.pop(arcs)


DAMAGES: tuple[Damage, ...] = (
    drop_rows,
    another_type,
    wild_octets,
    like_others,
    other_indexes,
    wild_numbers,
    empty_tables,
    counters_back,
    renumber,
)


@cache
def undamaged(device: str) -> Values:
    """Return what profiles read of a recorded device."""
    every = recording(device).under("1")
    pairs = ((tuple(map(int, number.split("."))), cell) for number, cell in every)
    return {arcs: cell for arcs, cell in pairs if column_of(arcs)}


def hold(reading: Reading) -> None:
    """Assert what is so of every reading."""
    assert reading.problem is None
    assert [part.name for part in reading.parts] == list(NAMES)
    series: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
    for part in reading.parts:
        _hold_part(part)
        for table in part.tables:
            _hold_table(table)
            for family in table.families:
                series.update((family.name, tuple(zip(table.label_names, row, strict=True))) for row in table.rows)
    assert [one for one, count in series.items() if count > 1] == []


def _hold_part(part: Part) -> None:
    assert part.problem is None or part.problem.reason is not Reason.BUG, (part.name, part.problem)
    assert 0 <= part.completeness <= 1
    if part.failed:
        assert part.problem is not None
        assert part.problem.detail


def _hold_table(table: Table) -> None:
    assert len(table.columns) == len(table.families)
    assert len(table.keys) == len(table.rows)
    for row in table.rows:
        assert len(row) == len(table.label_names)
        for text in row:
            assert type(text) is str
            text.encode()  # no half of a surrogate pair
    for column in table.columns:
        assert len(column) == len(table.rows)
        assert all(isinstance(value, Missing) or isfinite(value) for value in column)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
@given(st.sampled_from(names() or ("none",)), st.lists(st.sampled_from(DAMAGES), max_size=4), st.integers(0, 2**32))
async def test_a_damaged_device_is_read_without_a_bug(device: str, damages: Sequence[Damage], seed: int) -> None:
    random, values = Random(seed), dict(undamaged(device))
    memory = Memory()
    clock = iter(range(1_000_000, 9_000_000, 7))
    snmp = SnmpCollector(
        memory,
        shipped(),
        {"default": CommunityCredential(community=SecretStr("public"))},
        SnmpSettings(),
        clock=lambda: float(next(clock)),
    )
    for _ in range(2):
        for damage in damages:
            damage(values, random)
        memory.devices["sw"] = Recording(list(values.items()))
        hold(await snmp.read(TARGET, NAMES, 10))
    snmp.forget("sw")
    assert snmp._devices == {}
