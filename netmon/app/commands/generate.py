"""`netmon generate`: files for other programs, made from the configuration."""

import os
import sys
from pathlib import Path
from typing import Final

import click

from netmon.api import ConfigError
from netmon.app.commands.options import CONFIG
from netmon.app.settings import configured_language
from netmon.app.systemwords import why
from netmon.app.text import speaking, t

_RULES_FILE: Final = "netmon-rules.yml"  # what standard output is taken to be written to


@click.group("generate", help=t("cli.generate.help"), epilog=t("cli.generate.prometheus.examples"))
def command() -> None:
    """Hold the generators together."""


@command.command("prometheus", help=t("cli.generate.prometheus.help"), epilog=t("cli.generate.prometheus.examples"))
@CONFIG
def prometheus(directory: Path) -> None:
    """Write it to standard output; exit 2 when the configuration cannot be used."""
    from netmon.app.wiring import load_plan, scrape_config  # noqa: PLC0415  # what watches takes a second to load

    try:
        text = scrape_config(load_plan(directory))
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    click.echo(text, nl=False)


@command.command("prometheus-rules", help=t("cli.generate.rules.help"), epilog=t("cli.generate.rules.examples"))
@CONFIG
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help=t("cli.generate.rules.output"),
)
@click.option(
    "--tests",
    type=click.Path(path_type=Path, dir_okay=False),
    help=t("cli.generate.rules.tests"),
)
def prometheus_rules(directory: Path, output: Path | None, tests: Path | None) -> None:
    """Write the packs as alerting rules; exit 2 when one of them, or a file, cannot be used."""
    from netmon.app.promrules import generated  # noqa: PLC0415  # packs need numpy, which other commands do not

    with speaking(configured_language(directory)):
        try:
            made = generated.generate(directory)
        except ConfigError as error:
            click.echo(str(error), err=True)
            sys.exit(2)
    for name, reason in made.left_out.items():
        click.echo(t("cli.generate.rules.left_out", name=name, reason=reason), err=True)
    try:
        if tests is not None:
            tests.write_text(made.tests(_from_there(output, tests)), encoding="utf-8")
        if output is not None:
            output.write_text(made.rules, encoding="utf-8")
    except OSError as error:
        click.echo(f"{error.filename}: {why(error)}", err=True)
        sys.exit(2)
    if output is None:
        click.echo(made.rules, nl=False)


def _from_there(output: Path | None, tests: Path) -> str:
    """Return the file of the rules as promtool finds it from the file of tests."""
    if output is None:
        return _RULES_FILE
    return os.path.relpath(output.resolve(), tests.resolve().parent)
