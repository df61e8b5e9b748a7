"""What an alert rests on, as people see it on a terminal: its numbers, its samples, its packets, and what to do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from netmon.app.asked import printable
from netmon.app.human import shown_second
from netmon.app.text import language, t
from netmon.core.notices.plain import figure

MOST: Final = 5
"""Alerts of one incident whose evidence is shown; --json has that of all."""
_MOMENT: Final = re.compile(r"start|end|since|until|.*_(since|until|at)")
_MOMENTS: Final = range(946_684_800, 4_102_444_800)  # Unix seconds of the years 2000 to 2099


def show_evidence(console: Console, alerts: Sequence[Mapping[str, Any]]) -> None:
    """Print the evidence of some alerts, each under its rule and target."""
    for alert in [each for each in alerts if each.get("evidence") or each.get("runbook")][:MOST]:
        head = " ".join(filter(None, (alert["rule"], alert["target"])))
        console.print(Text(t("evidence.heading", what=printable(head)), style="bold"))
        for part in _parts(alert):
            console.print(Padding(part, (0, 0, 0, 2)))


def _parts(alert: Mapping[str, Any]) -> Iterator[RenderableType]:
    evidence = {name: value for name, value in alert.get("evidence", {}).items() if value not in ("", None)}
    if evidence:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in evidence.items():
            table.add_row(Text(printable(name), style="dim"), Text(_shown(name, value)))
        yield table
    if alert.get("runbook"):
        yield Text(t("evidence.runbook", page=printable(alert["runbook"])))


def _shown(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return printable(str(value))
    if _MOMENT.fullmatch(name) and int(value) in _MOMENTS:
        return shown_second(float(value))
    return figure(value, language())
