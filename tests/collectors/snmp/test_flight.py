"""Places in flight: counted, first come first served, given back whatever happens."""

import asyncio

import pytest

from collectors.snmp.flight import Flight, Gate
from tests.support.waiting import eventually


async def test_a_gate_lets_in_as_many_as_its_limit_and_the_rest_in_turn() -> None:
    gate = Gate(2)
    order: list[int] = []

    async def pass_through(number: int) -> None:
        await gate.enter(0)
        order.append(number)

    tasks = [asyncio.create_task(pass_through(n)) for n in range(5)]
    await eventually(lambda: gate.waiting == 3)
    assert (order, gate.inside) == ([0, 1], 2)
    for _ in range(3):
        gate.leave()
    await asyncio.gather(*tasks)
    assert (order, gate.inside, gate.waiting) == ([0, 1, 2, 3, 4], 2, 0)


async def test_a_place_handed_to_one_who_is_cancelled_goes_to_the_next() -> None:
    gate = Gate(1)
    await gate.enter(0)
    first, second = (asyncio.create_task(gate.enter(0)) for _ in range(2))
    await eventually(lambda: gate.waiting == 2)
    gate.leave()
    first.cancel()  # after the place was handed over, before it could be taken
    await second
    assert first.cancelled()
    assert (gate.inside, gate.waiting) == (1, 0)


async def test_one_who_is_cancelled_before_its_turn_is_passed_over() -> None:
    gate = Gate(1)
    await gate.enter(0)
    first, second = (asyncio.create_task(gate.enter(0)) for _ in range(2))
    await eventually(lambda: gate.waiting == 2)
    first.cancel()
    gate.leave()
    await second
    assert (gate.inside, gate.waiting) == (1, 0)


async def test_who_began_first_goes_first() -> None:
    flight = Flight(1, 1)
    older, younger = flight.lane(), flight.lane()
    flight.begin(older)
    flight.begin(younger)
    held = await flight.enter(flight.lane(), 1)
    second = asyncio.create_task(flight.enter(younger, 1))
    await eventually(lambda: flight.waiting == 1)
    first = asyncio.create_task(flight.enter(older, 1))
    await eventually(lambda: flight.waiting == 2)
    flight.leave(held)
    flight.leave(await first)
    assert not second.done()
    flight.leave(await second)


async def test_silent_devices_have_places_of_their_own() -> None:
    flight = Flight(4, 1)
    lanes = [flight.lane() for _ in range(5)]
    for lane in lanes:
        lane.suspect = True
    held = [await flight.enter(lane, 1) for lane in lanes[:4]]
    with pytest.raises(TimeoutError):
        await flight.enter(lanes[4], 0.01)
    held += [await flight.enter(flight.lane(), 1) for _ in range(4)]  # the well do not notice
    assert flight.in_flight == 8
    for gates in held:
        flight.leave(gates)
    assert (flight.in_flight, flight.waiting) == (0, 0)


async def test_a_device_at_its_limit_takes_no_place_from_others() -> None:
    flight = Flight(2, 1)
    busy, other = flight.lane(), flight.lane()
    held = await flight.enter(busy, 1)
    second = asyncio.create_task(flight.enter(busy, 1))
    await eventually(lambda: busy.gate.waiting == 1)
    flight.leave(await flight.enter(other, 1))
    assert not second.done()
    flight.leave(held)
    flight.leave(await second)
    assert flight.in_flight == 0
