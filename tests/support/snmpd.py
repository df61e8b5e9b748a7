"""Debian's snmpd on a free loopback port, as root or as an ordinary user: version 1, 2c and 3, every algorithm it has.

with snmpd(tmp_path) as agent: ... agent.community("v2c"), agent.user(AuthProtocol.SHA1, PrivProtocol.AES128)
"""

import os
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from collectors.snmp import oid, wire
from collectors.snmp.agent import Agent
from collectors.snmp.settings import AuthProtocol, CommunityCredential, PrivProtocol, UserCredential
from tests.support.processes import free_port, running

COMMUNITY = "readings"
AUTH_PASSWORD = "a long auth word"
PRIV_PASSWORD = "a long priv word"
NOBODY = "plain"  # the user without authentication

_AUTH_NAMES = {each: each.value.replace("SHA-1", "SHA") for each in AuthProtocol}  # as snmpd.conf and -a spell them
_PRIV_NAMES = {each: each.value.replace("AES-128", "AES") for each in PrivProtocol}
_SYS_UP_TIME = oid.encode((1, 3, 6, 1, 2, 1, 1, 3, 0))


@dataclass(frozen=True)
class Snmpd:
    """A running snmpd."""

    host: str
    port: int
    pid: int
    folder: Path

    def community(self, version: str = "v2c", community: str = COMMUNITY) -> Agent:
        """Return it as an agent that is asked with a community."""
        credential = CommunityCredential.model_validate({"version": version, "community": community})
        return Agent("snmpd", self.host, self.port, credential=credential)

    def user(
        self,
        auth: AuthProtocol | None = None,
        priv: PrivProtocol | None = None,
        *,
        name: str | None = None,
        auth_password: str = AUTH_PASSWORD,
        priv_password: str = PRIV_PASSWORD,
    ) -> Agent:
        """Return it as an agent that is asked by the user who has these protocols."""
        credential = UserCredential(
            version="v3",
            user=user_name(auth, priv) if name is None else name,
            auth_protocol=auth,
            auth_password=SecretStr(auth_password) if auth else None,
            priv_protocol=priv,
            priv_password=SecretStr(priv_password) if priv else None,
        )
        return Agent("snmpd", self.host, self.port, credential=credential)

    def tool_address(self) -> str:
        """Return where net-snmp's tools find it."""
        return f"udp6:[{self.host}]:{self.port}" if ":" in self.host else f"udp:{self.host}:{self.port}"


def user_name(auth: AuthProtocol | None, priv: PrivProtocol | None) -> str:
    """Return the name of the user who has these protocols."""
    return f"{auth.value}_{priv.value if priv else 'none'}" if auth else NOBODY


def tool_options(auth: AuthProtocol | None, priv: PrivProtocol | None) -> list[str]:
    """Return net-snmp's options for that user."""
    options = ["-v3", "-u", user_name(auth, priv), "-l", "noAuthNoPriv"]
    if auth:
        options[-1] = "authNoPriv"
        options += ["-a", _AUTH_NAMES[auth], "-A", AUTH_PASSWORD]
    if priv:
        options[4] = "authPriv"
        options += ["-x", _PRIV_NAMES[priv], "-X", PRIV_PASSWORD]
    return options


@contextmanager
def snmpd(folder: Path, host: str = "127.0.0.1", *, port: int = 0, extra: Sequence[str] = ()) -> Iterator[Snmpd]:
    """Run snmpd until the block ends; started again in the same folder, it is the same engine after a reboot.

    `extra` are lines of snmpd.conf. Skips the test where there is no snmpd.
    """
    program = shutil.which("snmpd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("snmpd is not installed")
    port = port or free_port(socket.SOCK_DGRAM, host)
    (folder / "snmpd.conf").write_text("\n".join([*_config(), *extra, ""]))
    (folder / "state").mkdir(exist_ok=True)
    log = folder / "snmpd.log"
    state = str(folder / "state")  # on the path too: snmpd reads there which boot it is
    env = {**os.environ, "SNMPCONFPATH": f"{folder}:{state}", "SNMP_PERSISTENT_DIR": state, "MIBS": ""}
    listen = f"udp6:[{host}]:{port}" if ":" in host else f"udp:{host}:{port}"
    command = [program, "-f", "-Lo", "-r", "-I", "-smux", listen]
    with running(command, log, env) as process:
        agent = Snmpd(host, port, process.pid, folder)
        deadline = time.monotonic() + 20
        while not _answers(agent):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"snmpd does not answer:\n{log.read_text(errors='replace')}")
        yield agent


def _config() -> Iterator[str]:
    yield f"rocommunity {COMMUNITY}"
    yield f"rocommunity6 {COMMUNITY}"
    yield f"createUser {NOBODY}"
    yield f"rouser {NOBODY} noauth"
    for auth in AuthProtocol:
        for priv in (None, *PrivProtocol):
            words = f'{_AUTH_NAMES[auth]} "{AUTH_PASSWORD}"'
            if priv:
                words += f' {_PRIV_NAMES[priv]} "{PRIV_PASSWORD}"'
            yield f"createUser {user_name(auth, priv)} {words}"
            yield f"rouser {user_name(auth, priv)} {'priv' if priv else 'auth'}"


def _answers(agent: Snmpd) -> bool:
    """Ask once, waiting up to 0.1 s."""
    request = wire.encode_message(
        wire.Version.V2C, COMMUNITY.encode(), wire.encode_pdu(wire.PduType.GET, 1, 0, 0, [_SYS_UP_TIME])
    )
    with socket.socket(socket.AF_INET6 if ":" in agent.host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.1)
        sock.connect((agent.host, agent.port))
        try:
            sock.send(request)
            return bool(sock.recv(65_535))
        except ConnectionRefusedError:
            time.sleep(0.02)  # not bound yet: it would refuse a thousand times a second
            return False
        except OSError:
            return False
