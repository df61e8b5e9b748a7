"""Conditions as text."""

import pytest

from netmon.api import Matcher
from netmon.core.notices.matching import parse_matcher


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('instance="sw-1"', Matcher("instance", "sw-1")),
        ("instance=sw-1", Matcher("instance", "sw-1")),
        (' site != "kota lama" ', Matcher("site", "kota lama", is_equal=False)),
        (r'instance=~"sw-\d+"', Matcher("instance", r"sw-\d+", is_regex=True)),
        ('instance!~"a|b"', Matcher("instance", "a|b", is_regex=True, is_equal=False)),
        (r'x="a\"b\\c\nd"', Matcher("x", 'a"b\\c\nd')),
        ('x=""', Matcher("x", "")),
    ],
)
def test_it_is_read_as_alertmanager_reads_it(text: str, expected: Matcher) -> None:
    assert parse_matcher(text) == expected


@pytest.mark.parametrize("text", ["", "x", "x==y", '1x="y"', 'x="y', 'x="y" z', "x=~(", "x=~(?=a)", f"x=~{'a' * 501}"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|correct"):
        parse_matcher(text)
