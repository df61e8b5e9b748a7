"""A real Prometheus beside the demo, when one is installed: it scrapes the daemon as a user's would."""

import asyncio
import json
import shutil
import socket
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

PREFERRED_PORT: Final = 19_090  # beside the daemon's 19100, and free in IANA's register
STOP_S: Final = 5.0
# The kernel ends it when we are killed; setpriv(1) of util-linux is on every Debian, and becomes the program it starts.
_ENDS_WITH_US: Final = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()
_GRAPH: Final = 'rate(ifHCInOctets{instance="%s"}[1m]) * 8'


def with_rules(config: str, rules: Path, netmon: str) -> str:
    """Return a configuration that also evaluates a file of rules, and hands what they find to netmon (host:port)."""
    alertmanager = {"api_version": "v2", "static_configs": [{"targets": [netmon]}]}
    return f"""{config}
rule_files: {json.dumps([str(rules.absolute())])}
alerting: {json.dumps({"alertmanagers": [alertmanager]})}
"""


class Prometheus:
    """One child process, its configuration and storage inside `directory`. Inert until `start`."""

    def __init__(self, directory: Path, config: str, port: int | None = None) -> None:
        """Listen at `port`; None: at any that is free."""
        self.directory = directory
        self.data = directory / "data"
        self.log = directory / "prometheus.log"
        self._config = config
        self._process: asyncio.subprocess.Process | None = None
        self._port = port or 0

    @staticmethod
    def installed() -> bool:
        """Say whether there is a Prometheus to start."""
        return shutil.which("prometheus") is not None

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def graph_url(self, instance: str) -> str:
        """Return a page that draws a device's traffic."""
        return f"{self.url}/graph?{urlencode({'g0.expr': _GRAPH % instance, 'g0.tab': 0, 'g0.range_input': '15m'})}"

    async def start(self) -> None:
        """Write the configuration and begin; it is not waited for."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        config = self.directory / "prometheus.yml"
        config.write_text(self._config, encoding="utf-8")
        self._port = self._port or free_port(PREFERRED_PORT)
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *_ENDS_WITH_US,
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={self.data}",
                f"--web.listen-address=127.0.0.1:{self._port}",
                "--storage.tsdb.retention.time=90d",
                "--log.level=warn",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we end it in our own order
            )

    def ended(self) -> bool:
        """Say whether it ended by itself."""
        return self._process is not None and self._process.returncode is not None

    async def stop(self) -> None:
        """End it by its process id, politely first; safe to call twice."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def free_port(preferred: int = PREFERRED_PORT) -> int:
    """Return the preferred port if nobody has it, else any free one."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(sock.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
