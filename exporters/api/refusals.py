"""What the core says when it refuses, told apart for programs: a reason and values, so that others find other words.

The core speaks English sentences; each stands here as it stands there, with names for what is filled in. Pure.
"""

import re
from collections.abc import Mapping
from typing import Final

SENTENCES: Final[Mapping[str, str]] = {
    "no_matcher": "there is no matcher: it would match everything; name at least one label",
    "many_matchers": "{count} matchers are too many; {most} are allowed",
    "label_name": "{name} is no name of a label; write letters, digits and _",
    "long_value": "the value for {name} is longer than {most} characters",
    "pattern": "the pattern for {name} does not compile (RE2 syntax): {problem}",
    "matches_all": "every matcher also matches where its label is absent; name at least one value",
    "empty_id": "an empty id stands for nothing; see the ids in the list of alerts",
    "ambiguous": "{name} stands for {count} alerts ({some}); write more of the id",
    "written_otherwise": "{name} stands for {others}; write the id as it is",
    "acknowledged_already": "acknowledged already: {who}; to take it over, put it back first",
    "nothing_named": "name at least one alert or incident",
    "no_author": "who does this? The author is empty",
    "long_note": "at most {most} characters, please",
    "pending": "alert {id} is pending: nobody was told of it yet",
    "not_acknowledged": "{id} is not acknowledged",
    "empty_remark": "the remark is empty",
    "scope_size": "name 1 to {most} sites, links or devices that are worked on",
    "ended": "{id} has ended already",
    "resolved": "{id} is resolved already",
    "no_time": "a start and an end are points in time",
    "ends_first": "it would end before it starts, or has ended already",
    "lasts_long": "it would last longer than {days} days",
    "empty_reason": "the reason is empty; say why, for those who come after you",
    "long_reason": "a reason has at most {most} characters",
    "many_windows": "there are {count} of them already; end those that nobody needs",
    "unwritable": "the ledger cannot be written, so nothing was changed; see `netmon status` and the disk",
    "not_yet_recorded": (
        "the disk stopped taking records meanwhile; what you did took effect and is recorded when it takes them"
    ),
    "alerts_not_yet_recorded": ("the disk stopped taking records meanwhile; what came is recorded when it takes them"),
    "too_much_waits": "too much waits for the ledger; send it again when the disk takes records",
    "recorded_nowhere": "the ledger takes nothing more; what you did took effect and is recorded nowhere",
}

_PLACE: Final = re.compile(r"\\\{(\w+)\\\}")
_PATTERNS: Final = {
    reason: re.compile(_PLACE.sub(r"(?P<\1>.+)", re.escape(sentence)), re.DOTALL)
    for reason, sentence in SENTENCES.items()
}


def reason_of(sentence: str) -> tuple[str, dict[str, str]]:
    """Return which refusal this is, with its values; empty ones where it is none of these."""
    for reason, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(sentence):
            return reason, found.groupdict()
    return "", {}
