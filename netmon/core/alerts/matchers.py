"""Conditions on labels, as Alertmanager knows them: RE2 patterns, anchored at both ends; an absent label is empty.

RE2 takes time linear in the text whatever the pattern, so no operator and no synced silence can stall the core, and a
silence means the same here as in Alertmanager.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import re2

from netmon.api import Invalid, Matcher

_MAX_MATCHERS: Final = 50  # of one silence; Alertmanager's own interface makes a handful
_MAX_VALUE: Final = 1_000  # characters
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")  # Prometheus data model

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False  # it would write to standard error
_OPTIONS.max_mem = 1 << 18  # bytes for one pattern; thousands of them must fit


class Conditions:
    """Matchers made ready: they hold where all of them do. Invalid says what is wrong with one."""

    __slots__ = ("_equal", "_patterns", "_unequal")

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        if not matchers:
            raise Invalid("there is no matcher: it would match everything; name at least one label")
        if len(matchers) > _MAX_MATCHERS:
            raise Invalid(f"{len(matchers)} matchers are too many; {_MAX_MATCHERS} are allowed")
        self._equal: list[tuple[str, str]] = []
        self._unequal: list[tuple[str, str]] = []
        self._patterns: list[tuple[str, re2._Regexp, bool]] = []
        for matcher in matchers:
            self._add(matcher)

    def _add(self, matcher: Matcher) -> None:
        if not _LABEL.fullmatch(matcher.name):
            raise Invalid(f"{matcher.name!r} is no name of a label; write letters, digits and _")
        if len(matcher.value) > _MAX_VALUE:
            raise Invalid(f"the value for {matcher.name} is longer than {_MAX_VALUE} characters")
        if matcher.is_regex:
            self._patterns.append((matcher.name, _compile(matcher), matcher.is_equal))
        else:
            (self._equal if matcher.is_equal else self._unequal).append((matcher.name, matcher.value))

    def hold(self, labels: Mapping[str, str]) -> bool:
        """Tell whether labels satisfy all of them."""
        for name, value in self._equal:
            if labels.get(name, "") != value:
                return False
        for name, value in self._unequal:
            if labels.get(name, "") == value:
                return False
        return all(_fits(pattern, labels.get(name, "")) == wanted for name, pattern, wanted in self._patterns)


def _compile(matcher: Matcher) -> "re2._Regexp":
    try:
        return re2.compile(matcher.value, _OPTIONS)
    except (re2.error, UnicodeError) as error:
        why = error.args[0] if error.args else error
        text = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        raise Invalid(f"the pattern for {matcher.name} does not compile (RE2 syntax): {text}") from None


def _fits(pattern: "re2._Regexp", text: str) -> bool:
    try:
        return pattern.fullmatch(text) is not None
    except UnicodeError:  # half of a surrogate pair: no text that a pattern could mean
        return False


def conditions(scope: Iterable[Sequence[Matcher]]) -> tuple[Conditions, ...]:
    """Return what a maintenance window's scope comes to: any of these."""
    return tuple(Conditions(matchers) for matchers in scope)


def check_silence(matchers: Sequence[Matcher]) -> None:
    """Refuse a silence over everything by mistake, as Alertmanager does; raises Invalid."""
    made = Conditions(matchers)
    if all(_takes_empty(matcher) for matcher in matchers) and made.hold({}):
        raise Invalid("every matcher also matches where its label is absent; name at least one value")


def _takes_empty(matcher: Matcher) -> bool:
    if matcher.is_regex:
        return _fits(_compile(matcher), "") == matcher.is_equal
    return (matcher.value == "") == matcher.is_equal
