"""A table of an agent, and what an honest one says of it."""

from collectors.snmp import wire
from collectors.snmp.answers import Answers
from tests.support.evil import table
from tests.support.snmp_client import columns, raw

ENTRY = "1.3.6.1.2.1.2.2.1"
UP_TIME = "1.3.6.1.2.1.1.3"
COUNTER = int(wire.Tag.COUNTER32)
MIB = {f"{UP_TIME}.0": (int(wire.Tag.TIME_TICKS), 4711), **table(ENTRY, range(1, 6), range(1, 41))}
GROUP = columns(ENTRY, range(1, 6))
FIRST, SECOND, THIRD = GROUP[:3]


def up_time(answers: Answers) -> object:
    return answers.cells[raw(UP_TIME)][b"\x00"]


def full(number: int, upto: int = 40) -> dict[str, int]:
    """What an honest column of `MIB` reads as."""
    return {str(row): 1000 * number + row for row in range(1, upto + 1)}
