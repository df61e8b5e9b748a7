"""What somebody may have meant who asks for a thing that is not there. Pure."""

import difflib
from collections.abc import Iterable, Sequence

from netmon.api import Alert

_LOOKED_AT = 2_000  # the worst ones: comparing takes about 10 µs each
_SHOWN = 5


def near_alerts(asked: str, alerts: Sequence[Alert]) -> list[str]:
    """Return ids: of alerts whose target, rule or incident has this name, else of those that look like it."""
    words = asked.casefold()
    named = [each.id for each in alerts if words in {each.target.casefold(), each.rule.casefold()}]
    return named[:_SHOWN] or near_ids(asked, (each.id for each in alerts[:_LOOKED_AT]))


def near_ids(asked: str, ids: Iterable[str]) -> list[str]:
    """Return the ids that begin with it, else those that look like it."""
    known = list(ids)
    begin = [each for each in known if asked and each.startswith(asked)]
    return begin[:_SHOWN] or difflib.get_close_matches(asked[:64], known[:_LOOKED_AT], _SHOWN, cutoff=0.7)
