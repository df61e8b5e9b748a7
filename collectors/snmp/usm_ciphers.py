"""Ciphers of the User-based Security Model: CBC-DES (RFC 3414 section 8) and CFB-AES (RFC 3826, longer keys alike)."""

import secrets
from itertools import count

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from collectors.snmp.settings import PrivProtocol
from collectors.snmp.usm_keys import Keys

SALT_SIZE = 8  # octets, in both protocols
_DES_BLOCK = 8

# One counter for the whole process and both protocols, begun at random, so that no salt returns under any key before
# 2**64 messages. RFC 3414 section 8.1.1.1 builds DES's salt from snmpEngineBoots and 32 bits of counter; what it asks
# for is that none repeats, and the receiver takes it as it comes.
_salts = count(secrets.randbits(64))


def new_salt() -> bytes:
    """Return 8 octets that no message of this process has carried."""
    return (next(_salts) & 0xFFFF_FFFF_FFFF_FFFF).to_bytes(SALT_SIZE, "big")


def encrypt(keys: Keys, boots: int, time: int, salt: bytes, plain: bytes) -> bytes:
    """Return `plain` encrypted, padded with zero octets to whole blocks where the cipher wants that (DES)."""
    if keys.priv is PrivProtocol.DES:
        plain += bytes(-len(plain) % _DES_BLOCK)
    encryptor = _cipher(keys, boots, time, salt).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


def decrypt(keys: Keys, boots: int, time: int, salt: bytes, data: bytes) -> bytes:
    """Return `data` decrypted, padding included. ValueError for data that is not whole blocks (DES)."""
    decryptor = _cipher(keys, boots, time, salt).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _cipher(keys: Keys, boots: int, time: int, salt: bytes) -> Cipher[CBC] | Cipher[CFB]:
    """Return the cipher for one message. Its IV differs each time, so there is nothing to keep (about 2 µs)."""
    if keys.priv is PrivProtocol.DES:
        iv = bytes(a ^ b for a, b in zip(keys.priv_key[8:16], salt, strict=True))
        return Cipher(TripleDES(keys.priv_key[:8] * 3), CBC(iv))  # three equal keys are single DES
    iv = boots.to_bytes(4, "big") + time.to_bytes(4, "big") + salt  # RFC 3826 section 3.1.2.1
    return Cipher(AES(keys.priv_key), CFB(iv))
