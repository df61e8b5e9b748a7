"""Files of routes: read by the BGP speakers that they are for."""

import json
import os
import shutil
import subprocess
from ipaddress import ip_network
from pathlib import Path

import pytest

from exporters.actions.announce import Match, Route, render, route
from exporters.actions.book import Book
from exporters.actions.settings import AnnouncementSettings
from tests.exporters.actions.test_decide import finding

RULES = ("syn_flood", "ack_flood", "rst_flood", "udp_flood", "icmp_flood", "fragment_flood", "amplification", "other")
VICTIMS = ("192.0.2.7/32", "2001:db8::7/128")
ROUTES = [Route(victim) for victim in VICTIMS] + [
    route("flowspec", finding(victim, rule, amplifier_port=53), ip_network(victim))
    for victim in VICTIMS
    for rule in RULES
]


def announcing(form: str, kind: str = "flowspec", file: Path = Path("/nowhere/routes")) -> AnnouncementSettings:
    """Return settings of announcements."""
    return AnnouncementSettings.model_validate({"file": file, "format": form, "route": kind})


def tool(name: str) -> str:
    """Return where a program is; skips where it is not."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is missing (Debian packages exabgp and bird2)")
    return found


def test_exabgp_understands_every_route(tmp_path: Path) -> None:
    lines = render(announcing("exabgp"), ROUTES).splitlines()
    flows = [line.removeprefix("announce flow route") for line in lines if line.startswith("announce flow route ")]
    static = [line.removeprefix("announce ") + ";" for line in lines if line.startswith("announce route ")]
    assert len(flows) + len(static) == len(lines) == len(set(ROUTES))
    named = [f"route r{number}{flow}" for number, flow in enumerate(flows)]
    file = tmp_path / "exabgp.conf"

    def check() -> subprocess.CompletedProcess[str]:
        file.write_text(
            "neighbor 127.0.0.1 { router-id 192.0.2.9; local-address 127.0.0.1; local-as 65000; peer-as 65000;\n"
            "family { ipv4 unicast; ipv6 unicast; ipv4 flow; ipv6 flow; }\n"
            f"static {{\n{chr(10).join(static)}\n}}\nflow {{\n{chr(10).join(named)}\n}} }}\n"
        )
        return subprocess.run(
            [tool("exabgp"), "--test", str(file)], capture_output=True, text=True, timeout=60, check=False
        )

    good = check()
    assert good.returncode == 0, good.stdout
    assert "error" not in good.stdout
    named.append("route bad { match { destination 192.0.2.7/32; protocol =nonsense; } then { discard; } }")
    assert "syntax error" in check().stdout  # it looks at them


def test_bird_understands_every_route(tmp_path: Path) -> None:
    text = render(announcing("bird"), ROUTES)
    assert text.count("route ") == len(set(ROUTES))
    file = tmp_path / "bird.conf"
    head = "router id 192.0.2.9;\nflow4 table flowtab4;\nflow6 table flowtab6;\nprotocol device {}\n"

    def check(routes: str) -> int:
        file.write_text(head + routes)
        return subprocess.run([tool("bird"), "-p", "-c", str(file)], timeout=60, check=False).returncode

    assert check(text) == 0
    assert check(text.replace("dst ", "dest ")) != 0


def test_a_route_drops_what_the_attack_looks_like() -> None:
    victim = ip_network("192.0.2.7/32")
    assert route("blackhole", finding(), victim) == Route("192.0.2.7/32")
    assert route("flowspec", finding(), victim).match == Match("tcp", "syn")
    amplified = route("flowspec", finding(rule="amplification", amplifier_port=11_211), victim)
    assert amplified.match == Match("udp", source_port=11_211)
    (plain,) = json.loads(render(announcing("json"), [amplified]))
    assert plain == {
        "destination": "192.0.2.7/32",
        "then": "discard",
        "match": {"protocol": "udp", "source_port": 11_211},
    }
    (hole,) = json.loads(render(announcing("json"), [Route("2001:db8::7/128")]))
    assert hole["communities"] == ["65535:666"]
    assert hole["next_hop"] == "100::1"
    line = render(announcing("exabgp"), [Route("192.0.2.7/32")])
    assert line == "announce route 192.0.2.7/32 next-hop 192.0.2.1 community [65535:666]\n"


def test_what_was_announced_is_withdrawn_also_after_a_crash(tmp_path: Path) -> None:
    file = tmp_path / "routes"
    book = Book(announcing("exabgp", file=file))
    before = os.umask(0o077)
    try:
        book.open()
    finally:
        os.umask(before)
    assert file.read_text() == ""
    assert file.stat().st_mode & 0o777 == 0o644  # the BGP speaker is another user
    one, other = Route("192.0.2.7/32"), Route("192.0.2.8/32")
    assert book.put([one, other, one])
    assert not book.put([other, one])  # no change
    assert [line.split()[:3] for line in file.read_text().splitlines()] == [
        ["announce", "route", "192.0.2.7/32"],
        ["announce", "route", "192.0.2.8/32"],
    ]
    assert book.put([other])
    assert [line.split()[0] for line in file.read_text().splitlines()] == ["withdraw", "announce"]
    after_a_crash = Book(announcing("exabgp", file=file))
    after_a_crash.open()
    (line,) = file.read_text().splitlines()
    assert line.startswith("withdraw route 192.0.2.8/32 ")
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    book = Book(announcing("json", file=tmp_path / "missing" / "routes"))
    with pytest.raises(FileNotFoundError):
        book.open()
    with pytest.raises(FileNotFoundError):
        book.put([Route("192.0.2.7/32")])
    (tmp_path / "missing").mkdir()
    assert book.put([Route("192.0.2.7/32")])  # tried again, it is still a change


def test_only_the_newest_withdrawals_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporters.actions.book._GONE", 2)
    file = tmp_path / "routes"
    book = Book(announcing("exabgp", file=file))
    for last in (1, 2, 1, 3):  # the first again: it is newer than the second then
        book.put([Route(f"192.0.2.{last}/32")])
        book.put([])
    assert [line.split()[:3] for line in file.read_text().splitlines()] == [
        ["withdraw", "route", f"192.0.2.{last}/32"] for last in (1, 3)
    ]


def test_a_file_that_could_not_be_replaced_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(announcing("json", file=tmp_path / "routes"))
    book.open()
    with monkeypatch.context() as refusing:
        refusing.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(PermissionError("refused")))
        with pytest.raises(PermissionError):
            book.put([Route("192.0.2.7/32")])
    assert [path.name for path in tmp_path.iterdir()] == ["routes"]
    assert book.put([Route("192.0.2.7/32")])  # it did not count
