"""Whatever is in collectors/, rules/ and exporters/ is in the catalog, and what is listed there loads."""

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import collectors
import exporters
import rules
from netmon.api import AlertSink, Collector, Courier, Exporter, Rule, Witness
from netmon.api.columns import SeriesRule
from netmon.api.networks import Networks
from netmon.api.traffic import TrafficRule
from netmon.app.catalog import COLLECTORS, EXPORTERS, RULES, TRAFFIC_RULES, Listing, Role
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import detectors
from rules.traffic.detector import DetectorBase
from rules.traffic.settings import DetectorSettings

GROUPS = [("collectors", collectors, COLLECTORS), ("rules", rules, RULES), ("exporters", exporters, EXPORTERS)]
SEAMS: dict[str, tuple[type, ...]] = {
    "collectors": (Collector,),
    "rules": (Rule, SeriesRule),
    "exporters": (Exporter, AlertSink, Courier, Witness),
}
# These have a life and nothing else that a seam asks for: the wiring starts them by name.
ALONE = {"exporters.heartbeat.heartbeat:Heartbeat", "exporters.api.app:api_app", "exporters.api.control:ControlSocket"}
# These are parts of a rule and of its shape.
PARTS = {"rules.limits.reach:Reach"}
# What rules are made of: the model of packs, and the columns that rules on many series see. They judge nothing.
# What sees traffic is tied together by netmon.app.traffic: a source, a store and what acts are no plug-ins, and its
# rules have a list of their own.
SHARED = {"collectors": {"traffic"}, "rules": {"pack", "panel", "traffic"}, "exporters": {"actions", "flowstore"}}
HEAVY = ("numpy", "numba", "polars", "scapy")


@pytest.mark.parametrize(("group", "package", "listed"), GROUPS, ids=[group for group, _, _ in GROUPS])
def test_every_folder_and_file_is_listed(group: str, package: object, listed: tuple[Listing, ...]) -> None:
    there = {module.name for module in pkgutil.iter_modules(package.__path__)}  # type: ignore[attr-defined]
    assert there - SHARED.get(group, set()) == {listing.path.split(".")[1].split(":")[0] for listing in listed}, (
        f"see {group}/ and catalog.py"
    )


@pytest.mark.parametrize(("group", "package", "listed"), GROUPS, ids=[group for group, _, _ in GROUPS])
def test_every_class_that_fits_a_seam_is_listed(group: str, package: object, listed: tuple[Listing, ...]) -> None:
    del package
    assert _plugs(Path(group), SEAMS[group]) - PARTS == {listing.path for listing in listed} - ALONE


def test_every_detector_is_listed() -> None:
    assert _plugs(Path("rules/traffic"), (TrafficRule,)) == {listing.path for listing in TRAFFIC_RULES}


def _plugs(folder: Path, seams: tuple[type, ...]) -> set[str]:
    """Return the classes in a folder's modules that have all that one of the seams asks for."""
    return {
        f"{'.'.join(path.with_suffix('').parts)}:{node.name}"
        for path in folder.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not _is_protocol(node) and _fits(node, seams)
    }


def _fits(node: ast.ClassDef, seams: tuple[type, ...]) -> bool:
    return any(
        {n for n in dir(seam) if not n.startswith("_") and callable(getattr(seam, n))} <= _members(node)
        for seam in seams
    )


def _members(node: ast.ClassDef) -> set[str]:
    return {each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def _is_protocol(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)


@pytest.mark.parametrize("listing", [*COLLECTORS, *RULES, *TRAFFIC_RULES, *EXPORTERS], ids=lambda listing: listing.name)
def test_what_is_listed_loads_and_is_called_what_it_calls_itself(listing: Listing) -> None:
    loaded = listing.load()
    assert callable(loaded)
    if isinstance(loaded, type) and not hasattr(loaded, "publish"):  # each witness is called as its settings say
        assert getattr(loaded, "name", None) == listing.name


@pytest.mark.parametrize("listing", TRAFFIC_RULES, ids=lambda listing: listing.name)
def test_a_detector_has_settings_of_its_name_and_can_be_switched_off(listing: Listing) -> None:
    assert isinstance(getattr(DetectorSettings(), listing.name), DetectorBase)
    without = TrafficSettings.model_validate({"detectors": {listing.name: {"enabled": False}}})
    names = [rule.name for rule in detectors(without, Networks())]
    assert names == [each.name for each in TRAFFIC_RULES if each is not listing]


def test_settings_of_detectors_are_those_of_the_catalog() -> None:
    assert set(DetectorSettings.model_fields) == {listing.name for listing in TRAFFIC_RULES}


def test_a_daemon_that_sees_no_traffic_loads_nothing_heavy() -> None:
    code = f"import sys, netmon.app.daemon, netmon.app.corepart; print([m for m in {HEAVY} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "[]\n"


def test_names_are_unique_and_every_role_runs_something() -> None:
    for group in (COLLECTORS, RULES, TRAFFIC_RULES, EXPORTERS):
        assert len({listing.name for listing in group}) == len(group)
    for role in Role:
        assert any(listing.runs_in(role) for listing in COLLECTORS) == role.polls
        assert any(listing.runs_in(role) for listing in RULES) == role.collects
        assert any(listing.runs_in(role) for listing in TRAFFIC_RULES) == (role.captures or role.takes_flows)
        assert any(listing.runs_in(role) for listing in EXPORTERS)
