"""Messages as people get them, in both languages, and whatever summaries from outside hold.

The expected ones stand in tests/data/notices; `NETMON_WRITE_EXPECTED=1` writes them anew, to be read before they stay.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api import Impact, Message, Severity, State
from netmon.core.notices.plain import clean, evident, figure, lasting, when
from netmon.core.notices.render import BODY_MAX, SUBJECT_MAX
from netmon.core.notices.texts import TEXTS
from tests.support.notices import START, Scene, Told, alert, incident, settings

EXPECTED = Path(__file__).parents[3] / "data" / "notices"
CHANNELS = {"channels": {"email": {"url": "mailto://a:b@localhost"}}}
BOTH = {"en": CHANNELS | {"timezone": "Asia/Jayapura"}, "id": CHANNELS | {"language": "id"}}
ROUTE = {"steps": [{"notify": ["person:en", "person:id"]}, {"after_s": 900, "notify": ["person:en", "person:id"]}]}


def scene(**more: object) -> Scene:
    return Scene(settings([ROUTE | more], people=(), also=BOTH))


def a_cut_fiber(it: Scene, **more: object) -> None:
    one = incident(
        42,
        Severity.CRITICAL,
        title="Link RT1-RT2 is down",
        titles={"id": "Sambungan RT1-RT2 putus"},
        targets=("rt-1", "rt-2", "sw-3", "sw-4", "sw-5", "sw-6"),
        target_count=9,
        **more,
    )
    light = alert(
        one,
        "optical_power",
        summary="Received light is below its limit",
        summaries={"id": "Cahaya yang diterima di bawah batas"},
        evidence={"rx_power_dbm": -31.2000001, "limit_dbm": -28, "port": "Te0/1"},
        runbook="https://wiki.example.net/fiber",
    )
    forecast = alert(
        one,
        "laser_ageing",
        target="rt-2",
        severity=Severity.WARNING,
        summary="The laser will fall below its limit",
        summaries={"id": "Laser akan turun di bawah batas"},
        impact=Impact(START + 80_000, START + 100_000, START + 150_000),
    )
    more_of_them = [alert(one, "device_silent", target=f"sw-{n}", severity=Severity.ERROR) for n in range(3, 9)]
    it.board.alerts["I42"] = [forecast, *more_of_them, light]
    it.say(one)


def opened() -> list[Told]:
    it = scene()
    a_cut_fiber(it)
    it.pass_time(10)
    return it.told


def escalated() -> list[Told]:
    it = scene()
    a_cut_fiber(it)
    it.pass_time(910)
    return it.told[2:]


def acknowledged() -> list[Told]:
    it = scene()
    a_cut_fiber(it)
    it.pass_time(70)
    it.change("I42", state=State.ACKNOWLEDGED, acknowledged_at=it.now, acknowledged_by="budi", note="on my way to RT2")
    it.pass_time(30)
    return it.told[2:]


def resolved() -> list[Told]:
    it = scene()
    a_cut_fiber(it)
    it.pass_time(7_300, 10)
    it.resolve("I42")
    it.pass_time(600, 10)
    return it.told[-2:]


def expired() -> list[Told]:
    it = scene()
    a_cut_fiber(it)
    it.board.alerts["I42"] = [replace(one, expires_s=900) for one in it.board.alerts["I42"]]
    it.pass_time(7_300, 10)
    it.resolve("I42", "cleared", "target left the inventory", "operator", "expired")
    it.pass_time(600, 10)
    return it.told[-2:]


def worse() -> list[Told]:
    it = scene()
    it.say(incident(7, Severity.WARNING))
    it.pass_time(20)
    it.change("I7", severity=Severity.CRITICAL)
    it.pass_time(20)
    return it.told[2:]


def many() -> list[Told]:
    it = scene()
    for number in range(60):
        it.say(incident(number, list(Severity)[number % 4], site=("kota", "desa", "bukit", "pantai")[number % 3]))
    it.resolve("I3")
    it.acknowledge("I6")
    it.pass_time(20)
    return [one for one in it.told if len(one.incidents) > 1]


def digest() -> list[Told]:
    it = scene(digest=True)
    it.say(*(incident(number, Severity.INFO) for number in range(3)))
    it.pass_time(60)
    it.resolve("I1")
    it.pass_time(86_400, 600)
    return it.told


@pytest.mark.parametrize("story", [opened, escalated, acknowledged, resolved, expired, worse, many, digest])
def test_messages_are_as_expected(story: Callable[[], list[Told]]) -> None:
    told = {one.person: one for one in reversed(story())}
    assert set(told) == {"en", "id"}
    for language, one in told.items():
        text = f"{one.subject}\n\n{one.body}\n"
        path = EXPECTED / f"{story.__name__}.{language}.txt"
        if os.environ.get("NETMON_WRITE_EXPECTED"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")


def test_both_languages_have_the_same_placeholders() -> None:
    for key, text in TEXTS.items():
        english, indonesian = ({name for _, name, _, _ in Formatter().parse(words)} for words in text)
        assert english == indonesian, key
        assert all(text), key


def _message(summary: str, title: str, site: str = "kota", name: str = "en") -> Message:
    it = scene()
    one = replace(incident(1), title=title, titles={}, site=site)
    it.board.all["I1"] = one
    it.board.alerts["I1"] = [
        alert(one, summary=summary, evidence={summary: summary}, runbook=summary) for _ in range(9)
    ]
    it.say(one)
    it.now += 10
    it.planner.tick(it.now, it.board)
    (notice,) = (notice for notice in it.planner.due(it.now) if notice.person == name)
    return it.planner.message(notice, it.board, it.now).message


@given(st.text(max_size=3_000), st.text(max_size=300))
def test_text_from_outside_never_breaks_a_message(summary: str, title: str) -> None:
    message = _message(summary, title)
    assert len(message.subject) <= SUBJECT_MAX
    assert message.subject.isprintable()
    assert "(I1)" in message.subject
    assert len(message.body) <= BODY_MAX
    assert message.body.endswith("netmon ack I1")
    assert all(line.isprintable() for line in message.body.split("\n"))


def test_a_forged_header_stays_one_line() -> None:
    message = _message("x\r\nBcc: all@example.net\r\n\r\nhello", "down\r\nBcc: all@example.net")
    assert message.subject == "[ERROR] kota: down Bcc: all@example.net (I1)"
    assert "\nBcc:" not in message.body


def test_a_long_title_is_cut_and_its_incident_stays_in_sight() -> None:
    message = _message("x", "Perangkat di gedung dinas " * 20)
    assert len(message.subject) <= SUBJECT_MAX
    assert message.subject.startswith("[ERROR] kota: Perangkat di gedung")
    assert message.subject.endswith("… (I1)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\nc", "a b c"),
        ("  x ", "x"),
        ("\u202egnp.exe", "gnp.exe"),
        ("é" * 30, "é" * 19 + "…"),
        ("\x00\x1b[31m", "[31m"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text, 20) == expected


@pytest.mark.parametrize(
    ("seconds", "english", "indonesian"),
    [
        (-5, "0 s", "0 detik"),
        (59.4, "59 s", "59 detik"),
        (3_599, "59 min", "59 menit"),
        (7_260, "2 h 1 min", "2 jam 1 menit"),
        (200_000, "2 d 7 h", "2 hari 7 jam"),
    ],
)
def test_lasting(seconds: float, english: str, indonesian: str) -> None:
    assert (lasting(seconds, "en"), lasting(seconds, "id")) == (english, indonesian)


def test_times_are_the_recipients() -> None:
    assert when(START, "Asia/Jakarta", "id") == "15:00 WIB, Jum 15 Jan"
    assert when(START, "Asia/Makassar", "en") == "16:00 WITA, Fri 15 Jan"
    assert when(START, "Asia/Jayapura", "en") == "17:00 WIT, Fri 15 Jan"


@pytest.mark.parametrize(
    ("value", "english", "indonesian"),
    [
        (7, "7", "7"),
        (70.0, "70", "70"),
        (-31.2000001, "-31.2", "-31,2"),
        (0.0001, "0.0001", "0,0001"),
        (1234.5, "1,234.50", "1.234,50"),
        (99_999.96, "100,000.0", "100.000,0"),
        (1_234_567, "1,234,567", "1.234.567"),
        (18_446_744_073_709_551_615, "18,446,744,073,709,551,615", "18.446.744.073.709.551.615"),
        (10_000_000_000.0, "10,000,000,000", "10.000.000.000"),
        (-2_500_000.25, "-2,500,000", "-2.500.000"),
        (1e300, "1e+300", "1e+300"),
        (float("inf"), "inf", "inf"),
        (float("nan"), "nan", "nan"),
    ],
)
def test_numbers_are_written_as_the_language_does(value: float, english: str, indonesian: str) -> None:
    assert (figure(value, "en"), figure(value, "id")) == (english, indonesian)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("since", "2027-01-15T08:00:00Z", "16:00 WITA, Fri 15 Jan"),
        ("since", "2027-01-15T10:00:00.5+02:00", "16:00 WITA, Fri 15 Jan"),
        ("since", START, "16:00 WITA, Fri 15 Jan"),
        ("start", START, "16:00 WITA, Fri 15 Jan"),
        ("end", START, "16:00 WITA, Fri 15 Jan"),
        ("last_seen_at", int(START), "16:00 WITA, Fri 15 Jan"),
        ("boot_time_seconds", START, "16:00 WITA, Fri 15 Jan"),
        ("since", "2027-02-31T08:00:00Z", "2027-02-31T08:00:00Z"),
        ("since", 20.0, "20"),
        ("octets", START, "1,800,000,000"),
        ("version", "2027-01-15", "2027-01-15"),
    ],
)
def test_moments_in_evidence_are_shown_by_the_recipients_clock(name: str, value: str | float, expected: str) -> None:
    assert evident(name, value, "Asia/Makassar", "en") == expected


@pytest.mark.parametrize(("name", "expected"), [("en", "since 17:00 WIT, Fri 15 Jan, count 1,800,000,000")])
def test_a_message_shows_moments_and_counts_for_people(name: str, expected: str) -> None:
    it = scene()
    one = incident(1)
    it.board.alerts["I1"] = [alert(one, evidence={"since": "2027-01-15T08:00:00Z", "count": 1_800_000_000})]
    it.say(one)
    it.pass_time(10)
    (body,) = (told.body for told in it.told if told.person == name)
    assert expected in body


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        ("cleared", "It is over."),
        ("expired", "Not said any more for 15 min: nobody knows whether it is over."),
        ("operator", "An operator closed it; nobody saw that it was over."),
        ("target left the inventory", "Its target left the inventory: it is not watched any more."),
        ("something else", "It was closed: something else."),
    ],
)
def test_the_end_is_told_with_what_is_known_of_it(why: str, expected: str) -> None:
    it = scene()
    one = incident(1)
    it.board.alerts["I1"] = [alert(one, expires_s=900), alert(one, "another", expires_s=60)]
    it.say(one)
    it.pass_time(60)
    it.resolve("I1", why)
    it.board.alerts.clear()  # the desk has forgotten them by the time that the message is written
    it.pass_time(60)
    (told,) = (one for one in it.told[2:] if one.person == "en")
    assert told.body.split("\n")[1] == expected
    assert told.subject.startswith("[RESOLVED" if why == "cleared" else "[CLOSED")
    assert ("It is over." in told.body) is (why == "cleared")


def test_a_message_on_many_tells_what_is_over_from_what_was_only_closed() -> None:
    it = scene()
    it.say(*(incident(number) for number in range(30)))
    it.pass_time(20)
    for number in range(30):
        it.resolve(f"I{number}", "expired" if number % 2 else "cleared")
    it.pass_time(1_300, 10)
    (told,) = (one for one in it.told if one.person == "en" and len(one.incidents) > 1 and "CLOSED" in one.subject)
    assert "Over already: " in told.body
    assert "Closed, and not seen to be over: " in told.body
    assert "sw-11 does not answer (closed, not seen to be over)" in told.body
    assert "sw-12 does not answer (over)" in told.body
