"""Ciphers against published examples: NIST SP 800-38A section F.3 (CFB128-AES), FIPS 81 appendix C (CBC-DES)."""

import pytest

from collectors.snmp.settings import AuthProtocol, PrivProtocol
from collectors.snmp.usm import Keys
from collectors.snmp.usm_ciphers import decrypt, encrypt

PLAIN = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")


@pytest.mark.parametrize(
    ("priv", "key", "encrypted"),
    [
        (
            PrivProtocol.AES128,
            "2b7e151628aed2a6abf7158809cf4f3c",
            "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b",
        ),
        (
            PrivProtocol.AES192,
            "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
            "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a",
        ),
        (
            PrivProtocol.AES256C,
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b",
        ),
    ],
)
def test_cfb_aes(priv: PrivProtocol, key: str, encrypted: str) -> None:
    keys = Keys(b"u", b"", AuthProtocol.SHA1, b"", priv, bytes.fromhex(key))
    boots, time, salt = 0x00010203, 0x04050607, bytes(range(8, 16))  # the example's IV is 00 01 … 0f
    assert encrypt(keys, boots, time, salt, PLAIN).hex() == encrypted
    assert decrypt(keys, boots, time, salt, bytes.fromhex(encrypted)) == PLAIN


def test_cbc_des() -> None:
    iv = bytes.fromhex("1234567890abcdef")
    pre_iv = b"preIVpre"
    salt = bytes(a ^ b for a, b in zip(iv, pre_iv, strict=True))
    keys = Keys(b"u", b"", AuthProtocol.MD5, b"", PrivProtocol.DES, bytes.fromhex("0123456789abcdef") + pre_iv)
    encrypted = encrypt(keys, 1, 2, salt, b"Now is the time for all ")
    assert encrypted.hex() == "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6"
    assert decrypt(keys, 1, 2, salt, encrypted) == b"Now is the time for all "
