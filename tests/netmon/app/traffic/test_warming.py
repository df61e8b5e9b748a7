"""What is compiled is there before rights are given up, so that no attack waits for a compiler."""

import subprocess
import sys

COLD = """
import sys
from netmon.app.traffic.needs import needs_traffic
needs_traffic()
from numba.core.registry import CPUDispatcher
import netmon.app.traffic.assembly
from collectors.traffic.flows.collector import FlowSource
from collectors.traffic.flows.settings import FlowListenSettings
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.warming import Ways, warm_up

if sys.argv[1] == "packets":
    warm_up(TrafficSettings(), Ways.PACKETS)
if sys.argv[1] == "warm":
    warm_up(TrafficSettings())
    source = FlowSource(FlowListenSettings(listen=["udp://127.0.0.1:0"]))
    source.open()
    source.close()
OURS = {"collectors", "exporters", "netmon", "rules"}
OPENED = {"collectors.traffic.capture.blocks", "collectors.traffic.capture.evidence"}  # a ring loads its own, as root
OF_FILES = {"collectors.traffic.capture.files", "collectors.traffic.capture.octets"}
for module in list(sys.modules.values()):
    name = module.__name__
    if name.partition(".")[0] not in OURS or name.endswith("_kernel") or name in OPENED | OF_FILES:
        continue  # what kernels call is compiled with them
    for word, value in vars(module).items():
        if isinstance(value, CPUDispatcher) and not value.overloads:
            print(f"{name}.{word}")
"""

_COMPILED_S = 600  # 3 s where all is compiled; else a minute of a core, which may be shared by many


def cold(when: str) -> set[str]:
    command = [sys.executable, "-c", COLD, when]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_COMPILED_S)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_every_loop_that_python_calls_is_loaded_by_warming_up() -> None:
    assert cold("warm") == set()
    assert "collectors.traffic.meter.meter.count_flows" in cold("cold")  # the question finds what is not loaded


_OF_FLOWS = ("collectors.traffic.flows.", "collectors.traffic.flowtable.pa", "rules.traffic.tables.volumes.")
_OF_PROCESSES = ("rules.traffic.tables.merge.",)


def test_a_sensor_loads_no_loops_of_flow_exports_and_of_several_processes() -> None:
    found = cold("packets")
    assert {each for each in found if not each.startswith(_OF_FLOWS + _OF_PROCESSES)} == set()
    assert any(each.startswith(_OF_FLOWS) for each in found)
    assert any(each.startswith(_OF_PROCESSES) for each in found)
