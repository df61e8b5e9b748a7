"""`netmon sensor`: the packets of an interface, judged as they pass; a core is not needed."""

import sys
from typing import Any, Final

import click

from netmon.api import ConfigError
from netmon.app.catalog import Role
from netmon.app.commands.alone import Alone, Kind, alone, run
from netmon.app.faultwords import in_words
from netmon.app.privileges import drop
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.text import t

_KIND: Final = Kind(Role.SENSOR, lambda traffic: traffic.sensors, "sensor.no_interface", drop)


@click.command("sensor", help=t("sensor.help"), epilog=t("sensor.examples"))
@click.option("--interface", "interfaces", multiple=True, metavar="IF", help=t("sensor.option.interface"))
@click.option("--filter", metavar="EXPR", help=t("sensor.option.filter"))
@click.option("--processes", type=click.IntRange(1, 64), help=t("sensor.option.processes"))
@alone
def command(*, interfaces: tuple[str, ...], how: Alone, **options: object) -> None:
    """Exit 0 after a clean stop; 2 where the interface or the configuration cannot be used."""
    if not interfaces and how.directory is None:
        raise click.UsageError(t("sensor.no_interface"))
    own = {name: value for name, value in options.items() if value is not None}

    def given(before: TrafficSettings) -> dict[str, Any]:
        known = [[one.model_dump() for one in before.sensors if one.interface == name] for name in interfaces]
        sensors = [
            each | own for name, some in zip(interfaces, known, strict=True) for each in some or [{"interface": name}]
        ]
        return {"sensors": sensors} if sensors else {}

    try:
        if how.becomes is None:
            drop(None)  # at once: threads that libraries start later have no more than we have now
    except ConfigError as error:
        with how.speaking():
            click.echo(str(in_words(error)), err=True)
        sys.exit(2)
    run(_KIND, how, given)
