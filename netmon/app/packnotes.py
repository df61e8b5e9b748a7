"""What is no fault in a configuration's packs, but should be known: what they put out of use, and ask for in vain."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from collectors.snmp.normal import NORMAL
from collectors.snmp.profile import Profile
from netmon.app.settings.problems import did_you_mean
from rules.pack import WINDOWED, Anomaly, Forecast, Limit, Pack

_Watched: TypeAlias = Forecast | Anomaly

# A host's metrics are named by what its kernel tells (`node_memory_…`, `node_netstat_…`): there is no list of them.
# Those of traffic stand in code as well.
_OF_HOSTS: Final = ("node_", "netmon_traffic_")


@dataclass(frozen=True, slots=True)
class Replaced:
    """A declaration that another goes before, for the series that the other matches."""

    pack: str
    name: str
    other: str
    theirs: str  # the other's pack
    metric: str


@dataclass(frozen=True, slots=True)
class NotGiven:
    """A metric that a declaration asks for, and that nothing gives. `hint`: what may have been meant, or nothing."""

    pack: str
    name: str
    metric: str
    hint: str


def replaced(packs: Sequence[Pack], configured: Collection[str]) -> Iterator[Replaced]:
    """Give what the configuration's packs, by name, go before. `packs` stand in the order in which they are asked.

    Whether two patterns can match one series is not looked into: the labels that devices will send are not known here.
    """
    for number, pack in enumerate(packs):
        if pack.name not in configured:
            continue
        for later in packs[number + 1 :]:
            yield from _before(pack, pack.forecasts, later, later.forecasts)
            yield from _before(pack, pack.anomalies, later, later.anomalies)


def _before(pack: Pack, ours: Sequence[_Watched], later: Pack, theirs: Sequence[_Watched]) -> Iterator[Replaced]:
    for one in ours:
        for other in theirs:
            if one.metric == other.metric and one.read not in WINDOWED and other.read not in WINDOWED:
                yield Replaced(pack.name, one.name, other.name, later.name, one.metric)


def not_given(packs: Sequence[Pack], configured: Collection[str], profiles: Iterable[Profile]) -> Iterator[NotGiven]:
    """Give what the configuration's packs, by name, ask for and neither a profile nor a host gives."""
    given = {*NORMAL, *(name for profile in profiles for name, _ in profile.metrics())}
    # What netmon's own packs judge comes from somewhere, as the probes of applications do.
    given.update(metric for pack in packs if pack.name not in configured for _, metric in _asked(pack))
    names = tuple(sorted(given))
    for pack in packs:
        if pack.name in configured:
            for name, metric in _asked(pack):
                if metric not in given and not metric.startswith(_OF_HOSTS):
                    yield NotGiven(pack.name, name, metric, did_you_mean(metric, names))


def _asked(pack: Pack) -> Iterator[tuple[str, str]]:
    """Give (declaration, metric) of everything without which a pack's declarations say nothing."""
    declared: tuple[Limit | Forecast | Anomaly, ...] = (*pack.limits, *pack.forecasts, *pack.anomalies)
    for one in declared:
        bound = one.bound_by if isinstance(one, Limit) else None
        for metric in dict.fromkeys((one.metric, *one.where, *((bound,) if bound else ()))):
            yield one.name, metric
