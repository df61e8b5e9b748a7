import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from exporters.prometheus.scrape_config import render
from exporters.prometheus.webconfig import WebConfig
from netmon.app.settings import load_directory
from netmon.app.settings.words import split_address
from netmon.demo.prometheus import with_rules
from netmon.demo.run import CONFIG
from netmon.demo.started import RULES
from netmon.demo.world import World
from tests.support import demo


def test_the_configuration_loads_and_says_which_passwords_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = demo.settings()
    assert len(settings.targets()) == 27
    assert sum(target.options["collector"] == "host" for target in settings.targets()) == 1
    monkeypatch.delenv("NETMON_DEMO_COMMUNITY", raising=False)
    with pytest.raises(Exception, match="NETMON_DEMO_COMMUNITY"):
        load_directory(CONFIG)


def test_everything_is_on_loopback() -> None:
    hosts = [split_address(target.address)[0] for target in demo.settings().targets()]
    assert all(host == "localhost" or host.startswith("127.77.") for host in hosts)
    assert len(set(hosts)) == len(hosts)


def test_joints_lie_on_their_fiber_and_in_order() -> None:
    for link in demo.settings().inventory.links:
        places = [joint.km for joint in link.joints]
        assert places == sorted(places)
        assert 0 < places[0] <= places[-1] < link.length_km


def test_every_version_of_snmp_is_shown() -> None:
    credentials = demo.settings().netmon.credentials
    used = {credentials[d.credential].version for d in demo.settings().inventory.devices}
    assert used == {"v1", "v2c", "v3"}


def test_no_password_stands_in_the_files() -> None:
    for path in Path(CONFIG).rglob("*.yaml"):
        assert path.stat().st_mode & stat.S_IROTH
        assert "tirtamulya" not in path.read_text("utf-8")


def test_the_inventory_is_a_world() -> None:
    world = World(demo.settings())
    assert len(world.agents) == 26
    assert world.agents["core-setda"].usm is not None
    assert world.agents["core-setda"].community is None


def test_a_port_that_is_not_simulated_is_named(tmp_path: Path) -> None:
    directory = demo.moved(tmp_path / "demo")
    links = directory / "inventory" / "links.yaml"
    links.write_text(links.read_text("utf-8").replace("port: Te1/0/1}", "port: Te9/9/9}", 1), "utf-8")
    with pytest.raises(ValueError, match="core-kominfo has no port 'Te9/9/9', but Te1/0/1, "):
        World(demo.load(directory))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_the_rules_and_hands_what_they_find_to_netmon(tmp_path: Path) -> None:
    base = render(demo.settings().netmon.web, WebConfig(), 5)
    config = with_rules(base, CONFIG / RULES, "127.0.0.1:19100")
    read = yaml.safe_load(config)
    assert read["alerting"]["alertmanagers"][0]["static_configs"] == [{"targets": ["127.0.0.1:19100"]}]
    path = tmp_path / "prometheus.yml"
    path.write_text(config, "utf-8")
    checked = subprocess.run(["promtool", "check", "config", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "1 rules found" in checked.stdout
