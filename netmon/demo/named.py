"""How soon each attack was named: what the sender says that it did, beside what the core says that it found."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from netmon.demo.outcome import Thing, at
from netmon.demo.packets.attacks import ATTACKS
from netmon.demo.packets.stage import Happened

RULES: Final = {attack.name: attack.rules for attack in ATTACKS}
_EARLY_S: Final = 1.0  # a window begins on a whole second, and may be told as the beginning


@dataclass(frozen=True, slots=True)
class Named:
    """One attack: when it began (Unix seconds), and after how many seconds it was found, and people told."""

    attack: str
    began: float
    found_s: float | None = None  # None: it was not found
    fired_s: float | None = None  # None: the alert did not fire
    alert: Thing | None = None


def named(happened: Iterable[Happened], alerts: Sequence[Thing]) -> Iterator[Named]:
    """Give the attacks in their order, each with the first alert by a rule that names it and that began after it."""
    began = [one for one in happened if one.what == "began"]
    for number, one in enumerate(began):
        until = next((later.at for later in began[number + 1 :] if later.attack == one.attack), float("inf"))
        fitting = [
            alert
            for alert in alerts
            if alert["rule"] in RULES[one.attack] and one.at - _EARLY_S <= at(alert["starts_at"]) < until
        ]
        if not fitting:
            yield Named(one.attack, one.at)
            continue
        first = min(fitting, key=lambda alert: at(alert["starts_at"]))
        fired_s = at(first["fired_at"]) - one.at if first["fired_at"] else None
        yield Named(one.attack, one.at, at(first["starts_at"]) - one.at, fired_s, first)
