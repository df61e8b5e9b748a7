"""The daemon as a process: start, readiness, reload, signals, what it tells systemd, what it refuses."""

import asyncio
import json
import signal
import socket
import time
from pathlib import Path

import pytest
import yaml

import netmon as netmon_package
from netmon.app.daemon import Daemon
from netmon.app.pidfile import Reloaded
from tests.support.command import netmon
from tests.support.daemon import daemon, value_in, write_config, write_inventory
from tests.support.processes import free_port
from tests.support.responder import recorded
from tests.support.served import served
from tests.support.snmpd import snmpd
from tests.support.waiting import eventually_sync

SWITCH = "routeros_crs317"


def dead_port() -> tuple[str, int]:
    return "127.0.0.1", free_port(socket.SOCK_DGRAM)


def test_every_reading_is_on_its_page_and_on_the_common_one(tmp_path: Path) -> None:
    with served(recorded(SWITCH)) as [address]:
        directory, port = write_config(tmp_path, {"sw-1": address, "sw-2": dead_port()})
        with daemon(directory, port) as running:
            running.wait_ready()
            status, page = running.get("/targets/sw-1/metrics")
            assert status == 200, page
            labels = {"instance": "sw-1", "job": "snmp", "site": "hub", "ifName": "sfp-sfpplus10"}
            octets = value_in(page, "ifHCInOctets", labels)
            assert octets is not None
            assert octets > 1e12
            assert running.value("ifHCInOctets", **labels) == octets
            assert running.get("/targets/sw-2/metrics")[0] == 503
            assert running.get("/targets/sw-3/metrics")[0] == 404
            assert running.value("netmon_collect_success", instance="sw-1", part="if_mib") == 1
            assert running.value("netmon_targets_not_answering", collector="snmp") == 1
            assert running.value("node_load1", job="node") is not None
            assert running.value("netmon_snmp_requests_total") is not None
            assert running.value("process_cpu_seconds_total") is not None
            listed = {entry["labels"]["instance"] for entry in json.loads(running.get("/sd")[1])}
            assert {"sw-1", "sw-2"} < listed  # and this machine


def test_sigterm_ends_it_within_five_seconds_while_polls_are_under_way(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        directory, port = write_config(tmp_path, {f"sw-{i}": silent.getsockname() for i in range(1)})
        with daemon(directory, port) as running:
            eventually_sync(lambda: (running.value("netmon_snmp_requests_in_flight") or 0) >= 1)
            began = time.monotonic()
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(10) == 0
            assert time.monotonic() - began < 5
            assert "event=stopped" in running.log.read_text()


def test_a_reload_takes_over_the_inventory_and_keeps_what_stayed(tmp_path: Path) -> None:
    with served(recorded(SWITCH), recorded(SWITCH)) as [first, second]:
        directory, port = write_config(tmp_path, {"sw-1": first, "sw-2": second})
        with daemon(directory, port) as running:
            running.wait_ready()
            polls = running.value("netmon_polls_total", collector="snmp", result="complete")
            write_inventory(directory, {"sw-2": second, "sw-3": first})
            result = netmon("reload", "--config", directory, TEST_COMMUNITY="public")
            assert (result.returncode, result.stdout) == (0, "The new configuration is in use.\n"), result.stderr
            assert running.get("/targets/sw-1/metrics")[0] == 404
            assert running.get("/targets/sw-2/metrics")[0] == 200  # its readings were kept
            eventually_sync(lambda: running.get("/targets/sw-3/metrics")[0] == 200)
            assert 'instance="sw-1"' not in running.get("/metrics")[1]
            after = running.value("netmon_polls_total", collector="snmp", result="complete")
            assert polls is not None
            assert after is not None
            assert after >= polls
            assert running.value("netmon_config_last_reload_successful") == 1


def test_a_refused_reload_changes_nothing_and_says_every_fault(tmp_path: Path) -> None:
    with served(recorded(SWITCH)) as [address]:
        directory, port = write_config(tmp_path, {"sw-1": address})
        with daemon(directory, port) as running:
            running.wait_ready()
            read_at = running.value("netmon_config_last_reload_success_timestamp_seconds")
            devices = [f"  - {{name: x-{n}, address: 192.0.2.{n}, site: nowhere}}\n" for n in (8, 9)]
            (directory / "inventory" / "bad.yaml").write_text("devices:\n" + "".join(devices), encoding="utf-8")
            running.process.send_signal(signal.SIGHUP)
            eventually_sync(lambda: running.value("netmon_config_last_reload_successful") == 0)
            assert running.value("netmon_config_last_reload_success_timestamp_seconds") == read_at
            assert running.get("/targets/sw-1/metrics")[0] == 200
            log = running.log.read_text()
            assert "bad.yaml:2:43: " in log
            assert "bad.yaml:3:43: " in log
            assert "reload refused" in log
            result = netmon("reload", "--config", directory, TEST_COMMUNITY="public")
            assert result.returncode == 2
            assert "bad.yaml:2:43: " in result.stderr
            (directory / "inventory" / "bad.yaml").unlink()
            running.process.send_signal(signal.SIGHUP)
            eventually_sync(lambda: running.value("netmon_config_last_reload_successful") == 1)


def test_changed_polling_replaces_the_collector_and_its_metrics_once(tmp_path: Path) -> None:
    with served(recorded(SWITCH)) as [address]:
        directory, port = write_config(tmp_path, {"sw-1": address})
        with daemon(directory, port) as running:
            running.wait_ready()
            main = yaml.safe_load((directory / "netmon.yaml").read_text())
            main["snmp"]["timeout_s"] = 0.5
            (directory / "netmon.yaml").write_text(yaml.safe_dump(main), encoding="utf-8")
            assert netmon("reload", "--config", directory, TEST_COMMUNITY="public").returncode == 0
            before = running.value("netmon_polls_total", collector="snmp", result="complete") or 0
            eventually_sync(
                lambda: (running.value("netmon_polls_total", collector="snmp", result="complete") or 0) > before + 1
            )
            page = running.get("/metrics")[1]
            assert page.count("# TYPE netmon_snmp_requests_total ") == 1


def test_reload_needs_no_secret_to_find_the_daemon(tmp_path: Path) -> None:
    directory, port = write_config(tmp_path, {})
    with daemon(directory, port) as running:
        running.wait_ready()
        result = netmon("reload", "--config", directory)  # without TEST_COMMUNITY
        assert result.returncode == 0, result.stderr


def test_a_bug_in_a_reload_is_reported_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netmon.app.daemon.load_successor", lambda _plan: 1 // 0)
    monkeypatch.setenv("TEST_COMMUNITY", "public")
    directory, _ = write_config(tmp_path, {})

    async def scenario() -> None:
        subject = Daemon(directory)
        await subject.start()
        try:
            assert not await subject.reload()
            assert subject.registry.get_sample_value("netmon_config_last_reload_successful") == 0
        finally:
            await subject.stop()

    asyncio.run(scenario())
    outcome = Reloaded.read(tmp_path / "state")
    assert outcome is not None
    assert "netmon failed: ZeroDivisionError" in outcome.faults[0]


def test_a_relative_directory_is_as_good_as_an_absolute_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, port = write_config(tmp_path, {})
    write_config(tmp_path, {}, {"web": {"listen": [f"127.0.0.1:{port}"], "web_config_file": "web.yaml"}})
    (directory / "web.yaml").write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.setenv("PYTHONPATH", str(Path(netmon_package.__file__).parents[1]))
    result = netmon("check", Path(tmp_path.name) / "etc", TEST_COMMUNITY="public")
    assert result.returncode == 0, result.stdout


def test_what_needs_a_restart_is_said_so(tmp_path: Path) -> None:
    directory, port = write_config(tmp_path, {})
    with daemon(directory, port) as running:
        running.wait_ready()
        main = yaml.safe_load((directory / "netmon.yaml").read_text())
        main["web"] = {"listen": ["127.0.0.1:1"]}
        (directory / "netmon.yaml").write_text(yaml.safe_dump(main), encoding="utf-8")
        result = netmon("reload", "--config", directory, TEST_COMMUNITY="public")
        assert result.returncode == 2
        running.process.send_signal(signal.SIGHUP)
        eventually_sync(lambda: "web cannot change while netmon runs" in running.log.read_text())


def test_reload_without_a_daemon_is_status_3(tmp_path: Path) -> None:
    directory, _ = write_config(tmp_path, {})
    result = netmon("reload", "--config", directory, TEST_COMMUNITY="public")
    assert result.returncode == 3
    assert f"netmon run --config {directory}" in result.stderr


def test_systemd_is_told_of_ready_reload_watchdog_and_stop(tmp_path: Path) -> None:
    directory, port = write_config(tmp_path, {})
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)

        def hears(message: str) -> bool:
            try:
                while True:
                    heard.append(manager.recv(1000).decode())
            except BlockingIOError:
                return any(each.startswith(message) for each in heard)

        with daemon(directory, port, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="200000") as running:
            eventually_sync(lambda: hears("READY=1"))
            eventually_sync(lambda: hears("WATCHDOG=1"))
            running.process.send_signal(signal.SIGHUP)
            eventually_sync(lambda: hears("RELOADING=1"))
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(10) == 0
            assert hears("STOPPING=1")


def test_two_daemons_do_not_share_a_state_directory(tmp_path: Path) -> None:
    directory, port = write_config(tmp_path, {})
    with daemon(directory, port) as running:
        running.wait_ready()
        second = netmon("run", "--config", directory, TEST_COMMUNITY="public")
        assert second.returncode == 2
        assert f"another netmon daemon (process {running.process.pid}) uses this state directory" in second.stderr


def test_a_taken_port_is_a_clear_error(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        directory, _ = write_config(tmp_path, {}, {"web": {"listen": [address]}})
        result = netmon("run", "--config", directory, TEST_COMMUNITY="public")
    assert result.returncode == 2
    assert f"cannot listen on {address}: Address already in use; stop the program that listens there" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_bad_configuration_starts_nothing(tmp_path: Path) -> None:
    directory, _ = write_config(tmp_path, {}, {"nonsense": 1})
    result = netmon("run", "--config", directory, TEST_COMMUNITY="public")
    assert result.returncode == 2
    assert "netmon.yaml:" in result.stderr


def test_a_bad_web_configuration_file_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    directory, port = write_config(tmp_path, {})
    web = {"listen": [f"127.0.0.1:{port}"], "web_config_file": "web.yaml"}
    write_config(tmp_path, {}, {"web": web})
    (directory / "web.yaml").write_text("basic_auth_users:\n  noc: plain\n", encoding="utf-8")
    for command in (["check", str(directory)], ["run", "--config", str(directory)]):
        result = netmon(*command, TEST_COMMUNITY="public")
        assert result.returncode == 2
        assert "web.yaml:2:8: " in result.stdout + result.stderr
        assert "not hashed with bcrypt" in result.stdout + result.stderr


def test_the_daemon_shows_no_secret_anywhere(tmp_path: Path) -> None:
    secrets = {"TEST_COMMUNITY": "c0mmun1ty-word", "TEST_AUTH": "auth-w0rd-long", "TEST_PRIV": "priv-w0rd-long"}
    credentials = {
        "default": {"version": "v2c", "community": "${TEST_COMMUNITY}"},
        "v3": {
            "version": "v3",
            "user": "noc",
            "auth_protocol": "SHA-256",
            "auth_password": "${TEST_AUTH}",
            "priv_protocol": "AES-128",
            "priv_password": "${TEST_PRIV}",
        },
    }
    with snmpd(tmp_path) as agent, served(recorded(SWITCH)) as [address]:  # neither knows these secrets
        settings = {"log": {"level": "debug"}, "credentials": credentials}
        directory, port = write_config(tmp_path, {"sw-1": address}, settings)
        where = f"{agent.host}:{agent.port}"
        device = {"name": "sw-2", "address": where, "site": "hub", "credential": "v3"}
        (directory / "inventory" / "v3.yaml").write_text(yaml.safe_dump({"devices": [device]}), encoding="utf-8")
        with daemon(directory, port, **secrets) as running:
            running.wait_ready()
            dump = netmon("check", directory, "--dump", **secrets)
            assert dump.returncode == 0
            assert "${" not in dump.stdout
            shown = [
                Path(f"/proc/{running.process.pid}/cmdline").read_text(),
                running.log.read_text(),
                running.get("/metrics")[1],
                running.get("/")[1],
                running.get("/sd")[1],
                dump.stdout,
            ]
    assert "sw-2" in shown[1]  # it was tried
    for secret in secrets.values():
        assert not any(secret in text for text in shown)


def test_the_poller_role_runs_as_an_ordinary_user_would(tmp_path: Path) -> None:
    directory, port = write_config(tmp_path, {})
    with daemon(directory, port, "--role", "poller") as running:
        running.wait_ready()
        assert running.value("netmon_build_info", role="poller") == 1
        assert (tmp_path / "state").stat().st_mode & 0o077 == 0
