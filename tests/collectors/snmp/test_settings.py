import pytest
from pydantic import TypeAdapter, ValidationError

from collectors.snmp.settings import AuthProtocol, Credential, PrivProtocol, UserCredential

SPELLINGS = [
    ("auth", "SHA", AuthProtocol.SHA1),
    ("auth", "sha1", AuthProtocol.SHA1),
    ("auth", "SHA256", AuthProtocol.SHA256),
    ("auth", "sha-512", AuthProtocol.SHA512),
    ("auth", "SHA_224", AuthProtocol.SHA224),
    ("auth", "md5", AuthProtocol.MD5),
    ("priv", "AES", PrivProtocol.AES128),
    ("priv", "aes128", PrivProtocol.AES128),
    ("priv", "AES256C", PrivProtocol.AES256C),
    ("priv", "aes-192", PrivProtocol.AES192),
    ("priv", "des", PrivProtocol.DES),
]


def credential(**fields: object) -> Credential:
    whole = {"version": "v3", "user": "noc", **fields}
    return TypeAdapter[Credential](Credential).validate_python(whole)


@pytest.mark.parametrize(("kind", "spelling", "meant"), SPELLINGS)
def test_protocols_are_known_as_vendors_spell_them(kind: str, spelling: str, meant: object) -> None:
    secrets = {"auth_protocol": "MD5", "auth_password": "long enough"}
    secrets |= {f"{kind}_protocol": spelling, f"{kind}_password": "long enough"}
    made = credential(**secrets)
    assert isinstance(made, UserCredential)
    assert getattr(made, f"{kind}_protocol") is meant


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"auth_protocol": "SHA-3", "auth_password": "long enough"}, "'MD5', 'SHA-1'"),
        ({"auth_protocol": "MD5"}, "auth_protocol and auth_password go together"),
        ({"auth_password": "long enough"}, "auth_protocol and auth_password go together"),
        ({"priv_protocol": "AES", "priv_password": "long enough"}, "privacy needs authentication"),
        ({"auth_protocol": "MD5", "auth_password": "short"}, "shorter than 8 characters"),
        ({"user": "u" * 33}, "at most 32 characters"),
    ],
)
def test_what_usm_does_not_allow_is_refused(fields: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        credential(**fields)
