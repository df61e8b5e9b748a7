"""promtool's unit tests of the rules: for each a series that makes it fire, and one that does not."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from netmon.app.promrules.expressions import Own, number
from netmon.app.promrules.render import Rule, dump
from netmon.app.promrules.samples import STEP_S, NoSample, Thing, thing

_UNREACHABLE_STEPS: Final = 15
_HEAD: Final = """\
# Made by `netmon generate prometheus-rules --tests`; run `promtool test rules` on it.
# Each rule has two targets: one on which it must fire, and one on which it must not.
"""


def render(rules: Sequence[Rule], own: Own, rules_file: str) -> str:
    """Return the file of tests. `rules_file` is the file of the rules as it is to be found from there."""
    missing: dict[str, str] = {}
    packs: dict[str, list[dict[str, Any]]] = {}
    for rule in rules:
        try:
            packs.setdefault(rule.pack, []).extend(_of(rule, own))
        except NoSample as reason:
            missing[rule.fields["alert"]] = str(reason)
    tests = [joined(name, cases) for name, cases in packs.items() if cases]
    lines = [f"# {name} has no test: {reason}.\n" for name, reason in missing.items()]
    return _HEAD + "".join(lines) + dump(file_of(rules_file, tests))


def file_of(rules_file: str, tests: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the data of a file of tests."""
    return {"rule_files": [rules_file], "evaluation_interval": f"{STEP_S}s", "tests": list(tests)}


def joined(name: str, cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return one test of cases of different targets: promtool evaluates every rule anew for each test."""
    joint: dict[str, Any] = {"interval": f"{STEP_S}s", "name": name}
    for case in cases:
        for key, some in case.items():
            joint.setdefault(key, []).extend(some)
    return joint


def inputs(one: Thing, readings: Sequence[float], instance: str) -> list[dict[str, str]]:
    """Return the series of a thing of a target with these readings, one each step."""
    labels, steps = {"instance": instance, "job": "snmp", "site": "pusat", **one.labels}, len(readings)
    others = [_series(metric, labels, [value] * steps) for metric, value in one.others()]
    return [_series(one.limit.metric, labels, one.values(list(readings))), *others]


def firing(alert: str, instance: str, steps: int, *, fires: bool) -> dict[str, Any]:
    """Return what is expected of a target's alert after some steps."""
    asked = f'count(ALERTS{{alertname="{alert}", instance="{instance}", alertstate="firing"}})'
    expected = [{"labels": "{}", "value": 1}] if fires else []
    return {"expr": asked, "eval_time": f"{steps * STEP_S}s", "exp_samples": expected}


def _of(rule: Rule, own: Own) -> Iterator[dict[str, Any]]:
    alert = rule.fields["alert"]
    one = None if rule.limit is None else thing(rule.limit, own)
    for fires, instance in ((True, f"{alert} fires"), (False, f"{alert} does not")):
        if one is None:
            steps = _UNREACHABLE_STEPS
            labels = {"instance": instance, "job": "snmp", "site": "pusat"}
            given = [_series("up", labels, [float(not fires)] * (steps + 1))]
        else:
            steps = one.steps
            given = inputs(one, [one.beyond() if fires else one.well()] * (steps + 1), instance)
        yield {"input_series": given, "promql_expr_test": [firing(alert, instance, steps, fires=fires)]}


def _series(metric: str, labels: dict[str, str], values: Sequence[float]) -> dict[str, str]:
    """Return an input series."""
    named = ", ".join(f'{name}="{_escaped(value)}"' for name, value in labels.items() if value)
    return {"series": f"{metric}{{{named}}}", "values": _values(values)}


def _values(values: Sequence[float]) -> str:
    """Return values in promtool's notation; those that only repeat are said once."""
    if len(set(values)) == 1:
        return f"{number(values[0])}+0x{len(values) - 1}"
    return " ".join(map(number, values))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
