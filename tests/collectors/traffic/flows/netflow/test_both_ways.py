"""Records read out of a template's fixed places are those that are put together field by field."""

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.traffic.flows.netflow.decoder import NetFlow
from collectors.traffic.flows.netflow.elements import ADDRESSES, ELEMENTS, REVERSE, REVERSED
from tests.support.exporters import Field, batch, flowset, ipfix, template

_OF_IPFIX = {element: each for element, each in ELEMENTS.items() if element < 0x8000}  # v9 has some of its own
_PLAIN: list[Field] = [(element, size) for element, each in _OF_IPFIX.items() for size in range(1, each.longest + 1)]
_WHOLE: list[Field] = [(element, sum(size for size, _ in parts)) for element, parts in ADDRESSES.items()]
_REVERSE: list[Field] = [(element, each.longest, REVERSE) for element, each in REVERSED.items()]
_FIELDS = st.lists(st.sampled_from([*_PLAIN, *_WHOLE, *_REVERSE, (82, 12), (210, 3)]), min_size=1, max_size=24)


@settings(max_examples=100, deadline=None)
@given(_FIELDS, st.integers(1, 5), st.randoms(use_true_random=False))
def test_what_waited_for_its_template_is_what_came_behind_it(fields: list[Field], count: int, random: object) -> None:
    size = sum(field[1] for field in fields) * count
    data = flowset(300, bytes(random.choice((0, 1, 6, 17, 58, 255, 200)) for _ in range(size)))  # type: ignore[attr-defined]
    layout = flowset(2, template(300, *fields))
    behind = NetFlow().decode(batch(ipfix(layout), ipfix(data)))
    # The octets of what waits begin where they are kept: nothing lies before them, so they are read one by one.
    waited = NetFlow().decode(batch(ipfix(data), ipfix(layout)))
    assert len(behind) == count
    assert behind.tobytes() == waited.tobytes()
