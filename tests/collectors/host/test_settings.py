import pytest
from pydantic import ValidationError

from collectors.host.settings import HostSettings


@pytest.mark.parametrize(
    ("given", "place", "message"),
    [
        ({"interval": 5}, "interval", "Extra inputs are not permitted"),
        ({"interval_s": 0}, "interval_s", "greater than or equal to 1"),
        ({"parts": {"cpus": {}}}, "parts", "no part is called cpus; there are arp, bonding, btrfs"),
        ({"disk_exclude_devices": "("}, "disk_exclude_devices", "regular expression"),
        (
            {"textfile_directory": "text"},
            "textfile_directory",
            "'text' does not begin with a slash; write the whole path",
        ),
        ({"parts": {"cpu": {"interval_s": -1}}}, "parts.cpu.interval_s", "greater than or equal to 1"),
    ],
)
def test_a_fault_says_where_and_what(given: dict[str, object], place: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        HostSettings.model_validate(given)
    (error,) = caught.value.errors()
    assert ".".join(str(part) for part in error["loc"]) == place
    assert message in error["msg"]


def test_patterns_are_compiled_when_settings_are_loaded() -> None:
    settings = HostSettings.model_validate({"netdev_exclude_devices": "^(lo|veth.*)$"})
    assert settings.netdev_exclude_devices.search("veth12")
    assert not settings.netdev_exclude_devices.search("eth0")
