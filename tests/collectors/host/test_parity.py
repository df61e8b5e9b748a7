"""Which families of node_exporter public dashboards and alert rules use, and which of them we answer for this host."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.process_collector import ProcessCollector

from collectors.host.parts import NotSupported
from collectors.host.procfs.scrape import scrape_table
from collectors.host.procfs.textfile import parse_textfiles
from collectors.host.sources import SOURCES
from netmon.api import Table
from tests.support.host_memory import read_part
from tests.support.host_tree import read_tree

FIXTURES = Path("../shared/fixtures/parity")
DOCS = Path("docs/host-metrics.md")
NOT_FROM_FILES = {"top", "textfile"}
FLOOR = 0.99  # of the uses, recording rules aside, which Prometheus makes itself

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"{FIXTURES} is not there")


def tables() -> Iterator[Table]:
    """Everything that the collector can tell, over a virtual machine, a server with more hardware, and systemd."""
    unit = b"Id=a.service\nLoadState=loaded\nNRestarts=0\n\nId=a.socket\nLoadState=loaded\nNAccepted=0\n"
    for tree in ("vm", "server"):
        files = read_tree(tree) | {"@systemd": unit}
        for part in SOURCES.keys() - NOT_FROM_FILES:
            try:
                yield from read_part(part, files)
            except NotSupported:  # this tree has no files for it
                continue
    yield from parse_textfiles({}, (), 0.0)
    yield scrape_table((), 0.0)


@pytest.fixture(scope="module")
def ours() -> dict[str, str]:
    own = ProcessCollector(registry=CollectorRegistry()).collect()  # process_*, on netmon's own page
    return {family.name: str(family.kind) for table in tables() for family in table.families} | {
        f"{family.name}_total" if family.type == "counter" else family.name: family.type for family in own
    }


def test_the_families_that_dashboards_use_are_answered(ours: dict[str, str]) -> None:
    entries = json.loads((FIXTURES / "parity.json").read_text())["node_exporter"]
    used = [entry for entry in entries if entry["emitted_here"] != "recording_rule"]
    lacking = sorted((entry["uses"], entry["metric"]) for entry in used if entry["metric"] not in ours)
    uses = sum(entry["uses"] for entry in used)
    share = 1 - sum(count for count, _ in lacking) / uses
    answered = len(used) - len(lacking)
    print(f"\n{answered} of {len(used)} families in use are answered, {share:.2%} of {uses} uses. Not yet:")  # noqa: T201
    for count, metric in reversed(lacking):
        print(f"  {metric} ({count})")  # noqa: T201
    assert share >= FLOOR
    told = DOCS.read_text()
    assert [metric for _, metric in lacking if f"`{metric}`" not in told] == [], f"{DOCS} does not name these"


def test_every_family_of_node_exporter_here_is_answered_with_its_kind(ours: dict[str, str]) -> None:
    theirs = json.loads((FIXTURES / "node.json").read_text())["default_collectors"]
    skip = ("go_", "promhttp_", "node_exporter_build_info", "my_job_", "process_")
    expected = {name: family["type"] for name, family in theirs.items() if not name.startswith(skip)}
    assert len(expected) > 230
    assert expected == {name: ours.get(name) for name in expected}


def test_labels_are_those_that_dashboards_match() -> None:
    labels: dict[str, set[str]] = {}
    for table in tables():
        for family in table.families:
            labels.setdefault(family.name, set()).update(table.label_names)
    theirs = json.loads((FIXTURES / "node.json").read_text())["default_collectors"]
    wrong = {
        name: (family["labels"], sorted(labels[name]))
        for name, family in theirs.items()
        if name in labels and set(family["labels"]) != labels[name]
    }
    assert not wrong


def test_the_documentation_names_every_part() -> None:
    told = DOCS.read_text()
    assert [name for name in SOURCES if f"| `{name}` |" not in told] == []
