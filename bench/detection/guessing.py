"""Models of guessing: log-ins that fail, one after the other, on one server or on many.

Rates: Patator and Ares of CICIDS2017.
"""

from typing import Final

from numpy.random import Generator

from bench.detection.case import Attack, Case
from bench.detection.floods import ATTACKER, BEGIN
from bench.detection.packets import Packets, joined
from bench.detection.place import FILES, HOSTS, MAIL, PUBLIC, WEB
from bench.detection.talks import Turn, talk


def guessing(  # noqa: PLR0913 - each says what is special about it
    port: int,
    turns: list[Turn],
    count: int,
    gap_s: float,
    *,
    targets: tuple[int, ...] = (PUBLIC,),
    sources: int = 1,
    success: list[Turn] | None = None,
    wobble: int = 6,
) -> Attack:
    """Log-ins that fail, one after the other; at the end one that works."""

    def make(rng: Generator) -> Packets:
        parts = []
        for number in range(count + (success is not None)):
            at = BEGIN + number * gap_s * rng.uniform(0.97, 1.03)
            who, target = ATTACKER + 7 * (number % sources), targets[number % len(targets)]
            said = (
                success
                if success is not None and number == count
                else [(up + int(rng.integers(0, wobble)), down, pause) for up, down, pause in turns]
            )
            parts.append(talk(rng, at, (who, target, 20_000 + number % 40_000, port), said, rtt_s=0.02))
        return joined(parts)

    return make


def in_steps(count: int, gap_s: float, tries: int = 3) -> Attack:
    """Log-ins with IMAP that fail, one to so many in each connection, each refused after two seconds."""

    def make(rng: Generator) -> Packets:
        return joined(
            [
                talk(
                    *(rng, BEGIN + number * gap_s, (ATTACKER, MAIL, 20_000 + number, 143)),
                    [(0, 110, 0), *[(int(rng.integers(24, 40)), 56, 2)] * (1 + number % tries)],
                    rtt_s=0.02,
                )
                for number in range(count)
            ]
        )

    return make


SSH: Final[list[Turn]] = [(22, 41, 0), (1_500, 1_080, 0), (48, 452, 0), (60, 44, 0), (84, 68, 1.8)]
SSH_IN: Final[list[Turn]] = [*SSH[:4], (84, 28, 0), *[(80, 500, 0.5)] * 60]
FTP: Final[list[Turn]] = [(12, 80, 0), (16, 34, 0), (18, 22, 1.0)]
RDP: Final[list[Turn]] = [(47, 19, 0), (500, 1_400, 0), (700, 300, 0.3)]
SMB: Final[list[Turn]] = [(220, 400, 0), (240, 380, 0), (560, 80, 0)]
IMAPS: Final[list[Turn]] = [(517, 2_900, 0), (120, 60, 0), (60, 60, 1)]
MYSQL: Final[list[Turn]] = [(0, 78, 0), (110, 82, 0)]
DVWA: Final[list[Turn]] = [(520, 4_700, 0)]


CASES: Final = tuple(
    Case(name, (expected,), make)
    for name, expected, make in (
        ("SSH, Patator of CICIDS2017: 1.6/s", "brute_force", guessing(22, SSH, 300, 0.6)),
        ("SSH, 1 each 10 s, then in", "brute_force", guessing(22, SSH, 60, 10, success=SSH_IN)),
        ("FTP, Patator of CICIDS2017: 2.2/s", "brute_force", guessing(21, FTP, 300, 0.45)),
        ("RDP, 1/s", "brute_force", guessing(3_389, RDP, 120, 1)),
        ("SMB, 5/s", "brute_force", guessing(445, SMB, 300, 0.2, targets=(FILES,))),
        ("IMAPS, 1/s", "brute_force", guessing(993, IMAPS, 120, 1, targets=(MAIL,))),
        ("IMAP, 1 each 4 s, one to three tries in each", "brute_force", in_steps(60, 4)),
        ("MySQL, 10/s", "brute_force", guessing(3_306, MYSQL, 300, 0.1)),
        ("web form (DVWA), 5/s", "brute_force", guessing(80, DVWA, 500, 0.2, targets=(WEB,))),
        ("web form, 60/s", "brute_force", guessing(80, DVWA, 1_800, 1 / 60, targets=(WEB,))),
        ("web form, 90/s", "brute_force", guessing(80, DVWA, 2_700, 1 / 90, targets=(WEB,))),
        ("SSH, one password on 40 hosts", "password_spraying", guessing(22, SSH, 160, 1, targets=HOSTS[:40])),
        ("SSH, 60 sources on one host, each 60 s", "password_spraying", guessing(22, SSH, 300, 1, sources=60)),
    )
)
