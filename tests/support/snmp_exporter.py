"""Debian's snmp_exporter as an oracle: a module file for the whole of IF-MIB's two tables, and the running program."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.processes import free_port, running, wait_for_port

IF_ENTRY = "1.3.6.1.2.1.2.2.1"
IF_X_ENTRY = "1.3.6.1.2.1.31.1.1.1"

# name, column, type: RFC 2863's objects as snmp_exporter's generator writes them.
IF_TABLE = (
    ("ifIndex", 1, "gauge"),
    ("ifMtu", 4, "gauge"),
    ("ifSpeed", 5, "gauge"),
    ("ifPhysAddress", 6, "PhysAddress48"),
    ("ifAdminStatus", 7, "gauge"),
    ("ifOperStatus", 8, "gauge"),
    ("ifLastChange", 9, "gauge"),
    ("ifInOctets", 10, "counter"),
    ("ifInUcastPkts", 11, "counter"),
    ("ifInNUcastPkts", 12, "counter"),
    ("ifInDiscards", 13, "counter"),
    ("ifInErrors", 14, "counter"),
    ("ifInUnknownProtos", 15, "counter"),
    ("ifOutOctets", 16, "counter"),
    ("ifOutUcastPkts", 17, "counter"),
    ("ifOutNUcastPkts", 18, "counter"),
    ("ifOutDiscards", 19, "counter"),
    ("ifOutErrors", 20, "counter"),
    ("ifOutQLen", 21, "gauge"),
)
IF_X_TABLE = (
    ("ifInMulticastPkts", 2, "counter"),
    ("ifInBroadcastPkts", 3, "counter"),
    ("ifOutMulticastPkts", 4, "counter"),
    ("ifOutBroadcastPkts", 5, "counter"),
    ("ifHCInOctets", 6, "counter"),
    ("ifHCInUcastPkts", 7, "counter"),
    ("ifHCInMulticastPkts", 8, "counter"),
    ("ifHCInBroadcastPkts", 9, "counter"),
    ("ifHCOutOctets", 10, "counter"),
    ("ifHCOutUcastPkts", 11, "counter"),
    ("ifHCOutMulticastPkts", 12, "counter"),
    ("ifHCOutBroadcastPkts", 13, "counter"),
    ("ifLinkUpDownTrapEnable", 14, "gauge"),
    ("ifHighSpeed", 15, "gauge"),
    ("ifPromiscuousMode", 16, "gauge"),
    ("ifConnectorPresent", 17, "gauge"),
    ("ifCounterDiscontinuityTime", 19, "gauge"),
)
NAMES = (("ifAlias", f"{IF_X_ENTRY}.18"), ("ifDescr", f"{IF_ENTRY}.2"), ("ifName", f"{IF_X_ENTRY}.1"))


def _metric(name: str, oid: str, kind: str) -> dict[str, Any]:
    lookups = [{"labels": ["ifIndex"], "labelname": label, "oid": at, "type": "DisplayString"} for label, at in NAMES]
    return {
        "name": name,
        "oid": oid,
        "type": kind,
        "help": name,
        "indexes": [{"labelname": "ifIndex", "type": "gauge"}],
        "lookups": lookups,
    }


def if_mib_module(auth: dict[str, Any], version: int = 2, max_repetitions: int = 25) -> str:
    """Return a module file whose `if_mib` walks ifTable and ifXTable whole."""
    metrics = [_metric(name, f"{IF_ENTRY}.{column}", kind) for name, column, kind in IF_TABLE]
    metrics += [_metric(name, f"{IF_X_ENTRY}.{column}", kind) for name, column, kind in IF_X_TABLE]
    uptime = {"name": "sysUpTime", "oid": "1.3.6.1.2.1.1.3", "type": "gauge", "help": "sysUpTime"}
    module = {
        "walk": ["1.3.6.1.2.1.2.2", "1.3.6.1.2.1.31.1.1"],
        "get": ["1.3.6.1.2.1.1.3.0"],
        "metrics": [uptime, *metrics],
        "version": version,
        "max_repetitions": max_repetitions,
        "auth": auth,
    }
    return yaml.safe_dump({"if_mib": module}, sort_keys=False)


@dataclass(frozen=True, slots=True)
class SnmpExporter:
    """One that runs: its process and where to ask it."""

    pid: int
    port: int

    def url(self, target: str) -> str:
        """Return the page of one device, `host:port`."""
        return f"http://127.0.0.1:{self.port}/snmp?target={target}&module=if_mib"


@contextmanager
def snmp_exporter(folder: Path, module: str) -> Iterator[SnmpExporter]:
    """Run Debian's snmp_exporter with this module file on a free loopback port."""
    port = free_port()
    config, log = folder / "snmp.yml", folder / "snmp_exporter.log"
    config.write_text(module, encoding="utf-8")
    command = ["prometheus-snmp-exporter", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]
    with running(command, log) as process:
        wait_for_port(process, port, log)
        yield SnmpExporter(process.pid, port)
