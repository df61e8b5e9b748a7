from collections.abc import Callable
from dataclasses import replace

import pytest

from collectors.snmp import oid, usm
from collectors.snmp.settings import AuthProtocol, PrivProtocol
from collectors.snmp.usm import Engine, Keys, SecurityLevel, User, decode_v3, encode_discovery, encode_v3, localise
from collectors.snmp.wire import PduType, encode_pdu
from netmon.demo.agent import Agent
from netmon.demo.mib import MibView
from netmon.demo.usm import Usm
from tests.support.netsnmp import run
from tests.support.responder import responder

NAME = oid.encode((1, 3, 6, 1, 2, 1, 1, 5, 0))
VIEW = MibView([(NAME, b"\x04\x06acc-01")])
ENGINE_ID = b"\x80\x00\x1f\x88\x04acc-01"
NOW = 1_790_000_000.0
PRIVATE = User(b"netmon", AuthProtocol.SHA256, b"auth-phrase", PrivProtocol.AES128, b"priv-phrase")


def engine(now: float) -> Engine:
    return Engine(ENGINE_ID, 7, int(now - NOW) % 2**31)


def agent(user: User = PRIVATE, of: Callable[[float], Engine] = engine) -> Agent:
    return Agent(VIEW, community=None, usm=Usm(user, of))


def request(*, keys: Keys, engine: Engine, reportable: bool = True) -> bytes:
    pdu = encode_pdu(PduType.GET, 99, 0, 0, [NAME])
    return encode_v3(pdu, msg_id=5, engine=engine, keys=keys, reportable=reportable)


ALGORITHMS = [
    (AuthProtocol.SHA256, PrivProtocol.AES128, ["-aSHA-256", "-xAES"]),
    (AuthProtocol.SHA512, None, ["-aSHA-512"]),
    (AuthProtocol.SHA1, PrivProtocol.AES128, ["-aSHA", "-xAES"]),
    (None, None, []),
]


@pytest.mark.parametrize(("auth", "priv", "options"), ALGORITHMS)
async def test_snmpget_is_answered(auth: AuthProtocol | None, priv: PrivProtocol | None, options: list[str]) -> None:
    user = User(b"netmon", auth, b"auth-phrase" if auth else b"", priv, b"priv-phrase" if priv else b"")
    level = "authPriv" if priv else "authNoPriv" if auth else "noAuthNoPriv"
    phrases = (["-Aauth-phrase"] if auth else []) + (["-Xpriv-phrase"] if priv else [])
    async with responder() as serve:
        host, port = serve(agent(user))
        command = ["snmpget", "-v3", "-unetmon", f"-l{level}", *options, *phrases, "-m", "", "-Oqv"]
        assert await run(*command, f"{host}:{port}", ".1.3.6.1.2.1.1.5.0") == (0, '"acc-01"\n')


async def test_snmpget_with_a_wrong_phrase_is_refused() -> None:
    async with responder() as serve:
        host, port = serve(served := agent())
        options = ["-v3", "-unetmon", "-lauthPriv", "-aSHA-256", "-xAES", "-Awrong-phrase", "-Xpriv-phrase", "-r0"]
        code, _ = await run("snmpget", *options, "-m", "", f"{host}:{port}", ".1.3.6.1.2.1.1.5.0")
    assert code == 1
    assert served.usm is not None
    assert served.usm.reports[usm.USM_WRONG_DIGESTS] == 1


def test_discovery_tells_the_engine() -> None:
    reply = agent().respond(encode_discovery(4711, 12), NOW + 33)
    assert reply is not None
    report = decode_v3(reply, Keys(b""))
    assert (report.report, report.msg_id, report.pdu.request_id) == (usm.USM_UNKNOWN_ENGINE_IDS, 4711, 12)
    assert report.engine == Engine(ENGINE_ID, 7, 33)
    assert not report.authenticated


KEYS = localise(PRIVATE, ENGINE_ID)
OPEN = replace(KEYS, auth=None, priv=None)
STRANGER = localise(replace(PRIVATE, name=b"other"), ENGINE_ID)
CURIOUS = localise(replace(PRIVATE, priv_password=b"other-phrase"), ENGINE_ID)
HERE = Engine(ENGINE_ID, 7, 0)


@pytest.mark.parametrize(
    ("keys", "claimed", "stat"),
    [
        (KEYS, Engine(b"\x80\x00\x1f\x88\x04old", 7, 0), usm.USM_UNKNOWN_ENGINE_IDS),
        (STRANGER, HERE, usm.USM_UNKNOWN_USER_NAMES),
        (OPEN, HERE, usm.USM_UNSUPPORTED_SEC_LEVELS),
        (CURIOUS, HERE, usm.USM_DECRYPTION_ERRORS),
        (KEYS, Engine(ENGINE_ID, 6, 0), usm.USM_NOT_IN_TIME_WINDOWS),
        (KEYS, Engine(ENGINE_ID, 7, 151), usm.USM_NOT_IN_TIME_WINDOWS),
    ],
)
def test_reports_say_what_is_wrong(keys: Keys, claimed: Engine, stat: bytes) -> None:
    reply = agent().respond(request(keys=replace(keys, engine_id=claimed.id), engine=claimed), NOW)
    assert reply is not None
    in_time = stat == usm.USM_NOT_IN_TIME_WINDOWS
    report = decode_v3(reply, replace(KEYS, priv=None, priv_key=b"") if in_time else Keys(keys.user))
    assert report.report == stat
    assert report.level == (SecurityLevel.AUTH_NO_PRIV if in_time else SecurityLevel.NO_AUTH_NO_PRIV)
    assert report.engine == HERE
    assert report.pdu.varbinds.values == [1]
    quiet = request(keys=replace(keys, engine_id=claimed.id), engine=claimed, reportable=False)
    assert agent().respond(quiet, NOW) is None


def test_answers_fit_what_the_asker_can_take() -> None:
    rows = MibView((oid.encode((1, 3, arc)), b"\x04\x50" + bytes(80)) for arc in range(100))
    served = Agent(rows, community=None, usm=Usm(PRIVATE, engine))
    pdu = encode_pdu(PduType.GETBULK, 99, 0, 100, [oid.encode((1, 3))])
    reply = served.respond(encode_v3(pdu, msg_id=5, engine=HERE, keys=KEYS, max_size=1400), NOW)
    assert reply is not None
    assert 1000 < len(reply) <= 1400
    assert len(decode_v3(reply, KEYS).pdu.varbinds) > 10


def test_version_3_only_where_it_has_a_user() -> None:
    assert Agent(VIEW).respond(request(keys=KEYS, engine=HERE), NOW) is None
