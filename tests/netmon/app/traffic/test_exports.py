"""A flow collector that cannot have an address says which one and why, once."""

import socket

import pytest

from netmon.api import ConfigError
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.sources import Exports


@pytest.mark.parametrize(("scheme", "kind"), [("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)])
def test_an_address_that_is_taken(scheme: str, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        address = f"{scheme}://127.0.0.1:{taken.getsockname()[1]}"
        settings = TrafficSettings.model_validate({"flows": {"listen": ["udp://127.0.0.1:0", address]}})
        exports = Exports(settings, "here-flows", {})
        with pytest.raises(ConfigError) as caught:
            exports.open()
    assert f"cannot listen at {address}: Address already in use; " in str(caught.value)
    assert str(caught.value).count("cannot listen") == 1
    assert not exports.is_up()
