"""Routes from the file to a router: ExaBGP follows it, and BIRD, its peer, has what it says."""

import os
import pwd
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporters.actions.announce import Match, Route
from exporters.actions.book import Book
from tests.exporters.actions.test_announce import announcing, tool
from tests.support.processes import free_port, running
from tests.support.waiting import eventually_sync

_ROUTER = """
router id 192.0.2.254;
flow4 table flowtab4;
protocol device {}
protocol bgp netmon {
  local 127.0.0.1 port PORT as 65000;
  neighbor 127.0.0.2 as 65010;
  passive; multihop;
  ipv4 { import all; export none; };
  flow4 { table flowtab4; import all; export none; };
}
"""
_SPEAKER = """
process netmon { run TAIL -n +1 -F FILE; encoder text; }
neighbor 127.0.0.1 {
  router-id 192.0.2.10; local-address 127.0.0.2; local-as 65010; peer-as 65000;
  family { ipv4 unicast; ipv4 flow; }
  api { processes [ netmon ]; }
}
"""


@contextmanager
def _session(folder: Path, routes: Path) -> Iterator[Path]:
    """Run a router and a speaker that follows the file; give the router's control socket."""
    bird, exabgp, tail, _ = tool("bird"), tool("exabgp"), tool("tail"), tool("birdc")
    port, control = free_port(), folder / "bird.ctl"
    (folder / "bird.conf").write_text(_ROUTER.replace("PORT", str(port)))
    (folder / "exabgp.conf").write_text(_SPEAKER.replace("TAIL", tail).replace("FILE", str(routes)))
    env = {
        **os.environ,
        "exabgp.tcp.port": str(port),
        "exabgp.daemon.user": pwd.getpwuid(os.getuid()).pw_name,
        "exabgp.api.cli": "false",
    }
    router = [bird, "-f", "-c", str(folder / "bird.conf"), "-s", str(control), "-P", str(folder / "bird.pid")]
    with (
        running(router, folder / "bird.log"),
        running([exabgp, str(folder / "exabgp.conf")], folder / "exabgp.log", env),
    ):
        yield control


def _routes(control: Path) -> list[str]:
    """Return the router's routes and their communities, one word a line."""
    shown = subprocess.run(
        [tool("birdc"), "-s", str(control), "show", "route", "all"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    ).stdout
    found = re.findall(r"^flow4 \{ (.*); \}|^([0-9./]+) |BGP\.(?:ext_)?community: (.*)$", shown, re.MULTILINE)
    return [part for parts in found for part in parts if part]


def test_a_router_has_the_routes_while_the_file_has_them(tmp_path: Path) -> None:
    file = tmp_path / "routes"
    book = Book(announcing("exabgp", file=file))
    book.open()
    book.put([Route("192.0.2.8/32"), Route("192.0.2.7/32", Match("tcp", "syn"))])
    syn = "dst 192.0.2.7/32; proto 6; tcp flags !0x0/0x2 && 0x0/0x10"
    drop = "(generic, 0x80060000, 0x0)"
    with _session(tmp_path, file) as control:
        eventually_sync(lambda: _routes(control) == ["192.0.2.8/32", "(65535,666)", syn, drop], within_s=30)
        book.put([Route("192.0.2.7/32", Match("udp", source_port=53))])
        eventually_sync(lambda: _routes(control) == ["dst 192.0.2.7/32; proto 17; sport 53", drop], within_s=20)
        book.put([])
        eventually_sync(lambda: _routes(control) == [], within_s=20)
