import pytest

from collectors.host.procfs.shape import Malformed
from netmon.api import Missing, Reason
from tests.support.host_memory import Series, read_part, series

SHOWN = """Type=notify
NRestarts=3
Id=database.service
LoadState=loaded
ActiveState=active

Type=oneshot
NRestarts=0
Id=backup.service
LoadState=loaded
ActiveState=failed

NAccepted=7
NConnections=2
NRefused=1
Id=ssh.socket
LoadState=loaded
ActiveState=active

Id=gone.service
LoadState=not-found
ActiveState=inactive

Id=dev-sda.device
LoadState=loaded
ActiveState=active
"""


def read(text: str) -> Series:
    return series(read_part("systemd", {"@systemd": text.encode()}))


def test_units_by_state() -> None:
    found = read(SHOWN)
    failed = {
        dict(labels)["name"]: value
        for (name, labels), value in found.items()
        if name == "node_systemd_unit_state" and dict(labels)["state"] == "failed"
    }
    assert failed == {"database.service": 0, "backup.service": 1, "ssh.socket": 0}
    labels = (("name", "database.service"), ("state", "active"), ("type", "notify"))
    assert found["node_systemd_unit_state", labels] == 1
    counts = {dict(labels)["state"]: value for (name, labels), value in found.items() if name == "node_systemd_units"}
    assert counts == {"activating": 0, "active": 3, "deactivating": 0, "failed": 1, "inactive": 0}


def test_restarts_of_services_and_connections_of_sockets() -> None:
    found = read(SHOWN)
    assert found["node_systemd_service_restart_total", (("name", "database.service"),)] == 3
    assert found["node_systemd_socket_accepted_connections_total", (("name", "ssh.socket"),)] == 7
    assert found["node_systemd_socket_current_connections", (("name", "ssh.socket"),)] == 2
    assert found["node_systemd_socket_refused_connections_total", (("name", "ssh.socket"),)] == 1


def test_a_count_that_is_none_is_missing_alone() -> None:
    found = read(SHOWN.replace("NRestarts=3", "NRestarts=[not set]"))
    missing = found["node_systemd_service_restart_total", (("name", "database.service"),)]
    assert missing == Missing(Reason.MALFORMED, "NRestarts of database.service is '[not set]'")


def test_without_units_something_is_wrong() -> None:
    with pytest.raises(Malformed, match="tells of no loaded unit"):
        read("Failed to list\n")
