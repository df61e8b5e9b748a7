"""Whatever is in collectors/, rules/ and exporters/ is in the catalog, and what is listed there loads."""

import ast
import pkgutil
from pathlib import Path

import pytest

import collectors
import exporters
import rules
from netmon.api import AlertSink, Collector, Courier, Exporter, Rule, Witness
from netmon.api.columns import SeriesRule
from netmon.app.catalog import COLLECTORS, EXPORTERS, RULES, Listing, Role

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
SHARED = {"rules": {"pack", "panel"}}


@pytest.mark.parametrize(("group", "package", "listed"), GROUPS, ids=[group for group, _, _ in GROUPS])
def test_every_folder_and_file_is_listed(group: str, package: object, listed: tuple[Listing, ...]) -> None:
    there = {module.name for module in pkgutil.iter_modules(package.__path__)}  # type: ignore[attr-defined]
    assert there - SHARED.get(group, set()) == {listing.path.split(".")[1].split(":")[0] for listing in listed}, (
        f"see {group}/ and catalog.py"
    )


@pytest.mark.parametrize(("group", "package", "listed"), GROUPS, ids=[group for group, _, _ in GROUPS])
def test_every_class_that_fits_a_seam_is_listed(group: str, package: object, listed: tuple[Listing, ...]) -> None:
    del package
    plugs = {
        f"{'.'.join(path.with_suffix('').parts)}:{node.name}"
        for path in Path(group).rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not _is_protocol(node) and _fits(node, SEAMS[group])
    }
    assert plugs - PARTS == {listing.path for listing in listed} - ALONE


def _fits(node: ast.ClassDef, seams: tuple[type, ...]) -> bool:
    return any(
        {n for n in dir(seam) if not n.startswith("_") and callable(getattr(seam, n))} <= _members(node)
        for seam in seams
    )


def _members(node: ast.ClassDef) -> set[str]:
    return {each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def _is_protocol(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)


@pytest.mark.parametrize("listing", [*COLLECTORS, *RULES, *EXPORTERS], ids=lambda listing: listing.name)
def test_what_is_listed_loads_and_is_called_what_it_calls_itself(listing: Listing) -> None:
    loaded = listing.load()
    assert callable(loaded)
    if isinstance(loaded, type) and not hasattr(loaded, "publish"):  # each witness is called as its settings say
        assert getattr(loaded, "name", None) == listing.name


def test_names_are_unique_and_every_role_runs_something() -> None:
    for group in (COLLECTORS, RULES, EXPORTERS):
        assert len({listing.name for listing in group}) == len(group)
    for role in Role:
        assert any(listing.runs_in(role) for listing in COLLECTORS) == role.collects
        assert any(listing.runs_in(role) for listing in RULES) == role.collects
        assert any(listing.runs_in(role) for listing in EXPORTERS)
