"""What is said of causes and risks, in every language. Pure."""

from collections.abc import Mapping

from netmon.api import Account
from netmon.core.causes.found import Cause
from netmon.core.causes.redundancy import Risk
from netmon.core.causes.topology import Topology


def account(topology: Topology, cause: Cause) -> Account:
    """Return what is thought of a cause."""
    del topology
    said = {"en": f"{cause.element} has failed", "id": f"{cause.element} gagal"}
    return Account(cause.element, said, said)


def risk(topology: Topology, lost: Risk) -> Mapping[str, str]:
    """Return what one more cut would do."""
    del topology
    a, b = lost.between
    count = len(lost.isolates)
    return {
        "en": f"Redundancy lost: one more cut between {a} and {b} isolates {count}",
        "id": f"Redundansi hilang: satu putus lagi antara {a} dan {b} mengisolasi {count}",
    }
