"""promtool reads our pages and our generated scrape configurations."""

import shutil
import subprocess
from pathlib import Path

import bcrypt
import pytest
import yaml

from exporters.prometheus.scrape_config import ClientFiles, render
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.webconfig import WebConfig
from netmon.api import Family, Kind
from tests.exporters.prometheus.test_golden import filled
from tests.support.exposition import Shelf, part, reading, table, target

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")

LINT = 3  # promtool's exit status for a page that it can read and would have written otherwise


def check_metrics(page: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["promtool", "check", "metrics"], input=page.encode(), capture_output=True, check=False)


async def test_the_page_parses() -> None:
    result = check_metrics(await filled().page())
    assert result.returncode in {0, LINT}, result.stderr
    assert b"error while linting" not in result.stderr
    complaints = [line for line in result.stderr.decode().splitlines() if not line.startswith("node_vmstat")]
    # Names that MIBs and node_exporter gave are theirs, not promtool's idea of a name.
    assert all(line.startswith(("if", "node_")) for line in complaints), complaints


async def test_labels_with_everything_in_them_parse() -> None:
    shelf = Shelf()
    rows = tuple((chr(n) * 2 + '\\"\n',) for n in (*range(0x20), 0x7F, 0x85, 0x2028, 0xFFFF, 0x1F600))
    values = tuple(range(len(rows)))
    shelf.store.put(
        target('s"\\\n'), "snmp", reading(part(table([(Family("m", Kind.GAUGE, "M."), values)], ("x",), rows)))
    )
    result = check_metrics(await shelf.page())
    assert result.returncode == 0, result.stderr


HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
TLS = {"tls_server_config": {"cert_file": "netmon.crt", "key_file": "netmon.key"}}
MUTUAL = {
    "tls_server_config": {
        "cert_file": "netmon.crt",
        "key_file": "netmon.key",
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": "ca.crt",
    }
}
USERS = {"basic_auth_users": {"prometheus": HASH}}


@pytest.fixture
def client_files(tmp_path: Path) -> ClientFiles:
    names = ("password", "ca", "cert", "key")
    files = {name: tmp_path / name for name in names}
    for path in files.values():
        path.touch()
    return ClientFiles(**files)


@pytest.mark.parametrize(
    ("settings", "config", "interval_s", "url"),
    [
        ({}, {}, 30, "http://127.0.0.1:19100/sd"),
        ({"listen": ["0.0.0.0:9000"]}, {}, 5, "http://127.0.0.1:9000/sd"),
        ({"listen": [":9000"]}, {}, 0.5, "http://127.0.0.1:9000/sd"),
        ({"listen": ["[::]:9000"]}, {}, 60, "http://[::1]:9000/sd"),
        ({"listen": ["192.0.2.1:9000"]}, TLS, 30, "https://192.0.2.1:9000/sd"),
        ({}, MUTUAL | USERS, 30, "https://127.0.0.1:19100/sd"),
        ({"external_url": "https://net.example/m/"}, USERS, 30, "https://net.example/m/sd"),
    ],
)
def test_generated_configuration(  # noqa: PLR0917 -- a row of the table above, and two fixtures
    settings: dict[str, object],
    config: dict[str, object],
    interval_s: float,
    url: str,
    client_files: ClientFiles,
    tmp_path: Path,
) -> None:
    web = WebConfig.model_validate(config)
    text = render(WebSettings.model_validate(settings), web, interval_s, client_files)
    path = tmp_path / "prometheus.yml"
    for number, content in enumerate((text, _alternative(text))):
        path.write_text(content)
        result = subprocess.run(["promtool", "check", "config", path], capture_output=True, check=False)
        assert result.returncode == 0, (number, result.stderr)
    targets, own = yaml.safe_load(text)["scrape_configs"]
    assert targets["http_sd_configs"][0]["url"] == url
    assert targets["honor_labels"] is True
    assert own["metrics_path"].endswith("/-/metrics")
    assert own["scheme"] == url.split(":", maxsplit=1)[0]
    for stanza in (targets, targets["http_sd_configs"][0], own):
        assert ("basic_auth" in stanza) == bool(web.basic_auth_users)
        assert ("tls_config" in stanza) == (web.tls_server_config is not None)
        assert ("cert_file" in stanza.get("tls_config", {})) == (
            config.keys() >= MUTUAL.keys() and "ca.crt" in str(config)
        )


def _alternative(text: str) -> str:
    """Return the file with its commented alternative in place of both jobs."""
    head, _, _ = text.partition("  # One page for each target")
    _, _, other = text.partition("netmon_up of each target.\n")
    return head + other.replace("  # ", "  ", 1).replace("\n  # ", "\n  ")


def test_the_alternative_scrapes_everything() -> None:
    (job,) = yaml.safe_load(_alternative(render(WebSettings(), WebConfig(), 30)))["scrape_configs"]
    assert job == {
        "job_name": "netmon",
        "metrics_path": "/metrics",
        "honor_labels": True,
        "scheme": "http",
        "static_configs": [{"targets": ["127.0.0.1:19100"]}],
    }
