"""Limits on one heat of several ports: how tests declare them, and readings for them."""

from collections.abc import Sequence
from typing import Any

from netmon.api import Column, Family, Kind, Missing, Part, Reading, Reason, Table
from rules.limits.rule import Limits
from rules.pack import Limit, Pack, Unreachable

SAYS = {"en": "{target} {port}: {value}, {limit}, {share}", "id": "id {port}"}
GONE = Missing(Reason.TIMEOUT)


def limit(**changes: Any) -> Limit:
    fields = {"name": "hot", "metric": "heat", "over": 70, "severity": "error", "summary": SAYS, "labels": ["port"]}
    return Limit.model_validate({key: value for key, value in {**fields, **changes}.items() if value is not None})


def rule(*limits: Limit, unreachable: Unreachable | None = None, **more: Any) -> Limits:
    return Limits([Pack(name="test", limits=limits, unreachable=unreachable)], **more)


def table(
    columns: dict[str, Column], rows: Sequence[tuple[str, ...]] = (("p1",), ("p2",)), names: Sequence[str] = ("port",)
) -> Table:
    families = tuple(
        Family(name, Kind.GAUGE, "", upper_limit=f"{name}_max", lower_limit=f"{name}_min") for name in columns
    )
    return Table(families, tuple(names), tuple(rows), tuple(map(str, range(len(rows)))), tuple(columns.values()), 0.0)


def reading(at: float, *tables: Table, problem: Missing | None = None) -> Reading:
    return Reading("sw-1", "snmp", at, 0.1, (Part("one", tables, 0.1),) if problem is None else (), problem)


def heat(at: float, *values: float | Missing) -> Reading:
    rows = [(f"p{number}",) for number in range(1, len(values) + 1)]
    return reading(at, table({"heat": list(values)}, rows))


def see(judge: Limits, *readings: Reading) -> list[tuple[float, str, bool]]:
    return [(f.at, f.key, f.cleared) for each in readings for f in judge.observe(each)]
