"""The file of alerting rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from netmon.app.promrules.annotations import literal, summary, template
from netmon.app.promrules.expressions import LeftOut, Own, expression, parts
from rules.pack import Limit, Pack, Unreachable

_HEAD: Final = """\
# Made by `netmon generate prometheus-rules` from the packs of limits; docs/limits.md tells when to use it.
# What differs from netmon's own alerts: each row is an alert of its own (two MIBs on one disk are two), a series that
# is gone ends its alert, rates are over five minutes, and a device's own limit is the one of the moment.
# Forecasts and anomalies are left out: predict_linear would be a poor copy of them.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One alerting rule. `limit` is None for what tells that a target cannot be reached."""

    pack: str
    limit: Limit | None
    fields: dict[str, Any]


def rules_of(packs: Sequence[Pack], own: Own, poll_s: float) -> tuple[list[Rule], dict[str, str]]:
    """Return the rules, and by name why others are left out."""
    made: list[Rule] = []
    left_out: dict[str, str] = {}
    for pack in packs:
        if pack.unreachable is not None:
            made.append(Rule(pack.name, None, _unreachable(pack.unreachable, poll_s)))
        for limit in pack.limits:
            try:
                made.append(Rule(pack.name, limit, _limit(limit, own)))
            except LeftOut as reason:
                left_out[limit.name] = str(reason)
    return made, left_out


def render(rules: Sequence[Rule], left_out: dict[str, str]) -> str:
    """Return the file."""
    names = dict.fromkeys(rule.pack for rule in rules)
    groups = [
        {"name": f"netmon-{name}", "rules": [rule.fields for rule in rules if rule.pack == name]} for name in names
    ]
    lines = [f"# {name} is left out: {reason}.\n" for name, reason in left_out.items()]
    return _HEAD + "".join(lines) + dump({"groups": groups})


def dump(data: object) -> str:
    """Return data as YAML, texts of several lines as blocks."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


def _limit(limit: Limit, own: Own) -> dict[str, Any]:
    made = parts(limit, own)
    fields: dict[str, Any] = {"alert": limit.name, "expr": expression(limit, own)}
    if limit.for_s:
        fields["for"] = f"{limit.for_s:.0f}s"
    said = {
        "summary": summary(limit, made, limit.summary.en, "en"),
        "summary_id": summary(limit, made, limit.summary.id, "id"),
    }
    return fields | _telling(limit, said)


def _unreachable(one: Unreachable, poll_s: float) -> dict[str, Any]:
    """Return the rule for a target of which nothing comes: its page's `up`, or netmon's word on the page of all."""
    fields: dict[str, Any] = {"alert": one.name, "expr": 'up{job!="netmon"} == 0 or netmon_up == 0'}
    if one.polls > 1:
        fields["for"] = f"{(one.polls - 1) * poll_s:.0f}s"
    said = {"summary": _plain(one.summary.en), "summary_id": _plain(one.summary.id)}
    return fields | _telling(one, said)


def _plain(text: str) -> str:
    """Return a text with what Prometheus can know of a target that does not answer: its name."""
    return template(text, lambda name: "{{ $labels.instance }}" if name == "target" else "").strip()


def _telling(one: Limit | Unreachable, said: dict[str, str]) -> dict[str, Any]:
    annotations = said | ({"runbook_url": literal(one.runbook)} if one.runbook else {})
    return {"labels": {"severity": one.severity.value}, "annotations": annotations}


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and no references."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
