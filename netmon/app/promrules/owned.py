"""Which metric is the device's own limit of which: the words that all profiles share, and what profiles say besides."""

from collections.abc import Iterable, Mapping

from collectors.snmp.normal import NORMAL
from collectors.snmp.profile import Metric, Object, Profile
from netmon.app.promrules.expressions import Own


def owned(profiles: Iterable[Profile]) -> Own:
    """Return the names of the upper and the lower limit by metric."""
    found = {name: (word.upper_limit, word.lower_limit) for name, word in NORMAL.items()}
    for profile in profiles:
        for table in profile.tables.values():
            found |= _bounded(table.objects)
            for block in table.blocks:
                found |= _bounded(block.metrics)
    return found


def _bounded(told: Mapping[str, Object] | Mapping[str, Metric]) -> dict[str, tuple[str, str]]:
    return {
        name: (one.upper_limit, one.lower_limit) for name, one in told.items() if one.upper_limit or one.lower_limit
    }
