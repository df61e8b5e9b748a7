"""The alert rules for netmon itself: promtool reads and tests them, and every metric in them exists."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.own_metrics import named, own_metrics, shown

ROOT = Path(__file__).parents[2]
RULES = ROOT / "config" / "example" / "prometheus" / "netmon.rules.yml"
CASES = Path(__file__).with_name("netmon.rules.test.yml")


def test_each_alert_fires_when_it_should_and_not_while_all_is_well(tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    for path in (RULES, CASES):
        shutil.copy(path, tmp_path)
    for command in (["check", "rules", RULES.name], ["test", "rules", CASES.name]):
        run = subprocess.run(
            ["promtool", *command], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )
        assert run.returncode == 0, run.stdout + run.stderr


def alerts() -> dict[str, str]:
    """Return the alerts with their expressions."""
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


async def test_every_metric_of_the_rules_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = {shown(family) for family in await own_metrics(tmp_path, monkeypatch)}
    assert {name for expression in alerts().values() for name in named(expression)} - there == set()


def test_the_page_for_operators_says_what_to_do_for_each() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in alerts() if f"`{name}`" not in page] == []
