"""docs/metrics.md has every metric that netmon makes about itself, and none that it does not make."""

from pathlib import Path

import pytest

from tests.support.own_metrics import named, own_metrics, shown

PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()
OWN = PAGE.partition("## netmon's own metrics\n")[2].partition("\n## What a page costs")[0]


async def test_the_page_has_what_the_code_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    families = await own_metrics(tmp_path, monkeypatch)
    there = {shown(family) for family in families}
    assert (sorted(there - named(OWN)), sorted(named(OWN) - there)) == ([], [])


async def test_every_metric_says_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    families = await own_metrics(tmp_path, monkeypatch)
    assert [family.name for family in families if len(family.documentation) < 10] == []
