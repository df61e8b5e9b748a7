"""What operators do on the command line, against a core that answers."""

import json
import os
import pwd
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bcrypt
import pytest
from click.testing import CliRunner, Result

from exporters.api.refusals import SENTENCES
from netmon.api import Matcher, Severity, State
from netmon.app.cli import main
from netmon.app.client import RefusedError, _read
from netmon.app.texts import refusals
from tests.support.certificates import Authority
from tests.support.command import environment
from tests.support.command import netmon as run_netmon
from tests.support.desk_served import Core, core

ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Core]:
    with core(tmp_path) as running:
        running.desk.say("LinkDown", "sw-1", Severity.CRITICAL, labels={"site": "hub"}, summary="Link down: ge-0/0/1")
        running.desk.say("TooWarm", "sw-2", labels={"site": "kota"}, summaries={"id": "Terlalu panas"})
        yield running


def netmon(running: Core, *arguments: str, **variables: str) -> Result:
    command = [*arguments, "--config", str(running.directory)]
    return CliRunner().invoke(main, command, env={"NETMON_LANG": "en", "COLUMNS": "200"} | variables)


def test_alerts(served: Core) -> None:
    said = netmon(served, "alerts")
    assert said.exit_code == 0, said.output
    rows = [" ".join(line.split()) for line in said.output.splitlines() if "sw-" in line]
    assert rows[0].startswith("critical firing 0 s hub sw-1 Link down: ge-0/0/1 I1 ")
    assert rows[1].startswith("warning firing 0 s kota sw-2 TooWarm on sw-2 I2 ")
    assert "2 in all" in said.output


def test_alerts_in_indonesian(served: Core) -> None:
    said = netmon(served, "alerts", NETMON_LANG="id")
    assert "kritis" in said.output
    assert "Terlalu panas" in said.output


@pytest.mark.parametrize(
    ("options", "targets"),
    [
        (["--severity", "error"], ["sw-1"]),
        (["--site", "k*"], ["sw-2"]),
        (["--target", "sw-1", "--target", "sw-2", "--rule", "TooWarm"], ["sw-2"]),
        (["--text", "GE-0/0"], ["sw-1"]),
        (["--incident", "I2"], ["sw-2"]),
        (["--muted"], []),
        (["--not-muted", "--limit", "1"], ["sw-1"]),
        (["--state", "acknowledged"], []),
    ],
)
def test_alerts_for_programs(served: Core, options: list[str], targets: list[str]) -> None:
    said = netmon(served, "alerts", "--json", *options)
    assert [json.loads(line)["target"] for line in said.output.splitlines()] == targets


def test_many_alerts_come_in_pages(served: Core) -> None:
    for number in range(1_250):
        served.desk.say("Up", f"srv-{number}", Severity.INFO)
    assert len(netmon(served, "alerts", "--json", "--limit", "1200").output.splitlines()) == 1_200
    assert len(netmon(served, "alerts", "--json", "--limit", "9999").output.splitlines()) == 1_252
    assert "1 of 1252; --limit shows more" in netmon(served, "alerts", "--limit", "1").output


def test_nothing_is_wrong(served: Core) -> None:
    assert netmon(served, "alerts", "--site", "nowhere").output == "Nothing.\n"
    assert netmon(served, "incidents", "--site", "nowhere").output == "Nothing.\n"
    assert netmon(served, "silence", "list").output == "Nothing.\n"


def test_resolved_ones_with_all(served: Core) -> None:
    served.desk.say("TooWarm", "sw-2", labels={"site": "kota"}, cleared=True)
    assert "sw-2" not in netmon(served, "alerts").output
    assert "resolved" in netmon(served, "alerts", "--all").output
    assert "I2" not in netmon(served, "incidents").output
    assert "I2" in netmon(served, "incidents", "--all").output


def test_what_others_wrote_does_nothing_to_the_terminal(served: Core) -> None:
    served.desk.say("X", "evil", summary="a\x1b]0;owned\x07[bold]b[/bold]")
    said = netmon(served, "alerts", "--target", "evil")
    assert "a\ufffd]0;owned\ufffd[bold]b[/bold]" in said.output


def test_incidents(served: Core) -> None:
    said = netmon(served, "incidents")
    assert "Link down: ge-0/0/1" in said.output
    one = netmon(served, "incidents", "I1")
    assert "LinkDown" not in one.output.splitlines()[0]
    assert one.output.count("sw-1") == 2
    whole = json.loads(netmon(served, "incidents", "I1", "--json").output)
    assert (whole["incident"]["id"], whole["alert_count"]) == ("I1", 1)


def test_an_incident_shows_what_its_alerts_rest_on_and_what_to_do(served: Core) -> None:
    evidence = {"source": "198.51.100.7", "packets_per_s": 13_212.0, "start": 1_800_000_000.0, "sample": "a\x1b[2Jb"}
    said = served.desk.say("syn_flood", "web-1", evidence=evidence | {"gone": ""}, runbook="docs/r.md#syn_flood")
    one = netmon(served, "incidents", said.incident).output
    lines = [line.split() for line in one[one.index("Evidence of syn_flood web-1") :].splitlines()]
    assert ["source", "198.51.100.7"] in lines
    assert ["packets_per_s", "13,212"] in lines
    assert ["start", "2027-01-15", "08:00:00Z"] in lines
    assert ["sample", "a\ufffd[2Jb"] in lines
    assert ["What", "to", "do:", "docs/r.md#syn_flood"] in lines
    assert "gone" not in one
    assert "Evidence" not in netmon(served, "incidents", "I1").output


def test_an_incident_tells_its_cause_and_lists_its_effects(served: Core) -> None:
    why = {"en": "Both ends are dark.", "id": "Kedua ujung gelap."}
    served.desk.explain("I2", "link:ring-03", why, "sw-2")
    assert "+1 effect" in netmon(served, "incidents").output
    assert "← link:ring-03" in netmon(served, "alerts", "--target", "sw-2").output
    one = netmon(served, "incidents", "I2").output
    assert one.index("Root cause: link:ring-03. Both ends are dark.") < one.index("Effects of the cause")
    assert "Root cause" not in netmon(served, "incidents", "I1").output
    whole = json.loads(netmon(served, "incidents", "I2", "--json").output)
    assert (whole["incident"]["cause"], whole["incident"]["explanation"]) == ("link:ring-03", why)
    assert (whole["incident"]["effect_count"], whole["alerts"][0]["effect_of"]) == (1, "link:ring-03")


def test_taking_in_hand_and_putting_back(served: Core) -> None:
    alert = served.desk.alerts()[0]
    said = netmon(served, "ack", alert.id[:5], "--note", "called the ISP")
    assert said.output == f"in hand: sw-1: Link down: ge-0/0/1 ({alert.id})\n"
    taken = served.desk.alert(alert.id)
    assert (taken.state, taken.acknowledged_by, taken.note) == (State.ACKNOWLEDGED, ME, "called the ISP")
    assert f"Link down: ge-0/0/1 ({ME}: called the ISP)" in netmon(served, "alerts").output
    said = netmon(served, "ack", "I1", "--undo")
    assert said.output.startswith("put back: sw-1")
    assert served.desk.alert(alert.id).state is State.FIRING
    assert "Nothing changed" in netmon(served, "ack", "I1", "--undo").output


def test_a_whole_incident_in_hand(served: Core) -> None:
    for number in range(30):
        served.desk.say(f"Rule{number}", "sw-1")
    said = netmon(served, "ack", "I1").output.splitlines()
    assert len(said) == 21
    assert said[-1] == "and 11 more"
    assert len(netmon(served, "ack", "I1", "--undo", "--json").output.splitlines()) == 31


def test_an_unknown_id(served: Core) -> None:
    alert = served.desk.alerts()[0]
    said = netmon(served, "ack", "sw-1")
    assert said.exit_code == 5
    assert said.stderr == f"There is no alert 'sw-1'. Did you mean: {alert.id}\n"
    said = netmon(served, "incidents", "J/9?x")
    assert (said.exit_code, "'J/9?x'" in said.stderr) == (5, False)
    assert netmon(served, "silence", "end", "S9").exit_code == 5


def test_silences(served: Core) -> None:
    said = netmon(
        served, "silence", "add", "--match", "instance=sw-1", "--match", 'site=~"h.*"', "--for", "2h", "--reason", "fan"
    )
    assert said.exit_code == 0, said.stderr
    assert said.output.startswith("S3 is on until ")
    (silence,) = served.desk.silences()
    assert silence.matchers == (Matcher("instance", "sw-1"), Matcher("site", "h.*", is_regex=True))
    assert (silence.author, silence.reason, silence.ends_at - silence.starts_at) == (ME, "fan", 7_200)
    assert "firing, muted" in netmon(served, "alerts").output
    shown = netmon(served, "silence", "list").output
    assert "instance=sw-1, site=~h.*" in shown
    assert netmon(served, "silence", "end", "S3").output == "S3 ended\n"
    assert netmon(served, "silence", "list").output == "Nothing.\n"
    assert json.loads(netmon(served, "silence", "list", "--all", "--json").output)["ended_by"] == ME


def test_maintenance(served: Core) -> None:
    said = netmon(
        served,
        "maintenance",
        *("add", "--site", "hub", "--device", "sw-2", "--from", "+1h", "--until", "+3h"),
        *("--title", "UPS", "--reason", "new batteries"),
    )
    assert said.exit_code == 0, said.stderr
    assert " is on from " in said.output
    (made,) = served.desk.maintenances()
    assert sorted(scope[0].value for scope in made.scope) == ["hub", "sw-2"]
    assert 7_100 < made.ends_at - made.starts_at < 7_300
    assert "UPS (" in netmon(served, "maintenance", "list").output
    assert netmon(served, "maintenance", "end", made.id).output == f"{made.id} ended\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["silence", "add", "--match", "sw-1", "--for", "2h", "--reason", "x"], "'sw-1' is no condition"),
        (["silence", "add", "--match", "a=b", "--for", "2x", "--reason", "x"], "'2x' is no duration"),
        (["silence", "add", "--match", "a=b", "--reason", "x"], "give either --for or --until"),
        (["silence", "add", "--match", "a=b", "--for", "2h", "--reason", " "], "write something"),
        (["silence", "add", "--match", "a=b", "--until", "soon", "--reason", "x"], "'soon' is no time"),
        (["maintenance", "add", "--for", "2h", "--reason", "x"], "say what is worked on"),
        (["alerts", "--watch", "--json"], "--watch is for people"),
        (["alerts", "--url", "ftp://x"], "'ftp://x' is no address of a daemon"),
        (["alerts", "--url", "http://192.0.2.1", "--user", "me", "--password-file", "/dev/null"], "use https://"),
        (["alerts", "--url", "https://192.0.2.1", "--user", "me"], "no password for me"),
        (["alerts", "--url", "https://127.0.0.1", "--ca-file", "/no/such"], "/no/such cannot be used"),
    ],
)
def test_what_makes_no_sense(served: Core, arguments: list[str], said: str) -> None:
    result = netmon(served, *arguments)
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr


def test_while_the_ledger_cannot_be_written(served: Core) -> None:
    served.desk.refuses = "no space left"
    said = netmon(served, "ack", "I1")
    assert (said.exit_code, said.stderr) == (
        3,
        "not done, nothing was changed: no space left; try again when the disk is well\n",
    )


def test_done_but_not_recorded(served: Core) -> None:
    served.desk.forgets = "the ledger takes nothing more; what you did took effect and is recorded nowhere"
    said = netmon(served, "ack", "I1")
    assert said.exit_code == 6
    assert said.stderr == (
        "done, but the disk has no record of it yet: the ledger takes nothing more, so it is recorded nowhere; "
        "do not do it again\n"
    )


def test_several_alerts_begin_so(served: Core) -> None:
    alerts = served.desk.alerts()
    served.desk.put([replace(alerts[0], id="3fa94be07c11"), replace(alerts[1], id="3fa94be07c12")])
    said = netmon(served, "ack", "3fa9")
    assert said.exit_code == 2
    assert said.stderr == (
        "not done: 2 alerts have ids that begin with '3fa9'; write more of the id: 3fa94be07c11, 3fa94be07c12\n"
    )


def test_a_silence_over_nothing(served: Core) -> None:
    add = ("silence", "add", "--for", "2h", "--reason", "fan", "--match")
    said = netmon(served, *add, "instance=sw-77")
    assert "no open alert matches it now; check for typing errors" in said.stderr
    said = netmon(served, *add, "instance=~sw-[12]")
    assert (said.stderr, "open alerts that match now: 2" in said.stdout) == ("", True)
    said = netmon(served, "maintenance", "add", "--device", "sw-77", "--for", "2h", "--reason", "new")
    assert said.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ack", "zzz"], "Tidak ada peringatan 'zzz'. netmon alerts, incidents,"),
        (["incidents", "I99"], "Tidak ada insiden 'I99'."),
        (["silence", "end", "S99"], "Tidak ada peredaman 'S99'."),
        (["maintenance", "end", "M99"], "Tidak ada pemeliharaan 'M99'."),
        (["silence", "add", "--match", "a=b", "--for", "2h", "--reason", " "], "/reason: tulis sesuatu"),
        (["silence", "add", "--match", "a=b", "--for", "2h", "--reason", "x" * 2_001], "paling banyak 2000 karakter"),
        (["silence", "add", "--match", "a=b", "--until", "2999-01-01 00:00", "--reason", "x"], "lebih dari 366 hari"),
    ],
)
def test_refusals_in_indonesian(served: Core, arguments: list[str], said: str) -> None:
    assert said in netmon(served, *arguments, NETMON_LANG="id").stderr


def test_a_daemon_of_another_version_is_told_in_its_own_words() -> None:
    for more in ({}, {"reason": "new"}, {"reason": "pattern", "values": {}}, {"reason": "pattern", "values": 5}):
        problem = {"code": "invalid", "detail": "It makes no sense."} | more
        with pytest.raises(RefusedError, match="not done: It makes no sense"):
            _read(422, json.dumps(problem).encode(), "here")


def test_every_reason_of_the_core_has_words() -> None:
    assert not {f"refusal.{reason}" for reason in SENTENCES} - refusals.TEXTS.keys()


def test_no_daemon(tmp_path: Path) -> None:
    said = run_netmon("alerts", "--config", tmp_path, NETMON_STATE_DIR=str(tmp_path))
    assert said.returncode == 3
    assert said.stderr.startswith(f"no netmon daemon answers at {tmp_path}/control.sock; start it (systemctl start")
    assert said.stdout == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every socket")
def test_a_socket_that_is_not_ours(served: Core) -> None:
    (served.directory.parent / "state" / "control.sock").chmod(0)
    said = netmon(served, "alerts")
    assert (said.exit_code, "you may not use" in said.stderr) == (4, True)


def test_something_else_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.close()
        said = CliRunner().invoke(main, ["alerts", "--url", f"http://127.0.0.1:{port}", "--config", str(tmp_path)])
        assert (said.exit_code, "does not answer" in said.stderr) == (3, True)


def test_over_the_network_with_a_password(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.sign("netmon")
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    web = {
        "tls_server_config": {"cert_file": pair.cert, "key_file": pair.key},
        "basic_auth_users": {"oki": hashed, "vera": hashed},
    }
    password = tmp_path / "password"
    password.write_text("secret\n", encoding="utf-8")
    with core(tmp_path, web) as running:
        running.desk.say("LinkDown", "sw-1")
        there = ["--url", f"https://{running.address}", "--ca-file", str(authority.cert)]
        said = netmon(running, "ack", "I1", *there, "--user", "oki", "--password-file", str(password))
        assert said.exit_code == 0, said.stderr
        assert running.desk.alerts()[0].acknowledged_by == "oki"
        said = netmon(running, "ack", "I1", *there, "--user", "vera", NETMON_PASSWORD="secret")
        assert said.exit_code == 4
        assert "'vera' has the roles: viewer; none of them may act" in said.stderr
        assert netmon(running, "alerts", *there, "--user", "vera", NETMON_PASSWORD="secret").exit_code == 0
        said = netmon(running, "alerts", *there, "--user", "vera", NETMON_PASSWORD="wrong")
        assert (said.exit_code, "does not accept this user and password" in said.stderr) == (4, True)
        said = netmon(running, "alerts", *there[:2], "--user", "vera", NETMON_PASSWORD="secret")
        assert (said.exit_code, "cannot be trusted" in said.stderr) == (3, True)


def test_watching_goes_on_while_the_daemon_is_away(served: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def sleep(_seconds: float) -> None:
        seen.append(len(seen))
        if len(seen) == 1:
            (served.directory.parent / "state" / "control.sock").unlink()
        if len(seen) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("netmon.app.commands.alerts.time.sleep", sleep)
    said = netmon(served, "alerts", "--watch")
    assert said.exit_code == 0
    assert "no netmon daemon answers" in said.output


@pytest.mark.parametrize("command", ["alerts", "incidents", "ack", "silence", "maintenance"])
def test_every_command_documents_its_exit_status(command: str) -> None:
    assert "Exit status: 0 done, 2" in run_netmon(command, "--help").stdout.replace("\n", " ").replace("  ", " ")


def test_the_command_as_a_process_of_its_own(served: Core) -> None:
    said = run_netmon("alerts", "--json", "--config", served.directory, **environment())
    assert len(said.stdout.splitlines()) == 2
