"""Settings: one directory of YAML becomes one checked, frozen object, or every fault in it at once."""

from netmon.app.settings.dump import dump
from netmon.app.settings.inventory import Inventory
from netmon.app.settings.load import configured_language, enter, load_directory, load_file
from netmon.app.settings.model import NetmonSettings, Settings
from netmon.app.settings.state import state_directory

__all__ = [
    "Inventory",
    "NetmonSettings",
    "Settings",
    "configured_language",
    "dump",
    "enter",
    "load_directory",
    "load_file",
    "state_directory",
]
