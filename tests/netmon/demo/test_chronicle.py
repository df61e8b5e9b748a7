"""How a run is told: causes above effects, predictions with what became of them, the account where there is one."""

import io
import re
from datetime import UTC, datetime

import pytest
from rich.console import Console

from netmon.demo.chronicle import tell, tell_attacks
from netmon.demo.named import Named
from netmon.demo.outcome import Outcome
from tests.netmon.demo.test_summary import alert, incident

CUT = "Fiber ring-13 is cut (2.7 km)"
DAY = "2026-01-15T"


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMON_LANG", "en")
    monkeypatch.setenv("TZ", "UTC")


def told(found: Outcome) -> str:
    output = io.StringIO()
    tell(Console(file=output, width=140), found)
    return output.getvalue()


def here(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone():%H:%M:%S}"


def prediction(**values: object) -> dict[str, object]:
    usual = {"rule": "storage_filling", "target": "basisdata", "series": 'used{storage="x",mountpoint="/srv"}'}
    times = {"made_at": f"{DAY}08:00:00Z", "p10": f"{DAY}08:01:00Z", "p50": f"{DAY}08:02:00Z", "p90": f"{DAY}08:04:00Z"}
    return {**usual, **times, "outcome": "open", "reached_at": None, **values}


def score(**values: object) -> dict[str, object]:
    counts = dict.fromkeys(("open", "hit", "early", "late", "false", "averted", "void", "missed", "foretold"), 0)
    rest = {"precision": None, "recall": None, "median_lead_s": None, "median_error_s": None}
    return {"rule": "storage_filling", **counts, **rest, **values}


def test_an_incident_is_told_with_its_cause_above_its_effects_and_the_earlier_one_first() -> None:
    why = {"en": "Both ends are dark.", "id": "Kedua ujung gelap."}
    cut = incident(id="I7", title=CUT, explanation=why, opened_at=f"{DAY}08:01:00Z", resolved_at=f"{DAY}08:03:00Z")
    port = alert(incident="I7", summary="Port Te1/1/1 is down")
    lost = alert(incident="I7", summary="acc-dishub cannot be reached", effect_of="link:ring-11")
    text = told(Outcome((port, lost, lost), (cut, incident(id="I1", title="ups-1 runs on battery"))))
    places = [text.index(part) for part in ("ups-1 runs", CUT, "Both ends are dark.", "→ acc-dishub cannot")]
    assert places == sorted(places)
    assert text.count("acc-dishub cannot be reached") == 1
    assert f"{here(f'{DAY}08:01:00Z')} - {here(f'{DAY}08:03:00Z')}" in text
    assert re.search(r"\d - now +critical +ups-1", text)
    assert "What happened: 2 incidents, 1 of them over" in text


def test_a_prediction_says_what_when_and_what_became_of_it() -> None:
    hit = prediction(outcome="hit", reached_at=f"{DAY}08:03:20Z")
    later = {"p10": "2026-02-03T00:00:00Z", "p50": "2026-02-07T00:00:00Z", "p90": "2026-02-11T00:00:00Z"}
    far = prediction(made_at=f"{DAY}08:00:01Z", series='rx{sensor="s",ifName="Te1/1/1"}', **later)
    text = told(Outcome(predictions=(far, hit)))
    lines = text.splitlines()
    first, second = [number for number, line in enumerate(lines) if "storage_filling" in line]
    assert f"hit {here(f'{DAY}08:03:20Z')}" in lines[first]
    assert re.search(r"basisdata /srv .* … .* 3 min 20 s ahead", lines[first + 1])
    day = datetime(2026, 2, 7, tzinfo=UTC).astimezone()
    assert re.search(rf"{day:%Y-%m-%d} .*open", lines[second])
    assert "basisdata Te1/1/1" in lines[second + 1]


def test_the_account_is_shown_when_something_was_scored() -> None:
    assert "account" not in told(Outcome(account=(score(open=3),)))
    text = told(Outcome(account=(score(hit=1, precision=1.0, recall=1.0, median_lead_s=60.0, median_error_s=4.0),)))
    assert "The account of each rule" in text
    assert "100%" in text
    assert "false" not in text  # an outcome that no rule had


def test_everything_fits_into_a_narrow_terminal() -> None:
    made = prediction(
        rule="optical_power_falling", target="acc-disdukcapil", series='rx{ifName="Te1/1/2"}', outcome="hit"
    )
    output = io.StringIO()
    tell(Console(file=output, width=80), Outcome(predictions=({**made, "reached_at": f"{DAY}08:03:20Z"},)))
    assert "acc-disdukcapil Te1/1/2" in output.getvalue()
    assert re.search(r"hit \d\d:\d\d:\d\d", output.getvalue())


def told_of(*attacks: Named, width: int = 140) -> str:
    output = io.StringIO()
    tell_attacks(Console(file=output, width=width), attacks)
    return output.getvalue()


def test_an_attack_says_how_soon_it_was_named_and_in_which_incident() -> None:
    found = alert(rule="syn_flood", target="web-portal", incident="I4")
    began = datetime(2026, 1, 15, 8, 0, 0, tzinfo=UTC).timestamp()
    lines = told_of(Named("syn_flood", began, 0.42, 3.06, found), Named("port_scan", began + 2)).splitlines()
    assert re.search(rf"{here(f'{DAY}08:00:00Z')} +SYN flood +0\.4 s +3\.1 s +syn_flood: web-portal \(I4\)", lines[3])
    assert re.search(rf"{here(f'{DAY}08:00:02Z')} +port scan +- +- +not named", lines[4])


def test_without_attacks_nothing_is_said_of_them() -> None:
    assert told_of() == ""
