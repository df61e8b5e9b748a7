"""`netmon poll` as a user calls it, against recorded devices and a real snmpd."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collectors.snmp import oid, wire
from collectors.snmp.settings import AuthProtocol, PrivProtocol
from netmon.app.commands.poll import split_address
from netmon.demo.agent import Manners
from tests.support.command import netmon
from tests.support.responder import recorded
from tests.support.served import served
from tests.support.snmpd import AUTH_PASSWORD, COMMUNITY, PRIV_PASSWORD, snmpd, user_name

SWITCH = "routeros_crs317"
PARTS = ("--profile", "system", "--profile", "if_mib")


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def generr_for(column: bytes) -> Callable[[bytes, bytes], list[bytes]]:
    """Return a tamper that answers genErr to whoever asks for this column."""

    def tamper(request: bytes, reply: bytes) -> list[bytes]:
        asked = wire.decode_message(request)
        assert isinstance(asked.pdu, wire.Pdu)
        names = asked.pdu.varbinds.oids
        wrong = next((n for n, name in enumerate(names, 1) if name.startswith(column)), None)
        if wrong is None:
            return [reply]
        binds = [(name, wire.encode_value(wire.Tag.NULL, None)) for name in names]
        pdu = wire.encode_response(asked.pdu.request_id, wire.ErrorStatus.GEN_ERR, wrong, binds)
        return [wire.encode_message(asked.version, asked.community, pdu)]

    return tamper


def test_a_table_for_people_names_the_device_and_its_ports() -> None:
    with served(recorded(SWITCH)) as [(host, port)]:
        result = netmon("poll", f"{host}:{port}", *PARTS, NETMON_SNMP_COMMUNITY="public")
    assert result.returncode == 0, result.stderr
    assert "RouterOS CRS317-1G-16S+" in result.stdout
    port_10 = next(line for line in result.stdout.splitlines() if "sfp-sfpplus10 " in line)
    assert "10 Gbit/s" in port_10
    assert "up" in port_10


def test_json_says_where_each_number_came_from() -> None:
    with served(recorded(SWITCH)) as [(host, port)]:
        result = netmon("poll", f"{host}:{port}", *PARTS, "--format", "json", NETMON_SNMP_COMMUNITY="public")
    assert result.returncode == 0, result.stderr
    said = lines(result.stdout)
    port_10 = [each for each in said if each.get("metric") == "ifHCInOctets" and each["labels"]["ifIndex"] == "10"]
    assert len(port_10) == 1
    assert port_10[0]["oid"] == "1.3.6.1.2.1.31.1.1.1.6.10"
    assert port_10[0]["labels"]["ifName"] == "sfp-sfpplus10"
    assert isinstance(port_10[0]["value"], int)
    assert port_10[0]["at"] > 1.7e9
    assert all({"metric", "labels", "at"} <= each.keys() and ("value" in each) != ("missing" in each) for each in said)


def test_prometheus_format_is_the_page_of_the_daemon() -> None:
    with served(recorded(SWITCH)) as [(host, port)]:
        result = netmon("poll", f"{host}:{port}", *PARTS, "--format", "prometheus", NETMON_SNMP_COMMUNITY="public")
    assert result.returncode == 0, result.stderr
    families = {family.name: family for family in text_string_to_metric_families(result.stdout)}
    names = {sample.labels["ifName"] for sample in families["ifHCOutOctets"].samples}
    assert {"sfp-sfpplus10", "bridge1"} <= names


def test_a_part_that_cannot_be_read_is_status_1_and_the_rest_is_kept() -> None:
    broken = recorded(SWITCH)
    broken.manners = Manners(tamper=generr_for(oid.encode(oid.parse("1.3.6.1.2.1.2.2.1.10"))))  # ifInOctets
    with served(broken) as [(host, port)]:
        result = netmon("poll", f"{host}:{port}", *PARTS, "--format", "json", NETMON_SNMP_COMMUNITY="public")
    said = lines(result.stdout)
    assert result.returncode == 1
    assert [each["part"] for each in said if "part" in each] == ["if_mib"]
    assert any(each.get("metric") == "sysUpTime" for each in said)


def test_one_profile_alone() -> None:
    with served(recorded(SWITCH)) as [(host, port)]:
        result = netmon(
            "poll", f"{host}:{port}", "--profile", "system", "--format", "json", NETMON_SNMP_COMMUNITY="public"
        )
    metrics = {each["metric"] for each in lines(result.stdout)}
    assert "sysUpTime" in metrics
    assert "ifHCInOctets" not in metrics


def test_a_profile_that_the_device_lacks_is_said_so() -> None:
    with served(recorded(SWITCH)) as [(host, port)]:
        result = netmon("poll", f"{host}:{port}", "--profile", "ups_mib", NETMON_SNMP_COMMUNITY="public")
    assert (result.returncode, result.stdout) == (1, "")
    assert f"{host}:{port} does not have ups_mib" in result.stderr


def test_ports_are_one_list_though_some_lack_counters() -> None:
    with served(recorded("ios_2960x")) as [(host, port)]:
        result = netmon("poll", f"{host}:{port}", *PARTS, NETMON_SNMP_COMMUNITY="public")
    headings = [line.split() for line in result.stdout.splitlines() if "ifName" in line]
    assert len(headings) == 1
    assert {"receive", "transmit", "speed", "up"} <= set(headings[0])


def test_a_name_that_does_not_exist_is_not_called_a_refusal() -> None:
    result = netmon("poll", "nosuch.invalid", "--timeout", "5", NETMON_SNMP_COMMUNITY="x")
    assert result.returncode == 3
    assert "(not_found)" in result.stderr
    assert "spelling of the name" in result.stderr


def test_octets_that_are_no_text_are_sent_as_they_are() -> None:
    with served(recorded(SWITCH)) as [(host, port)]:
        result = netmon("poll", f"{host}:{port}", "--timeout", "1", NETMON_SNMP_COMMUNITY="caf\udce9")
    assert result.returncode == 3  # the agent does not know this community
    assert "Traceback" not in result.stderr


def test_v3_from_the_environment_against_a_real_agent_and_no_secret_in_the_explanation(tmp_path: Path) -> None:
    with snmpd(tmp_path) as agent:
        result = netmon(
            "poll",
            f"{agent.host}:{agent.port}",
            "--debug-wire",
            "--format",
            "json",
            NETMON_SNMP_USER=user_name(AuthProtocol.SHA256, PrivProtocol.AES128),
            NETMON_SNMP_AUTH_PROTOCOL="SHA-256",
            NETMON_SNMP_AUTH_PASSWORD=AUTH_PASSWORD,
            NETMON_SNMP_PRIV_PROTOCOL="AES-128",
            NETMON_SNMP_PRIV_PASSWORD=PRIV_PASSWORD,
        )
    assert result.returncode == 0, result.stderr
    assert any(each.get("metric") == "sysUpTime" for each in lines(result.stdout))
    assert "v3 authPriv, msgID" in result.stderr
    assert "GETBULK" in result.stderr
    for secret in (AUTH_PASSWORD, PRIV_PASSWORD):
        assert secret not in result.stderr + result.stdout


def test_the_community_is_not_in_the_explanation(tmp_path: Path) -> None:
    with snmpd(tmp_path) as agent:
        address = f"{agent.host}:{agent.port}"
        result = netmon("poll", address, "--debug-wire", "--profile", "system", NETMON_SNMP_COMMUNITY=COMMUNITY)
    assert result.returncode == 0
    assert "v2c: GET" in result.stderr
    assert COMMUNITY not in result.stderr


def test_a_wrong_password_is_unreachable_and_says_what_to_check(tmp_path: Path) -> None:
    with snmpd(tmp_path) as agent:
        result = netmon(
            "poll",
            f"{agent.host}:{agent.port}",
            NETMON_SNMP_USER=user_name(AuthProtocol.SHA1, None),
            NETMON_SNMP_AUTH_PROTOCOL="SHA-1",
            NETMON_SNMP_AUTH_PASSWORD="not the right one",
        )
    assert result.returncode == 3
    assert "(auth_failed)" in result.stderr
    assert "Check user, protocols and passwords" in result.stderr


def test_silence_is_unreachable() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        result = netmon("poll", f"127.0.0.1:{silent.getsockname()[1]}", "--timeout", "1", NETMON_SNMP_COMMUNITY="x")
    assert result.returncode == 3
    assert "(timeout)" in result.stderr
    assert "a wrong one gets no answer" in result.stderr


def test_in_json_an_unreachable_device_is_one_object() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        result = netmon("poll", address, "--timeout", "1", "--format", "json", NETMON_SNMP_COMMUNITY="x")
    assert [each["missing"] for each in lines(result.stdout)] == ["timeout"]


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["192.0.2.1"], {}, "no credential: set NETMON_SNMP_COMMUNITY"),
        (["192.0.2.1:x"], {"NETMON_SNMP_COMMUNITY": "c"}, "192.0.2.1:x is not an address"),
        (["h", "--profile", "nonsense"], {"NETMON_SNMP_COMMUNITY": "c"}, "no profile named nonsense; there are: "),
        (["h"], {"NETMON_SNMP_AUTH_PASSWORD": "long enough"}, "NETMON_SNMP_USER is not set, but other variables"),
        (["h"], {"NETMON_SNMP_COMMUNITY": "c", "NETMON_SNMP_VERSION": "v9"}, "NETMON_SNMP_VERSION is not a version"),
        (
            ["h"],
            {"NETMON_SNMP_USER": "u", "NETMON_SNMP_AUTH_PROTOCOL": "ROT13"},
            "NETMON_SNMP_AUTH_PROTOCOL is not known; write one of",
        ),
        (
            ["h"],
            {"NETMON_SNMP_USER": "u", "NETMON_SNMP_AUTH_PROTOCOL": "MD5"},
            "NETMON_SNMP_AUTH_PROTOCOL and NETMON_SNMP_AUTH_PASSWORD go together",
        ),
        (["h", "--config", "/nonexistent", "--credential", "ring"], {}, "Directory '/nonexistent' does not exist"),
        (["h", "--format", "xml"], {"NETMON_SNMP_COMMUNITY": "c"}, "xml"),
    ],
)
def test_usage_is_explained_with_status_2(arguments: list[str], variables: dict[str, str], said: str) -> None:
    result = netmon("poll", *arguments, **variables)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_short_password_is_refused_without_being_shown() -> None:
    result = netmon(
        "poll", "h", NETMON_SNMP_USER="u", NETMON_SNMP_AUTH_PROTOCOL="MD5", NETMON_SNMP_AUTH_PASSWORD="5h0rt"
    )
    assert result.returncode == 2
    assert "NETMON_SNMP_AUTH_PASSWORD is shorter than 8 characters" in result.stderr
    assert "5h0rt" not in result.stderr


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("192.0.2.1", ("192.0.2.1", 161)),
        ("sw-1:1161", ("sw-1", 1161)),
        ("2001:db8::1", ("2001:db8::1", 161)),
        ("[2001:db8::1]", ("2001:db8::1", 161)),
        ("[2001:db8::1]:1161", ("2001:db8::1", 1161)),
    ],
)
def test_addresses(text: str, where: tuple[str, int]) -> None:
    assert split_address(text) == where


@pytest.mark.parametrize("text", ["", ":161", "h:", "h:0", "h:65536", "h:1x", "[::1", "[::1]1161", "[]:1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        split_address(text)
