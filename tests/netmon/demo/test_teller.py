import io
import time

import pytest
from rich.console import Console

from netmon.demo.named import Named
from netmon.demo.packets.stage import Happened
from netmon.demo.receiver import Delivery
from netmon.demo.teller import Teller


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMON_LANG", "en")


def told(*subjects: str, earlier: tuple[str, ...] = ()) -> tuple[Teller, str]:
    output = io.StringIO()
    teller = Teller(Console(file=output, width=40), ("siti", "grace"))
    teller.arrived(Delivery("siti", "[CRITICAL] before it began (I2)"))
    teller.begin(earlier, lambda incident: f"netmon ack {incident}")
    for subject in subjects:
        teller.arrived(Delivery("siti", subject))
    return teller, output.getvalue()


def test_a_message_is_told_in_one_line_as_it_came() -> None:
    subject = "[ERROR] a place: something [bold]long[/bold] that is wider than the terminal (I4)"
    teller, text = told(subject)
    assert f"  siti   {subject}\n" in text
    assert "before it began" not in text
    assert teller.delivered == {"siti": 1, "grace": 0}


def test_how_to_answer_is_told_once() -> None:
    _, text = told("[ERROR] a (I4)", "[ERROR] b (I5)")
    assert text.count("netmon ack") == 1
    assert "netmon ack I4" in text


def test_what_ends_of_an_earlier_run_is_not_told() -> None:
    teller, text = told("[RESOLVED] a (I1)", "[ERROR] b (I11)", earlier=("I1", "I2"))
    assert "(I1)" not in text
    assert "(I11)" in text
    assert teller.delivered["siti"] == 1


def test_an_attack_is_told_when_it_begins_and_not_when_it_ends() -> None:
    output = io.StringIO()
    teller = Teller(Console(file=output, width=60), ())
    at = 1_768_464_000.0
    teller.happened(Happened("began", "amplification", at))
    teller.happened(Happened("ended", "amplification", at + 9, 7_200))
    clock = time.strftime("%H:%M:%S", time.localtime(at))
    assert output.getvalue() == f"{clock}  attack begins: DNS amplification\n"


def test_an_attack_that_is_named_is_told_with_how_soon_and_as_what() -> None:
    output = io.StringIO()
    teller = Teller(Console(file=output, width=60), ())
    at = 1_768_464_000.0
    alert = {"summary": "SYN flood on portal from 418 addresses", "summaries": {}}
    teller.named(Named("syn_flood", at, 0.3, 2.1, alert))
    teller.named(Named("port_scan", at))
    clock = time.strftime("%H:%M:%S", time.localtime(at + 2.1))
    assert output.getvalue() == f"{clock}  named after 0.3 s: SYN flood on portal from 418 addresses\n"
