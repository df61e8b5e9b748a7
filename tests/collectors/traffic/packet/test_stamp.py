from types import ModuleType

import pytest

from collectors.traffic.packet import decode_kernel, link_kernel, network_kernel, tunnel_kernel
from collectors.traffic.packet.stamp import stamp


def test_what_the_decoder_is_made_of_is_in_the_key_of_its_cache() -> None:
    sources = decode_kernel._SOURCES
    assert [cell.cell_contents for cell in decode_kernel.decode_noting.py_func.__closure__] == [stamp(*sources)]
    named = {module.__name__ for module in sources}
    for module in (decode_kernel, *sources):
        functions = [one for one in vars(module).values() if hasattr(one, "py_func")]
        assert {one.py_func.__module__ for one in functions} - {decode_kernel.__name__} <= named


@pytest.mark.parametrize("module", [link_kernel, network_kernel, tunnel_kernel])
def test_any_source_changes_it(module: ModuleType) -> None:
    assert stamp(link_kernel, network_kernel, tunnel_kernel) != stamp(module)
