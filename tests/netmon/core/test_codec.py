"""Findings and events as JSON: what comes back is what was given, and what JSON or a calendar lacks does not pass."""

from dataclasses import replace

import pytest

from netmon.api import Impact
from netmon.core import codec
from tests.support.link import finding


def test_what_was_given_comes_back() -> None:
    given = replace(finding(1), impact=Impact(1e9, 2e9, 3e9), expires_s=5.0)
    assert codec.decode(codec.encode(given)) == given


@pytest.mark.parametrize("at", ["-2.0", "-1e-9", "253402300800", "1e300"])
def test_a_time_that_is_none_is_refused_both_ways(at: str) -> None:
    with pytest.raises(ValueError, match="not a number of seconds"):
        codec.encode(replace(finding(1), at=float(at)))
    line = codec.encode(replace(finding(1), at=1_795_000_000.0)).replace(b"1795000000.0", at.encode())
    assert at.encode() in line
    with pytest.raises(ValueError, match="not a number of seconds"):
        codec.decode(line)


def test_numbers_that_json_lacks_become_their_names() -> None:
    given = replace(finding(1), evidence={"a": float("nan"), "b": float("inf"), "c": 1.5})
    found = codec.decode(codec.encode(given))
    assert getattr(found, "evidence") == {"a": "nan", "b": "inf", "c": 1.5}  # noqa: B009 - a finding, or an event
