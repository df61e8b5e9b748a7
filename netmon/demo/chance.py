"""Chance that repeats: numbers drawn from a seed and names, the same in every run and on every machine."""

from functools import lru_cache
from hashlib import blake2b

_UNIT = 2.0**64


@lru_cache(maxsize=65_536)  # what does not depend on time is asked again and again: some 100 names a device
def unit(seed: int, *names: object) -> float:
    """Return a number in [0, 1) that belongs to the seed and these names."""
    digest = blake2b(repr((seed, *names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / _UNIT


def between(low: float, high: float, seed: int, *names: object) -> float:
    """Return a number in [low, high) that belongs to the seed and these names."""
    return low + (high - low) * unit(seed, *names)


def signed(count: int, seed: int, *names: object) -> list[float]:
    """Return `count` numbers in [-1, 1), at most 32 of them, for the price of one."""
    digest = blake2b(repr((seed, *names)).encode(), digest_size=2 * count).digest()
    return [int.from_bytes(digest[at : at + 2], "big") / 32_768 - 1 for at in range(0, 2 * count, 2)]
