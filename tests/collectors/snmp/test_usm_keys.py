"""Keys against the standards' own examples: RFC 3414 section A.3, draft-reeder-snmpv3-usm-3desede-00 appendix B."""

import pytest

from collectors.snmp import usm_keys
from collectors.snmp.settings import AuthProtocol, PrivProtocol
from collectors.snmp.usm import SecurityLevel, User, localise

ENGINE_ID = bytes.fromhex("000000000000000000000002")
PASSWORD = b"maplesyrup"


@pytest.mark.parametrize(
    ("digest", "ku", "kul"),
    [
        ("md5", "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"),  # A.3.1
        (
            "sha1",
            "9fb5cc0381497b3793528939ff788d5d79145211",
            "6695febc9288e36282235fc7151f128497b38f3f",
        ),  # A.3.2
    ],
)
def test_rfc_3414_keys(digest: str, ku: str, kul: str) -> None:
    assert usm_keys.password_to_key(digest, PASSWORD).hex() == ku
    assert usm_keys.localised_key(digest, PASSWORD, ENGINE_ID).hex() == kul


@pytest.mark.parametrize(
    ("auth", "extended"),
    [
        (AuthProtocol.MD5, "526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0a3a40abfac5acc12"),
        (AuthProtocol.SHA1, "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9c"),
    ],
)
def test_reeders_extension(auth: AuthProtocol, extended: str) -> None:
    keys = localise(User(b"u", auth, PASSWORD, PrivProtocol.AES256C, PASSWORD), ENGINE_ID)
    assert keys.priv_key.hex() == extended


def test_blumenthals_extension_appends_the_digest_of_the_key_so_far() -> None:
    # draft-blumenthal-aes-usm-04 section 3.1.2.1 gives no example: these were worked out with a command line digest.
    md5 = localise(User(b"u", AuthProtocol.MD5, PASSWORD, PrivProtocol.AES256, PASSWORD), ENGINE_ID).priv_key
    assert md5.hex() == "526f5eed9fcce26f8964c2930787d82b" + "fa24a92467426c2f4b09192be10dfaec"
    sha = localise(User(b"u", AuthProtocol.SHA1, PASSWORD, PrivProtocol.AES256, PASSWORD), ENGINE_ID).priv_key
    assert sha.hex() == "6695febc9288e36282235fc7151f128497b38f3f" + "505e07eb9af25568fa1f5dbe"


@pytest.mark.parametrize("priv", PrivProtocol)
@pytest.mark.parametrize("auth", AuthProtocol)
def test_sizes_of_keys(auth: AuthProtocol, priv: PrivProtocol) -> None:
    keys = localise(User(b"u", auth, PASSWORD, priv, PASSWORD), ENGINE_ID)
    sizes = {"DES": 16, "AES-128": 16, "AES-192": 24, "AES-256": 32, "AES-192-C": 24, "AES-256-C": 32}
    assert len(keys.priv_key) == sizes[priv]
    digests = {"MD5": 16, "SHA-1": 20, "SHA-224": 28, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64}
    assert len(keys.auth_key) == digests[auth]
    assert keys.level is SecurityLevel.AUTH_PRIV


def test_levels_follow_from_the_protocols() -> None:
    assert localise(User(b"u"), ENGINE_ID).level is SecurityLevel.NO_AUTH_NO_PRIV
    assert localise(User(b"u", AuthProtocol.MD5, PASSWORD), ENGINE_ID).level is SecurityLevel.AUTH_NO_PRIV
    with pytest.raises(ValueError, match="user b'u': privacy needs authentication"):
        localise(User(b"u", None, b"", PrivProtocol.DES, PASSWORD), ENGINE_ID)
    with pytest.raises(ValueError, match="a pass-phrase of no octets gives no key"):
        localise(User(b"u", AuthProtocol.MD5, b""), ENGINE_ID)


def test_a_pass_phrase_is_stretched_once_for_all_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    stretched: list[bytes] = []
    plain = usm_keys._stretch

    def counting(digest: str, password: bytes) -> bytes:
        stretched.append(password)
        return plain(digest, password)

    monkeypatch.setattr(usm_keys, "_stretch", counting)
    user = User(b"u", AuthProtocol.SHA256, b"only used here", PrivProtocol.AES256, b"and this one too")
    keys = [localise(user, bytes((1, 2, 3, 4, engine))) for engine in range(20)]
    assert sorted(stretched) == [b"and this one too", b"only used here"]
    assert len({key.auth_key for key in keys}) == 20
    assert localise(user, bytes((1, 2, 3, 4, 0))) is keys[0]


def test_the_caches_are_capped() -> None:
    assert usm_keys.localise.cache_info().maxsize is not None
    assert usm_keys.password_to_key.cache_info().maxsize is not None


def test_secrets_are_not_shown() -> None:
    user = User(b"u", AuthProtocol.MD5, b"authsecret", PrivProtocol.DES, b"privsecret")
    keys = localise(user, ENGINE_ID)
    for shown in (repr(user), str(user), repr(keys), str(keys)):
        assert "secret" not in shown
        assert keys.auth_key.hex() not in shown
        assert repr(keys.priv_key) not in shown
