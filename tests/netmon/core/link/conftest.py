"""What tests of the link share."""

from pathlib import Path

import pytest

from tests.support.intake import Link
from tests.support.link_bench import Bench


@pytest.fixture
def link(tmp_path: Path) -> Link:
    """Return a core that listens once `intake` is entered."""
    return Link(tmp_path)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a core in memory, and what leads to it."""
    return Bench(tmp_path)
