"""The command line as a process."""

import subprocess
import sys

import pytest

_SCRIPT = """
import sys
from netmon.app.cli import main

class Cycle:
    def __init__(self):
        self.me = self

    def __del__(self):
        sys.stdout.write("searched")

kept = Cycle()
if sys.argv[1:]:
    main(sys.argv[1:], standalone_mode=False)
"""


@pytest.mark.parametrize(("arguments", "searched"), [((), True), (("check", "--help"), False)])
def test_a_command_ends_without_a_search_for_what_refers_to_itself(arguments: tuple[str, ...], searched: bool) -> None:
    command = [sys.executable, "-c", _SCRIPT, *arguments]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert ended.stdout.endswith("searched") is searched
    assert not ended.stderr
