"""The same conditions asked of a real Alertmanager: what it selects, ours must hold for, and nothing else."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from netmon.api import Invalid, Matcher
from tests.support.alertmanager import Alertmanager, Receiver, need_alertmanager
from tests.support.alerts import holds

LABELS = [
    {"alertname": "down", "instance": "sw-1", "site": "kota"},
    {"alertname": "down", "instance": "sw-10", "site": "kota", "ifName": "Gi1/0/1"},
    {"alertname": "panas", "instance": "SW-1", "site": "hulu é", "ifName": "a\nb"},
    {"alertname": "hot", "instance": "gw.example", "rack": ".*"},
]
PATTERNS = [
    "",
    "sw-1",
    "sw-.",
    "sw-.*",
    "sw|gw",
    "sw-1|gw.*",
    "^sw-1$",
    "(?i)sw-1",
    ".*",
    ".+",
    "a.b",
    "(?s)a.b",
    r"\d",
    r"[[:upper:]]+-\d",
    r"hulu \pL",
    r"Gi\d+/\d+/\d+",
    ".{5,6}",
    "(",
    "(?=s)sw-1",
    r"(a)\1",
    "a**",
    "x{1001}",
]
OPERATORS = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
MATCHERS = [
    Matcher(name, pattern, is_regex=is_regex, is_equal=is_equal)
    for is_equal, is_regex in OPERATORS
    for name in ("instance", "ifName", "site", "rack")
    for pattern in PATTERNS
]


@pytest.fixture
async def alertmanager(tmp_path: Path) -> AsyncIterator[Alertmanager]:
    need_alertmanager()
    receiver = Receiver()
    await receiver.start()
    made = Alertmanager(tmp_path / "am", receiver)
    await made.start()
    try:
        yield made
    finally:
        made.end()
        await receiver.stop()


async def test_alertmanager_agrees(alertmanager: Alertmanager) -> None:
    async with httpx.AsyncClient(base_url=alertmanager.url) as client:
        posted = await client.post("/api/v2/alerts", json=[{"labels": labels} for labels in LABELS])
        assert posted.status_code == 200
        for matcher in MATCHERS:
            operator = OPERATORS[matcher.is_equal, matcher.is_regex]
            asked = f"{matcher.name}{operator}{json.dumps(matcher.value, ensure_ascii=False)}"
            answer = await client.get("/api/v2/alerts", params={"filter": asked})
            if answer.status_code == 400:
                with pytest.raises(Invalid):
                    holds([matcher], {})
                continue
            assert answer.status_code == 200, asked
            theirs = sorted(alert["labels"]["alertname"] + alert["labels"]["instance"] for alert in answer.json())
            ours = sorted(labels["alertname"] + labels["instance"] for labels in LABELS if holds([matcher], labels))
            assert ours == theirs, asked
