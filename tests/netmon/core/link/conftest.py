"""What tests of the link share."""

from pathlib import Path

import pytest

from tests.support.intake import Link


@pytest.fixture
def link(tmp_path: Path) -> Link:
    """Return a core that listens once `intake` is entered."""
    return Link(tmp_path)
