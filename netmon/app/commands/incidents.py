"""`netmon incidents`: alerts by their common cause."""

import time
from collections.abc import Mapping
from typing import Any, Final

import click
from rich.console import Console
from rich.text import Text

from netmon.app.asked import printable
from netmon.app.board import alert_table, incident_table
from netmon.app.client import Client, segment
from netmon.app.commands.alerts import pages
from netmon.app.commands.asking import JSON, asks, lines
from netmon.app.evidence import show_evidence
from netmon.app.text import language, t
from netmon.app.unusual import unusual_table

_STATES: Final = ("firing", "acknowledged", "resolved")


@click.command("incidents", help=t("incidents.help"), epilog=t("incidents.examples"))
@click.argument("incident", metavar="[ID]", required=False)
@asks
@click.option("--all", "everything", is_flag=True, help=t("incidents.option.all"))
@click.option(
    "--severity", type=click.Choice(["info", "warning", "error", "critical"]), help=t("alerts.option.severity")
)
@click.option("--site", multiple=True, help=t("alerts.option.site"))
@click.option("--target", multiple=True, help=t("alerts.option.target"))
@click.option("--text", help=t("alerts.option.text"))
@click.option("--muted/--not-muted", default=None, help=t("alerts.option.muted"))
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help=t("alerts.option.limit"))
@JSON
def command(
    client: Client, *, incident: str | None, everything: bool, limit: int, as_json: bool, **filters: object
) -> None:
    """Exit as netmon.app.client.Exit says."""
    if incident is not None:
        _one(client, incident, as_json=as_json)
        return
    page = pages(client, "incidents", {"state": _STATES if everything else _STATES[:2], **filters}, limit)
    incidents, total = page["incidents"], page["total"]
    if as_json:
        lines(incidents)
    elif incidents:
        more = t("alerts.more", shown=len(incidents), total=total) if page["next"] else t("alerts.count", total=total)
        Console().print(incident_table(incidents, more))
    else:
        click.echo(t("alerts.none"))


def _one(client: Client, incident: str, *, as_json: bool) -> None:
    whole = client.get(f"incidents/{segment(incident)}")
    if as_json:
        lines([whole])
        return
    console = Console()
    console.print(incident_table([whole["incident"]]))
    because(console, whole["incident"])
    alerts, total = whole["alerts"], whole["alert_count"]
    more = f"{len(alerts)}/{total}" if len(alerts) < total else t("alerts.count", total=total)
    own = [alert for alert in alerts if not alert.get("effect_of")]
    effects = [alert for alert in alerts if alert.get("effect_of")]
    if own:
        console.print(alert_table(own, "" if effects else more))
    if effects:
        console.print(Text(t("causes.heading"), style="bold"))
        console.print(alert_table(effects, more))
    show_evidence(console, own)
    if unusual := whole.get("unusual"):  # an older daemon tells none
        console.print(Text(t("attention.heading"), style="bold"))
        console.print(unusual_table(unusual, whole["unusual_count"], time.time()))


def because(console: Console, incident: Mapping[str, Any]) -> None:
    """Show what failed, and why that is thought; nothing where no cause is known, or an older daemon tells none."""
    cause = incident.get("cause", "")
    if cause:
        said = incident["explanation"]
        why = printable(said.get(language()) or said.get("en", ""))
        console.print(Text(t("causes.because", cause=printable(cause), why=why).rstrip()))
