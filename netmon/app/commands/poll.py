"""`netmon poll`: one device, now."""

import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import uvloop
from prometheus_client import CollectorRegistry
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from rich.console import Console

from collectors.snmp.client import SnmpClient
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.profile import Profile
from collectors.snmp.settings import Credential, SnmpSettings
from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.settings import WebSettings
from netmon.api import ConfigError, Reading, Reason, Target
from netmon.app import show
from netmon.app.explain import Explainer
from netmon.app.profiles import load_profiles
from netmon.app.text import t
from netmon.app.wiring import load_plan

COMPLETE: Final = 0
PARTIAL: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3

_FROM_ENVIRONMENT: Final = {
    "user": "NETMON_SNMP_USER",
    "auth_protocol": "NETMON_SNMP_AUTH_PROTOCOL",
    "auth_password": "NETMON_SNMP_AUTH_PASSWORD",
    "priv_protocol": "NETMON_SNMP_PRIV_PROTOCOL",
    "priv_password": "NETMON_SNMP_PRIV_PASSWORD",
    "context_name": "NETMON_SNMP_CONTEXT",
}
_COMMUNITY: Final = "NETMON_SNMP_COMMUNITY"
_VERSION: Final = "NETMON_SNMP_VERSION"


@click.command("poll", help=t("poll.help"), epilog=t("poll.examples"))
@click.argument("address")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "prometheus"]),
    default="table",
    show_default=True,
    help=t("poll.format"),
)
@click.option("--credential", help=t("poll.credential"))
@click.option(
    "--config", "directory", type=click.Path(path_type=Path, exists=True, file_okay=False), help=t("poll.config")
)
@click.option("--profile", "chosen", multiple=True, help=t("poll.profile"))
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(0.1, 3600), default=30.0, show_default=True, help=t("poll.timeout")
)
@click.option("--debug-wire", is_flag=True, help=t("poll.debug_wire"))
def command(  # noqa: PLR0913  # one for each option of the command
    address: str,
    *,
    form: str,
    credential: str | None,
    directory: Path | None,
    chosen: tuple[str, ...],
    timeout_s: float,
    debug_wire: bool,
) -> None:
    """Exit 0 when all was read, 1 when some parts were not, 2 on usage or configuration, 3 when it is unreachable."""
    try:
        host, port = split_address(address)
        how = _prepare(directory, credential, chosen)
    except (ConfigError, ValueError) as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)
    target = Target(
        host, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", "", "device", (), {"credential": "poll"}
    )
    explainer = Explainer(lambda line: click.echo(line, err=True), time.monotonic) if debug_wire else None
    reading = uvloop.run(_read(target, how, timeout_s, explainer))
    lacking = [part.name for part in reading.parts if part.name in chosen and part.absent]
    if reading.problem is not None or len(lacking) < len(reading.parts):
        _print(form, target, reading)
    for name in lacking:
        click.echo(t("poll.absent", address=address, name=name), err=True)
    sys.exit(_verdict(address, reading) or (PARTIAL if lacking else COMPLETE))


def split_address(text: str) -> tuple[str, int]:
    """Split `host`, `host:port`, `v6` or `[v6]:port`; ValueError says what would be right."""
    host, port = text, "161"
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        port = rest.removeprefix(":") if rest else port
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(t("poll.bad_address", address=text))
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise ValueError(t("poll.bad_address", address=text))
    return host, int(port)


@dataclass(frozen=True, slots=True)
class How:
    """With what a device is polled."""

    profiles: tuple[Profile, ...]
    credential: Credential
    settings: SnmpSettings


def _prepare(directory: Path | None, name: str | None, chosen: tuple[str, ...]) -> How:
    """Gather profiles, credential and settings; ConfigError or ValueError says what is wrong with them."""
    settings = SnmpSettings()
    if name is not None:
        plan = load_plan(directory or Path("/etc/netmon"))
        settings, credentials = plan.settings.netmon.snmp, plan.settings.netmon.credentials
        if name not in credentials:
            names = ", ".join(sorted(credentials)) or "-"
            raise ValueError(t("poll.unknown_credential", name=name, directory=plan.directory, names=names))
        profiles, access = plan.profiles, credentials[name]
    else:
        profiles, access = load_profiles(directory), credential_from(os.environ)
    known = {profile.name for profile in profiles}
    for wrong in set(chosen) - known:
        raise ValueError(t("poll.unknown_profile", name=wrong, names=", ".join(sorted(known))))
    return How(tuple(p for p in profiles if not chosen or p.name in chosen), access, settings)


def credential_from(environment: Mapping[str, str]) -> Credential:
    """Return the credential that NETMON_SNMP_* describes; ValueError names the variable that is wrong or missing."""
    given = {key: environment[variable] for key, variable in _FROM_ENVIRONMENT.items() if environment.get(variable)}
    if given:
        given["version"] = "v3"
    elif environment.get(_COMMUNITY):
        given = {"version": environment.get(_VERSION, "v2c"), "community": environment[_COMMUNITY]}
    else:
        raise ValueError(t("poll.no_credential"))
    try:
        return TypeAdapter[Credential](Credential).validate_python(given)
    except ValidationError as error:
        raise ValueError(_explained(error)) from None


def _explained(error: ValidationError) -> str:
    """Return what is wrong with each variable, without the values: one of them may be a password."""
    return "\n".join(dict.fromkeys(_explain(fault) for fault in error.errors(include_url=False)))


def _explain(fault: ErrorDetails) -> str:
    field = str(fault["loc"][-1]) if fault["loc"] else ""
    if fault["type"].startswith("union_tag"):
        return t("poll.bad_version", variable=_VERSION)
    variable = _FROM_ENVIRONMENT.get(field, "")
    if fault["type"] == "missing":
        return t("poll.not_set", variable=variable)
    if fault["type"] == "enum":
        return t("poll.not_a_choice", variable=variable, choices=fault["ctx"]["expected"])
    text = str(fault["msg"]).removeprefix("Value error, ")
    for name, its_variable in _FROM_ENVIRONMENT.items():  # the schema's own names, as they stand in the message
        text = re.sub(rf"\b{name}\b", its_variable, text)
    return f"{variable}: {text}" if variable else text


async def _read(target: Target, how: How, timeout_s: float, explainer: Explainer | None) -> Reading:
    client = SnmpClient(how.settings, CollectorRegistry(), trace=explainer)
    collector = SnmpCollector(client, how.profiles, {"poll": how.credential}, how.settings)
    await collector.start()
    try:
        return await collector.read(target, [profile.name for profile in how.profiles], timeout_s)
    finally:
        await collector.stop()


def _print(form: str, target: Target, reading: Reading) -> None:
    if form == "json":
        for line in show.json_lines(reading):
            click.echo(line)
    elif form == "prometheus":
        click.echo(uvloop.run(_page(target, reading)), nl=False)
    elif reading.problem is None:
        show.tables(reading, Console())


async def _page(target: Target, reading: Reading) -> bytes:
    """Return what /targets/<name>/metrics would show."""
    exporter = PrometheusExporter(WebSettings(), CollectorRegistry())
    exporter.put(target, SnmpCollector.job, reading)
    return await exporter.page(target.name)


def _verdict(address: str, reading: Reading) -> int:
    """Return the exit status, and say on standard error what to do where something was not read."""
    problem = reading.problem
    if problem is not None:
        click.echo(t("poll.unreachable", address=address, detail=problem.detail, reason=problem.reason.value), err=True)
        if problem.reason in {Reason.TIMEOUT, Reason.AUTH_FAILED, Reason.REFUSED, Reason.NOT_FOUND}:
            click.echo(t(f"poll.hint.{problem.reason.value}"), err=True)
        return UNREACHABLE
    return PARTIAL if any(part.failed for part in reading.parts) else COMPLETE
