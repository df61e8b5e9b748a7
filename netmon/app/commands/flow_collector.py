"""`netmon flow-collector`: the flows that devices export, judged and kept; a core is not needed."""

import asyncio
import os
import sys
import time
from pathlib import Path

import click
from prometheus_client import CollectorRegistry

from netmon.api import ConfigError
from netmon.app.catalog import Role
from netmon.app.commands.alone import alone, configured, hand_over, own_place
from netmon.app.privileges import leave_root
from netmon.app.text import t
from netmon.app.traffic.needs import needs_traffic
from netmon.app.traffic.stopping import Stop


@click.command("flow-collector", help=t("flow-collector.help"), epilog=t("flow-collector.examples"))
@click.option("--listen", multiple=True, metavar="URL", help=t("flow-collector.option.listen"))
@click.option("--allow", multiple=True, metavar="PREFIX", help=t("flow-collector.option.allow"))
@click.option("--user", default="nobody", show_default=True, help=t("flow-collector.option.user"))
@alone
def command(  # noqa: PLR0913  # one for each option of the command
    listen: tuple[str, ...],
    *,
    allow: tuple[str, ...],
    user: str,
    directory: Path | None,
    store: Path | None,
    metrics_listen: tuple[str, ...],
    as_json: bool,
    seconds: float | None,
) -> None:
    """Exit 0 after a clean stop; 2 where an address or the configuration cannot be used."""
    stop = Stop()
    becomes = user if user and os.geteuid() == 0 else None
    try:
        needs_traffic()
        from netmon.app.traffic.assembly import build_part  # noqa: PLC0415 - numba takes a while
        from netmon.app.traffic.standalone import How, Told, nowhere, summary, watch  # noqa: PLC0415 - the same

        flows = {"listen": list(listen), "allow": list(allow)} if listen else None
        settings, state = configured(directory, store, {"flows": flows} if flows else {})
        if settings.netmon.traffic.flows is None:
            raise click.UsageError(t("flow-collector.no_address"))
        told, registry = Told(as_json=as_json), CollectorRegistry()
        place = own_place(state, settings, becomes, Role.FLOW_COLLECTOR)
        part = build_part(settings, Role.FLOW_COLLECTOR, place, told, nowhere, registry)
        part.open()
        if becomes is not None:
            hand_over((place, settings.netmon.traffic.store_directory), becomes)
            leave_root(becomes)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    began = time.monotonic()
    asyncio.run(watch(part, told, How(metrics_listen, seconds), registry, stop))
    summary(part, began)
