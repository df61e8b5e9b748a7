"""`netmon check DIR`: every fault of a configuration at once, or what it amounts to."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netmon.api import ConfigError
from netmon.app.packnotes import not_given, replaced
from netmon.app.packs import configured
from netmon.app.settings import Settings, configured_language, dump, enter
from netmon.app.settings.dump import plain
from netmon.app.text import speaking, t
from netmon.app.topology import standpoint
from netmon.app.traffic.checking import remarks_on
from netmon.app.wiring import Plan, load_plan

if TYPE_CHECKING:
    from netmon.app.settings.inventory import Device, Server

EXIT_CONFIG = 2


class _Directory(click.Path):
    """A path that is looked into by us, not by click, so that its faults are told like all others."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse an empty name, which would mean the directory that one happens to be in."""
        if not str(value):
            self.fail(t("check.no_name"), param, ctx)
        return super().convert(value, param, ctx)


@click.command("check", help=t("check.help"), epilog=t("check.examples"))
@click.argument("directory", type=_Directory(path_type=Path, readable=False))
@click.option("--dump", "show", is_flag=True, help=t("check.dump"))
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help=t("check.format")
)
def command(directory: Path, *, show: bool, form: str) -> None:
    """Check a directory and exit with 0 if it is fine, 2 if not."""
    with speaking(configured_language(directory)):
        try:
            enter(directory)
            plan = load_plan(directory, tells=True)
        except ConfigError as error:
            click.echo(_faults_as_json(error) if form == "json" else _faults(error))
            raise SystemExit(EXIT_CONFIG) from None
        click.echo(_fine_as_json(plan, show=show) if form == "json" else _fine(plan, show=show), nl=False)


def _fine(plan: Plan, *, show: bool) -> str:
    settings = plan.settings
    if show:
        return dump(settings)
    fine = t("check.fine", directory=settings.directory, summary=t("check.summary", **_counts(settings)))
    return "\n".join([fine, *_notes(plan)]) + "\n"


def _notes(plan: Plan) -> list[str]:
    """Return what is no fault, but should be known."""
    return [*_about_links(plan.settings), *_about_packs(plan), *map(str, remarks_on(plan.settings))]


def _about_links(settings: Settings) -> list[str]:
    if not settings.inventory.links:
        return []
    where = standpoint(settings.inventory)
    stands = [t(f"causes.stands.{where.how}", node=where.node, device=where.device)] if where and where.device else []
    return stands + _short_hold(settings)


def _about_packs(plan: Plan) -> list[str]:
    """Tell what the configuration's packs put out of use, and what they wait for in vain."""
    own = configured(plan.directory)
    told = [t("check.instead", **asdict(one)) for one in replaced(plan.packs, own)]
    if plan.settings.netmon.host.textfile_directory is not None:  # other programs give metrics of any name
        return told
    for one in not_given(plan.packs, own, plan.profiles):
        hint = f" ({one.hint})" if one.hint else ""
        told.append(t("check.not_given", pack=one.pack, name=one.name, metric=one.metric, hint=hint))
    return told


def _short_hold(settings: Settings) -> list[str]:
    """Tell where a port's alert can be resolved before the last device behind its mended fiber was polled."""
    ours = settings.netmon
    polled: tuple[Device | Server, ...] = (*settings.inventory.devices, *settings.inventory.servers)
    waits = [
        (thing.interval_s or ours.snmp.interval_s, t("check.interval", target=thing.name))
        for thing in polled
        if thing.collector == "snmp"  # `host` is where netmon runs, which is behind no fiber
    ]
    if not waits:
        return []
    waits.append((ours.scheduler.dead_backoff_max_s, "scheduler.dead_backoff_max_s"))
    longest_s, what = max(waits, key=lambda wait: wait[0])
    if longest_s <= ours.alerts.resolve_hold_s:
        return []
    return [t("check.short_hold", what=what, longest=f"{longest_s:g}", hold=f"{ours.alerts.resolve_hold_s:g}")]


def _counts(settings: Settings) -> dict[str, int]:
    inventory = settings.inventory
    sections = {name: len(getattr(inventory, name)) for name in type(inventory).model_fields}
    return sections | {"credentials": len(settings.netmon.credentials)}


def _fine_as_json(plan: Plan, *, show: bool) -> str:
    answer: dict[str, Any] = {"ok": True, "counts": _counts(plan.settings), "notes": _notes(plan)}
    if show:
        answer["settings"] = plain(plan.settings)
    return json.dumps(answer, ensure_ascii=False, indent=2) + "\n"


def _faults(error: ConfigError) -> str:
    return f"{error}\n{t('check.faults', count=len(error.faults))}"


def _faults_as_json(error: ConfigError) -> str:
    return json.dumps({"ok": False, "faults": [asdict(fault) for fault in error.faults]}, ensure_ascii=False, indent=2)
