"""What the link's settings refuse."""

import pytest
from pydantic import ValidationError

from netmon.core.link import LinkSettings


def test_the_defaults_are_allowed() -> None:
    settings = LinkSettings()
    assert settings.spool_max_bytes == 1 << 30
    assert settings.batch_max_bytes >= 2 * settings.max_record_bytes


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"spool_max_bytes": 1 << 20}, "spool_max_bytes must hold two segments of spool_segment_bytes at least"),
        ({"heartbeat_s": 15}, "dead_after_s must be two intervals of heartbeat_s at least"),
        ({"reconnect_min_s": 3}, "reconnect_max_s must not be below reconnect_min_s"),
        ({"max_record_bytes": 1 << 20}, "less than or equal to 65536"),
        ({"batch_max_bytes": 1 << 16}, "greater than or equal to 131072"),
        ({"spool": 1}, "Extra inputs are not permitted"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, float], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        LinkSettings.model_validate(given)
