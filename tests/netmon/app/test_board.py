"""Tables of alerts, incidents and windows on terminals of any width, in both languages."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from netmon.app.board import alert_table, incident_table, window_table
from netmon.app.fitted import Column, widths

LINK = "Link down: ge-0/0/1 on the ring between the regent's office and the hospital"
WARM = "Suhu di rak 3 lantai dua 41 °C, jauh di atas batas yang ditentukan untuk perangkat ini"
EVERY_WIDTH = pytest.mark.parametrize("width", [60, 80, 120, 200])
LANGUAGES = pytest.mark.parametrize("language", ["en", "id"])


def at(ago_s: float) -> str:
    return datetime.fromtimestamp(time.time() - ago_s, UTC).isoformat()


def alert(**more: Any) -> Mapping[str, Any]:
    return {
        "id": "3fa94be07c11",
        "severity": "warning",
        "state": "acknowledged",
        "starts_at": at(3 * 86_400 + 7_300),
        "site": "Kecamatan Sukamaju",
        "target": "sw-sukamaju-02",
        "summary": LINK,
        "summaries": {"id": WARM},
        "incident": "I1042",
        "muted_by": ["S3"],
        "flapping": True,
        "acknowledged_by": "budi.santoso",
        "note": "technician is on the way with a new transceiver",
    } | more


def incident(**more: Any) -> Mapping[str, Any]:
    base = {"id": "I1042", "title": LINK, "titles": {"id": WARM}, "opened_at": at(90_000), "muted": True}
    targets = {"targets": ["sw-sukamaju-02", "srv-1", "olt-7"], "target_count": 41}
    return {**alert(), **base, **targets, **more}


def window(**more: Any) -> Mapping[str, Any]:
    return {
        "id": "S42",
        "status": "pending",
        "starts_at": at(0),
        "ends_at": at(-7_200),
        "matchers": [{"name": "instance", "value": "sw-sukamaju-02", "is_regex": False, "is_equal": True}],
        "author": "budi.santoso (via alertmanager.example.net:9093)",
        "reason": "Replacing the fan of the switch",
    } | more


def shown(table: RenderableType, width: int) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(table)
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= width
    return lines


@pytest.fixture(autouse=True)
def _speaks(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setenv("NETMON_LANG", language)


@EVERY_WIDTH
@LANGUAGES
def test_an_alert_in_hand_and_muted_is_readable(width: int, language: str) -> None:
    other = alert(id="3fa94ce07c11", state="firing", muted_by=[], flapping=False, target="sw-2", acknowledged_by="")
    lines = shown(alert_table([alert(), other], "2 in all"), width)
    text = "\n".join(lines)
    assert "sw-sukamaju-02" in text
    assert (LINK if language == "en" else WARM)[:20] in text
    assert "3fa94b" in text
    assert "3fa94c" in text
    assert len(lines) < 24


@EVERY_WIDTH
@LANGUAGES
def test_an_incident_is_readable(width: int, language: str) -> None:
    text = "\n".join(shown(incident_table([incident()]), width))
    assert "sw-sukamaju-02" in text
    assert (LINK if language == "en" else WARM)[:20] in text
    assert "I1042" in text


@EVERY_WIDTH
@LANGUAGES
@pytest.mark.parametrize("kind", ["silence", "maintenance"])
def test_a_window_is_readable(width: int, language: str, kind: str) -> None:
    del language
    work = {"scope": [window()["matchers"]], "title": "UPS", "matchers": None}
    given = window() if kind == "silence" else {name: v for name, v in window(**work).items() if name != "matchers"}
    lines = shown(window_table([given]), width)
    text = "\n".join(lines)
    assert "sw-sukamaju-02" in text
    assert "Replacing the fan of" in text
    assert "S42" in text
    assert len(lines) < 16


@LANGUAGES
def test_nothing_leaves_where_there_is_room(language: str) -> None:
    del language
    text = "\n".join(shown(alert_table([alert()]), 200))
    for whole in ("3fa94be07c11", "I1042", "Kecamatan Sukamaju", "3 d 2 h"):
        assert whole in text


@LANGUAGES
@pytest.mark.parametrize("width", [20, 30, 40])
def test_a_very_narrow_terminal_is_filled_and_not_overrun(width: int, language: str) -> None:
    del language
    assert "sw-" in "\n".join(shown(alert_table([alert()]), width))


@LANGUAGES
def test_ids_are_as_long_as_it_takes_to_tell_them_apart(language: str) -> None:
    del language
    alerts = [alert(id="3fa94be07c11"), alert(id="3fa94be18c11")]
    text = "\n".join(shown(alert_table(alerts), 80))
    assert "3fa94be0" in text
    assert "3fa94be1" in text


@pytest.mark.parametrize("language", ["en"])
def test_a_long_name_takes_nothing_from_short_ones(language: str) -> None:
    del language
    form = [Column("a", [Text("x" * 10)], 6), Column("b", [Text("y" * 300)], 6), Column("c", [Text("zzz")])]
    assert widths(form, 60) == [10, 43, 3]


@EVERY_WIDTH
@LANGUAGES
def test_causes_and_effects_are_marked(width: int, language: str) -> None:
    text = "\n".join(shown(incident_table([incident(cause="link:ring-03", effect_count=12)]), width))
    assert "+12" in text
    assert {"en": "effects", "id": "akibat"}[language] in text
    text = "".join(shown(alert_table([alert(effect_of="link:r3")]), width)).replace(" ", "")
    assert "←" in text
    assert "link:r3" in text
    assert "←" not in "\n".join(shown(alert_table([alert(effect_of="")]), width))
