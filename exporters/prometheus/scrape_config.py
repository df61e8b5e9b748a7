"""A complete prometheus.yml that scrapes this netmon as it is set up. Pure: text from settings."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from exporters.prometheus.settings import WebSettings, split_address
from exporters.prometheus.webconfig import ClientAuth, WebConfig

_TIMEOUT_S = 10.0  # Prometheus's own default; a page takes milliseconds
_ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- replaced, not bound to


@dataclass(frozen=True, slots=True)
class ClientFiles:
    """Files on Prometheus's side, which netmon cannot know: the operator puts them there."""

    password: Path = Path("/etc/prometheus/netmon.password")
    ca: Path = Path("/etc/prometheus/netmon-ca.crt")
    cert: Path = Path("/etc/prometheus/netmon-client.crt")
    key: Path = Path("/etc/prometheus/netmon-client.key")


def render(
    settings: WebSettings,
    config: WebConfig,
    interval_s: float,
    files: ClientFiles | None = None,
    *,
    traffic: Sequence[str] = (),
) -> str:
    """Return the file. `interval_s` is the poll interval: scraping more often would bring the same values again.

    `traffic`: where a sensor and a flow collector that run beside netmon serve their pages, host:port.
    """
    files = files or ClientFiles()
    base = urlsplit(_base_url(settings, config))
    every, timeout = _duration(interval_s), _duration(min(_TIMEOUT_S, interval_s))
    client = list(_client(config, files, tls=base.scheme == "https"))
    lines = [
        "# Made by `netmon generate prometheus`. docs/metrics.md explains both ways to scrape.",
        "global:",
        f"  scrape_interval: {every}  # netmon polls this often, so scraping more often brings nothing new",
        f"  scrape_timeout: {timeout}",
        "",
        "scrape_configs:",
        "  # One page for each target, as netmon's inventory lists them: `up` is 0 while the target does not answer.",
        "  - job_name: netmon-targets",
        "    honor_labels: true  # the pages carry instance, job (snmp, node, ...) and site themselves",
        "    http_sd_configs:",
        f"      - url: {json.dumps(base.geturl() + '/sd')}",
        f"        refresh_interval: {every}",
        *_indent(client, 8),
        *_indent(client, 4),
        "",
        "  # netmon itself.",
        "  - job_name: netmon",
        "    honor_labels: true  # some of its metrics tell of one target, which they name as instance",
        f"    metrics_path: {json.dumps(base.path + '/-/metrics')}",
        f"    scheme: {base.scheme}",
        "    static_configs:",
        f"      - targets: [{json.dumps(_authority(base.netloc, base.scheme))}]",
        *_indent(client, 4),
        "",
        "  # Instead of both, never beside them, everything can be had from one page. `up` then tells of netmon, and",
        "  # netmon_up of each target.",
        "  # - job_name: netmon",
        f"  #   metrics_path: {json.dumps(base.path + '/metrics')}",
        "  #   honor_labels: true",
        f"  #   scheme: {base.scheme}",
        "  #   static_configs:",
        f"  #     - targets: [{json.dumps(_authority(base.netloc, base.scheme))}]",
        *(f"  #{line}" for line in _indent(client, 3)),
        *_traffic(traffic, base.scheme, client),
    ]
    return "\n".join(lines) + "\n"


def _traffic(listen: Sequence[str], scheme: str, client: Sequence[str]) -> Iterator[str]:
    """Give the pages of daemons of their own; commented out, since one daemon can do all."""
    if not listen:
        return
    targets = []
    for address in listen:
        host, port = split_address(address)
        host = _ANYWHERE.get(host, host)
        targets.append(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    yield ""
    yield "  # Where netmon-sensor.service and netmon-flow-collector.service run, with their host in the place of this:"
    yield "  # - job_name: netmon-traffic"
    yield "  #   honor_labels: true"
    yield f"  #   scheme: {scheme}"
    yield "  #   static_configs:"
    yield f"  #     - targets: {json.dumps(targets)}"
    yield from (f"  #{line}" for line in _indent(list(client), 3))


def _client(config: WebConfig, files: ClientFiles, *, tls: bool) -> Iterator[str]:
    """Give what Prometheus needs to be let in, the same for discovery and for scraping."""
    if config.basic_auth_users:
        yield "basic_auth:"
        yield f"  username: {json.dumps(next(iter(config.basic_auth_users)))}"
        yield f"  password_file: {json.dumps(str(files.password))}  # the password, readable for Prometheus alone"
    server = config.tls_server_config
    if not tls or server is None:  # a proxy in front has a certificate of its own, which clients know or are told of
        return
    yield "tls_config:"
    yield f"  ca_file: {json.dumps(str(files.ca))}  # who signed {server.cert_file}, or that file when it signed itself"
    if server.client_auth_type != ClientAuth.NONE:
        yield f"  cert_file: {json.dumps(str(files.cert))}  # Prometheus's own, signed by {server.client_ca_file}"
        yield f"  key_file: {json.dumps(str(files.key))}"


def _base_url(settings: WebSettings, config: WebConfig) -> str:
    if settings.external_url is not None:
        return settings.external_url
    host, port = split_address(settings.listen[0])
    host = _ANYWHERE.get(host, host)
    scheme = "http" if config.tls_server_config is None else "https"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _authority(netloc: str, scheme: str) -> str:
    has_port = urlsplit(f"//{netloc}").port is not None
    return netloc if has_port else f"{netloc}:{443 if scheme == 'https' else 80}"


def _duration(seconds: float) -> str:
    """Return a duration as Prometheus writes it: no fractions."""
    return f"{round(seconds)}s" if seconds == round(seconds) else f"{round(seconds * 1000)}ms"


def _indent(lines: list[str], spaces: int) -> list[str]:
    return [" " * spaces + line for line in lines]
