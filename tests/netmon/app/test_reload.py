"""What a reload changes in a core that runs: people, routes, maintenance, roles, ways out, limits; nothing is lost."""

import asyncio
import base64
import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml

from netmon.app.client import Client
from tests.support.alertmanager import Receiver, agrees, alertmanagers, need_alertmanager
from tests.support.command import netmon
from tests.support.daemon import Running, daemon, write_config
from tests.support.processes import free_port
from tests.support.receivers import Webhook, webhook
from tests.support.waiting import eventually_sync

AT_ONCE = {"pending_for_s": {"info": 0, "warning": 0, "error": 0, "critical": 0}, "resolve_hold_s": 0}


def change(directory: Path, **sections: Any) -> Any:
    """Write these sections into netmon.yaml and reload."""
    edit(directory, **sections)
    return netmon("reload", "--config", directory, TEST_COMMUNITY="public")


def edit(directory: Path, **sections: Any) -> None:
    path = directory / "netmon.yaml"
    main = yaml.safe_load(path.read_text()) | sections
    path.write_text(yaml.safe_dump(main), encoding="utf-8")
    path.chmod(0o600)  # URLs of channels are secrets


def take_over(directory: Path, **sections: Any) -> None:
    result = change(directory, **sections)
    assert (result.returncode, result.stdout) == (0, "The new configuration is in use.\n"), result.stderr


def control(directory: Path) -> Client:
    return Client([directory.parent / "state" / "control.sock"])


def say(directory: Path, name: str, target: str, **labels: str) -> None:
    """Hand in an alert as Prometheus does."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(directory.parent / "state" / "control.sock"))
        connection = http.client.HTTPConnection("netmon")
        connection.sock = sock
        labels = {"alertname": name, "instance": target, "severity": "critical", **labels}
        body = json.dumps([{"labels": labels, "annotations": {"summary": f"{name} at {target}"}}])
        connection.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()


def people(hook: Webhook, *names: str) -> dict[str, Any]:
    """Return the section `notify` for people who are all told over this webhook, in their names."""
    url = f"json://127.0.0.1:{hook.port}"
    return {
        "people": {name: {"channels": {"hook": {"url": f"{url}/{name}"}}} for name in names},
        "routes": [{"name": "all", "steps": [{"notify": [f"person:{name}" for name in names]}]}],
        "group_wait_s": 0,
    }


def titles(hook: Webhook) -> list[str]:
    return [post["title"] for post in hook.posts if "title" in post]


def alerts(directory: Path) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = control(directory).get("alerts")["alerts"]
    return found


def test_people_and_routes_change_and_what_is_known_stays(tmp_path: Path) -> None:
    directory, port = write_config(tmp_path, {}, {"alerts": AT_ONCE})
    with webhook() as hook, daemon(directory, port) as running:
        running.wait_ready()
        say(directory, "LinkDown", "sw-1")
        eventually_sync(lambda: alerts(directory)[0]["state"] == "firing")
        before = alerts(directory)[0]
        take_over(directory, notify=people(hook, "andi"))  # the first people there are
        eventually_sync(lambda: len(hook.posts) == 1, 15)
        assert "LinkDown at sw-1" in titles(hook)[0]
        take_over(directory, notify=people(hook, "andi", "budi"))
        say(directory, "LinkDown", "sw-2")
        eventually_sync(lambda: len(hook.posts) == 3, 15)
        assert [title for title in titles(hook) if "sw-1" in title] == titles(hook)[:1]  # andi heard of it once
        assert before["id"] in {each["id"] for each in alerts(directory)}
        found = control(directory).get("history", {"kind": "system", "text": "configuration changed"})["records"]
        assert [record["data"]["sections"] for record in found] == [["notify"], ["notify"]]


def test_a_maintenance_window_of_the_calendar_opens_by_a_reload(tmp_path: Path) -> None:
    directory, port = write_config(tmp_path, {"sw-1": ("127.0.0.1", free_port(socket.SOCK_DGRAM))}, {"alerts": AT_ONCE})
    with daemon(directory, port) as running:
        running.wait_ready()
        say(directory, "LinkDown", "sw-1")
        assert alerts(directory)[0]["muted_by"] == []
        entry = {"name": "work", "scope": ["device:sw-1"], "reason": "new splice", "start": "00:00", "end": "00:00"}
        take_over(directory, alerts=AT_ONCE | {"maintenance": [entry]})
        eventually_sync(lambda: all(each["muted_by"] for each in alerts(directory)))
        take_over(directory, alerts=AT_ONCE)
        eventually_sync(lambda: not any(each["muted_by"] for each in alerts(directory)))


def test_roles_change_at_once(tmp_path: Path) -> None:
    web = {"listen": [f"127.0.0.1:{free_port()}"], "web_config_file": "web.yaml"}
    directory, _ = write_config(tmp_path, {}, {"web": web})
    hashed = bcrypt.hashpw(b"open", bcrypt.gensalt(4)).decode()
    (directory / "web.yaml").write_text(f"basic_auth_users: {{budi: {hashed!r}}}\n", encoding="utf-8")
    port = int(web["listen"][0].rpartition(":")[2])
    with daemon(directory, port):
        eventually_sync((tmp_path / "state" / "control.sock").exists)
        assert status_of(port, "budi:open", "POST", "/api/v1/silences") == 403
        take_over(directory, api={"roles": {"budi": "operator"}})
        assert status_of(port, "budi:open", "POST", "/api/v1/silences") == 422  # may, but says nothing that makes sense
        take_over(directory, api={"roles": {"budi": []}})
        assert status_of(port, "budi:open", "GET", "/api/v1/alerts") == 403


def status_of(port: int, user: str, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    name, _, word = user.partition(":")
    token = base64.b64encode(f"{name}:{word}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
    connection.request(method, path, "{}" if method == "POST" else None, headers)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


async def test_alertmanagers_come_and_go(tmp_path: Path) -> None:
    need_alertmanager()
    directory, port = write_config(tmp_path, {}, {"alerts": AT_ONCE})
    async with alertmanagers(tmp_path / "peers", Receiver()) as [peer]:
        with daemon(directory, port) as running:
            running.wait_ready()
            say(directory, "LinkDown", "sw-1")
            eventually_sync(lambda: len(alerts(directory)) == 1)
            server, beat = {"url": peer.url}, {"interval_s": 1}
            await asyncio.to_thread(take_over, directory, alertmanager={"servers": [server]}, heartbeat=beat)
            await agrees(peer.firing, lambda found: {"LinkDown/sw-1", f"Watchdog/{socket.gethostname()}"} <= found)
            assert queued(running) == 0
            await asyncio.to_thread(take_over, directory, alertmanager={})
            assert queued(running) is None
            say(directory, "LinkDown", "sw-2")
            eventually_sync(lambda: len(alerts(directory)) == 2)
            await asyncio.to_thread(take_over, directory, alertmanager={"servers": [server]})
            await agrees(peer.firing, lambda found: {"LinkDown/sw-1", "LinkDown/sw-2"} <= found)


def queued(running: Running) -> float | None:
    return running.value("netmon_alertmanager_queue_alerts")


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"notify": {"people": {"andi": {"channels": {"a": {"url": "json://x"}}}}, "routes": []}}, "nobody is told"),
        ({"ledger": {"commit_wait_ms": 20}}, "ledger cannot change while netmon runs"),
        ({"witness": {"witnesses": [{"kind": "webhook", "name": "w", "url": "https://x"}]}}, "witness cannot change"),
        ({"api": {"control_group": "root"}}, "api.control_group cannot change while netmon runs"),
        ({"alertmanager": {"servers": [{"url": "https://127.0.0.1", "ca_file": "none.pem"}]}}, "none.pem"),
    ],
)
def test_what_cannot_be_taken_over_changes_nothing(tmp_path: Path, sections: dict[str, Any], said: str) -> None:
    with webhook() as hook:
        directory, port = write_config(tmp_path, {}, {"alerts": AT_ONCE, "notify": people(hook, "andi")})
        edit(directory, heartbeat={"pings": [{"url": f"http://127.0.0.1:{port}/-/healthy", "interval_s": 1}]})
        with daemon(directory, port) as running:
            running.wait_ready()
            result = change(directory, **sections)
            assert result.returncode == 2, result.stdout
            assert said in result.stderr
            assert "Traceback" not in running.log.read_text()
            hook.posts.clear()
            say(directory, "LinkDown", "sw-1")  # and what was there works on
            eventually_sync(lambda: any("LinkDown" in title for title in titles(hook)), 15)
            before = running.value("netmon_heartbeat_beats_total", to="ping 1") or 0
            eventually_sync(lambda: (running.value("netmon_heartbeat_beats_total", to="ping 1") or 0) > before)


def test_limits_change_and_what_was_said_by_others_goes_on(tmp_path: Path) -> None:
    directory, port = write_config(tmp_path, {"sw-1": ("127.0.0.1", free_port(socket.SOCK_DGRAM))}, {"alerts": AT_ONCE})
    with daemon(directory, port) as running:
        running.wait_ready()
        assert running.value("netmon_findings_total", rule="always") is None
        limit = {
            "name": "always",
            "metric": "node_load1",
            "over": -1,
            "severity": "warning",
            "summary": {"en": "{target} runs", "id": "{target} berjalan"},
        }
        (directory / "packs").mkdir()
        (directory / "packs" / "own.yaml").write_text(yaml.safe_dump({"name": "own", "limits": [limit]}))
        take_over(directory)
        eventually_sync(lambda: "always" in {each["rule"] for each in alerts(directory)}, 30)
