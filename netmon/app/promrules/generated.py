"""The packs in force as files for Prometheus."""

from dataclasses import dataclass
from pathlib import Path

from collectors.snmp.settings import SnmpSettings
from netmon.api import ConfigError
from netmon.app.packs import read_packs
from netmon.app.profiles import read_profiles
from netmon.app.promrules import cases, render
from netmon.app.promrules.expressions import Own
from netmon.app.promrules.owned import owned


@dataclass(frozen=True, slots=True)
class Generated:
    """The rules, and by name why limits are left out."""

    made: tuple[render.Rule, ...]
    left_out: dict[str, str]
    own: Own

    @property
    def rules(self) -> str:
        """Return the file of rules."""
        return render.render(self.made, self.left_out)

    def tests(self, rules_file: str) -> str:
        """Return the file of their unit tests, which names the file of rules."""
        return cases.render(self.made, self.own, rules_file)


def generate(directory: Path | None) -> Generated:
    """Make rules of netmon's packs and those of a directory; ConfigError with every fault of every file."""
    packs, faults = read_packs(directory)
    profiles, wrong = read_profiles(directory)
    if faults or wrong:
        raise ConfigError(*faults, *wrong)
    own = owned(profiles)
    made, left_out = render.rules_of(packs, own, SnmpSettings().interval_s)
    return Generated(tuple(made), left_out, own)
