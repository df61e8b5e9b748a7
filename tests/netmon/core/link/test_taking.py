"""How the core is asked again, and what becomes of a thing that it fails on."""

from collections import Counter

import pytest

from netmon.api import Receipt, Unavailable
from netmon.core.link.taking import ATTEMPTS, Take, Taking
from tests.support.link import Core, Numbered, finding, serial_of


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netmon.core.link.taking.RETRY_S", 0)


class Desk:
    """A core and how often it was asked again."""

    def __init__(self) -> None:
        self.core = Core()
        self.retried = Counter[str]()

    def taking(self, take: Take | None = None) -> Taking:
        return Taking(take or self.core.take, lambda why: self.retried.update([why]))


def numbered(count: int) -> Numbered:
    return [(serial + 1, finding(serial)) for serial in range(count)]


async def test_one_thing_that_the_core_fails_on_is_set_aside() -> None:
    desk = Desk()

    async def fail(_sender: str, things: Numbered) -> None:
        if any(serial_of(thing) == 3 for _, thing in things):
            raise KeyError("a bug")

    desk.core.obstacle = fail
    receipt = await desk.taking()("a-00000000", numbered(6))
    assert receipt == Receipt(6, 5, {"failed": 1})
    assert desk.core.serials() == [0, 1, 2, 4, 5]
    assert desk.retried == {"failed": 2 * ATTEMPTS}


@pytest.mark.parametrize("error", [Unavailable("full"), OSError("full"), TimeoutError()])
async def test_a_core_that_cannot_is_asked_for_ever(error: Exception) -> None:
    desk = Desk()

    async def fail(_sender: str, _things: Numbered) -> None:
        if desk.retried.total() < 50:
            raise error

    desk.core.obstacle = fail
    assert await desk.taking()("a-00000000", numbered(2)) == Receipt(2, 2)
    assert desk.retried == {"unavailable": 50}


async def test_a_bug_that_passes_costs_nothing() -> None:
    desk = Desk()

    async def fail(_sender: str, _things: Numbered) -> None:
        if desk.retried.total() < ATTEMPTS - 1:
            raise RuntimeError

    desk.core.obstacle = fail
    assert await desk.taking()("a-00000000", numbered(2)) == Receipt(2, 2)


async def test_nothing_is_not_handed_over() -> None:
    desk = Desk()
    assert await desk.taking()("a-00000000", []) == Receipt(0, 0)
    assert desk.core.calls == 0


@pytest.mark.parametrize(
    ("given", "balanced"),
    [
        (Receipt(3, 3), Receipt(3, 3)),
        (Receipt(3, 1, {"duplicate": 2}), Receipt(3, 1, {"duplicate": 2})),
        (Receipt(3, 1, {"duplicate": 1}), Receipt(3, 1, {"duplicate": 1, "unaccounted": 1})),
        (Receipt(3, 3, {"duplicate": 1}), Receipt(3, 3)),
    ],
)
async def test_receipts_balance(given: Receipt, balanced: Receipt) -> None:
    async def take(_sender: str, _things: Numbered) -> Receipt:
        return given

    assert await Desk().taking(take)("a-00000000", numbered(3)) == balanced
