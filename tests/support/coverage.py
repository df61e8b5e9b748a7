"""How much of what LibreNMS reads from the recorded devices we read too, and which of snmp_exporter's metrics.

`bench/snmp_coverage.py` writes the page; a test holds it to what the code does.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from collectors.snmp.collector import SnmpCollector
from collectors.snmp.settings import CommunityCredential, SnmpSettings
from netmon.api import Reading, Target
from tests.support.librenms import Score, Scores, compare, expected, samples_of
from tests.support.profiles import shipped
from tests.support.snmprec import Memory, names, recording

PARITY = Path("../shared/fixtures/parity")
PAGE = Path("docs/snmp-coverage.md")

_IN_ISSUE = {  # what dashboards use of these is ours to answer
    "SNMPv2-MIB system": ("1.3.6.1.2.1.1.",),
    "IF-MIB": ("1.3.6.1.2.1.2.", "1.3.6.1.2.1.31."),
    "HOST-RESOURCES-MIB": ("1.3.6.1.2.1.25.",),
    "ENTITY-MIB and ENTITY-SENSOR-MIB": ("1.3.6.1.2.1.47.", "1.3.6.1.2.1.99."),
    "UCD-SNMP-MIB": ("1.3.6.1.4.1.2021.",),
    "UPS-MIB": ("1.3.6.1.2.1.33.",),
}


def collector_for(memory: Memory) -> SnmpCollector:
    """Return a collector with every shipped profile that reads recordings."""
    credentials = {"default": CommunityCredential(community=SecretStr("public"))}
    return SnmpCollector(memory, shipped(), credentials, SnmpSettings())


async def read_recorded(device: str) -> Reading:
    """Read one recorded device from memory, with every shipped profile."""
    collector = collector_for(Memory(**{device: recording(device)}))
    target = Target(device, "127.0.0.1", "", "device")
    return await collector.read(target, [profile.name for profile in shipped()], 10)


async def all_scores() -> dict[str, Scores]:
    """Score every recorded device."""
    return {name: compare(expected(name), samples_of(await read_recorded(name))) for name in names()}


def emitted() -> set[str]:
    """Return every metric that the shipped profiles can emit."""
    return {name for profile in shipped() for name, _ in profile.metrics()}


def parity() -> Iterator[tuple[str, str, int, bool]]:
    """Give (MIB, metric, uses, whether we answer it) for what public dashboards use of the MIBs in question."""
    used = json.loads((PARITY / "parity.json").read_text())["snmp_exporter"]
    ours = emitted()
    for entry in used:
        for mib, prefixes in _IN_ISSUE.items():
            if (entry.get("oid") or "").startswith(prefixes):
                yield mib, entry["metric"], entry["uses"], entry["metric"] in ours


def render(scores: Mapping[str, Scores]) -> str:
    """Return the page."""
    classes = sorted({name for device in scores.values() for name in device}, key=_order)
    total: Scores = {}
    for device in scores.values():
        for name, score in device.items():
            whole = total.setdefault(name, Score())
            whole.expected += score.expected
            whole.matched += score.matched
    rows = [
        f"| {device} | {' | '.join(_cell(found.get(name)) for name in classes)} |" for device, found in scores.items()
    ]
    rows.append(f"| **all** | {' | '.join(_cell(total.get(name)) for name in classes)} |")
    return _PAGE.format(
        header=f"| device | {' | '.join(classes)} |",
        rule=f"|---|{'---:|' * len(classes)}",
        rows="\n".join(rows),
        parity="\n".join(_parity_rows()),
    )


def _order(name: str) -> tuple[bool, bool, str]:
    return ("other" in name, not name.startswith("ports"), name)


def _cell(score: Score | None) -> str:
    return "" if score is None else f"{score.matched}/{score.expected}"


def _parity_rows() -> Iterator[str]:
    found: dict[str, list[tuple[str, int, bool]]] = {}
    for mib, metric, uses, answered in parity():
        found.setdefault(mib, []).append((metric, uses, answered))
    for mib, metrics in found.items():
        lacking = ", ".join(f"`{metric}` ({uses})" for metric, uses, answered in metrics if not answered) or "none"
        yield f"| {mib} | {sum(answered for _, _, answered in metrics)}/{len(metrics)} | {lacking} |"


def scores_as_lines(scores: Mapping[str, Any]) -> Iterator[str]:
    """Give one line for each device, for a test's output."""
    for device, found in scores.items():
        yield f"{device}: " + "; ".join(f"{name} {_cell(found[name])}" for name in sorted(found, key=_order))


_PAGE = """# What the SNMP profiles read

Written by `python bench/snmp_coverage.py`; a test fails when it is out of date.

## Twenty recorded devices

LibreNMS's recordings of real devices, read through the profiles, against what LibreNMS itself reads from them: matched
of expected. A port is *there* under its ifIndex; *name* is ifName and ifDescr, *status* ifOperStatus and ifAdminStatus,
*octets* the counters that LibreNMS recorded. Other readings match when the object that LibreNMS names has the recorded
value. *Profiled MIBs* have a profile; the others are vendors' MIBs, whose profiles come later. The neighbours that are
lacking LibreNMS reads from such a MIB too.

{header}
{rule}
{rows}

## Metrics that public dashboards and alert rules use

Of the metrics of snmp_exporter that 69 public dashboards and rule files use, for the MIBs that have a profile: how many
we answer under the same name, and which not yet (with how often they are used).

| MIB | answered | not yet |
|---|---:|---|
{parity}
"""
