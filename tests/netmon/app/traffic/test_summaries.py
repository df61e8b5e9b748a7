"""What a replay and a sensor say at their end, in both languages."""

from types import SimpleNamespace
from typing import Any

import pytest

from exporters.flowstore.query import Row
from netmon.app.commands.replay import _summary
from netmon.app.flows import showing, tables
from netmon.app.text import LANGUAGES, speaking
from netmon.app.traffic.standalone import summary


@pytest.fixture(autouse=True)
def _no_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NETMON_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def test_numbers_have_one_kind_of_separator(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {"packets": 6_000, "bytes": 1_234_567, "flows": 61_000, "span_s": 10.0, "took_s": 1.5}
    named = {"odd": {}, "left": {}, "findings": {"syn_flood": 1_200}}
    replay: Any = SimpleNamespace(seen=SimpleNamespace(**counts, **named))
    tallies = SimpleNamespace(
        verdicts=lambda: {"ok": 6_000}, packets=6_000, bytes=1_234_567, odd=lambda: {"truncated": 2_000}
    )
    stream = SimpleNamespace(
        tallies=tallies, source=SimpleNamespace(live=True, name="vm"), counts={"ring": lambda: {"packets": 6_000}}
    )
    part: Any = SimpleNamespace(kept={"kept": 4_000}, streams=[stream])
    with speaking("id"):
        _summary(replay)
        summary(part, 0.0)
    told = capsys.readouterr().err
    for text in ("6.000 paket, 1,23 MB, 61.000 flow", "1,5 s (4.000 paket/s)", "syn_flood 1.200", "kept 4.000"):
        assert text in told
    assert "ring: packets 6.000" in told
    assert "truncated 2.000" in told
    _summary(replay)
    assert "6,000 packets, 1.23 MB, 61,000 flows" in capsys.readouterr().err


def test_amounts_of_flows_have_their_languages_separators() -> None:
    said = {}
    for language in LANGUAGES:
        with speaking(language):
            said[language] = (showing.octets(1_234_567), showing.number(61_250), showing.share(1, 8))
    assert said == {"en": ("1.23 MB", "61.2 k", "12.5%"), "id": ("1,23 MB", "61,2 k", "12,5%")}


def test_rates_of_a_timeline_have_them_too() -> None:
    with speaking("id"):
        _, rate, *_ = tables.timeline_forms([(0, Row("", 9_263, 7, 1))], 60, "bytes")[0]
    assert [cell.plain for cell in rate.cells] == ["1,24 kbit/s"]
