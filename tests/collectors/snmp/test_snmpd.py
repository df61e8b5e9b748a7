"""Against net-snmp's snmpd: every version and algorithm that it offers, and net-snmp's own walk as the oracle."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collectors.snmp import oid
from collectors.snmp.agent import Agent
from collectors.snmp.answers import Answers
from collectors.snmp.settings import AuthProtocol, PrivProtocol
from netmon.api import PeerAuthFailed, PeerRefused, PeerTimeout
from tests.support.snmp_client import Harness, columns, raw, rows, snmp_client
from tests.support.snmpd import Snmpd, snmpd, tool_options

SYSTEM = [f"1.3.6.1.2.1.1.{number}" for number in (1, 2, 4, 5, 6)]
IF_TABLE = columns("1.3.6.1.2.1.2.2.1", range(1, 23))
IF_X_TABLE = columns("1.3.6.1.2.1.31.1.1.1", range(1, 20))
HR_STORAGE = columns("1.3.6.1.2.1.25.2.3.1", range(1, 8))
OR_TABLE = columns("1.3.6.1.2.1.1.9.1", range(2, 5))  # sysORTable: strings, OIDs and ticks that do not move
IF_DESCR, IF_HC_IN_OCTETS = IF_TABLE[1], IF_X_TABLE[5]
LEVELS = [(auth, priv) for auth in AuthProtocol for priv in (None, *PrivProtocol)]


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as running:
        yield running


async def read(harness: Harness, target: Agent) -> Answers:
    return await harness.fetch(target, SYSTEM, [[*IF_TABLE, *IF_X_TABLE], HR_STORAGE, OR_TABLE])


def walk(agent: Snmpd, options: Sequence[str], root: str) -> dict[str, str]:
    """Return what snmpbulkwalk says: dotted OID → value as it prints it."""
    command = ["snmpbulkwalk", "-Onqe", "-m", "", *options, agent.tool_address(), root]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    return dict(line[1:].split(" ", 1) for line in done.stdout.splitlines() if line.startswith(".1."))


@pytest.mark.parametrize("version", ["v1", "v2c"])
async def test_communities(agent: Snmpd, version: str) -> None:
    async with snmp_client(timeout_s=2) as harness:
        answers = await read(harness, agent.community(version))
        assert answers.problems == {}
        assert b"lo" in answers.cells[IF_DESCR].values()
        assert bool(answers.cells[IF_HC_IN_OCTETS]) == (version == "v2c")  # version 1 has no Counter64
        assert harness.refused() == {}
        assert harness.metric("timeouts_total") == 0


@pytest.mark.parametrize(("auth", "priv"), [(None, None), *LEVELS])
async def test_every_algorithm(agent: Snmpd, auth: AuthProtocol | None, priv: PrivProtocol | None) -> None:
    async with snmp_client(timeout_s=2) as harness:
        answers = await read(harness, agent.user(auth, priv))
        assert answers.problems == {}
        assert b"lo" in answers.cells[IF_DESCR].values()
        assert set(answers.cells[IF_HC_IN_OCTETS]) == set(answers.cells[IF_DESCR])
        assert harness.client.boots("snmpd") == (1 if auth else None)
        assert harness.metric("timeouts_total") == 0


@pytest.mark.parametrize("version", ["v1", "v2c", "v3"])
async def test_snmpbulkwalk_says_the_same(agent: Snmpd, version: str) -> None:
    auth, priv = AuthProtocol.SHA256, PrivProtocol.AES128
    options = tool_options(auth, priv) if version == "v3" else ["-v2c", "-c", "readings"]
    async with snmp_client(timeout_s=2) as harness:
        answers = await read(harness, agent.user(auth, priv) if version == "v3" else agent.community(version))
    theirs = walk(agent, options, "1.3.6.1.2.1.1.9.1") | walk(agent, options, "1.3.6.1.2.1.2.2.1.2")
    ours = {
        f"{oid.text(oid.decode(column))}.{index}": value
        for column in [*OR_TABLE, IF_DESCR]
        for index, value in rows(answers, column).items()
    }
    assert list(ours) == sorted(ours, key=oid.parse)
    assert set(ours) == set(theirs)
    for name, value in ours.items():
        column = int(name.split(".")[-2])
        if name.startswith("1.3.6.1.2.1.1.9.1.2."):
            assert theirs[name] == "." + oid.text(oid.decode(value))
        elif isinstance(value, bytes):
            assert theirs[name].strip('"') == value.decode()
        else:
            assert column == 4  # sysORUpTime, in hundredths of a second
            days, hours, minutes, seconds = theirs[name].split(":")
            assert round((((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + float(seconds)) * 100) == value


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"auth_password": "not the word"}, "check auth_password and auth_protocol"),
        ({"priv_password": "not the word"}, "check priv_password and priv_protocol"),
        ({"name": "stranger"}, "the device knows no user 'stranger'"),
        ({"name": "SHA-1_none"}, "the device does not offer AUTH_PRIV to user 'SHA-1_none'"),
    ],
)
async def test_refused_credentials_say_what_to_check(agent: Snmpd, change: dict[str, str], says: str) -> None:
    target = agent.user(AuthProtocol.SHA1, PrivProtocol.AES128, **change)
    async with snmp_client() as harness:
        for _ in range(2):
            with pytest.raises(PeerAuthFailed, match=says):
                await read(harness, target)
        assert harness.client.boots("snmpd") is None


async def test_a_wrong_community_is_silence(agent: Snmpd) -> None:
    async with snmp_client() as harness:
        with pytest.raises(PeerTimeout, match="no answer to 2 requests"):
            await read(harness, agent.community(community="wrong"))


async def test_ipv6(tmp_path: Path) -> None:
    with snmpd(tmp_path, "::1") as agent:
        async with snmp_client(timeout_s=2) as harness:
            for target in (agent.community(), agent.user(AuthProtocol.SHA512, PrivProtocol.AES256)):
                answers = await read(harness, target)
                assert answers.problems == {}
                assert b"lo" in answers.cells[IF_DESCR].values()


async def test_a_restarted_agent_is_resynchronised_in_one_round(tmp_path: Path) -> None:
    async with snmp_client(timeout_s=2) as harness:
        with snmpd(tmp_path) as agent:
            target = agent.user(AuthProtocol.SHA1, PrivProtocol.AES128)
            await read(harness, target)
            assert harness.client.boots("snmpd") == 1
        with pytest.raises(PeerRefused, match="Connection refused"):
            await read(harness, target)
        resyncs = harness.metric("engine_resyncs_total")
        with snmpd(tmp_path, port=agent.port):
            answers = await read(harness, target)
        assert answers.problems == {}
        assert answers.cells[raw("1.3.6.1.2.1.1.1")]
        assert harness.client.boots("snmpd") == 2
        assert harness.metric("engine_resyncs_total") == resyncs + 1
        assert harness.metric("timeouts_total") == 0
