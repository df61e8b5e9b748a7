"""Where loops compiled with bounds checks are kept: apart from the usual ones, and one place for all tests that ask."""

import os


def checked_cache() -> str:
    """Return the directory; as the usual one it is of one state of the sources (tests/conftest.py)."""
    return os.environ["NUMBA_CACHE_DIR"] + "-checked"
