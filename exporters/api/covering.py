"""How many open alerts a new silence or window is about: one with a typing error in it is about none. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import re2

from netmon.api import Alert, Matcher, State

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # it would write to standard error


def covered(alerts: Iterable[Alert], scope: Iterable[Sequence[Matcher]]) -> int:
    """Return how many alerts that are not resolved satisfy all matchers of one of these.

    The core has accepted the matchers, so patterns compile (RE2, anchored at both ends; an absent label is empty).
    """
    ready = [[_condition(each) for each in matchers] for matchers in scope]
    open_ones = (alert.labels for alert in alerts if alert.state is not State.RESOLVED)
    return sum(any(all(holds(labels) for holds in each) for each in ready) for labels in open_ones)


def _condition(matcher: Matcher) -> Callable[[Mapping[str, str]], bool]:
    name, value, wanted = matcher.name, matcher.value, matcher.is_equal
    if not matcher.is_regex:
        return lambda labels: (labels.get(name, "") == value) is wanted
    pattern = re2.compile(value, _OPTIONS)

    def fits(labels: Mapping[str, str]) -> bool:
        try:
            return (pattern.fullmatch(labels.get(name, "")) is not None) is wanted
        except UnicodeError:  # half of a surrogate pair: no text that a pattern could mean
            return not wanted

    return fits
