"""Options that several commands have."""

from pathlib import Path
from typing import Final

import click

from netmon.app.text import t

CONFIG: Final = click.option(
    "--config",
    "directory",
    type=click.Path(path_type=Path, readable=False),  # the loader says what is wrong with it
    default=Path("/etc/netmon"),
    show_default=True,
    help=t("cli.config"),
)
