"""`netmon sensor`: the packets of an interface, judged as they pass; a core is not needed."""

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
from netmon.app.privileges import drop
from netmon.app.text import t
from netmon.app.traffic.needs import needs_traffic
from netmon.app.traffic.stopping import Stop


@click.command("sensor", help=t("sensor.help"), epilog=t("sensor.examples"))
@click.option("--interface", "interfaces", multiple=True, metavar="IF", help=t("sensor.option.interface"))
@click.option("--filter", "expression", default="", metavar="EXPR", help=t("sensor.option.filter"))
@click.option("--processes", type=click.IntRange(1, 64), default=1, help=t("sensor.option.processes"))
@click.option("--user", default="nobody", show_default=True, help=t("traffic.option.user"))
@alone
def command(  # noqa: PLR0913  # one for each option of the command
    interfaces: tuple[str, ...],
    *,
    expression: str,
    processes: int,
    user: str,
    directory: Path | None,
    store: Path | None,
    metrics_listen: tuple[str, ...],
    as_json: bool,
    seconds: float | None,
) -> None:
    """Exit 0 after a clean stop; 2 where the interface or the configuration cannot be used."""
    becomes = user if user and os.geteuid() == 0 else None
    if not interfaces and directory is None:
        raise click.UsageError(t("sensor.no_interface"))
    stop = Stop()
    try:
        if becomes is None:
            drop(None)  # at once: threads that libraries start later have no more than we have now
        needs_traffic()
        from netmon.app.traffic.assembly import build_part  # noqa: PLC0415 - numba takes a while
        from netmon.app.traffic.standalone import How, Told, nowhere, summary, watch  # noqa: PLC0415 - the same

        sensors = [{"interface": name, "filter": expression, "processes": processes} for name in interfaces]
        settings, state = configured(directory, store, {"sensors": sensors} if sensors else {})
        if not settings.netmon.traffic.sensors:
            raise click.UsageError(t("sensor.no_interface"))
        told, registry = Told(as_json=as_json), CollectorRegistry()
        place = own_place(state, settings, becomes, Role.SENSOR)
        part = build_part(settings, Role.SENSOR, place, told, nowhere, registry)
        part.open()
        if becomes is not None:
            hand_over((place, settings.netmon.traffic.store_directory), becomes)
            drop(becomes)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    began = time.monotonic()
    asyncio.run(watch(part, told, How(metrics_listen, seconds), registry, stop))
    summary(part, began)
