"""Conditions on labels mean what they mean in Alertmanager, and no pattern can stall us."""

import re
import time

import pytest
import re2
from hypothesis import given, strategies

from netmon.api import Matcher
from netmon.core.alerts.matchers import Conditions
from tests.support.alerts import holds

LABELS = {"instance": "sw-1", "site": "kota"}


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        (Matcher("instance", "sw-1"), True),
        (Matcher("instance", "sw"), False),
        (Matcher("instance", "sw-1", is_equal=False), False),
        (Matcher("instance", "sw-2", is_equal=False), True),
        (Matcher("instance", "sw", is_regex=True), False),  # anchored
        (Matcher("instance", "w-1", is_regex=True), False),
        (Matcher("instance", "sw-.|x", is_regex=True), True),
        (Matcher("instance", "x|sw", is_regex=True), False),  # as a whole
        (Matcher("instance", "sw-.", is_regex=True, is_equal=False), False),
        (Matcher("rack", ""), True),  # absent is empty
        (Matcher("rack", "", is_equal=False), False),
        (Matcher("rack", ".+", is_regex=True), False),
        (Matcher("rack", ".+", is_regex=True, is_equal=False), True),
        (Matcher("instance", "(?i)SW-1", is_regex=True), True),
        (Matcher("instance", r"sw-\d", is_regex=True), True),
    ],
)
def test_one_matcher(matcher: Matcher, expected: bool) -> None:
    assert holds([matcher], LABELS) is expected


def test_all_must_hold() -> None:
    both = [Matcher("instance", "sw-.", is_regex=True), Matcher("site", "kota")]
    assert holds(both, LABELS)
    assert not holds(both, LABELS | {"site": "hulu"})


def test_a_dot_is_no_newline_as_in_go() -> None:
    assert not holds([Matcher("instance", "a.b", is_regex=True)], {"instance": "a\nb"})


def test_half_a_surrogate_pair_matches_no_pattern() -> None:
    assert not holds([Matcher("instance", ".*", is_regex=True)], {"instance": "a\ud800"})


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "(a|aa)+$"])
def test_patterns_that_stall_others(pattern: str) -> None:
    made = Conditions([Matcher("instance", pattern, is_regex=True)])
    began = time.process_time()
    for _ in range(10):
        made.hold({"instance": "a" * 3999 + "!"})
    assert time.process_time() - began < 1  # Python's own engine would need longer than the universe has


@given(
    value=strategies.text("ab.*|()[]?+^$\\", max_size=12),
    text=strategies.text("ab.", max_size=8),
)
def test_where_both_engines_know_a_pattern_they_agree(value: str, text: str) -> None:
    try:
        expected = re.fullmatch(value, text) is not None
        re2.compile(value)
    except (re.error, re2.error, FutureWarning):
        return
    assert holds([Matcher("instance", value, is_regex=True)], {"instance": text}) is expected
