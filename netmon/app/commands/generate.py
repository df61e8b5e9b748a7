"""`netmon generate`: files for other programs, made from the configuration."""

import sys
from pathlib import Path

import click

from netmon.api import ConfigError
from netmon.app.commands.options import CONFIG
from netmon.app.text import t
from netmon.app.wiring import load_plan, scrape_config


@click.group("generate", help=t("cli.generate.help"), epilog=t("cli.generate.prometheus.examples"))
def command() -> None:
    """Hold the generators together."""


@command.command("prometheus", help=t("cli.generate.prometheus.help"), epilog=t("cli.generate.prometheus.examples"))
@CONFIG
def prometheus(directory: Path) -> None:
    """Write it to standard output; exit 2 when the configuration cannot be used."""
    try:
        text = scrape_config(load_plan(directory))
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    click.echo(text, nl=False)
