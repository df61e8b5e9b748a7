"""`netmon alerts`: what is wrong now."""

import time
from collections.abc import Mapping
from typing import Any, Final

import click
from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from netmon.app.asked import printable
from netmon.app.board import alert_table
from netmon.app.client import Client, RefusedError
from netmon.app.commands.asking import JSON, asks, lines
from netmon.app.text import t

_PAGE: Final = 1_000  # the most that the interface gives at a time
_AGAIN_S: Final = 2.0
_TOLD: Final = ("firing", "acknowledged")
_STATES: Final = ("pending", "firing", "acknowledged", "resolved")


@click.command("alerts", help=t("alerts.help"), epilog=t("alerts.examples"))
@asks
@click.option("--all", "everything", is_flag=True, help=t("alerts.option.all"))
@click.option("--state", multiple=True, type=click.Choice(_STATES), help=t("alerts.option.state"))
@click.option(
    "--severity", type=click.Choice(["info", "warning", "error", "critical"]), help=t("alerts.option.severity")
)
@click.option("--site", multiple=True, help=t("alerts.option.site"))
@click.option("--target", multiple=True, help=t("alerts.option.target"))
@click.option("--rule", multiple=True, help=t("alerts.option.rule"))
@click.option("--incident", help=t("alerts.option.incident"))
@click.option("--text", help=t("alerts.option.text"))
@click.option("--muted/--not-muted", default=None, help=t("alerts.option.muted"))
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help=t("alerts.option.limit"))
@click.option("--watch", is_flag=True, help=t("alerts.option.watch"))
@JSON
def command(  # noqa: PLR0913  # one for each option of the command
    client: Client,
    *,
    everything: bool,
    state: tuple[str, ...],
    limit: int,
    watch: bool,
    as_json: bool,
    **filters: object,
) -> None:
    """Exit as netmon.app.client.Exit says."""
    states = state or (_STATES if everything else _TOLD)
    query = {"state": states, **filters}
    if watch:
        if as_json:
            raise ValueError(t("alerts.watch_json"))
        _watch(client, query, limit)
        return
    page = pages(client, "alerts", query, limit)
    if as_json:
        lines(page["alerts"])
    else:
        Console().print(shown(page))


def pages(client: Client, what: str, query: Mapping[str, object], limit: int) -> dict[str, Any]:
    """Read as many pages as the limit needs; return them as one."""
    found: dict[str, Any] = client.get(what, {**query, "limit": min(limit, _PAGE)})
    while found["next"] and len(found[what]) < limit:
        size = min(limit - len(found[what]), _PAGE)
        more = client.get(what, {**query, "limit": size, "cursor": found["next"]})
        found = {**more, what: found[what] + more[what]}
    return found


def shown(page: Mapping[str, Any], note: str = "") -> RenderableType:
    """Return a page of alerts as people see it."""
    alerts = page["alerts"]
    if not alerts:
        return Text(f"{t('alerts.none')} {note}".strip())
    total = page["total"]
    count = t("alerts.more", shown=len(alerts), total=total) if page["next"] else t("alerts.count", total=total)
    return alert_table(alerts, f"{count}  {note}".strip())


def _watch(client: Client, query: Mapping[str, object], limit: int) -> None:
    """Show it again and again; a daemon that is away for a while does not end it."""
    console = Console()
    with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
        try:
            while True:
                live.update(_frame(client, query, limit), refresh=True)
                time.sleep(_AGAIN_S)
        except KeyboardInterrupt:
            return


def _frame(client: Client, query: Mapping[str, object], limit: int) -> RenderableType:
    now = f"{time.strftime('%H:%M:%S')}"
    try:
        return shown(pages(client, "alerts", query, limit), t("alerts.at", time=now))
    except RefusedError as refused:
        return Text(printable(f"{now}  {refused}"), style="red")
