"""`netmon flow-collector`: the flows that devices export, judged and kept; a core is not needed."""

from typing import Any, Final

import click

from netmon.app.catalog import Role
from netmon.app.commands.alone import Alone, Kind, alone, run
from netmon.app.privileges import leave_root
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.text import t

_KIND: Final = Kind(Role.FLOW_COLLECTOR, lambda traffic: traffic.flows, "flow-collector.no_address", leave_root)


@click.command("flow-collector", help=t("flow-collector.help"), epilog=t("flow-collector.examples"))
@click.option("--listen", multiple=True, metavar="URL", help=t("flow-collector.option.listen"))
@click.option("--allow", multiple=True, metavar="PREFIX", help=t("flow-collector.option.allow"))
@alone
def command(*, listen: tuple[str, ...], allow: tuple[str, ...], how: Alone) -> None:
    """Exit 0 after a clean stop; 2 where an address or the configuration cannot be used."""
    if not listen and how.directory is None:
        raise click.UsageError(t("flow-collector.no_address"))

    def given(before: TrafficSettings) -> dict[str, Any]:
        if before.flows is None and not listen:
            return {}
        flows = {} if before.flows is None else before.flows.model_dump()
        return {"flows": flows | {"allow": [*flows.get("allow", ()), *allow]} | ({"listen": listen} if listen else {})}

    run(_KIND, how, given)
